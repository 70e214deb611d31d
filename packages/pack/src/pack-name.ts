/** Names of packs and index segments, and the 24-byte name references that stand for them (docs/format.md section 2). */
import { CorruptError } from "@bcat/errors";

export const NAME_REFERENCE_SIZE = 24;
/** Highest session number that fits its ten digits. */
export const SESSION_MAX = 9_999_999_999;

/** What tells one pack or segment from all others: the session that wrote it and 16 unique bytes. */
export interface ObjectReference {
  readonly session: number;
  readonly unique: Uint8Array;
}

/** Ten digits, as all numbers in object names. */
export function formatNumber(number: number): string {
  return number.toString().padStart(10, "0");
}

export function packName(reference: ObjectReference): string {
  const hex = Buffer.from(reference.unique).toString("hex");
  return `packs/${hex.slice(0, 2)}/${formatNumber(reference.session)}-${hex}`;
}

export function segmentName(reference: ObjectReference): string {
  return `index/${formatNumber(reference.session)}-${Buffer.from(reference.unique).toString("hex")}`;
}

/** The reference a pack or segment name stands for, or undefined when `name` is not of that form. */
export function parseObjectName(name: string): ObjectReference | undefined {
  const match = /^(?:packs\/([0-9a-f]{2})|index)\/(\d{10})-([0-9a-f]{32})$/.exec(name);
  if (match?.[2] === undefined || match[3] === undefined) return undefined;
  if (match[1] !== undefined && !match[3].startsWith(match[1])) return undefined;
  return { session: Number(match[2]), unique: Buffer.from(match[3], "hex") };
}

/** The name of the parity object of a pack, which lies beside it or not. */
export function parityName(pack: string): string {
  return pack.replace(/^packs\//, "parity/");
}

/** The name of the pack that a parity object is of, or undefined when `name` is not of that form. */
export function packOfParity(name: string): string | undefined {
  if (!name.startsWith("parity/")) return undefined;
  const pack = name.replace(/^parity\//, "packs/");
  return parseObjectName(pack) === undefined ? undefined : pack;
}

export function encodeReference(reference: ObjectReference, target: Uint8Array, offset: number): void {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  view.setUint32(offset, reference.session % 2 ** 32, true);
  view.setUint32(offset + 4, Math.floor(reference.session / 2 ** 32), true);
  target.set(reference.unique, offset + 8);
}

/** @throws CorruptError when the number cannot be a session's */
export function decodeReference(source: Uint8Array, offset: number, object: string): ObjectReference {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const session = view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
  if (session < 1 || session > SESSION_MAX)
    throw new CorruptError(`Cannot read "${object}": it names session ${session}`, { object });
  return { session, unique: source.slice(offset + 8, offset + NAME_REFERENCE_SIZE) };
}
