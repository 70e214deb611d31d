/**
 * Reads tar archives as they come, entry by entry: ustar, pax, GNU (long names, holes, numbers in base 256) and Version 7.
 * Nothing is believed that an archive says of itself: names and sizes are whatever was written there.
 */
import { ByteSource } from "./byte-source.js";
import { type PaxRecord, paxSizeMax, readPaxRecords } from "./pax.js";
import { isOfStar, isTarHeader, type RawHeader, readTarHeader } from "./tar-fields.js";
import { tarBlockSize, tarPadding } from "./tar-header.js";
import { readGnuSparse, readSparseHead, type SparseMap, sparseOfNumbers } from "./tar-sparse.js";

export interface ReadTarEntry extends RawHeader {
  readonly mtimeNanoseconds: number;
  /** Of the file, holes included. */
  readonly size: number;
  /** Parts of the file that are in the archive, where others are holes. */
  readonly sparse: SparseMap | undefined;
  /** Of extended headers, those that are not in other fields. */
  readonly records: readonly PaxRecord[];
}

/** Bytes of a file, or of a hole how many. */
export type ContentPiece = Uint8Array | number;

/** What is no tar archive, or not all of one. */
export class TarError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TarError";
  }
}

const PIECE_SIZE = 256 * 1024;
/** Bytes of a name of GNU, which is an entry of its own. */
const NAME_SIZE_MAX = 64 * 1024;
const TIME = /^(-?)(\d{1,15})(?:\.(\d{1,30}))?$/;

/** What stands before an entry. */
interface Extension {
  records: Map<string, PaxRecord>;
  /** Bytes of its own extended headers. */
  size: number;
  numbers: string[];
  name: Uint8Array | undefined;
  target: Uint8Array | undefined;
}

export class TarReader {
  readonly #source: ByteSource;
  readonly #global = new Map<string, PaxRecord>();
  /** Bytes of the content of the entry that are still to come, and those that fill its last block. */
  #left = 0;
  #padding = 0;
  #entry: ReadTarEntry | undefined;
  #isFollowed = false;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#source = new ByteSource(pieces);
  }

  /** Bytes of the archive so far. */
  get position(): number {
    return this.#source.position;
  }

  /** Whether another archive begins behind the end of this one; known when there is no next entry. */
  get isFollowed(): boolean {
    return this.#isFollowed;
  }

  /**
   * The next entry; what was not read of the one before is passed over. Undefined behind the last.
   *
   * @throws TarError, also when the archive ends without the block that ends it
   */
  async next(): Promise<ReadTarEntry | undefined> {
    const at = this.position;
    try {
      await this.#skip(this.#left + this.#padding);
      this.#left = 0;
      this.#padding = 0;
      this.#entry = await this.#read();
      if (this.#entry === undefined) await this.#drain();
      return this.#entry;
    } catch (error) {
      if (error instanceof RangeError) throw new TarError(`${error.message}, in the entry at byte ${at}`);
      throw error;
    }
  }

  /** The content of the entry. @throws TarError */
  async *content(): AsyncGenerator<ContentPiece> {
    const { sparse, size } = this.#entry!;
    let position = 0;
    for (const { offset, length } of sparse?.parts ?? [{ offset: 0, length: size }]) {
      if (offset > position) yield offset - position;
      yield* this.#data(length);
      position = offset + length;
    }
    if (size > position) yield size - position;
  }

  async *#data(length: number): AsyncGenerator<Uint8Array> {
    if (length > this.#left) throw new TarError("a file with holes has less data than its parts");
    for (let left = length; left > 0; ) {
      const bytes = await this.#source.some(Math.min(left, PIECE_SIZE));
      if (bytes.length === 0) throw new TarError("the archive ends in the middle of a file");
      this.#left -= bytes.length;
      left -= bytes.length;
      yield bytes;
    }
  }

  async #read(): Promise<ReadTarEntry | undefined> {
    const records = new Map(this.#global);
    const extension: Extension = { records, size: 0, numbers: [], name: undefined, target: undefined };
    for (;;) {
      const block = await this.#block("it lacks the block that ends a tar archive: it was cut off, or is none");
      if (block.every((byte) => byte === 0)) return undefined;
      const header = readTarHeader(block);
      if (header.size < 0) throw new RangeError("a header has a size below 0");
      if (header.type === "x" || header.type === "X") await this.#extend(extension, header.size);
      else if (header.type === "g") await this.#extendAll(header.size);
      else if (header.type === "L") extension.name = await this.#longName(header.size);
      else if (header.type === "K") extension.target = await this.#longName(header.size);
      else return await this.#finish(header, extension, block);
      if (header.type === "g") extension.records = new Map([...this.#global, ...extension.records]);
    }
  }

  /** Reads what fills the last record, and all else, for whoever writes it. */
  async #drain(): Promise<void> {
    let block = await this.#source.take(tarBlockSize);
    while (block.length === tarBlockSize && block.every((byte) => byte === 0))
      block = await this.#source.take(tarBlockSize);
    this.#isFollowed = block.length === tarBlockSize && isTarHeader(block);
    while ((await this.#source.some(PIECE_SIZE)).length > 0);
  }

  async #finish(header: RawHeader, extension: Extension, block: Uint8Array): Promise<ReadTarEntry> {
    const { records, name, target } = extension;
    const text = (key: string) => {
      const value = records.get(key)?.[1];
      return value === undefined ? undefined : Buffer.from(value).toString("latin1");
    };
    const number = (key: string, other: number) => decimalOf(text(key)) ?? other;
    const stored = number("size", header.size);
    const { seconds, nanoseconds } = timeOf(text("mtime")) ?? { seconds: header.mtimeSeconds, nanoseconds: 0 };
    // Links and special files have none, whatever their headers say: GNU tar, too, takes it so.
    this.#left = /[1-6]/.test(header.type) ? 0 : stored;
    this.#padding = tarPadding(this.#left);
    const sparse = await this.#sparse(header.type, block, { text, numbers: extension.numbers });
    return {
      ...header,
      type: sparse !== undefined ? "0" : header.type,
      name: records.get("GNU.sparse.name")?.[1] ?? records.get("path")?.[1] ?? name ?? header.name,
      target: records.get("linkpath")?.[1] ?? target ?? header.target,
      size: sparse?.size ?? this.#left,
      sparse,
      uid: number("uid", header.uid),
      gid: number("gid", header.gid),
      user: records.get("uname")?.[1] ?? header.user,
      group: records.get("gname")?.[1] ?? header.group,
      major: number("SCHILY.devmajor", header.major),
      minor: number("SCHILY.devminor", header.minor),
      mtimeSeconds: seconds,
      mtimeNanoseconds: nanoseconds,
      records: [...records.values()],
    };
  }

  async #sparse(
    type: string,
    block: Uint8Array,
    { text, numbers }: { text: (key: string) => string | undefined; numbers: readonly string[] },
  ): Promise<SparseMap | undefined> {
    if (type === "S") return isOfStar(block) ? undefined : await readGnuSparse(block, this.#source);
    const map = text("GNU.sparse.map");
    const size = decimalOf(text("GNU.sparse.realsize") ?? text("GNU.sparse.size"));
    if (text("GNU.sparse.major") === "1") {
      const head = await readSparseHead(this.#source, size ?? 0);
      this.#left -= head.taken;
      if (this.#left < 0) throw new RangeError("a map of holes is longer than its entry");
      return head.map;
    }
    if (map !== undefined) return sparseOfNumbers(map === "" ? [] : map.split(","), size ?? 0);
    return numbers.length > 0 ? sparseOfNumbers(numbers, size ?? 0) : undefined;
  }

  async #extend(extension: Extension, size: number): Promise<void> {
    const { records, numbers } = extension;
    extension.size += size;
    requireSize(extension.size);
    for (const record of readPaxRecords(await this.#body(size))) {
      const key = keyOf(record);
      // A record that is given several times: the parts of a file with holes.
      if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") numbers.push(Buffer.from(record[1]).toString());
      else put(records, record);
    }
  }

  async #extendAll(size: number): Promise<void> {
    requireSize(size);
    for (const record of readPaxRecords(await this.#body(size))) put(this.#global, record);
    requireSize([...this.#global.values()].reduce((sum, [key, value]) => sum + key.length + value.length, 0));
  }

  async #longName(size: number): Promise<Uint8Array> {
    if (size > NAME_SIZE_MAX) throw new RangeError(`a name has ${size} bytes: at most ${NAME_SIZE_MAX}`);
    const bytes = await this.#body(size);
    const end = bytes.indexOf(0);
    return end < 0 ? bytes : bytes.subarray(0, end);
  }

  async #body(size: number): Promise<Uint8Array> {
    const bytes = (await this.#source.take(size)).slice();
    await this.#skip(tarPadding(size));
    if (bytes.length < size) throw new TarError("the archive ends in the middle of a header");
    return bytes;
  }

  async #block(ended: string): Promise<Uint8Array> {
    const block = await this.#source.take(tarBlockSize);
    if (block.length < tarBlockSize) throw new TarError(ended);
    return block;
  }

  async #skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const { length: taken } = await this.#source.some(Math.min(left, PIECE_SIZE));
      if (taken === 0) throw new TarError("the archive ends in the middle of an entry");
      left -= taken;
    }
  }
}

/** @throws RangeError when records of so many bytes are more than are kept */
function requireSize(size: number): void {
  if (size > paxSizeMax) throw new RangeError(`extended headers have ${size} bytes: at most ${paxSizeMax}`);
}

/** An empty value takes a record away. */
function put(records: Map<string, PaxRecord>, record: PaxRecord): void {
  if (record[1].length === 0 && !keyOf(record).includes("xattr")) records.delete(keyOf(record));
  else records.set(keyOf(record), record);
}

function keyOf([key]: PaxRecord): string {
  return Buffer.from(key).toString("latin1");
}

function decimalOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new RangeError(`an extended header has the number "${text.slice(0, 40)}"`);
  return value;
}

/** Its access time, which pax headers alone have. @throws RangeError for what is no time */
export function accessTimeOf({ records }: ReadTarEntry): { seconds: number; nanoseconds: number } | undefined {
  const value = records.find((record) => keyOf(record) === "atime")?.[1];
  return timeOf(value === undefined ? undefined : Buffer.from(value).toString("latin1"));
}

/** `-1.5` is second −2 and half of one. */
function timeOf(text: string | undefined): { seconds: number; nanoseconds: number } | undefined {
  if (text === undefined) return undefined;
  const [, sign, whole, fraction = ""] = TIME.exec(text) ?? [];
  if (whole === undefined) throw new RangeError(`an extended header has the time "${text.slice(0, 40)}"`);
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  if (sign !== "-") return { seconds: Number(whole), nanoseconds };
  if (nanoseconds === 0) return { seconds: -Number(whole) + 0, nanoseconds };
  return { seconds: -Number(whole) - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}
