/**
 * Reads one regular file: opens it, cuts it where it lies, and has each chunk stored. Runs in any thread, and waits for
 * nothing but the file. What was never written is not read (file-window.ts).
 *
 * What is stored is described by what the open file says of itself before and after, not by what its folder's listing
 * said: that may be hours old.
 *
 * Its content is one that the file really had when nothing moved between the two looks, and what was seen first had
 * stood still for a tick of the clock. Everything else is read again, and in the end stored as "changed".
 */
import { SourceError } from "@bcat/errors";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import { boundTimes } from "../bound-entry.js";
import { HoleFinder } from "../holes.js";
import { flagsOf } from "../inode-flags.js";
import { CLOCK_LAG_MS, RACY_MS, REMOTE_RACY_MS, TICK_MS } from "../racy.js";
import { fromSource } from "../source-fault.js";
import { FileWindow, type FileWindowOptions } from "./file-window.js";
import type { OpenDescriptors } from "./open-descriptors.js";

/** Times a file is read again when it changes while it is read. */
const ATTEMPTS_MAX = 3;
/** Bytes read between two chances for others to run. */
const READ_SIZE = 2 ** 20;
/** Waits of one reader, a minute of them: where everything changes all the time, the rest is marked unwaited for. */
const WAITS_MAX = 3_000;
/** What {@link FileReader.read} yields when it is to go on no sooner than {@link TICK_MS} later. */
export const WAIT = -1;
/** Bytes read beyond the size a file is known to have: one that grows as fast as it is read must end too. */
const GROWTH_MAX = 16 * 2 ** 20;

/** Sizes are below, docs/format.md section 12.2. Only holes make a file as large. */
const SIZE_END = 2 ** 53;

/** Where the content of a file goes. */
export interface ContentSink {
  /** A chunk, in order; `bytes` is valid during the call. */
  chunk(bytes: Uint8Array): void;
  /** The chunk before, so many times more. */
  repeat(times: number): void;
  /** What came of the file so far does not count: it is read again. */
  restart(): void;
}

export interface FileReaderOptions extends FileWindowOptions {
  readonly posix: Posix;
  /** Change times say nothing: modification times are to tell whether a file held still. */
  readonly ignoreCtime: boolean;
  /** Where the open file is noted, in a thread that may be ended while it reads. */
  readonly descriptors?: OpenDescriptors;
}

export interface FileToRead {
  readonly directory: Directory;
  readonly name: Uint8Array;
  /** A time (ms) before which no read of it began. */
  readonly now: number;
  /** Bytes that it may have when it is opened. */
  readonly sizeMax: number;
  /** It is a block device, to be read to its end and to become a file. */
  readonly isDevice?: boolean;
}

export interface ReadFile {
  /** Bytes that were stored. */
  readonly size: number;
  /** All of the content, when it is so short that it stays in its node: valid until the next file. */
  readonly inline: Uint8Array | undefined;
  /** It changed whenever it was read. */
  readonly hasChanged: boolean;
  /** It may have changed again without its stat data showing it: it must be read again next time. */
  readonly isUnsettled: boolean;
  /** It has extended attributes. */
  readonly hasAttributes: boolean;
  /** Parts of it were never written. */
  readonly hasHoles: boolean;
  readonly inodeFlags: number;
}

export class FileReader {
  /** Of the file read last, as it was stored. */
  readonly stat = new Stat();
  readonly #options: FileReaderOptions;
  readonly #window: FileWindow;
  readonly #holes: HoleFinder;
  readonly #before = new Stat();
  #waits = 0;
  /** Of the file read last. */
  #device = { major: -1, minor: -1, racyMs: RACY_MS };

  constructor(options: FileReaderOptions) {
    this.#options = options;
    this.#window = new FileWindow(options);
    this.#holes = new HoleFinder(options.posix.extents);
  }

  /**
   * Reads a file; yields the bytes of every piece of a larger one, so that others can run in between, or {@link WAIT}.
   * Undefined for one that is larger than it may be: it was not read.
   *
   * @throws SourceError when it cannot be read
   */
  *read(wanted: FileToRead, sink: ContentSink): Generator<number, ReadFile | undefined, void> {
    const { posix } = this.#options;
    const file = fromSource(() => posix.openFileAt(wanted.directory, wanted.name));
    this.#options.descriptors?.add(file);
    let failed = true;
    try {
      const read = yield* this.#readOpen(file, wanted, sink);
      failed = false;
      return read;
    } finally {
      this.#close(file, failed);
    }
  }

  /** True also when nobody knows: who reads them finds out why. */
  #hasAttributes(file: number): boolean {
    try {
      return this.#options.posix.attributes?.areOn(file) === true;
    } catch {
      return true;
    }
  }

  /** An error of closing must not hide the one that came before. */
  #close(file: number, failed: boolean): void {
    this.#options.descriptors?.remove(file);
    try {
      fromSource(() => this.#options.posix.close(file));
    } catch (error) {
      if (!failed) throw error;
    }
  }

  *#readOpen(file: number, wanted: FileToRead, sink: ContentSink): Generator<number, ReadFile | undefined, void> {
    const { now, sizeMax } = wanted;
    const expected = wanted.isDevice === true ? SIZE_END : undefined;
    let waited = 0;
    this.#look(file, this.#before, wanted);
    for (let attempt = 1; ; attempt++) {
      let stood = true;
      if (this.#isFresh(this.#before, now + waited)) {
        if (this.#waits++ < WAITS_MAX) yield WAIT;
        else stood = false;
        waited += TICK_MS;
        this.#look(file, this.stat, wanted);
        stood &&= this.#isSame(this.#before, this.stat);
        copyStat(this.stat, this.#before);
        if (!stood && attempt < ATTEMPTS_MAX) continue;
      }
      if (this.#before.size > sizeMax) return undefined;
      const { size, inline } = yield* this.#readOnce(file, expected ?? this.#before.size, sink);
      this.#look(file, this.stat, wanted);
      if (expected !== undefined) this.stat.size = this.#before.size = size;
      const held = stood && size === this.stat.size && this.#isSame(this.#before, this.stat);
      if (!held && attempt < ATTEMPTS_MAX) {
        sink.restart();
        copyStat(this.stat, this.#before);
        continue;
      }
      const isRecent = this.#changedAt(this.stat) * 1000 + 1000 > now - this.#racyMs(file);
      const isUnsettled = !held || attempt > 1 || isRecent;
      const inodeFlags = expected === undefined ? flagsOf(this.#options.posix, file) : 0;
      // A device has no parts that were never written, but zeros instead, which are to take no room.
      const hasHoles = expected === undefined ? this.#holes.found : inline === undefined;
      const found = { hasAttributes: this.#hasAttributes(file), hasHoles, inodeFlags };
      return { size, inline, hasChanged: !held, isUnsettled, ...found };
    }
  }

  #look(file: number, into: Stat, { isDevice }: FileToRead): void {
    fromSource(() => this.#options.posix.statFile(file, into));
    boundTimes(into);
    if (isDevice === true && into.type === FileType.BLOCK) {
      Object.assign(into, { type: FileType.FILE, size: 0 });
      return;
    }
    if (into.type !== FileType.FILE)
      throw new SourceError("it was replaced by something that is no file", { messageCode: "replaced" });
    if (into.size >= SIZE_END)
      throw new SourceError("it has 8 PiB or more, which is too large to be stored", { messageCode: "not-storable" });
  }

  /** By the file system of an open file that {@link stat} is of. */
  #racyMs(file: number): number {
    const { deviceMajor, deviceMinor } = this.stat;
    if (deviceMajor !== this.#device.major || deviceMinor !== this.#device.minor) {
      const racyMs = this.#options.posix.isRemote(file) ? REMOTE_RACY_MS : RACY_MS;
      this.#device = { major: deviceMajor, minor: deviceMinor, racyMs };
    }
    return this.#device.racyMs;
  }

  /** It changed so shortly before a time (ms) that the change may go on unseen. */
  #isFresh(stat: Stat, time: number): boolean {
    const nanoseconds = this.#options.ignoreCtime ? stat.mtimeNanoseconds : stat.ctimeNanoseconds;
    const age = time - this.#changedAt(stat) * 1000 - nanoseconds / 1e6;
    return age < TICK_MS && age > -CLOCK_LAG_MS;
  }

  /** Seconds. */
  #changedAt({ ctimeSeconds, mtimeSeconds }: Stat): number {
    return this.#options.ignoreCtime ? mtimeSeconds : ctimeSeconds;
  }

  #isSame(a: Stat, b: Stat): boolean {
    return (
      a.size === b.size &&
      a.mtimeSeconds === b.mtimeSeconds &&
      a.mtimeNanoseconds === b.mtimeNanoseconds &&
      (this.#options.ignoreCtime || (a.ctimeSeconds === b.ctimeSeconds && a.ctimeNanoseconds === b.ctimeNanoseconds)) &&
      a.inodeLow === b.inodeLow &&
      a.inodeHigh === b.inodeHigh
    );
  }

  *#readOnce(
    file: number,
    expected: number,
    sink: ContentSink,
  ): Generator<number, { size: number; inline: Uint8Array | undefined }, void> {
    const { posix } = this.#options;
    const window = this.#window;
    const holes = this.#holes;
    window.start(sink);
    holes.start(file, this.#before);
    let position = 0;
    while (position < expected + GROWTH_MAX) {
      if (position >= holes.dataEnd) {
        const length = holes.holeAt(position);
        if (length > 0) yield* window.hole(length);
        position += length;
      }
      const { space } = window;
      // One byte more than expected, so that a single read also shows that there is no more.
      const left = position > expected ? READ_SIZE : expected + 1 - position;
      const wanted = Math.min(space.length, READ_SIZE, left, holes.dataEnd - position);
      const count = fromSource(() => posix.read(file, space.subarray(0, wanted), position));
      position += count;
      window.advance(count);
      // A read may give less for other reasons than the end, on FUSE and the network.
      if (count === 0 || (count < wanted && position === expected)) break;
      if (position >= READ_SIZE) yield count;
    }
    return { size: position, inline: window.finish() };
  }
}

function copyStat(from: Stat, to: Stat): void {
  Object.assign(to, from);
}
