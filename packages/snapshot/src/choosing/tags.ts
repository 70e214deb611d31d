/**
 * Folders that are marked as not worth keeping by a file in them: `--exclude-if-present FILE[:header]`, and
 * `--exclude-caches` (Cache Directory Tagging Specification, bford.info/cachedir). The folder and the file stay, all else
 * in it is left out.
 */
import { BcatError, bytesOfText } from "@bcat/errors";
import { isMissing, requireSourceFault } from "../backup/source-fault.js";
import { joinPath } from "../path.js";
import type { ChosenFolder } from "./chosen-folder.js";

/** The longest header that can be asked for, bytes. */
const HEADER_LENGTH_MAX = 64 * 1024;

export interface Tag {
  readonly kind: "tag";
  readonly name: Uint8Array;
  /** What the file begins with; empty when its name is enough. */
  readonly header: Uint8Array;
  /** The flag that asked for it. */
  readonly flag: string;
}

export const cacheTag: Tag = {
  kind: "tag",
  name: Buffer.from("CACHEDIR.TAG"),
  header: Buffer.from("Signature: 8a477f597d28d172789f06886806bc55"),
  flag: "--exclude-caches",
};

/** Reads `FILE[:header]`, text of any bytes. @throws BcatError usage */
export function parseTag(text: string): Tag {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const header = bytesOfText(colon < 0 ? "" : text.slice(colon + 1));
  const refuse = (found: string) => new BcatError("usage", `Cannot use --exclude-if-present "${text}": ${found}`);
  if (name === "") throw refuse("it names no file");
  if (name.includes("/") || name === "." || name === "..") throw refuse("give the name of a file, not a path");
  if (header.length > HEADER_LENGTH_MAX) throw refuse(`its header is longer than ${HEADER_LENGTH_MAX} bytes`);
  return { kind: "tag", name: bytesOfText(name), header, flag: "--exclude-if-present" };
}

/** True when the folder at `path` is marked by the tag. A file of that name that does not bear it is said. */
export function isTagged(
  folder: ChosenFolder,
  { name, header }: Tag,
  path: () => Uint8Array,
  note: (path: Uint8Array, message: string) => void,
): boolean {
  if (!folder.has(name)) return false;
  if (header.length === 0) return true;
  try {
    if (Buffer.compare(folder.read([name], header.length).bytes, header) === 0) return true;
    note(joinPath(path(), name), "its folder is not left out: the file does not begin with the header that marks one");
  } catch (error) {
    const fault = requireSourceFault(error);
    if (!isMissing(fault)) note(joinPath(path(), name), `its folder is not left out: ${fault.message}`);
  }
  return false;
}
