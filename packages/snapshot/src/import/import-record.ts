/**
 * An entry of an archive while all are put in order: its path as the key, and as the value
 *
 *     f64 when it came, counted from 1 ‖ the node as the leaf of a root; nothing for a link
 */
import type { KeyedRecord, SortedRecords } from "./sorted-records.js";

export interface ImportRecord {
  readonly key: Uint8Array;
  readonly order: number;
  readonly node: Uint8Array | undefined;
}

const ORDER_SIZE = 8;

export function encodeImportRecord({ key, order, node = new Uint8Array(0) }: ImportRecord): KeyedRecord {
  const value = new Uint8Array(ORDER_SIZE + node.length);
  new DataView(value.buffer).setFloat64(0, order);
  value.set(node, ORDER_SIZE);
  return { key, value };
}

export async function* readRecords(records: SortedRecords): AsyncGenerator<ImportRecord> {
  for await (const { key, value } of records.read()) {
    const order = new DataView(value.buffer, value.byteOffset, ORDER_SIZE).getFloat64(0);
    yield { key, order, node: value.length > ORDER_SIZE ? value.subarray(ORDER_SIZE) : undefined };
  }
}
