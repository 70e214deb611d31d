/**
 * Looks at what the place holds after every change of it, and shares no code with the packages: it takes objects apart
 * with what `test/independent-reader` was written from, the page on the format.
 *
 * At every moment: all chunks of every committed snapshot that is not forgotten have a location in a current segment whose
 * pack is there; no name changes its value; no key and nonce seal two messages; numbers are dense.
 */
import { type ChunkKind, openPackDirectory } from "../../independent-reader/pack.js";
import { blake3, type KeySource } from "../../independent-reader/sealed.js";
import { type Content, type Node, type ReadChunk, readContent, readDirectory } from "../../independent-reader/tree.js";
import type { Change, Place } from "../place.js";
import { Authors } from "./authors.js";
import { Copies, type IsOpen } from "./copies.js";
import { Seals } from "./keys.js";
import {
  type ChunkKey,
  chunkKey,
  readLocation,
  type ShownLocation,
  type ShownSegment,
  sealsOfFrames,
  showSegment,
} from "./objects.js";
import { type ShownLogRecord, type ShownOutcome, type ShownSnapshot, showLogRecord, showOutcome } from "./registers.js";
import { Rot } from "./rot.js";
import { Violation } from "./violation.js";

/** Of sealed objects, what its key is derived from: the header and the salt in it. */
const HEADER_SIZE = 48;
/** Random bytes, which are others each time. */
const RESERVE = "reserve";
const NUMBERED = /^(sessions|outcomes|log)\/(\d{10})$/;

export interface OracleParts {
  readonly keys: KeySource;
  readonly place: Pick<Place, "objects">;
  readonly isForOneWriter: boolean;
  /** Of registers that live in a database. */
  readonly isOpen: IsOpen;
}

export class Oracle {
  readonly #keys: KeySource;
  readonly #objects: ReadonlyMap<string, Uint8Array>;
  readonly #isForOneWriter: boolean;
  #copies: Copies;
  #authors = new Authors();
  /** Of packs. */
  rot = new Rot();
  #firstValues = new Map<string, Uint8Array>();
  /** Registers that have a value. */
  #decided = new Set<string>();
  #seals = new Seals();
  #segments = new Map<string, ShownSegment>();
  #outcomes = new Map<number, ShownOutcome>();
  #log = new Map<number, ShownLogRecord>();
  #needs = new Map<number, ReadonlySet<ChunkKey>>();
  #chunks = new Map<ChunkKey, Buffer>();
  /** Of these, those that are what their ids say. */
  #known = new Set<ChunkKey>();
  /** Chunks that have a location, as of the last look at all. */
  #located = new Map<ChunkKey, ShownLocation>();
  /** False when what they are made of is not what it was then. */
  #isLocated = false;

  constructor({ keys, place, isForOneWriter, isOpen }: OracleParts) {
    this.#keys = keys;
    this.#objects = place.objects;
    this.#isForOneWriter = isForOneWriter;
    this.#copies = new Copies(place.objects, isOpen);
  }

  /** One that has seen what this one has, and looks at another place which is as this one was. */
  copy(place: Pick<Place, "objects">): Oracle {
    const copy = new Oracle({
      ...{ keys: this.#keys, place, isForOneWriter: this.#isForOneWriter, isOpen: () => false },
    });
    copy.#copies = this.#copies.copy(place.objects);
    copy.#firstValues = new Map(this.#firstValues);
    copy.#authors = this.#authors.copy();
    copy.rot = this.rot.copy();
    copy.#decided = new Set(this.#decided);
    copy.#seals = this.#seals.copy();
    copy.#segments = new Map(this.#segments);
    copy.#outcomes = new Map(this.#outcomes);
    copy.#log = new Map(this.#log);
    copy.#needs = new Map(this.#needs);
    copy.#chunks = new Map(this.#chunks);
    copy.#known = new Set(this.#known);
    copy.#located = this.#located;
    return copy;
  }

  /** Snapshots that are there and not forgotten, by number. */
  snapshots(): Map<number, ShownSnapshot> {
    this.#takeCopies();
    const forgotten = this.forgotten();
    const shown = new Map<number, ShownSnapshot>();
    for (const [number, { snapshot }] of this.#outcomes)
      if (snapshot !== undefined && !forgotten.has(number)) shown.set(number, snapshot);
    return shown;
  }

  /** Forgotten or not. */
  snapshot(number: number): ShownSnapshot | undefined {
    return this.#outcomes.get(number)?.snapshot;
  }

  forgotten(): Set<number> {
    return new Set([...this.#log.values()].flatMap(({ forgotten }) => forgotten));
  }

  /** Current segments that are there. */
  segments(): Map<string, ShownSegment> {
    const removed = new Set([...this.#outcomes.values()].flatMap((outcome) => outcome.removed));
    const current = new Map<string, ShownSegment>();
    for (const { added } of this.#outcomes.values())
      for (const name of added)
        if (!removed.has(name) && this.#objects.has(name)) current.set(name, this.#segment(name));
    return current;
  }

  /** Packs in which there is something that a snapshot needs which is not forgotten. */
  usedPacks(): Set<string> {
    const needed = new Set([...this.snapshots().keys()].flatMap((number) => [...this.#needs.get(number)!]));
    const used = new Set<string>();
    for (const { locations } of this.segments().values())
      for (const { key, pack } of locations) if (needed.has(key)) used.add(pack);
    return used;
  }

  /** Whatever is sent, also what is not taken, was sealed. @throws Violation */
  attempt(name: string, bytes: Uint8Array): void {
    if (isNotSealed(name)) return;
    if (name.startsWith("packs/")) this.#noteFrames(name, bytes);
    else this.#noteSeal(`${name} ${text(bytes.subarray(0, HEADER_SIZE))}`, bytes, name);
  }

  /** @throws Violation */
  change(change: Change): void {
    const { name, bytes, isTorn, isLate } = change;
    this.rot.end(name);
    if (/^(packs|index)\//.test(name)) this.#isLocated = false;
    if (isTorn) return;
    const isCopy = bytes !== undefined && this.#copies.note(name, bytes, isLate);
    this.#takeCopies();
    if (isCopy) return;
    if (bytes !== undefined && !this.#authors.isOfClone(change)) this.#requireSame(name, bytes);
    if (NUMBERED.test(name)) {
      this.#register(name, bytes, isLate);
      this.#requireOnce(change);
    }
    if (bytes === undefined && /^(packs|index)\//.test(name)) this.checkAll(`${name} was removed`);
    else if (bytes !== undefined && name.startsWith("index/")) this.#requirePacks(change);
  }

  /** A byte of a pack is about to become another one: what the pack has is remembered. */
  noteRot(pack: string, at: number): void {
    // Also what has another place now: that may be gone later.
    for (const { locations } of this.segments().values())
      for (const location of locations) if (location.pack === pack) this.#remember(location);
    this.rot.note(pack, at);
    this.#isLocated = false;
    this.#locate();
  }

  /** All that every snapshot needs is there. @throws Violation */
  checkAll(because: string): void {
    this.#locate();
    const forgotten = this.forgotten();
    for (const [number, needs] of this.#needs) {
      if (forgotten.has(number)) continue;
      for (const key of needs)
        if (!this.#located.has(key) && !this.rot.isExcused(key))
          throw new Violation("data-lost", `snapshot ${number} lost chunk ${key}: ${because}`);
    }
  }

  /** The plaintext of a chunk that has a location, or had one until that went bad. */
  readonly read: ReadChunk = (kind, id, length) => {
    const key = chunkKey(kind, id);
    const location = this.#located.get(key);
    if (location === undefined && !this.rot.isExcused(key))
      throw new Violation("data-lost", `chunk ${key} has no location`);
    const plain = this.#chunks.get(key) ?? this.#remember(location!);
    const label = kind === 1 ? "id/data" : "id/tree";
    if (!this.#known.has(key)) {
      if (!blake3(plain, this.#keys(label, 0, 0)).equals(id)) throw new Violation("wrong-bytes", `chunk ${key}`);
      this.#known.add(key);
    }
    if (plain.length !== length) throw new Violation("wrong-bytes", `chunk ${key} has ${plain.length} bytes`);
    return plain;
  };

  #remember(location: ShownLocation): Buffer {
    const known = this.#chunks.get(location.key);
    if (known !== undefined) return known;
    const plain = readLocation(this.#keys, location, this.#objects.get(location.pack)!);
    this.#chunks.set(location.key, plain);
    return plain;
  }

  /** Later generations have copies of their own of what has counted before. */
  #takeCopies(): void {
    for (const { register, bytes, isLate } of this.#copies.takeDue()) {
      const isKnown = this.#firstValues.has(register);
      this.#requireSame(register, bytes);
      if (!isKnown) this.#register(register, bytes, isLate);
    }
    const lost = this.#copies.findLost(this.#decided);
    if (lost !== undefined) throw new Violation("register-lost", lost);
  }

  /** Where the last put wins, the next process of a machine sends again what a dead one has sent. */
  #requireOnce(change: Change): void {
    const snapshot = this.#outcomes.get(Number(change.name.slice(-10)))?.snapshot;
    if (this.#isForOneWriter || !change.name.startsWith("outcomes/") || snapshot === undefined) return;
    this.#authors.requireOnce(change, snapshot);
  }

  #register(name: string, bytes: Uint8Array | undefined, isLate: boolean): void {
    if (bytes === undefined) throw new Violation("register-removed", name);
    const [, sequence, digits] = NUMBERED.exec(name)!;
    const number = Number(digits);
    const before = sequence === "outcomes" ? `sessions/${name.slice(-10)}` : this.#nameBefore(sequence!, number);
    if (before !== undefined && !this.#decided.has(before))
      throw new Violation("not-dense", `${name} without ${before}`);
    this.#decided.add(name);
    if (sequence === "outcomes") this.#takeOutcome(number, name, bytes);
    else if (sequence === "log") this.#log.set(number, showLogRecord(this.#keys, name, bytes));
    if (sequence !== "sessions") this.checkAll(`${name} was put${isLate ? ", late" : ""}`);
  }

  #nameBefore(sequence: string, number: number): string | undefined {
    return number === 1 ? undefined : `${sequence}/${String(number - 1).padStart(10, "0")}`;
  }

  #takeOutcome(number: number, name: string, bytes: Uint8Array): void {
    const outcome = showOutcome(this.#keys, name, bytes);
    if (outcome.hasBase) this.#requireEndedBelow(number, name);
    this.#outcomes.set(number, outcome);
    this.#isLocated = false;
    this.#locate();
    if (outcome.snapshot !== undefined) this.#needs.set(number, this.#walk(outcome.snapshot, number));
    for (const segment of outcome.added)
      if (!this.#objects.has(segment)) throw new Violation("out-of-order", `${name} without ${segment}`);
  }

  /** Whoever begins with a base never looks at lower numbers again. */
  #requireEndedBelow(number: number, name: string): void {
    for (let below = 1; below < number; below++)
      if (!this.#outcomes.has(below))
        throw new Violation("out-of-order", `${name} has a base, and ${below} has not ended`);
  }

  /** All chunks that a snapshot refers to. @throws Violation when trees are not there */
  #walk({ roots }: ShownSnapshot, number: number): Set<ChunkKey> {
    const needs = new Set<ChunkKey>();
    const read: ReadChunk = (kind, id, length) => {
      const key = chunkKey(kind, id);
      needs.add(key);
      if (kind === 2) return this.read(kind, id, length);
      if (!this.#located.has(key)) throw new Violation("data-lost", `snapshot ${number} was put without chunk ${key}`);
      return Buffer.alloc(0);
    };
    const visit = (node: Node): void => {
      if (node.content !== undefined) readContent(read, node.content);
      if (node.directory !== undefined) for (const child of readDirectory(read, node.directory)) visit(child);
    };
    for (const { node, scan } of roots) {
      visit(node);
      for (const key of scanChunks(scan)) needs.add(key);
    }
    return needs;
  }

  #locate(): void {
    if (this.#isLocated) return;
    this.#isLocated = true;
    this.#located = new Map();
    for (const { locations } of this.segments().values()) for (const location of locations) this.#note(location);
    this.rot.judge(this.#located);
  }

  /** Where a chunk has several places, one that is good. */
  #note(location: ShownLocation): void {
    if (!this.#objects.has(location.pack)) return;
    if (this.#located.has(location.key) && this.rot.isBadAt(location)) return;
    this.#located.set(location.key, location);
  }

  #segment(name: string): ShownSegment {
    let shown = this.#segments.get(name);
    if (shown === undefined) {
      shown = showSegment(this.#keys, name, this.#objects.get(name)!);
      this.#segments.set(name, shown);
    }
    return shown;
  }

  #requireSame(name: string, bytes: Uint8Array): void {
    // Of two machines that reserve a number where the last put wins, one learns that it has it no more from nobody.
    if ((this.#isForOneWriter && name.startsWith("sessions/")) || name === RESERVE) return;
    const first = this.#firstValues.get(name);
    if (first === undefined) this.#firstValues.set(name, bytes);
    else if (Buffer.compare(first, bytes) !== 0) throw new Violation("value-changed", name);
  }

  /** Packs go before the segment that names them, as long as nobody has taken the session for dead. */
  #requirePacks({ name, isLate }: Change): void {
    const { packs } = this.#segment(name);
    if (isLate || this.#outcomes.has(Number(name.slice("index/".length, name.indexOf("-"))))) return;
    for (const pack of packs)
      if (!this.#objects.has(pack)) throw new Violation("out-of-order", `${name} without ${pack}`);
  }

  #noteFrames(name: string, bytes: Uint8Array): void {
    const { kind, table } = openPackDirectory(this.#keys, name, Buffer.from(bytes));
    for (const { key, start, end } of sealsOfFrames(kind as ChunkKind, table.frames))
      this.#noteSeal(key, bytes.subarray(start, end), name);
  }

  #noteSeal(key: string, sealed: Uint8Array, name: string): void {
    if (!this.#seals.note(key, sealed)) throw new Violation("key-used-twice", name);
  }
}

function scanChunks(scan: Content | undefined): ChunkKey[] {
  if (scan === undefined || scan.form === "inline") return [];
  if (scan.form === "list") return [chunkKey(2, scan.reference.id)];
  return scan.chunks.map(({ id }) => chunkKey(2, id));
}

/** Key slots are sealed by another key, parity and the reserve by none. */
function isNotSealed(name: string): boolean {
  return name.startsWith("keys/") || name.startsWith("parity/") || name === RESERVE;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
