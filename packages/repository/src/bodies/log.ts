/**
 * The body of `log/<k>`, docs/format.md section 9: what every writer must know.
 *
 *     1 c  u8 kind, see kinds                    16 c  condemn: name references of packs
 *     2    time                                  17 c  forget, pin, unpin: varint snapshot numbers
 *     3    varint session that wrote it          18 c  epoch: u32
 *     4    host                                  19 c  domain: u32
 *     5    pin, unpin: note, text                20 c  mode: u8
 *     6    condemn: u8 1, they are damaged       21 c  key-add, key-remove: key slot, see KeySlotReference
 *     7    key-add: whose it is, text
 *     8    key-add: its host, text
 */

import { ByteReader, type ByteWriter, decodeRecord, type Field } from "@bcat/codec";
import {
  BodyReader,
  BodyWriter,
  checkRegisterNumber,
  readList,
  readRegisterNumber,
  readWideRegisterNumber,
  recordLayout,
  writeFixed,
} from "./fields.js";
import { newerKind } from "./newer.js";
import { type NameReference, readNameReference, writeNameReference } from "./references.js";
import { bodySizeMax } from "./snapshot.js";

/** One record of the log. */
export type LogRecord = LogHead & LogEntry;

/** As {@link LogRecord}; of what it condemns, which may be hundreds of thousands, the references one behind the other. */
export type PackedLogRecord = LogHead & (Exclude<LogEntry, { kind: "condemn" }> | CondemnEntry<Uint8Array>);

/** What all records have. */
export interface LogHead {
  readonly time: number;
  /** The session that wrote it, if one did. */
  readonly session?: number;
  readonly host: string;
  /** Fields of a newer version, kept. */
  readonly unknown?: readonly Field[];
}

interface CondemnEntry<Packs> {
  readonly kind: "condemn";
  readonly packs: Packs;
  /** They are missing or damaged: what a backup stores anew of them is healed. */
  readonly areDamaged?: true;
}

export type LogEntry =
  | CondemnEntry<readonly NameReference[]>
  | { readonly kind: "forget"; readonly snapshots: readonly number[] }
  | { readonly kind: "pin" | "unpin"; readonly snapshots: readonly number[]; readonly note?: string }
  | { readonly kind: "epoch"; readonly epoch: number }
  | { readonly kind: "domain"; readonly domain: number }
  | { readonly kind: "mode"; readonly registers: (typeof modes)[number] }
  | { readonly kind: "key-add"; readonly slot: KeySlotReference; readonly owner: KeyOwner }
  | { readonly kind: "key-remove"; readonly slot: KeySlotReference; readonly keeper: Uint8Array };

/** A key slot: u8 number, the first 16 bytes of its salt; where one is removed, the same 16 of a slot that stays. */
export interface KeySlotReference {
  /** Of `keys/<number>`, 1 to 255. */
  readonly number: number;
  /** 16 bytes. Another slot of the same number has another one. */
  readonly id: Uint8Array;
}

/** Who opens the repository with a key, as far as was said. */
export interface KeyOwner {
  readonly user: string;
  readonly host: string;
}

const UNIQUE_SIZE = 16;
const KEY_SLOT_ID_SIZE = 16;
const layout = recordLayout({ critical: [1, 16, 17, 18, 19, 20, 21], other: [2, 3, 4, 5, 6, 7, 8] });
const kinds = ["condemn", "forget", "pin", "unpin", "epoch", "domain", "mode", "key-add", "key-remove"] as const;
type EntryOf<Packs> = Exclude<LogEntry, { kind: "condemn" }> | CondemnEntry<Packs>;
type RecordOf<Packs> = LogHead & EntryOf<Packs>;
/** Where registers are: in the storage of the objects, or in another. */
const modes = ["same", "elsewhere"] as const;
/** The field that holds what a record of this kind says. */
const fieldOfKind = {
  condemn: 16,
  forget: 17,
  pin: 17,
  unpin: 17,
  epoch: 18,
  domain: 19,
  mode: 20,
  "key-add": 21,
  "key-remove": 21,
} as const;

/** @throws {RangeError} for a value that the format does not allow, or more than {@link bodySizeMax} bytes. */
export function encodeLogRecord(record: LogRecord): Uint8Array {
  const { session } = record;
  const body = new BodyWriter(layout);
  body.field(1, (writer) => writer.u8(kinds.indexOf(record.kind) + 1));
  body.field(2, (writer) => writer.time(record.time));
  if (session !== undefined) body.field(3, (writer) => writer.varint(checkRegisterNumber(session)));
  body.text(4, record.host);
  if (record.kind === "pin" || record.kind === "unpin") body.text(5, record.note ?? "");
  if (record.kind === "condemn" && record.areDamaged === true) body.field(6, (writer) => writer.u8(1));
  if (record.kind === "key-add") {
    body.text(7, record.owner.user);
    body.text(8, record.owner.host);
  }
  writeEntry(body, record);
  const bytes = body.finish(record.unknown);
  if (bytes.length > bodySizeMax) throw new RangeError(`Cannot write a log record of ${bytes.length} bytes`);
  return bytes;
}

export function decodeLogRecord(bytes: Uint8Array, what = "log record"): LogRecord {
  return decode(bytes, what, (reader) => readList(reader, readNameReference));
}

/** As {@link decodeLogRecord}; the references of packs are a view of `bytes`. */
export function decodePackedLogRecord(bytes: Uint8Array, what = "log record"): PackedLogRecord {
  return decode(bytes, what, readReferences);
}

function decode<Packs>(bytes: Uint8Array, what: string, readPacks: (reader: ByteReader) => Packs): RecordOf<Packs> {
  const body = new BodyReader(decodeRecord(bytes, { known: layout, limit: bodySizeMax, what }), what);
  const kindNumber = body.field(1, (reader) => reader.u8());
  const kind = kinds[kindNumber - 1];
  if (kind === undefined) throw newerKind(what, `log kind ${kindNumber}`);
  body.refuse(
    Object.values(fieldOfKind).filter((number) => number !== fieldOfKind[kind]),
    kind,
  );
  const hasNote = kind === "pin" || kind === "unpin";
  if (!hasNote) body.refuse([5], kind);
  const note = body.text(5);
  const session = body.optional(3, readRegisterNumber);
  if (kind !== "condemn") body.refuse([6], kind);
  const areDamaged = body.optional(6, readTrue);
  if (kind !== "key-add") body.refuse([7, 8], kind);
  const owner = { user: body.text(7), host: body.text(8) };
  return {
    time: body.field(2, (reader) => reader.time()),
    ...(session === undefined ? {} : { session }),
    host: body.text(4),
    ...body.field(fieldOfKind[kind], (reader) => readEntry(reader, { kind, what, readPacks, owner })),
    ...(hasNote && note !== "" ? { note } : {}),
    ...(areDamaged === undefined ? {} : { areDamaged }),
    ...body.unknown(),
  };
}

function writeEntry(body: BodyWriter, entry: LogEntry): void {
  body.field(fieldOfKind[entry.kind], (writer) => {
    if (entry.kind === "epoch") writer.u32(entry.epoch);
    else if (entry.kind === "domain") writer.u32(entry.domain);
    else if (entry.kind === "mode") writer.u8(modes.indexOf(entry.registers) + 1);
    else if (entry.kind === "condemn") for (const pack of entry.packs) writeNameReference(writer, pack);
    else if (entry.kind === "key-add") writeKeySlot(writer, entry.slot);
    else if (entry.kind === "key-remove") {
      writeKeySlot(writer, entry.slot);
      writeFixed(writer, entry.keeper, KEY_SLOT_ID_SIZE);
    } else for (const number of entry.snapshots) writer.varint(checkRegisterNumber(number));
    if (writer.length === 0) throw new RangeError(`Cannot write a log record that can ${entry.kind} nothing`);
  });
}

function writeKeySlot(writer: ByteWriter, { number, id }: KeySlotReference): void {
  writer.u8(number);
  writeFixed(writer, id, KEY_SLOT_ID_SIZE);
}

function readKeySlot(reader: ByteReader): KeySlotReference {
  const number = reader.u8();
  if (number === 0) throw reader.corrupt("a key slot has the number 0");
  return { number, id: reader.raw(KEY_SLOT_ID_SIZE) };
}

function readTrue(reader: ByteReader): true {
  const value = reader.u8();
  if (value !== 1) throw reader.corrupt(`a mark is ${value}, not 1`);
  return true;
}

/** Each is one that {@link readNameReference} would take. */
function readReferences(reader: ByteReader): Uint8Array {
  const references = reader.rest();
  const checked = new ByteReader(references, "log record");
  while (checked.remaining > 0) {
    readWideRegisterNumber(checked);
    checked.raw(UNIQUE_SIZE);
  }
  return references;
}

interface EntryForm<Packs> {
  readonly kind: LogEntry["kind"];
  readonly what: string;
  readonly readPacks: (reader: ByteReader) => Packs;
  /** Of a key that is added. */
  readonly owner: KeyOwner;
}

function readEntry<Packs>(reader: ByteReader, form: EntryForm<Packs>): EntryOf<Packs> {
  const { kind, what, readPacks, owner } = form;
  if (kind === "epoch") return { kind, epoch: reader.u32() };
  if (kind === "domain") return { kind, domain: reader.u32() };
  if (kind === "condemn") return { kind, packs: readPacks(reader) };
  if (kind === "key-add") return { kind, slot: readKeySlot(reader), owner };
  if (kind === "key-remove") return { kind, slot: readKeySlot(reader), keeper: reader.raw(KEY_SLOT_ID_SIZE) };
  if (kind !== "mode") return { kind, snapshots: readList(reader, readRegisterNumber) };
  const mode = reader.u8();
  const registers = modes[mode - 1];
  if (registers === undefined) throw newerKind(what, `mode ${mode}`);
  return { kind, registers };
}
