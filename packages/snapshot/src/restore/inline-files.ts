/** Files whose content is in their nodes, written by the thousand, in the order in which they are found. */
import type { Jobs } from "./jobs.js";
import type { WaitingFile } from "./waiting-file.js";

/** Files, or bytes, of one job. */
const FILES_MAX = 1_024;
const SIZE_MAX = 2 ** 20;

export class InlineFiles {
  readonly #jobs: Jobs;
  /** Jobs that other threads have. */
  readonly #running = new Set<Promise<void>>();
  #files: WaitingFile[] = [];
  #contents: Uint8Array[] = [];
  #size = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(jobs: Jobs) {
    this.#jobs = jobs;
  }

  /** A promise is returned only when there is something to wait for before the next. @throws as {@link Jobs.run} */
  add(file: WaitingFile, bytes: Uint8Array): Promise<void> | undefined {
    this.#files.push(file);
    this.#contents.push(bytes);
    this.#size += bytes.length;
    return this.#files.length >= FILES_MAX || this.#size >= SIZE_MAX ? this.#begin() : undefined;
  }

  /** Has all files written that were added, and waits for them. @throws as {@link Jobs.run} */
  async finish(): Promise<void> {
    await this.#begin();
    await Promise.all(this.#running);
    this.#throwFailure();
  }

  /** Begins a job. Only one that runs here is waited for. */
  #begin(): Promise<void> | undefined {
    this.#throwFailure();
    const files = this.#files;
    const contents = this.#contents;
    if (files.length === 0) return undefined;
    const content = Buffer.concat(contents, this.#size);
    this.#files = [];
    this.#contents = [];
    this.#size = 0;
    const isElsewhere = this.#jobs.hasRoom;
    const running = this.#write(files, contents, content);
    if (!isElsewhere) return running;
    const noted: Promise<void> = running
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(noted));
    this.#running.add(noted);
    return undefined;
  }

  async #write(files: readonly WaitingFile[], contents: readonly Uint8Array[], content: Uint8Array): Promise<void> {
    const lengths = Uint32Array.from(contents, ({ length }) => length);
    const postponed = await this.#jobs.run({ files, lengths, content });
    for (const i of postponed) this.#jobs.write(files[i]!, contents[i]!, 0);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
