/** A hash of all that a run does, by which two runs are compared; and, where somebody wants to read it, the text. */
const PRIME = 0x01000193;

export class TraceHash {
  /** Lines, kept only while somebody wants to read them. */
  lines: string[] | undefined;
  #low = 0x811c9dc5;
  #high = 0x9dc5811c;

  add(line: string): void {
    for (let i = 0; i < line.length; i++) {
      this.#low = Math.imul(this.#low ^ line.charCodeAt(i), PRIME);
      this.#high = Math.imul(this.#high + line.charCodeAt(i), PRIME) ^ (this.#low >>> 15);
    }
    this.lines?.push(line);
  }

  addBytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.#low = Math.imul(this.#low ^ byte, PRIME);
    this.#high = Math.imul(this.#high + this.#low, PRIME);
  }

  get digest(): string {
    return [this.#low, this.#high].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }
}
