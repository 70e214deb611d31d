/** What the nodes of a snapshot record beside what those of the first version did: field 35 of docs/format.md section 8. */
import type { Posix } from "@bcat/posix";
import { SnapshotRecords } from "@bcat/repository";
import type { BackupOptions } from "./options.js";

/** What this version records, with these calls, privileges and options. */
export function recordsOf(posix: Posix, { isPrivileged, withAtime }: BackupOptions): number {
  const { linkGroups, attributes, allAttributes, flags, holes, atimes } = SnapshotRecords;
  const seen = posix.attributes === undefined ? 0 : attributes | (isPrivileged === true ? allAttributes : 0);
  // Those of entries that are not read are asked for together with their attributes.
  const flagged = posix.attributes === undefined || posix.inodeFlags === undefined ? 0 : flags;
  const accessed = withAtime === true ? atimes : 0;
  return linkGroups | seen | flagged | (posix.extents === undefined ? 0 : holes) | accessed;
}
