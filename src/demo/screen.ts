/**
 * What the demo looks like: headings, events with the time since the step began, tables. Plain text
 * where colour is not wanted (https://no-color.org) or the output is not a terminal.
 */
const coloured = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;

function paint(code: number, text: string): string {
  return coloured ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** Emphasis for names and results. */
export const bold = (text: string): string => paint(1, text);
/** What went well. */
export const green = (text: string): string => paint(32, text);
/** What is gone. */
export const red = (text: string): string => paint(31, text);
/** What matters less. */
export const dim = (text: string): string => paint(2, text);

let step = 0;
let began = performance.now();

/** Writes one line. */
export function say(text = ""): void {
  process.stdout.write(`${text}\n`);
}

/** Begins a step of the story; events are timed from here. */
export function heading(text: string): void {
  step += 1;
  began = performance.now();
  say(`\n${paint(36, `${step}. ${text}`)}`);
}

/** Writes what just happened, with the seconds since the step began. */
export function event(text: string): void {
  const seconds = ((performance.now() - began) / 1000).toFixed(2).padStart(6);
  say(`${dim(`${seconds} s`)}  ${text}`);
}

/** Writes somebody else's output, indented and headed by whose it is. */
export function quote(whose: string, text: string): void {
  say(`    ${bold(whose)}`);
  for (const line of text.trimEnd().split("\n")) say(`      ${line}`);
}
