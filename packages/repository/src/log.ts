/** The log as far as it was read (docs/format.md section 9): what was condemned, forgotten and pinned, and the epoch. */
import { ObjectType, openObject, type RepositoryKeys } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import { NAME_REFERENCE_SIZE, PackNames, packNameAt } from "@bcat/pack";
import type { Registers } from "@bcat/storage";
import { decodePackedLogRecord, type PackedLogRecord } from "./bodies/log.js";
import { KeyChanges } from "./keys/key-changes.js";
import { readAndOpen } from "./read-again.js";
import { type ExpectedObject, readAhead } from "./read-ahead.js";
import { registerName } from "./registers.js";

/** Damaged records in a row that are passed over: a place that gives something for every name must not be asked for ever. */
const DAMAGED_MAX = 16;

export class Log {
  /** Bodies of the records, the first at 0; without bytes one that could not be read. */
  readonly bodies: Uint8Array[] = [];
  readonly keyChanges = new KeyChanges();
  readonly #keys: RepositoryKeys;
  readonly #forgotten = new Set<number>();
  /** Pinned snapshots, and the note that was left, empty for none. */
  readonly #pinned = new Map<number, string>();
  /** Records that condemn, by number, and the references of their packs. */
  readonly #condemned = new Map<number, Uint8Array>();
  readonly #damaged = new PackNames();
  #epoch = 0;

  constructor(keys: RepositoryKeys) {
    this.#keys = keys;
  }

  /** Number of the newest record, 0 for none. */
  get head(): number {
    return this.bodies.length;
  }

  /** Epoch that writers use. */
  get epoch(): number {
    return this.#epoch;
  }

  isForgotten(snapshot: number): boolean {
    return this.#forgotten.has(snapshot);
  }

  /** True for a snapshot that the newest record about it has pinned. */
  isPinned(snapshot: number): boolean {
    return this.#pinned.has(snapshot);
  }

  /** What was noted when the snapshot was pinned, empty for nothing; undefined for one that is not pinned. */
  pinNote(snapshot: number): string | undefined {
    return this.#pinned.get(snapshot);
  }

  /** Names of the packs that were condemned because they are missing or damaged. */
  get damagedPacks(): Pick<PackNames, "has" | "size"> {
    return this.#damaged;
  }

  /** Names of the packs that records behind number `head` condemned, up to record `last`. */
  *condemnedBehind(head: number, last = this.head): Generator<string> {
    for (const references of this.referencesBehind(head, last)) {
      for (let at = 0; at < references.length; at += NAME_REFERENCE_SIZE) yield packNameAt(references, at);
    }
  }

  /** As {@link condemnedBehind}: of each record the references of its packs, one behind the other. */
  *referencesBehind(head: number, last = this.head): Generator<Uint8Array> {
    for (const [number, references] of this.#condemned) if (number > head && number <= last) yield references;
  }

  /**
   * Reads what is new, record by record.
   *
   * @param onDamage is given a damaged record, which is then passed over; without it, damage is thrown
   * @throws CorruptError, also when no record of many can be read; BcatError newer-format; StorageError
   */
  async read(registers: Registers, onDamage?: (damage: CorruptError) => void): Promise<void> {
    const ahead = readAhead(registers, namesBehind(this.head), { mayBeMissing: true });
    for (let damaged = 0; ; ) {
      const name = registerName("log", this.head + 1);
      const open = (bytes: Uint8Array) => openObject(this.#keys, { type: ObjectType.LOG, name }, bytes).body;
      try {
        const body = await readAndOpen(() => ahead.get(name), open);
        if (body === undefined) return;
        this.apply(body);
        damaged = 0;
      } catch (error) {
        if (onDamage === undefined || !(error instanceof CorruptError) || ++damaged > DAMAGED_MAX) throw error;
        onDamage(error);
        this.bodies.push(new Uint8Array(0));
      }
    }
  }

  /** Takes the body of the next record. @throws CorruptError, BcatError newer-format */
  apply(body: Uint8Array): void {
    const number = this.head + 1;
    const record = decodePackedLogRecord(body, registerName("log", number));
    if (record.kind === "condemn") this.#condemn(number, record);
    else if (record.kind === "forget") for (const snapshot of record.snapshots) this.#forgotten.add(snapshot);
    else if (record.kind === "pin")
      for (const snapshot of record.snapshots) this.#pinned.set(snapshot, record.note ?? "");
    else if (record.kind === "unpin") for (const snapshot of record.snapshots) this.#pinned.delete(snapshot);
    else if (record.kind === "key-add" || record.kind === "key-remove") this.keyChanges.apply(record);
    else if (record.kind === "epoch") this.#epoch = Math.max(this.#epoch, record.epoch);
    this.bodies.push(body);
  }

  #condemn(number: number, { packs, areDamaged }: Extract<PackedLogRecord, { kind: "condemn" }>): void {
    this.#condemned.set(number, packs);
    if (areDamaged === true) this.#damaged.addAll(packs);
  }
}

function* namesBehind(head: number): Generator<ExpectedObject> {
  for (let number = head + 1; ; number++) yield { name: registerName("log", number), size: 0 };
}
