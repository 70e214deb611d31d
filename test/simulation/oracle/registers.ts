/** What registers say, by docs/format.md sections 7 to 9 alone. */
import { ByteReader } from "../../independent-reader/bytes.js";
import { byteField, decodeRecord, type Fields, field, listField } from "../../independent-reader/record.js";
import { type KeySource, OBJECT_TYPE, openSealed } from "../../independent-reader/sealed.js";
import { readName } from "../../independent-reader/segment.js";
import { type Content, decodeRootNode, type Node, readContentForm } from "../../independent-reader/tree.js";

export interface ShownRoot {
  readonly path: string;
  readonly node: Node;
  /** Undefined where there is none. */
  readonly scan: Content | undefined;
}

export interface ShownSnapshot {
  readonly isComplete: boolean;
  /** The snapshot it was made from, which may be made from another one. */
  readonly original: number | undefined;
  /** The repository that this is in, in hexadecimal digits; undefined for the same. */
  readonly copiedFrom: string | undefined;
  readonly host: string;
  readonly clientId: string;
  readonly roots: readonly ShownRoot[];
}

export interface ShownOutcome {
  /** Names of segments. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** It says what all outcomes up to it come to. */
  readonly hasBase: boolean;
  /** Undefined unless it is one. */
  readonly snapshot: ShownSnapshot | undefined;
}

export interface ShownLogRecord {
  /** Names of packs. */
  readonly condemned: readonly string[];
  readonly forgotten: readonly number[];
}

const [CONDEMN, FORGET] = [1, 2];
const SNAPSHOT = 1;

export function showOutcome(keys: KeySource, name: string, object: Uint8Array): ShownOutcome {
  const fields = open(keys, OBJECT_TYPE.outcome, name, object);
  const readSegment = (reader: ByteReader) => {
    const segment = readName(reader);
    reader.u64();
    reader.take(32);
    return `index/${segment}`;
  };
  return {
    added: listField(fields, 2, readSegment),
    hasBase: fields.has(4) || fields.has(5),
    removed: listField(fields, 3, (reader) => `index/${readName(reader)}`),
    snapshot: byteField(fields, 1) === SNAPSHOT ? showSnapshot(fields) : undefined,
  };
}

/** The body of `partial/<n>-<j>`, which is that of a snapshot. */
function showSnapshot(fields: Fields): ShownSnapshot {
  return {
    isComplete: byteField(fields, 16) === 1,
    original: fields.has(34) ? field(fields, 34).u64() : undefined,
    copiedFrom: fields.get(38)?.toString("hex"),
    host: (fields.get(22) ?? Buffer.alloc(0)).toString(),
    clientId: (fields.get(24) ?? Buffer.alloc(0)).toString("hex"),
    roots: listField(fields, 18, (reader) => {
      const path = reader.bytes().toString("latin1");
      const node = decodeRootNode(reader.bytes());
      const scan = reader.bytes();
      return { path, node, scan: scan.length === 0 ? undefined : readContentForm(new ByteReader(scan)) };
    }),
  };
}

export function showLogRecord(keys: KeySource, name: string, object: Uint8Array): ShownLogRecord {
  const fields = open(keys, OBJECT_TYPE.log, name, object);
  const kind = byteField(fields, 1);
  return {
    condemned: kind === CONDEMN ? listField(fields, 16, readName) : [],
    forgotten: kind === FORGET ? listField(fields, 17, (reader) => reader.varint()) : [],
  };
}

function open(
  keys: KeySource,
  type: typeof OBJECT_TYPE.outcome | typeof OBJECT_TYPE.log,
  name: string,
  object: Uint8Array,
): Fields {
  const values = decodeRecord(openSealed(keys, type, name, Buffer.from(object)));
  return new Map([...values].map(([tag, value]) => [tag >> 1, value]));
}
