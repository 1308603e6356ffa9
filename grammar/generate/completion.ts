/** Completion of the command line for bash, zsh and fish, from the table of options. */
import { OPTIONS, type OptionSpec } from "../../src/cli/options.ts";
import { notice } from "./words.ts";

export function completions(): readonly (readonly [string, string])[] {
  return [
    ["grammar/completion/keepalived.bash", bash()],
    ["grammar/completion/_keepalived", zsh()],
    ["grammar/completion/keepalived.fish", fish()],
  ];
}

const shown: readonly OptionSpec[] = OPTIONS.filter((o) => o.hidden !== true);

type Values =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" }
  | { readonly kind: "topics" }
  | { readonly kind: "any" };

/** What may be completed behind an option. */
function valuesOf({ placeholder = "" }: OptionSpec): Values {
  if (placeholder === "CODE|KEYWORD") return { kind: "topics" };
  if (placeholder === "FILE" || placeholder === "SOCKET") return { kind: "files" };
  if (/^[a-z0-9-]+(\|[a-z0-9-]+)*$/.test(placeholder))
    return { kind: "words", words: placeholder.split("|").flatMap(spread) };
  return { kind: "any" };
}

/** `0-7` is eight words, `local0-7` as well. */
function spread(word: string): readonly string[] {
  const [, name, from, to] = /^(\D*)(\d)-(\d)$/.exec(word) ?? [];
  if (from === undefined || to === undefined) return [word];
  const first = Number(from);
  return Array.from({ length: Number(to) - first + 1 }, (_, i) => `${name}${first + i}`);
}

const topics = "keepalived --keywords 2>/dev/null | cut -f2 | sort -u";

function bash(): string {
  const cases = shown
    .filter((o) => o.value === "required")
    .flatMap((o) => {
      const values = valuesOf(o);
      const names = [...(o.short === undefined ? [] : [`-${o.short}`]), `--${o.long}`].join(" | ");
      if (values.kind === "any") return [`    ${names}) return ;;`];
      const words =
        values.kind === "files"
          ? 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur"))'
          : `COMPREPLY=($(compgen -W "${values.kind === "topics" ? `$(${topics})` : values.words.join(" ")}" -- "$cur"))`;
      return [`    ${names}) ${words}; return ;;`];
    });
  return `# bash completion of keepalived
# ${notice}
_keepalived() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  case $prev in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "${shown.flatMap(spellings).join(" ")}" -- "$cur"))
}
complete -F _keepalived keepalived
`;
}

function spellings(o: OptionSpec): readonly string[] {
  return [`--${o.long}`, ...(o.short === undefined ? [] : [`-${o.short}`])];
}

function zsh(): string {
  const lines = shown.map((o) => {
    const values = valuesOf(o);
    const action =
      values.kind === "files"
        ? "_files"
        : values.kind === "topics"
          ? "_keepalived_topics"
          : values.kind === "words"
            ? `(${values.words.join(" ")})`
            : " ";
    const help = o.help.replace(/[[\]:']/g, (c) => (c === "'" ? "'\\''" : `\\${c}`));
    const value =
      o.value === "none"
        ? ""
        : `${o.value === "optional" ? "::" : ":"}${(o.placeholder ?? "VALUE").replace(/[|:]/g, " or ")}:${action}`;
    const long = `--${o.long}${o.value === "none" ? "" : o.value === "optional" ? "=-" : "="}`;
    if (o.short === undefined) return `  '${long}[${help}]${value}'`;
    const short = `-${o.short}${o.value === "none" ? "" : o.value === "optional" ? "-" : "+"}`;
    return `  '(-${o.short} --${o.long})'{${short},${long}}'[${help}]${value}'`;
  });
  return `#compdef keepalived
# ${notice}
_keepalived_topics() {
  compadd -- \${(f)"$(${topics})"}
}
_arguments -s \\
${lines.join(" \\\n")}
`;
}

function fish(): string {
  const lines = shown.map((o) => {
    const values = valuesOf(o);
    const short = o.short === undefined ? "" : ` -s ${o.short}`;
    const takes = o.value === "required" ? " -r" : "";
    const words =
      values.kind === "words"
        ? ` -f -a '${values.words.join(" ")}'`
        : values.kind === "topics"
          ? ` -f -a "(${topics})"`
          : values.kind === "files"
            ? " -F"
            : " -f";
    const help = o.help.replace(/'/g, "\\'");
    return `complete -c keepalived${short} -l ${o.long}${takes}${o.value === "none" ? "" : words} -d '${help}'`;
  });
  return `# fish completion of keepalived
# ${notice}
complete -c keepalived -f
${lines.join("\n")}
`;
}
