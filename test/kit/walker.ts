/**
 * Compares two directories entry by entry. It shares no code with bcat, on purpose: node:fs with bigint stats and names
 * as bytes, nothing else, so that a fault of bcat's own stat or path code cannot hide itself.
 *
 * Directories are reached through their open descriptors (`/proc/self/fd`), so that trees deeper than PATH_MAX can be
 * compared too. What a difference is: name, type, mode, owner, mtime to the nanosecond, size, content, link target, and
 * the numbers of a device. What is none: atime, ctime, inode, number of links, size of a directory.
 */
import * as fs from "node:fs";
import { timeUnit } from "./exact-times.js";

export interface WalkOptions {
  /** The mtime of the two directories themselves does not count, only that of what is in them. */
  readonly ignoreTopTime?: boolean;
  /** For who cannot give files away. */
  readonly ignoreOwner?: boolean;
  /** Times are compared in whole units of so many nanoseconds, rounded down; 1 by default. */
  readonly timeUnit?: bigint;
}

export interface Difference {
  /** Relative to the two directories, bytes that are not printable ASCII as `\xff`; `.` for the directories themselves. */
  readonly path: string;
  readonly what: "missing" | "extra" | "type" | "mode" | "owner" | "mtime" | "size" | "content" | "target" | "device";
  readonly left: string;
  readonly right: string;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** Of the left side. */
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly special: number;
  /** Of each file, whatever the number of its names. */
  readonly bytes: number;
}

const BLOCK_SIZE = 1 << 20;
/** Bytes compared between two turns of the event loop, which a test runner needs now and then. */
const BREATHE_BYTES = 256 << 20;
/** What looking at an entry costs, in bytes that are compared in the same time. */
const ENTRY_COST = 1 << 16;
const OPEN_DIRECTORY = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
const OPEN_FILE = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/** Compares `left`, what is expected, with `right`. Both must exist and be directories. */
export async function compareTrees(
  left: string | Uint8Array,
  right: string | Uint8Array,
  options: WalkOptions = {},
): Promise<Comparison> {
  const walker = new Walker(options);
  await walker.compareTops(Buffer.from(left), Buffer.from(right));
  return walker;
}

/** The differences as lines for people, the first 20 of them. */
export function describeDifferences({ differences }: Comparison): string[] {
  const lines = differences.slice(0, 20).map(({ path, what, left, right }) => `${path}: ${what}: ${left} / ${right}`);
  if (differences.length > lines.length) lines.push(`and ${differences.length - lines.length} more`);
  return lines;
}

interface Pair<T> {
  readonly left: T;
  readonly right: T;
}

class Walker implements Comparison {
  readonly differences: Difference[] = [];
  files = 0;
  directories = 0;
  symlinks = 0;
  special = 0;
  /** Inodes of the left side that have several names. */
  readonly #linked = new Set<bigint>();
  bytes = 0;
  readonly #options: WalkOptions;
  readonly #blocks: Pair<Buffer> = { left: Buffer.alloc(BLOCK_SIZE), right: Buffer.alloc(BLOCK_SIZE) };
  #bytesSince = 0;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  async compareTops(left: Buffer, right: Buffer): Promise<void> {
    const stats = { left: fs.lstatSync(left, { bigint: true }), right: fs.lstatSync(right, { bigint: true }) };
    if (!stats.left.isDirectory() || !stats.right.isDirectory()) throw new TypeError("both sides must be directories");
    this.#compareStats(".", stats, this.#options.ignoreTopTime === true);
    await this.#compareDirectories({ left, right }, "");
  }

  async #compareDirectories(places: Pair<Buffer>, path: string): Promise<void> {
    this.directories++;
    const left = fs.openSync(places.left, OPEN_DIRECTORY);
    try {
      const right = fs.openSync(places.right, OPEN_DIRECTORY);
      try {
        await this.#compareEntries({ left, right }, path);
      } finally {
        fs.closeSync(right);
      }
    } finally {
      fs.closeSync(left);
    }
  }

  async #compareEntries(fds: Pair<number>, path: string): Promise<void> {
    const names = { left: readNames(fds.left), right: readNames(fds.right) };
    for (const [key, name] of names.left) {
      await this.#breathe(ENTRY_COST);
      const places = { left: within(fds.left, name), right: within(fds.right, name) };
      const entryPath = path + show(name);
      const stat = fs.lstatSync(places.left, { bigint: true });
      if (names.right.delete(key)) await this.#compareEntry(places, entryPath, stat);
      else this.#report(entryPath, "missing", typeOf(stat), "");
    }
    for (const name of names.right.values()) this.#report(path + show(name), "extra", "", "");
  }

  async #compareEntry(places: Pair<Buffer>, path: string, left: fs.BigIntStats): Promise<void> {
    const stats = { left, right: fs.lstatSync(places.right, { bigint: true }) };
    const type = typeOf(left);
    if (type !== typeOf(stats.right)) {
      this.#report(path, "type", type, typeOf(stats.right));
      return;
    }
    this.#compareStats(path, stats, false);
    if (type === "directory") await this.#compareDirectories(places, `${path}/`);
    else if (type === "file") await this.#compareFiles(places, path, stats);
    else if (type === "symlink") this.#compareLinks(places, path);
    else {
      this.special++;
      this.#compare(path, "device", { left: left.rdev, right: stats.right.rdev });
    }
  }

  #compareStats(path: string, { left, right }: Pair<fs.BigIntStats>, ignoreTime: boolean): void {
    const unit = this.#options.timeUnit ?? timeUnit;
    this.#compare(path, "mode", { left: modeOf(left), right: modeOf(right) });
    if (this.#options.ignoreOwner !== true) {
      this.#compare(path, "owner", { left: `${left.uid}:${left.gid}`, right: `${right.uid}:${right.gid}` });
    }
    if (!ignoreTime)
      this.#compare(path, "mtime", { left: floor(left.mtimeNs, unit), right: floor(right.mtimeNs, unit) });
  }

  #compareLinks(places: Pair<Buffer>, path: string): void {
    this.symlinks++;
    const left = fs.readlinkSync(places.left, { encoding: "buffer" });
    const right = fs.readlinkSync(places.right, { encoding: "buffer" });
    this.#compare(path, "target", { left: show(left), right: show(right) });
  }

  async #compareFiles(places: Pair<Buffer>, path: string, { left, right }: Pair<fs.BigIntStats>): Promise<void> {
    this.files++;
    const isCounted = left.nlink > 1n && this.#linked.has(left.ino);
    if (left.nlink > 1n) this.#linked.add(left.ino);
    if (!isCounted) this.bytes += Number(left.size);
    if (left.size !== right.size) this.#report(path, "size", String(left.size), String(right.size));
    else if (left.size > 0n) await this.#compareContents(places, path);
  }

  async #compareContents(places: Pair<Buffer>, path: string): Promise<void> {
    const left = fs.openSync(places.left, OPEN_FILE);
    const right = fs.openSync(places.right, OPEN_FILE);
    try {
      for (let position = 0; ; position += BLOCK_SIZE) {
        const a = readBlock(left, this.#blocks.left, position);
        const b = readBlock(right, this.#blocks.right, position);
        if (!a.equals(b)) {
          const at = a.findIndex((byte, i) => byte !== b[i]);
          this.#report(path, "content", `first at byte ${position + at}`, "");
          return;
        }
        if (a.length < BLOCK_SIZE) return;
        await this.#breathe(a.length);
      }
    } finally {
      fs.closeSync(left);
      fs.closeSync(right);
    }
  }

  #compare(path: string, what: Difference["what"], { left, right }: Pair<string | bigint>): void {
    if (left !== right) this.#report(path, what, String(left), String(right));
  }

  #report(path: string, what: Difference["what"], left: string, right: string): void {
    this.differences.push({ path, what, left, right });
  }

  async #breathe(bytes: number): Promise<void> {
    this.#bytesSince += bytes;
    if (this.#bytesSince < BREATHE_BYTES) return;
    this.#bytesSince = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** By the name in latin1, which has one character for each byte. */
function readNames(fd: number): Map<string, Buffer> {
  const names = fs.readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer" });
  return new Map(names.sort(Buffer.compare).map((name) => [name.toString("latin1"), name]));
}

/** A path to a name in an open directory, as short as the directory is deep. */
function within(fd: number, name: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name]);
}

function readBlock(fd: number, block: Buffer, position: number): Buffer {
  let filled = 0;
  while (filled < block.length) {
    const count = fs.readSync(fd, block, filled, block.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return block.subarray(0, filled);
}

function typeOf(stat: fs.BigIntStats): string {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  if (stat.isSocket()) return "socket";
  return stat.isBlockDevice() ? "block device" : "character device";
}

function modeOf(stat: fs.BigIntStats): string {
  return (stat.mode & 0o7777n).toString(8).padStart(4, "0");
}

function floor(time: bigint, unit: bigint): bigint {
  const rest = time % unit;
  return time - (rest < 0n ? rest + unit : rest);
}

function show(name: Uint8Array): string {
  const escaped = (byte: number) => `\\x${byte.toString(16).padStart(2, "0")}`;
  return Array.from(name, (byte) =>
    byte < 0x21 || byte > 0x7e || byte === 0x5c ? escaped(byte) : String.fromCharCode(byte),
  ).join("");
}
