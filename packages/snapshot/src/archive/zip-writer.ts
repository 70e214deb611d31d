/**
 * Writes a zip archive entry by entry into a stream that is not sought in. An entry that is there as a whole has its sizes
 * in its header and is stored when deflate does not shrink it; of a longer one they stand behind its data.
 */
import { constants, crc32, createDeflateRaw, type DeflateRaw, deflateRaw, deflateRawSync } from "node:zlib";
import {
  encodeZipCentral,
  encodeZipDescriptor,
  encodeZipEnd,
  encodeZipLocal,
  isLargeZipEntry,
  type ZipEntry,
  ZipMethod,
  type ZipSizes,
} from "./zip-headers.js";

const LEVEL = 6;
/** Content up to so many bytes is packed at once: handing it to another thread takes longer. */
const AT_ONCE_MAX = 4 * 1024;
/** Bytes that tell whether there is anything to gain. */
const SAMPLE_SIZE = 64 * 1024;
/** Bytes that are written together. */
const BUFFER_SIZE = 2 ** 20;
/** Bytes of a piece of the directory: objects of their own would take several times what entries have. */
const DIRECTORY_PIECE_SIZE = 64 * 1024;
/** Bytes of the directory at the end, which is kept in memory: of some ten million entries. */
export const zipDirectorySizeMax = 2 ** 30;

/** What is told of an entry by whoever adds it. */
export type ZipEntryHead = Pick<ZipEntry, "name" | "mode" | "uid" | "gid" | "mtimeSeconds">;

/** The content of a whole entry, packed or as it was. */
export interface PackedContent extends ZipSizes {
  readonly method: number;
  readonly bytes: Uint8Array;
}

/** Packs content beside this thread. */
export async function packContent(content: Uint8Array): Promise<PackedContent> {
  const sizes = { crc: crc32(content), size: content.length };
  const packed = content.length <= AT_ONCE_MAX ? deflateRawSync(content, { level: LEVEL }) : await deflate(content);
  if (packed.length < content.length)
    return { ...sizes, packedSize: packed.length, method: ZipMethod.deflated, bytes: packed };
  return { ...sizes, packedSize: content.length, method: ZipMethod.stored, bytes: content };
}

function deflate(content: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) =>
    deflateRaw(content, { level: LEVEL }, (error, packed) => (error === null ? resolve(packed) : reject(error))),
  );
}

interface OpenEntry {
  readonly entry: ZipEntry;
  readonly offset: number;
  readonly deflater: DeflateRaw;
  readonly packed: Uint8Array[];
  crc: number;
  size: number;
  packedSize: number;
}

export class ZipWriter {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  #waiting: Uint8Array[] = [];
  #waitingSize = 0;
  /** Bytes written and waiting. */
  #offset = 0;
  readonly #directory: Uint8Array[] = [];
  #directorySize = 0;
  #count = 0;
  #open: OpenEntry | undefined;

  constructor(write: (bytes: Uint8Array) => Promise<void>) {
    this.#write = write;
  }

  async addWhole(head: ZipEntryHead, { method, bytes, ...sizes }: PackedContent): Promise<void> {
    const entry = { ...head, method, isStreamed: false, isLarge: isLargeZipEntry(sizes.size) };
    const offset = this.#offset;
    await this.#put(encodeZipLocal(entry, sizes));
    await this.#put(bytes);
    this.#list(encodeZipCentral(entry, sizes, offset));
  }

  /** Begins an entry of about `size` bytes whose content follows in parts. */
  async begin(head: ZipEntryHead, size: number, sample: Uint8Array): Promise<void> {
    const start = sample.subarray(0, SAMPLE_SIZE);
    const shrinks = deflateRawSync(start, { level: 1 }).length < start.length;
    const entry = { ...head, method: ZipMethod.deflated, isStreamed: true, isLarge: isLargeZipEntry(size) };
    const offset = this.#offset;
    await this.#put(encodeZipLocal(entry));
    const deflater = createDeflateRaw({ level: shrinks ? LEVEL : constants.Z_NO_COMPRESSION });
    const packed: Uint8Array[] = [];
    deflater.on("data", (bytes: Uint8Array) => packed.push(bytes));
    this.#open = { entry, offset, deflater, packed, crc: 0, size: 0, packedSize: 0 };
  }

  /** `content` is the caller's again when the promise settles. */
  async addPart(content: Uint8Array): Promise<void> {
    const open = this.#open!;
    open.crc = crc32(content, open.crc);
    open.size += content.length;
    await new Promise<void>((resolve, reject) =>
      open.deflater.write(content, (error) => (error ? reject(error) : resolve())),
    );
    await this.#putPacked(open);
  }

  async end(): Promise<void> {
    const open = this.#open!;
    this.#open = undefined;
    await new Promise<void>((resolve, reject) => open.deflater.on("end", resolve).on("error", reject).end());
    await this.#putPacked(open);
    await this.#put(encodeZipDescriptor(open.entry, open));
    this.#list(encodeZipCentral(open.entry, open, open.offset));
  }

  /** Of the entries so far. The caller keeps it below {@link zipDirectorySizeMax}. */
  get directorySize(): number {
    return this.#directorySize;
  }

  /** Writes the directory, which ends the archive. */
  async finish(): Promise<void> {
    const directory = { count: this.#count, offset: this.#offset, size: this.#directorySize };
    for (const [i, piece] of this.#directory.entries())
      await this.#put(piece.subarray(0, directory.size - i * DIRECTORY_PIECE_SIZE));
    await this.#put(encodeZipEnd(directory));
    await this.flush();
  }

  async #putPacked(open: OpenEntry): Promise<void> {
    for (const bytes of open.packed.splice(0)) {
      open.packedSize += bytes.length;
      await this.#put(bytes);
    }
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.length;
    this.#waiting.push(bytes);
    this.#waitingSize += bytes.length;
    if (this.#waitingSize >= BUFFER_SIZE) await this.flush();
  }

  /** Writes what waits: to be called before memory that was handed over is used again. */
  async flush(): Promise<void> {
    const [only, ...others] = this.#waiting;
    if (only === undefined) return;
    const bytes = others.length === 0 ? only : Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingSize = 0;
    await this.#write(bytes);
  }

  #list(bytes: Uint8Array): void {
    this.#count++;
    for (let done = 0; done < bytes.length; ) {
      const at = this.#directorySize % DIRECTORY_PIECE_SIZE;
      if (at === 0) this.#directory.push(new Uint8Array(DIRECTORY_PIECE_SIZE));
      const part = bytes.subarray(done, done + DIRECTORY_PIECE_SIZE - at);
      this.#directory.at(-1)!.set(part, at);
      done += part.length;
      this.#directorySize += part.length;
    }
  }
}
