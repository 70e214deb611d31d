/** The bytes of a file of a snapshot, at the pace of who reads them. */
import { BcatError, showBytes, textOfBytes } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { type DumpForm, dump, type SnapshotInfo } from "@bcat/snapshot";

/** Ends the dump of a file that is no longer read. */
class NoReader extends Error {}

/**
 * One piece at a time: the dump waits until the reader asks for the next. Each piece is the reader's own.
 *
 * @throws BcatError usage where there is no file; what the dump throws
 */
export async function* readFile(
  repository: Repository,
  snapshot: SnapshotInfo,
  path: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const pieces = new Handover();
  const requireFile = (form: DumpForm) => {
    if (form === "file") return;
    throw new BcatError("usage", `Cannot read "${showBytes(textOfBytes(path))}": it is no file`);
  };
  const dumped = dump(repository, snapshot, path, pieces, { onStart: requireFile }).then(
    () => pieces.end(undefined),
    (error: unknown) => pieces.end(error),
  );
  try {
    yield* pieces.taken();
  } finally {
    pieces.refuse();
    await dumped;
  }
}

/** Between one that writes and one that reads, with room for one piece. */
class Handover {
  #piece: Uint8Array | undefined;
  #end: { readonly error: unknown } | undefined;
  #isRefused = false;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isRefused) throw new NoReader("nobody reads on");
    this.#piece = Uint8Array.from(bytes);
    this.#wakeReader();
    await new Promise<void>((resolve) => {
      this.#wakeWriter = resolve;
    });
    if (this.#isRefused) throw new NoReader("nobody reads on");
  }

  end(error: unknown): void {
    this.#end = { error };
    this.#wakeReader();
  }

  refuse(): void {
    this.#isRefused = true;
    this.#wakeWriter();
  }

  async *taken(): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (this.#piece === undefined && this.#end === undefined)
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      const piece = this.#piece;
      if (piece === undefined) break;
      this.#piece = undefined;
      yield piece;
      this.#wakeWriter();
    }
    if (this.#end?.error !== undefined) throw this.#end.error;
  }
}
