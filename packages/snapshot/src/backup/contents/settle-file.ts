/** Takes what came of reading a file into its row. */
import { SourceError } from "@bcat/errors";
import type { Stat } from "@bcat/posix";
import { compareBytes } from "../../tree/name.js";
import type { BackupRun } from "../backup-run.js";
import type { Visit } from "../visit.js";

export interface SettledFile {
  /** As {@link ReadFile} has it. */
  readonly size: number;
  readonly hasChanged: boolean;
  readonly isUnsettled: boolean;
  /** What the file was when it was stored. */
  readonly stat: Stat;
  /** Encoded; copied. */
  readonly content: Uint8Array;
}

/** Sets payload and row of a file that was read, counts it, and reports that it did not hold still. */
export function settleFile(visit: Visit, row: number, file: SettledFile, run: BackupRun): void {
  const { table, payloads } = visit;
  // What the payload was until now is the content that the parent has.
  const isNew = !payloads.has(row);
  const isSame = !isNew && compareBytes(payloads.get(row), file.content) === 0;
  payloads.set(row, file.content);
  table.set(row, file.stat);
  if (file.isUnsettled) table.forget(row);
  if (file.hasChanged) {
    const message = "it changed while it was read; what was read last is stored";
    run.reportUnreadable(visit.pathOf(table.name(row)), new SourceError(message));
  }
  run.countFile(isNew ? "new" : isSame ? "unmodified" : "changed", file.size);
}
