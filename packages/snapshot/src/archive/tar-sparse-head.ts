/**
 * The map of a file with holes before its data, `GNU.sparse` 1.0: lines of decimal numbers, how many parts there are, then
 * offset and length of each, filled up to whole blocks with NULs. A file that ends in a hole has an empty part at its end.
 */
import { tarPadding } from "./tar-header.js";
import type { SparsePart } from "./tar-sparse.js";

export function encodeSparseHead(parts: readonly SparsePart[], size: number): Uint8Array {
  const last = parts.at(-1);
  const endsInHole = last === undefined || last.offset + last.length < size;
  const all = endsInHole ? [...parts, { offset: size, length: 0 }] : parts;
  const lines = [all.length, ...all.flatMap(({ offset, length }) => [offset, length])];
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  return Buffer.concat([text, new Uint8Array(tarPadding(text.length))]);
}
