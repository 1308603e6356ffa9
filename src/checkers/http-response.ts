/**
 * Reads an HTTP/1.x answer as it arrives: status line and Content-Length out of the first bytes,
 * then the body counted and digested without being kept. Liberal where keepalived is: any protocol
 * name, any header. Bounded: what is no header within 4095 bytes is no answer.
 */
import type { HttpFacts, ProbeDigest } from "./checker.ts";

/** The header must end within this many bytes, as in keepalived. */
export const HEADER_LIMIT = 4095;

export class HttpResponseReader {
  /** the beginning of the answer until the blank line was found */
  readonly #header = new Uint8Array(HEADER_LIMIT);
  #headerLength = 0;
  #inBody = false;
  #status = 0;
  #declared: number | undefined;
  #received = 0;
  #digest: ProbeDigest | undefined;

  /** Forgets everything. @param digest where the body goes, undefined when nobody asks */
  reset(digest: ProbeDigest | undefined): void {
    this.#headerLength = 0;
    this.#inBody = false;
    this.#status = 0;
    this.#declared = undefined;
    this.#received = 0;
    this.#digest = digest;
  }

  /** Whether anything of the answer has arrived. */
  get begun(): boolean {
    return this.#headerLength > 0;
  }

  /** Whether the body has as many bytes as the header promised. */
  get complete(): boolean {
    return this.#inBody && this.#declared !== undefined && this.#received >= this.#declared;
  }

  /** @returns false when this cannot become an answer any more: no blank line within the limit */
  push(chunk: Uint8Array): boolean {
    if (this.#inBody) {
      this.#body(chunk);
      return true;
    }
    const room = HEADER_LIMIT - this.#headerLength;
    const taken = chunk.subarray(0, room);
    this.#header.set(taken, this.#headerLength);
    const from = Math.max(0, this.#headerLength - 3);
    this.#headerLength += taken.length;
    const end = this.#blankLine(from);
    if (end < 0) return this.#headerLength < HEADER_LIMIT;
    const surplus = this.#headerLength - end;
    this.#readHeader(end);
    this.#inBody = true;
    this.#body(chunk.subarray(taken.length - surplus));
    return true;
  }

  /** The answer as it stands at its end; undefined when the header never ended. */
  facts(): HttpFacts | undefined {
    if (!this.#inBody) return undefined;
    return {
      status: this.#status,
      declared: this.#declared,
      received: this.#received,
      digest: this.#digest?.hex(),
    };
  }

  /** @returns the index behind CR LF CR LF, -1 when it is not there */
  #blankLine(from: number): number {
    const h = this.#header;
    for (let i = from; i + 3 < this.#headerLength; i++)
      if (h[i] === 13 && h[i + 1] === 10 && h[i + 2] === 13 && h[i + 3] === 10) return i + 4;
    return -1;
  }

  #readHeader(end: number): void {
    const text = Buffer.from(this.#header.buffer, 0, end).toString("latin1");
    this.#status = statusOf(text);
    const length = /\r\ncontent-length:[ \t]*(\d{1,15})/i.exec(text);
    this.#declared = length === null ? undefined : Number(length[1]);
  }

  /** The digest stops at Content-Length, the count does not. */
  #body(chunk: Uint8Array): void {
    if (this.#digest !== undefined) {
      const room = this.#declared === undefined ? chunk.length : this.#declared - this.#received;
      if (room > 0) this.#digest.update(chunk.subarray(0, room));
    }
    this.#received += chunk.length;
  }
}

/** @returns the number behind the first space when another space follows it and it is 100 to 999, else 0 */
function statusOf(header: string): number {
  const match = /^[^ \r\n]* +([1-9]\d\d) /.exec(header);
  return match === null ? 0 : Number(match[1]);
}
