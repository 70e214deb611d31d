/**
 * The local copy of the index: the segments of the repository, merged as they come, and a manifest that says what they
 * cover. In a folder it outlives the process; in memory it does not. Nothing in it is trusted: runs and manifest are
 * sealed as objects of the repository are, and what does not open is a miss.
 *
 *     <cache>/<repository id>/index/<name>      runs: segments as stored, or merged ones, in the same layout
 *     <cache>/<repository id>/manifest          sealed record: heads covered, log records, runs
 *
 * Two processes may share a folder: files are written under names of their own and renamed into place whole; the last
 * manifest wins, and runs no manifest names are removed a day later.
 */
import * as fs from "node:fs";
import { join } from "node:path";
import { BcatError } from "@bcat/errors";
import { type ByteSource, memorySource } from "@bcat/pack";

/** Age at which a run that no manifest names is taken for garbage, milliseconds. */
const GARBAGE_AGE_MS = 24 * 3_600_000;
export const MANIFEST = "manifest";

/** Keeps named immutable byte strings. Failing to keep one is never an error: the caller goes on with what it has. */
export interface IndexStore {
  /** The folder, for messages; undefined when nothing outlives the process. */
  readonly folder: string | undefined;
  /** Writes what `produce` gives out and returns it as a source of bytes. */
  write(name: string, produce: (sink: (piece: Uint8Array) => void) => void): ByteSource;
  open(name: string): ByteSource | undefined;
  readManifest(): Uint8Array | undefined;
  /** Makes `manifest` the manifest; runs other than `keep` may go, once they are old. */
  writeManifest(manifest: Uint8Array, keep: ReadonlySet<string>, now: number): void;
}

/** An index store that lives as long as the process. */
export function createMemoryIndexStore(): IndexStore {
  return {
    folder: undefined,
    write: (_name, produce) => bytesInMemory(produce),
    open: () => undefined,
    readManifest: () => undefined,
    writeManifest: () => {},
  };
}

/** An index store in a folder, made when it is first written to. */
export function createFolderIndexStore(folder: string, suffix: () => string): IndexStore {
  const runs = join(folder, "index");
  const fault = () => {
    // Without its manifest it is not looked at again.
    fs.rmSync(join(folder, MANIFEST), { force: true });
    return new BcatError("refused", `Cannot use the cache in "${folder}": it is damaged; it was given up, run again`);
  };
  return {
    folder,
    write(name, produce) {
      try {
        return fileSource(writeFile(runs, name, produce, suffix()), fault);
      } catch {
        return bytesInMemory(produce);
      }
    },
    open(name) {
      try {
        return fileSource(fs.openSync(join(runs, fileName(name)), "r"), fault);
      } catch {
        return undefined;
      }
    },
    readManifest() {
      try {
        return fs.readFileSync(join(folder, MANIFEST));
      } catch {
        return undefined;
      }
    },
    writeManifest(manifest, keep, now) {
      try {
        const temporary = join(folder, `.tmp-${suffix()}`);
        fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
        fs.writeFileSync(temporary, manifest, { mode: 0o600 });
        fs.renameSync(temporary, join(folder, MANIFEST));
        removeGarbage(runs, keep, now);
        removeGarbage(folder, new Set([MANIFEST, "index"]), now);
      } catch {
        // A cache that cannot be written is a cache that is not there.
      }
    },
  };
}

function writeFile(
  folder: string,
  name: string,
  produce: (sink: (piece: Uint8Array) => void) => void,
  suffix: string,
): number {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.tmp-${suffix}`);
  const file = fs.openSync(temporary, "wx+", 0o600);
  try {
    produce((piece) => {
      for (let done = 0; done < piece.length; ) done += fs.writeSync(file, piece, done, piece.length - done);
    });
    // A name that a crash leaves without its bytes would be taken for a run.
    fs.fsyncSync(file);
    fs.renameSync(temporary, join(folder, fileName(name)));
    return file;
  } catch (error) {
    fs.closeSync(file);
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/** The file stays readable when another process removes its name. */
function fileSource(file: number, fault: () => BcatError): ByteSource {
  let open = true;
  return {
    size: fs.fstatSync(file).size,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const count = fs.readSync(file, bytes, done, length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return bytes.subarray(0, done);
    },
    close() {
      if (open) fs.closeSync(file);
      open = false;
    },
    fault,
  };
}

function bytesInMemory(produce: (sink: (piece: Uint8Array) => void) => void): ByteSource {
  const pieces: Uint8Array[] = [];
  produce((piece) => {
    pieces.push(piece);
  });
  return memorySource(Buffer.concat(pieces));
}

function fileName(name: string): string {
  return name.replaceAll("/", "_");
}

function removeGarbage(folder: string, keep: ReadonlySet<string>, now: number): void {
  const files = new Set([...keep].map(fileName));
  for (const file of fs.readdirSync(folder)) {
    if (files.has(file)) continue;
    const path = join(folder, file);
    if (now - fs.statSync(path).mtimeMs > GARBAGE_AGE_MS) fs.rmSync(path, { force: true });
  }
}
