/** Entries of a snapshot in a listing: as `ls -l` would show them, and with restic's names. */
import type { Node } from "@bcat/snapshot";
import { type EntryLayout, wholeLayout } from "./entry-layout.js";
import { formatBytes, formatLocalTime, formatTime } from "./format.js";
import { bytesField } from "./json.js";
import { quoteName } from "./quote.js";
import { cutStart, textWidth } from "./text-width.js";

export interface Entry {
  /** Absolute. */
  readonly path: Uint8Array;
  readonly node: Node;
}

/**
 * Of each type of node, by its number in the format: restic's name, the letter of `ls -l`, and the bits that Go's
 * `os.FileMode` has for it, which is what restic gives as `mode`.
 */
const types = [
  { name: "file", letter: "-", goMode: 0 },
  { name: "dir", letter: "d", goMode: 2 ** 31 },
  { name: "symlink", letter: "l", goMode: 2 ** 27 },
  { name: "chardev", letter: "c", goMode: 2 ** 26 + 2 ** 21 },
  { name: "dev", letter: "b", goMode: 2 ** 26 },
  { name: "fifo", letter: "p", goMode: 2 ** 25 },
  { name: "socket", letter: "s", goMode: 2 ** 24 },
] as const;

const firstType = 1;
const setUserId = { bit: 0o4000, goMode: 2 ** 23 };
const setGroupId = { bit: 0o2000, goMode: 2 ** 22 };
const sticky = { bit: 0o1000, goMode: 2 ** 20 };

export interface LineOptions {
  /** Such as `1.50 GiB`. */
  readonly sizesForPeople?: boolean;
  /** Numbers of owners, also where names are known. */
  readonly numericIds?: boolean;
  /** All columns if not given. */
  readonly layout?: EntryLayout;
}

/** Most names of owners are not longer: of a listing that is printed as it is read nobody knows the longest. */
const OWNER_WIDTH = 8;

/**
 * `-rw-r--r--  me        users      1234 2026-11-20 15:39:03 /path -> target`, and at a marked file what the mark says. Where
 * the layout has no room for all of the path, its beginning is missing.
 */
export function entryLine(entry: Entry, options: LineOptions = {}): string {
  const { sizesForPeople = false, numericIds = false, layout = wholeLayout } = options;
  const { node } = entry;
  const bytes = sizeOf(node) ?? 0;
  const cells = [
    permissions(node),
    ...(layout.owner ? [ownerText(node.user, node.uid, numericIds)] : []),
    ...(layout.group ? [ownerText(node.group, node.gid, numericIds)] : []),
    (sizesForPeople ? formatBytes(bytes) : bytes.toString()).padStart(10),
    ...(layout.timeLength === 0 ? [] : [timeText(node, layout)]),
  ];
  const before = `${cells.join(" ")} `;
  const room = layout.columns - textWidth(before);
  const text = pathText(entry);
  if (textWidth(text) + textWidth(mark(node)) <= room) return before + text + mark(node);
  const short = node.hasChanged === true ? SHORT_MARK : "";
  return before + cutStart(text, room - textWidth(short)) + short;
}

/** Of one that no calendar has all, too: it has no parts. */
function timeText({ mtimeSeconds }: Node, { timeLength }: EntryLayout): string {
  const time = formatLocalTime(mtimeSeconds * 1000);
  return time.startsWith("@") ? time : time.slice(0, timeLength);
}

/** Columns that all of an entry's path takes, with what it leads to. */
export function pathWidth(entry: Entry): number {
  return textWidth(pathText(entry)) + textWidth(mark(entry.node));
}

const SHORT_MARK = " (changed)";

function mark({ hasChanged }: Node): string {
  return hasChanged === true ? " (changed while it was read)" : "";
}

function pathText({ path, node }: Entry): string {
  return node.target === undefined ? quoteName(path) : `${quoteName(path)} -> ${quoteName(node.target)}`;
}

/** Names begin in one column, numbers end in one. */
function ownerText(name: string | Uint8Array, id: number, numericIds: boolean): string {
  if (numericIds || name.length === 0) return String(id).padStart(OWNER_WIDTH);
  const text = quoteName(typeof name === "string" ? Buffer.from(name) : name);
  return text + " ".repeat(Math.max(0, OWNER_WIDTH - textWidth(text)));
}

/** An element of the array of `--json`. */
export function entryFields({ path, node }: Entry): object {
  return {
    // The node of a root has no name of its own: its name is the last part of its path.
    ...bytesField("name", path.subarray(path.lastIndexOf(0x2f) + 1)),
    type: typeOf(node).name,
    ...bytesField("path", path),
    ...nodeFields(node),
  };
}

/** What is known of an entry beside its name and type. */
export function nodeFields(node: Node): object {
  const size = sizeOf(node);
  return {
    uid: node.uid,
    gid: node.gid,
    ...ownerField("user", node.user),
    ...ownerField("group", node.group),
    ...(size === undefined ? {} : { size }),
    mode: goMode(node),
    permissions: permissions(node),
    mtime: formatTime(node.mtimeSeconds, node.mtimeNanoseconds),
    ...accessTimeField(node),
    ...(node.target === undefined ? {} : bytesField("linktarget", node.target)),
    ...(node.hasChanged === true ? { changed_while_read: true } : {}),
  };
}

/** Only where it was stored. */
function accessTimeField({ atimeSeconds, atimeNanoseconds }: Node): object {
  if (atimeSeconds === undefined || atimeNanoseconds === undefined) return {};
  return { atime: formatTime(atimeSeconds, atimeNanoseconds) };
}

function ownerField(name: "user" | "group", owner: string | Uint8Array): object {
  if (typeof owner !== "string") return bytesField(name, owner);
  return owner === "" ? {} : { [name]: owner };
}

function typeOf(node: Node): (typeof types)[number] {
  const type = types[node.type - firstType];
  if (type === undefined) throw new RangeError(`Cannot list a node of type ${node.type}`);
  return type;
}

/** Bytes of a file; nothing else has a size. */
export function sizeOf({ content }: Node): number | undefined {
  if (content === undefined) return undefined;
  if (content.kind === "inline") return content.bytes.length;
  if (content.kind === "list") return content.size;
  return content.chunks.reduce((size, chunk) => size + chunk.length, 0);
}

function goMode(node: Node): number {
  const special = [setUserId, setGroupId, sticky].filter(({ bit }) => (node.mode & bit) !== 0);
  return special.reduce((mode, { goMode }) => mode + goMode, typeOf(node).goMode + (node.mode & 0o777));
}

/** `drwxr-sr-x`, as ls(1) writes it. */
function permissions(node: Node): string {
  const { mode } = node;
  return [
    typeOf(node).letter,
    triple(mode >> 6, (mode & setUserId.bit) !== 0, "s"),
    triple(mode >> 3, (mode & setGroupId.bit) !== 0, "s"),
    triple(mode, (mode & sticky.bit) !== 0, "t"),
  ].join("");
}

function triple(bits: number, special: boolean, letter: "s" | "t"): string {
  const execute = (bits & 1) !== 0;
  const last = special ? (execute ? letter : letter.toUpperCase()) : execute ? "x" : "-";
  return `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${last}`;
}

export function isFolderNode(node: Node): boolean {
  return typeOf(node).name === "dir";
}
