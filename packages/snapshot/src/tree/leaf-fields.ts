/** Fields of a leaf of nodes, docs/format.md section 12.1: see leaf.ts. */

import type { RecordLayout } from "@bcat/codec";

export const leafField = {
  kind: 1,
  names: 2,
  types: 3,
  modes: 4,
  ownerTable: 5,
  owners: 6,
  mtimes: 7,
  contents: 8,
  subtrees: 9,
  targets: 10,
  devices: 11,
  attributes: 12,
  flags: 13,
  linkGroups: 14,
  changed: 15,
  holes: 16,
  atimes: 17,
} as const;

/** From here on, a reader that does not know a field can restore without it. */
const uncriticalFrom: number = leafField.attributes;

export const leafLayout: RecordLayout = new Map(
  Object.values(leafField).map((number) => [number, { critical: number < uncriticalFrom }]),
);
