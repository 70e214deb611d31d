/** Brings damaged blocks of a pack back, out of those that are whole and the sums in its parity object. */
import type { Blake3 } from "@bcat/crypto";
import { hasRightHash } from "../directory.js";
import { BLOCK_SIZE, StripeSums, solveColumns } from "./cauchy-code.js";
import { blockOf, type Parity } from "./parity-object.js";

export interface MendedPack {
  /** As long as the pack was. Where it is not whole, what could not be mended is as it was found. */
  readonly bytes: Uint8Array;
  /** The bytes have the hash that the pack ended with. */
  readonly isWhole: boolean;
  /** Blocks that came back. */
  readonly mended: number;
  /** Blocks that did not. */
  readonly lost: number;
}

/** @param found what there is of the pack, which is left as it is; none of a pack that is missing */
export function mendPack(blake3: Blake3, parity: Parity, found: Uint8Array): MendedPack {
  const { blocks, stripes, packSize } = parity.shape;
  const padded = new Uint8Array(blocks * BLOCK_SIZE);
  padded.set(found.subarray(0, packSize));
  const sums = new StripeSums();
  let mended = 0;
  let lost = 0;
  for (let stripe = 0; stripe < stripes; stripe++) {
    const bad = badColumns(parity, padded, stripe);
    if (bad.length === 0) continue;
    if (mendStripe(parity, padded, { stripe, bad, sums })) mended += bad.length;
    else lost += bad.length;
  }
  const bytes = padded.subarray(0, packSize);
  const isWhole = lost === 0 && Buffer.compare(bytes.subarray(-parity.packHash.length), parity.packHash) === 0;
  return { bytes, isWhole: isWhole && hasRightHash({ blake3 }, bytes), mended, lost };
}

function badColumns({ shape: { blocks, stripes }, isBlock }: Parity, padded: Uint8Array, stripe: number): number[] {
  const bad: number[] = [];
  for (let block = stripe, column = 0; block < blocks; block += stripes, column++)
    if (!isBlock(block, blockOf(padded, block))) bad.push(column);
  return bad;
}

interface BadStripe {
  readonly stripe: number;
  readonly bad: readonly number[];
  readonly sums: StripeSums;
}

/** False when fewer sums are whole than blocks are not. */
function mendStripe(parity: Parity, padded: Uint8Array, { stripe, bad, sums }: BadStripe): boolean {
  const { blocks, stripes } = parity.shape;
  const kept = keptSums(parity, stripe, bad.length);
  if (kept.length < bad.length) return false;
  sums.clear();
  for (let block = stripe, column = 0; block < blocks; block += stripes, column++)
    if (!bad.includes(column)) sums.add(column, blockOf(padded, block));
  const remainders = kept.map(({ row, sum }) => {
    const remainder = sum.slice();
    sums.addRowTo(row, remainder);
    return remainder;
  });
  const rows = kept.map(({ row }) => row);
  solveColumns(bad, rows, remainders).forEach((bytes, i) => {
    padded.set(bytes, (bad[i]! * stripes + stripe) * BLOCK_SIZE);
  });
  return true;
}

/** The first `count` sums of a stripe that are whole, or as many as are. */
function keptSums({ shape: { stripes, rows }, sum }: Parity, stripe: number, count: number) {
  const kept: { readonly row: number; readonly sum: Uint8Array }[] = [];
  for (let row = 0; row < rows && kept.length < count; row++) {
    const bytes = sum(row * stripes + stripe);
    if (bytes !== undefined) kept.push({ row, sum: bytes });
  }
  return kept;
}
