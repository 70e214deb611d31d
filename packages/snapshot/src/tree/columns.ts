/**
 * Fields of a tree chunk as columns: each has its own writer or reader, and one without items is absent.
 */

import { ByteReader, encodeRecord, type Field, type RecordLayout, readFields, selectFields } from "@bcat/codec";
import { BcatError, CorruptError } from "@bcat/errors";
import { treeSizeMax } from "./node.js";

/** The kinds of tree chunks, in field 1 of each. */
export const treeKind = { nodes: 1, chunks: 2, inner: 3 } as const;

const kindField = 1;
const noBytes = new Uint8Array(0);

/** A tree chunk taken apart, before its kind is looked at. */
export interface TreeRecord {
  readonly kind: number;
  readonly fields: readonly Field[];
  readonly what: string;
}

/** @throws {RangeError} when the chunk would be larger than {@link treeSizeMax}. */
export function encodeColumns(
  kind: number,
  columns: readonly (readonly [number, Uint8Array])[],
  layout: RecordLayout,
): Uint8Array {
  const fields: Field[] = [{ number: kindField, critical: true, value: Uint8Array.of(kind) }];
  for (const [number, value] of columns) {
    if (value.length > 0) fields.push({ number, critical: layout.get(number)?.critical === true, value });
  }
  const bytes = encodeRecord(fields);
  if (bytes.length > treeSizeMax)
    throw new RangeError(`Cannot write a tree of ${bytes.length} bytes: at most ${treeSizeMax}`);
  return bytes;
}

/** @throws {BcatError} `newer-format` when the kind is not known to this version. */
export function readTreeRecord(bytes: Uint8Array, what: string): TreeRecord {
  const fields = readFields(bytes, { limit: treeSizeMax, what });
  const first = fields[0];
  if (first?.number !== kindField || !first.critical || first.value.length !== 1) {
    throw new CorruptError(`Cannot read ${what}: it does not begin with its kind`);
  }
  const kind = first.value[0]!;
  if (kind >= treeKind.nodes && kind <= treeKind.inner) return { kind, fields, what };
  const found = `tree kind ${kind} is not known to this version; a newer bcat wrote it`;
  throw new BcatError("newer-format", `Cannot read ${what}: ${found}`);
}

/** The columns of a tree chunk of one kind. */
export class ColumnReaders {
  readonly #fields: ReadonlyMap<number, Uint8Array>;
  readonly #what: string;

  /** @throws {CorruptError} when `tree` is of another kind. */
  constructor(tree: TreeRecord, options: { readonly kind: number; readonly layout: RecordLayout }) {
    const { kind, fields, what } = tree;
    if (kind !== options.kind) throw new CorruptError(`Cannot read ${what}: tree kind ${kind} is not ${options.kind}`);
    this.#fields = selectFields(fields, { known: options.layout, what }).fields;
    this.#what = what;
  }

  /** All of the column; none when it is absent. */
  bytes(number: number): Uint8Array {
    return this.#fields.get(number) ?? noBytes;
  }

  /** A reader of the column, which has no bytes when the column is absent: whoever wants an item finds none. */
  open(number: number, name: string): ByteReader {
    return new ByteReader(this.bytes(number), `${this.#what}, ${name}`);
  }
}
