/**
 * Extended attributes in pax records, as GNU tar, star and bsdtar write and read them: `SCHILY.xattr.<name>` with the value
 * as it is; access control lists of Linux as text, `SCHILY.acl.access` and `SCHILY.acl.default`, which those tools set
 * as such and pass over as attributes.
 *
 * An access control list as an attribute (acl(5), `linux/posix_acl_xattr.h`), little-endian: u32 version 2, then
 * u16 tag ‖ u16 permissions ‖ u32 id for each entry.
 */
import type { PaxRecord } from "./pax.js";

export interface TarAttribute {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

const XATTR = "SCHILY.xattr.";
const aclKeys = new Map([
  ["system.posix_acl_access", "SCHILY.acl.access"],
  ["system.posix_acl_default", "SCHILY.acl.default"],
]);
/** Of GNU tar, as text: as an attribute it ends with a NUL. */
const LABEL = "RHT.security.selinux";
/** Lists of FreeBSD, macOS and Solaris, which no entry of a snapshot has. */
const FOREIGN_ACL = "SCHILY.acl.ace";
const ACL_VERSION = 2;
const ACL_ENTRY_SIZE = 8;
const NO_ID = 0xffff_ffff;
/** By tag: its word, and whether it has an id. */
const aclTags = new Map([
  [0x01, { word: "user", hasId: false }],
  [0x02, { word: "user", hasId: true }],
  [0x04, { word: "group", hasId: false }],
  [0x08, { word: "group", hasId: true }],
  [0x10, { word: "mask", hasId: false }],
  [0x20, { word: "other", hasId: false }],
]);

export function encodeAttribute({ name, value }: TarAttribute): PaxRecord {
  const key = Buffer.from(name).toString("latin1");
  const acl = aclKeys.get(key);
  const text = acl === undefined ? undefined : aclText(value);
  if (acl !== undefined && text !== undefined) return [Buffer.from(acl), Buffer.from(text)];
  // As GNU tar has it: the first `=` ends the key.
  const escaped = key.replaceAll("%", "%25").replaceAll("=", "%3D");
  return [Buffer.from(`${XATTR}${escaped}`, "latin1"), value];
}

/** `user::rw-,user:1000:r--,…`; undefined for bytes that are no list. */
export function aclText(value: Uint8Array): string | undefined {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  if (value.length < 4 || view.getUint32(0, true) !== ACL_VERSION || (value.length - 4) % ACL_ENTRY_SIZE !== 0)
    return undefined;
  const entries: string[] = [];
  for (let at = 4; at < value.length; at += ACL_ENTRY_SIZE) {
    const tag = aclTags.get(view.getUint16(at, true));
    const bits = view.getUint16(at + 2, true);
    if (tag === undefined || bits > 7) return undefined;
    const id = tag.hasId ? view.getUint32(at + 4, true) : "";
    const permissions = `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${bits & 1 ? "x" : "-"}`;
    entries.push(`${tag.word}:${id}:${permissions}`);
  }
  return entries.join(",");
}

/** Numbers of owners that a list names. */
export interface AclOwners {
  userId(name: string): number | undefined;
  groupId(name: string): number | undefined;
}

/** The attribute of a record, if it is one. @throws RangeError for a list that nobody can read, or keep */
export function decodeAttribute([key, value]: PaxRecord, owners: AclOwners): TarAttribute | undefined {
  const text = Buffer.from(key).toString("latin1");
  for (const [name, acl] of aclKeys)
    if (text === acl) return { name: Buffer.from(name), value: aclBytes(Buffer.from(value).toString(), owners) };
  if (text === FOREIGN_ACL) throw new RangeError("its access control list is of NFSv4, and is not kept");
  if (text === LABEL) return { name: Buffer.from("security.selinux"), value: Buffer.concat([value, Buffer.alloc(1)]) };
  if (!text.startsWith(XATTR)) return undefined;
  const name = text.slice(XATTR.length).replaceAll("%3D", "=").replaceAll("%25", "%");
  return { name: Buffer.from(name, "latin1"), value };
}

/** Takes the forms of star, GNU tar and bsdtar: `user:name:rw-`, `user:1000:rw-`, `user:name:rw-:1000`, `u::rw-`. */
export function aclBytes(text: string, owners: AclOwners): Uint8Array {
  const entries = text
    .split(/[,\n]/)
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "")
    .map((line) => aclEntry(line, owners))
    .sort((a, b) => a.tag - b.tag || a.id - b.id);
  const view = new DataView(new ArrayBuffer(4 + entries.length * ACL_ENTRY_SIZE));
  view.setUint32(0, ACL_VERSION, true);
  for (const [i, { tag, bits, id }] of entries.entries()) {
    const at = 4 + i * ACL_ENTRY_SIZE;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, bits, true);
    view.setUint32(at + 4, id, true);
  }
  return new Uint8Array(view.buffer);
}

function aclEntry(line: string, owners: AclOwners): { tag: number; bits: number; id: number } {
  const fields = line.split(":");
  // `mask:rwx` and `other:rwx` are short for those with two colons.
  if (fields.length === 2) fields.splice(1, 0, "");
  const [word = "", who = "", permissions = "", number] = fields;
  const tag = [...aclTags].find(([, tag]) => tag.word.startsWith(word) && word !== "" && tag.hasId === (who !== ""));
  if (tag === undefined || !/^[r-]?[w-]?[x-]?$/.test(permissions))
    throw new RangeError(`an access control list has "${line}"`);
  const bits = [..."rwx"].reduce((sum, letter, i) => sum + (permissions.includes(letter) ? 4 >> i : 0), 0);
  const id = who === "" ? NO_ID : ownerId(number ?? who, who, tag[1].word === "user", owners);
  return { tag: tag[0], bits, id };
}

function ownerId(number: string, name: string, isUser: boolean, owners: AclOwners): number {
  if (/^\d{1,10}$/.test(number)) return Number(number);
  const id = isUser ? owners.userId(name) : owners.groupId(name);
  if (id === undefined) throw new RangeError(`an access control list names "${name}", who is unknown here`);
  return id;
}
