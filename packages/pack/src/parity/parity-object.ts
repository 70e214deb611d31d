/**
 * A parity object (docs/format.md section 15): what brings a pack back of which a part was damaged. Nothing in it is
 * secret: it is computed from the pack as it is stored. The same pack and percentage give the same bytes.
 *
 *     head | table | sums | table | head        head and table are there twice: one damaged place spares one of each
 *
 *     head:   16 header, type 8 | u32 size of the pack | u8 percent | 11 zero | 32 hash that the pack ends with |
 *             32 BLAKE3 of the table | 32 BLAKE3 of all before
 *     table:  8 bytes of the BLAKE3 of each block of the pack, then of each sum
 */

import { type Blake3, decodeHeader, encodeHeader, ObjectType } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import { PACK_SIZE_MAX, TRAILER_SIZE } from "../directory.js";
import { BLOCK_SIZE, StripeSums } from "./cauchy-code.js";
import { type ParityShape, PERCENT_MAX, shapeOf } from "./parity-shape.js";

const HASH_SIZE = 32;
const SIZE_OFFSET = 16;
const PERCENT_OFFSET = 20;
const ZERO_OFFSET = 21;
const PACK_HASH_OFFSET = 32;
const TABLE_HASH_OFFSET = 64;
const HEAD_HASH_OFFSET = 96;
const HEAD_SIZE = 128;
/** Bytes of each hash in the table. */
const SHORT_HASH_SIZE = 8;

/** A parity object that was read; what of it is damaged is not used. */
export interface Parity {
  readonly shape: ParityShape;
  /** The 32 bytes that the whole pack ends with. */
  readonly packHash: Uint8Array;
  /** True when `bytes`, a whole block, are those that block `index` of the pack had. */
  isBlock(index: number, bytes: Uint8Array): boolean;
  /** A sum; undefined where it is damaged or cut off. */
  sum(index: number): Uint8Array | undefined;
  /** True when every byte is as it was written. */
  readonly isWhole: boolean;
}

/** @throws RangeError for a percentage that is no whole number from 1 to 100 */
export function encodeParity(blake3: Blake3, pack: Uint8Array, percent: number): Uint8Array {
  const shape = shapeOf(pack.length, percent);
  const { blocks, stripes, rows } = shape;
  const { tableSize, size } = sizesOf(shape);
  const object = new Uint8Array(size);
  const table = object.subarray(HEAD_SIZE, HEAD_SIZE + tableSize);
  const sums = object.subarray(HEAD_SIZE + tableSize, size - HEAD_SIZE - tableSize);
  writeSums(shape, pack, sums);
  for (let i = 0; i < blocks; i++) table.set(shortHash(blake3, blockOf(pack, i)), i * SHORT_HASH_SIZE);
  for (let i = 0; i < stripes * rows; i++)
    table.set(shortHash(blake3, blockOf(sums, i)), (blocks + i) * SHORT_HASH_SIZE);
  const head = encodeHead(blake3, { shape, packHash: pack.subarray(-HASH_SIZE), table });
  object.set(head);
  object.set(table, size - HEAD_SIZE - tableSize);
  object.set(head, size - HEAD_SIZE);
  return object;
}

/**
 * Takes what is whole of a parity object, which is not copied.
 *
 * @throws CorruptError naming `name`, when neither head or neither table is whole; BcatError newer-format
 */
export function decodeParity(blake3: Blake3, name: string, object: Uint8Array): Parity {
  const { shape, packHash, tableHash } = decodeHead(name, findHead(blake3, name, object));
  const { tableSize, size } = sizesOf(shape);
  const tables = [HEAD_SIZE, size - HEAD_SIZE - tableSize].map((at) => object.subarray(at, at + tableSize));
  const table = tables.find((bytes) => bytes.length === tableSize && hasHash(blake3, bytes, tableHash));
  if (table === undefined) throw damaged(name, "both its tables are damaged");
  const isRight = (index: number, bytes: Uint8Array) => {
    const at = index * SHORT_HASH_SIZE;
    return Buffer.compare(shortHash(blake3, bytes), table.subarray(at, at + SHORT_HASH_SIZE)) === 0;
  };
  const sum = (index: number) => {
    const at = HEAD_SIZE + tableSize + index * BLOCK_SIZE;
    const bytes = object.subarray(at, at + BLOCK_SIZE);
    return bytes.length === BLOCK_SIZE && isRight(shape.blocks + index, bytes) ? bytes : undefined;
  };
  return {
    shape,
    packHash,
    isBlock: isRight,
    sum,
    get isWhole() {
      const head = encodeHead(blake3, { shape, packHash, table });
      const areHeads = [object.subarray(0, HEAD_SIZE), object.subarray(-HEAD_SIZE)].every((bytes) =>
        equal(bytes, head),
      );
      const areTables = tables.every((bytes) => equal(bytes, table));
      return object.length === size && areHeads && areTables && sumsOf(shape).every((i) => sum(i) !== undefined);
    },
  };
}

/** False for bytes that are too many or too few for parity of any percentage of a pack of `packSize` bytes. */
export function isParitySize(packSize: number, size: number): boolean {
  for (let percent = 1; percent <= PERCENT_MAX; percent++)
    if (sizesOf(shapeOf(packSize, percent)).size === size) return true;
  return false;
}

/** Block `index`; a copy, filled up with zeros, where the bytes end within it. */
export function blockOf(bytes: Uint8Array, index: number): Uint8Array {
  const block = bytes.subarray(index * BLOCK_SIZE, (index + 1) * BLOCK_SIZE);
  if (block.length === BLOCK_SIZE) return block;
  const filled = new Uint8Array(BLOCK_SIZE);
  filled.set(block);
  return filled;
}

function writeSums({ blocks, stripes, rows }: ParityShape, pack: Uint8Array, target: Uint8Array): void {
  const sums = new StripeSums();
  for (let stripe = 0; stripe < stripes; stripe++) {
    sums.clear();
    for (let block = stripe, column = 0; block < blocks; block += stripes, column++)
      sums.add(column, blockOf(pack, block));
    for (let row = 0; row < rows; row++) sums.addRowTo(row, blockOf(target, row * stripes + stripe));
  }
}

function sizesOf({ blocks, stripes, rows }: ParityShape): { readonly tableSize: number; readonly size: number } {
  const tableSize = (blocks + stripes * rows) * SHORT_HASH_SIZE;
  return { tableSize, size: 2 * (HEAD_SIZE + tableSize) + stripes * rows * BLOCK_SIZE };
}

function sumsOf({ stripes, rows }: ParityShape): number[] {
  return Array.from({ length: stripes * rows }, (_, i) => i);
}

function encodeHead(
  blake3: Blake3,
  { shape, packHash, table }: { shape: ParityShape; packHash: Uint8Array; table: Uint8Array },
): Uint8Array {
  const head = new Uint8Array(HEAD_SIZE);
  head.set(encodeHeader({ type: ObjectType.PARITY, epoch: 0, domain: 0 }));
  new DataView(head.buffer).setUint32(SIZE_OFFSET, shape.packSize, true);
  head[PERCENT_OFFSET] = shape.percent;
  head.set(packHash, PACK_HASH_OFFSET);
  head.set(blake3.hash(table), TABLE_HASH_OFFSET);
  head.set(blake3.hash(head.subarray(0, HEAD_HASH_OFFSET)), HEAD_HASH_OFFSET);
  return head;
}

/** The first of both heads that has its hash; before that is known, nothing in one is looked at. */
function findHead(blake3: Blake3, name: string, object: Uint8Array): Uint8Array {
  const heads = [object.subarray(0, HEAD_SIZE), object.subarray(Math.max(0, object.length - HEAD_SIZE))];
  const head = heads.find(
    (bytes) =>
      bytes.length === HEAD_SIZE &&
      hasHash(blake3, bytes.subarray(0, HEAD_HASH_OFFSET), bytes.subarray(HEAD_HASH_OFFSET)),
  );
  if (head === undefined) throw damaged(name, "both its heads are damaged");
  return head;
}

function decodeHead(name: string, head: Uint8Array) {
  const { epoch, domain } = decodeHeader(head, { type: ObjectType.PARITY, name });
  const packSize = new DataView(head.buffer, head.byteOffset).getUint32(SIZE_OFFSET, true);
  const percent = head[PERCENT_OFFSET]!;
  const isZero = head.subarray(ZERO_OFFSET, PACK_HASH_OFFSET).every((byte) => byte === 0);
  if (epoch !== 0 || domain !== 0 || !isZero) throw damaged(name, "reserved bytes of its head are not zero");
  if (packSize < TRAILER_SIZE || packSize > PACK_SIZE_MAX || percent < 1 || percent > PERCENT_MAX)
    throw damaged(name, `it has ${percent} % of a pack of ${packSize} bytes`);
  return {
    shape: shapeOf(packSize, percent),
    packHash: head.slice(PACK_HASH_OFFSET, TABLE_HASH_OFFSET),
    tableHash: head.subarray(TABLE_HASH_OFFSET, HEAD_HASH_OFFSET),
  };
}

function shortHash(blake3: Blake3, bytes: Uint8Array): Uint8Array {
  return blake3.hash(bytes).subarray(0, SHORT_HASH_SIZE);
}

function hasHash(blake3: Blake3, bytes: Uint8Array, hash: Uint8Array): boolean {
  return equal(blake3.hash(bytes), hash);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function damaged(object: string, found: string): CorruptError {
  return new CorruptError(`Cannot use parity "${object}": ${found}`, { object });
}
