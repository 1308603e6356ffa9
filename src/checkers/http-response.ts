/**
 * Reads an HTTP/1.x answer as it arrives: status line and Content-Length out of the first bytes,
 * then the body counted and digested without being kept. Liberal where keepalived is: any protocol
 * name, any header. Bounded: what is no header within 4095 bytes is no answer.
 */
import type { HttpFacts, ProbeDigest } from "./checker.ts";

/** The header must end within this many bytes, as in keepalived. */
export const HEADER_LIMIT = 4095;

const NOTHING = new Uint8Array(0);

export class HttpResponseReader {
  /** the beginning of the answer, kept only while its header is incomplete */
  #pending: Uint8Array = NOTHING;
  #begun = false;
  #inBody = false;
  #status = 0;
  #declared: number | undefined;
  #received = 0;
  #digest: ProbeDigest | undefined;

  /** Forgets everything. @param digest where the body goes, undefined when nobody asks */
  reset(digest: ProbeDigest | undefined): void {
    this.#pending = NOTHING;
    this.#begun = false;
    this.#inBody = false;
    this.#status = 0;
    this.#declared = undefined;
    this.#received = 0;
    this.#digest = digest;
  }

  /** Whether anything of the answer has arrived. */
  get begun(): boolean {
    return this.#begun;
  }

  /**
   * @param chunk read only during the call
   * @returns false when this cannot become an answer any more: no blank line within the limit
   */
  push(chunk: Uint8Array): boolean {
    this.#begun = true;
    if (this.#inBody) {
      this.#body(chunk);
      return true;
    }
    const known = this.#pending.length;
    const all = known === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const end = headerEnd(all, Math.max(0, known - 3));
    if (end < 0) {
      if (all.length >= HEADER_LIMIT) return false;
      this.#pending = all.slice();
      return true;
    }
    this.#pending = NOTHING;
    this.#readHeader(all.subarray(0, end));
    this.#inBody = true;
    this.#body(all.subarray(end));
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

  #readHeader(header: Uint8Array): void {
    const text = Buffer.from(header.buffer, header.byteOffset, header.length).toString("latin1");
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

/** @returns the index behind CR LF CR LF, -1 when it is not within the limit */
function headerEnd(bytes: Uint8Array, from: number): number {
  const last = Math.min(bytes.length, HEADER_LIMIT) - 4;
  for (let i = from; i <= last; i++)
    if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i + 4;
  return -1;
}
