/** Entries of a tar archive as nodes. */
import { type AclOwners, decodeAttribute } from "../archive/tar-attributes.js";
import { accessTimeOf, type ReadTarEntry } from "../archive/tar-reader.js";
import { inlineSizeTarget } from "../tree/content.js";
import { compareBytes } from "../tree/name.js";
import {
  type Attribute,
  attributeCountMax,
  attributeNameLengthMax,
  type Content,
  modeMax,
  type Node,
  NodeType,
  ownerLengthMax,
  secondsMax,
  targetLengthMax,
} from "../tree/node.js";
import { nowhere } from "../tree/reference.js";

const NO_NAME = new Uint8Array(0);
const NUMBER_MAX = 2 ** 32 - 1;

export type StoreData = (bytes: Uint8Array) => Uint8Array;

/** A node without a name; of a file without its content. @throws RangeError for what cannot be stored */
export function nodeOf(entry: ReadTarEntry, type: NodeType): Node {
  const { uid, gid, mtimeSeconds, mtimeNanoseconds } = entry;
  if (uid > NUMBER_MAX || gid > NUMBER_MAX || uid < 0 || gid < 0) throw new RangeError("an owner beyond 32 bits");
  if (Math.abs(mtimeSeconds) > secondsMax) throw new RangeError("a time that cannot be stored");
  return {
    name: NO_NAME,
    type,
    mode: entry.mode & modeMax,
    uid,
    gid,
    user: ownerOf(entry.user),
    group: ownerOf(entry.group),
    mtimeSeconds,
    mtimeNanoseconds,
    ...(type === NodeType.directory ? { subtree: nowhere } : {}),
    ...(type === NodeType.symlink ? { target: targetOf(entry.target) } : {}),
    ...(type === NodeType.characterDevice || type === NodeType.blockDevice ? deviceOf(entry) : {}),
  };
}

/** Of an entry that says when it was read last. @throws RangeError for a time that cannot be stored */
export function setAccessTime(node: Node, entry: ReadTarEntry): void {
  const time = accessTimeOf(entry);
  if (time === undefined) return;
  if (Math.abs(time.seconds) > secondsMax) throw new RangeError("a time that cannot be stored");
  node.atimeSeconds = time.seconds;
  node.atimeNanoseconds = time.nanoseconds;
}

/** The attributes of an entry, ascending; what of them cannot be stored is told to `report`. */
export function attributesOf(
  { records }: ReadTarEntry,
  { owners, storeData, report }: { owners: AclOwners; storeData: StoreData; report: (fault: string) => void },
): Attribute[] {
  const found = new Map<string, Attribute>();
  for (const record of records) {
    try {
      const attribute = decodeAttribute(record, owners);
      if (attribute === undefined) continue;
      const { name, value } = attribute;
      if (
        name.length === 0 ||
        name.length > attributeNameLengthMax ||
        name.includes(0) ||
        found.size === attributeCountMax
      )
        throw new RangeError("more extended attributes, or longer names of them, than can be stored");
      found.set(Buffer.from(name).toString("latin1"), { name, content: contentOf(value, storeData) });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      report(error.message);
    }
  }
  return [...found.values()].sort((a, b) => compareBytes(a.name, b.name));
}

function contentOf(value: Uint8Array, storeData: StoreData): Content {
  if (value.length <= inlineSizeTarget) return { kind: "inline", bytes: value };
  return { kind: "chunks", chunks: [{ id: storeData(value).slice(), length: value.length }] };
}

/** Text where that loses nothing. */
function ownerOf(bytes: Uint8Array): string | Uint8Array {
  if (bytes.length > ownerLengthMax) return "";
  const text = Buffer.from(bytes).toString();
  return compareBytes(Buffer.from(text), bytes) === 0 ? text : bytes;
}

function targetOf(target: Uint8Array): Uint8Array {
  if (target.length === 0 || target.length > targetLengthMax || target.includes(0))
    throw new RangeError(`a link target of ${target.length} bytes`);
  return target;
}

function deviceOf({ major, minor }: ReadTarEntry): { major: number; minor: number } {
  if (major > NUMBER_MAX || minor > NUMBER_MAX || major < 0 || minor < 0)
    throw new RangeError("a device number beyond 32 bits");
  return { major, minor };
}
