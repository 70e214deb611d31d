/**
 * A file that was there before the restore, as a place to take chunks from. Each is read where the snapshot has it, and is
 * used only when its bytes have the id that the snapshot names: whatever else the file holds, and whoever changes it
 * meanwhile, nothing false can come of it.
 */
import type { KeyedHash } from "@bcat/crypto";
import { systemErrorCode } from "@bcat/errors";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import type { ChunkReference } from "../tree/node.js";

/** Memory for the chunk at hand, used again for every file; as long as the longest chunk, 64 MiB at most. */
export class ChunkMemory {
  #bytes = new Uint8Array(0);

  take(length: number): Uint8Array {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length);
    return this.#bytes.subarray(0, length);
  }
}

export interface LocalFileParts {
  readonly posix: Posix;
  /** What makes ids of chunks. */
  readonly hash: KeyedHash;
  readonly memory: ChunkMemory;
}

export class LocalFile {
  readonly fd: number;
  /** What it is, as open. */
  readonly stat: Stat;
  readonly #parts: LocalFileParts;

  private constructor(parts: LocalFileParts, fd: number, stat: Stat) {
    this.#parts = parts;
    this.fd = fd;
    this.stat = stat;
  }

  /** Undefined when it is no file, or cannot be read. */
  static open(parts: LocalFileParts, directory: Directory, name: Uint8Array): LocalFile | undefined {
    const { posix } = parts;
    let fd: number;
    try {
      fd = posix.openFileAt(directory, name);
    } catch (error) {
      if (!UNREADABLE.has(systemErrorCode(error) ?? "")) throw error;
      return undefined;
    }
    const stat = new Stat();
    try {
      posix.statFile(fd, stat);
      if (stat.type === FileType.FILE) return new LocalFile(parts, fd, stat);
    } catch (error) {
      closeAfterReading(posix, fd);
      throw error;
    }
    closeAfterReading(posix, fd);
    return undefined;
  }

  /** The bytes of a chunk, until the next call, when they lie at `position`. */
  chunk({ id, length }: ChunkReference, position: number): Uint8Array | undefined {
    const bytes = this.read(position, length);
    return bytes !== undefined && this.#parts.hash.matches(bytes, id) ? bytes : undefined;
  }

  /** So many bytes, until the next call; undefined when there are fewer, or when they cannot be read. */
  read(position: number, length: number): Uint8Array | undefined {
    if (position + length > this.stat.size) return undefined;
    const bytes = this.#parts.memory.take(length);
    try {
      for (let done = 0; done < length; ) {
        const count = this.#parts.posix.read(this.fd, bytes.subarray(done), position + done);
        if (count === 0) return undefined;
        done += count;
      }
      return bytes;
    } catch (error) {
      // A disk that cannot read it: the chunk comes out of the repository then.
      if (systemErrorCode(error) === undefined) throw error;
      return undefined;
    }
  }

  close(): void {
    closeAfterReading(this.#parts.posix, this.fd);
  }
}

/** Why a file is of no use, though it can be replaced. */
const UNREADABLE: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "EIO",
  "ELOOP",
  "ENOENT",
  "ENXIO",
  "EMLINK",
  "ETXTBSY",
]);

function closeAfterReading(posix: Posix, fd: number): void {
  try {
    posix.close(fd);
  } catch {
    // It was only read.
  }
}
