/** What the nodes of a snapshot record beside what those of the first version did: field 35 of docs/format.md section 8. */
import type { Posix } from "@bcat/posix";
import { SnapshotRecords } from "@bcat/repository";

/** What this version records, with these calls and privileges. */
export function recordsOf(posix: Posix, isPrivileged: boolean): number {
  const { linkGroups, attributes, allAttributes, flags, holes } = SnapshotRecords;
  const seen = posix.attributes === undefined ? 0 : attributes | (isPrivileged ? allAttributes : 0);
  // Those of entries that are not read are asked for together with their attributes.
  const flagged = posix.attributes === undefined || posix.inodeFlags === undefined ? 0 : flags;
  return linkGroups | seen | flagged | (posix.extents === undefined ? 0 : holes);
}
