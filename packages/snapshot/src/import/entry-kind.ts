/**
 * What an entry of a tar archive is, by its letter. POSIX (pax, "ustar Interchange Format") gives capital letters to
 * whoever makes a program, and wants a letter that nobody knows to be taken for a file; but some are of no file, and what
 * follows would lack what they say.
 */
import type { ReadTarEntry } from "../archive/tar-reader.js";
import { NodeType } from "../tree/node.js";

/** Of a file the last, 7, is one that is to lie in one piece; D is a folder of GNU's incremental archives, with names as content. */
const TYPES: ReadonlyMap<string, NodeType> = new Map<string, NodeType>([
  ["0", NodeType.file],
  ["\0", NodeType.file],
  ["7", NodeType.file],
  ["2", NodeType.symlink],
  ["3", NodeType.characterDevice],
  ["4", NodeType.blockDevice],
  ["5", NodeType.directory],
  ["D", NodeType.directory],
  ["6", NodeType.fifo],
]);

/** Why an entry is none that a snapshot can have. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["A", "the access control list of what follows is in a form of Solaris, and is not kept"],
  ["E", "the extended attributes of what follows are in a form of Solaris, and are not kept"],
  ["I", "the archive has only its owner, mode and times, and not what is in it (star)"],
  ["M", "it is the rest of a file that begins in another part of the archive"],
  ["N", "long names of other entries are in a form of old GNU tar, and are not kept"],
  // Those of GNU tar are files to whoever reads them.
  ["S", "it is a file with holes in a form of star that cannot be read"],
]);
const REST = REFUSED.get("M")!;
/** Where GNU tar has, in pax archives, what M is in its own: a file of its own, behind a global header that says of which. */
const PARTS_FOLDER = /(^|\/)GNUFileParts\//;
const LABEL = "V";
const SLASH = 0x2f;

export type EntryKind =
  | { readonly type: NodeType; readonly fault?: string }
  /** Not kept, which is a fault. */
  | { readonly refused: string }
  /** Not kept, and nothing is lost by that. */
  | { readonly leftOut: string };

/** Of an entry that is no link to another one. */
export function kindOf({ type: letter, name, records }: ReadTarEntry): EntryKind {
  const refused = REFUSED.get(letter);
  if (refused !== undefined) return { refused };
  if (letter === LABEL) return { leftOut: "it is the label of the archive" };
  const known = TYPES.get(letter);
  const type = known ?? NodeType.file;
  // Version 7 has no folders, but slashes.
  if (type === NodeType.file && name.at(-1) === SLASH) return { type: NodeType.directory };
  if (PARTS_FOLDER.test(textOf(name)) && records.some(([key]) => textOf(key) === "GNU.volume.offset"))
    return { type, fault: `${REST}, and kept under the name that it has there` };
  return known === undefined
    ? { type, fault: `nobody knows what its type "${letter}" is: it is kept as a file` }
    : { type };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
