/** Takes what came of reading a file into its row. */
import { SourceError } from "@bcat/errors";
import type { Stat } from "@bcat/posix";
import { compareBytes } from "../../tree/name.js";
import type { BackupRun } from "../backup-run.js";
import type { BatchedFile } from "./file-batch.js";
import type { ReadFile } from "./file-reader.js";
import type { FaultRecord } from "./slab.js";

/**
 * Sets payload and row of a file that was read, counts it, and reports that it did not hold still.
 * `stored` is what the file was then, and its content, encoded; both are copied.
 */
export function settleFile(
  { visit, row }: BatchedFile,
  file: Omit<ReadFile, "inline">,
  stored: { readonly stat: Stat; readonly content: Uint8Array },
  run: BackupRun,
): void {
  const { table, payloads } = visit;
  const { stat, content } = stored;
  // What the payload was until now is the content that the parent has.
  const isNew = !payloads.has(row);
  const isSame = !isNew && compareBytes(payloads.get(row), content) === 0;
  payloads.set(row, content);
  table.set(row, stat);
  if (file.isUnsettled) table.forget(row);
  if (file.hasChanged) {
    const message = "it changed while it was read; what was read last is stored";
    run.reportUnreadable(visit.pathOf(table.name(row)), new SourceError(message));
  }
  run.countFile(isNew ? "new" : isSame ? "unmodified" : "changed", file.size);
}

/** What a fault in another thread was there. */
export function faultOf({ code, message }: FaultRecord): SourceError {
  const cause = code === "" ? undefined : Object.assign(new Error(message), { code });
  return new SourceError(message, { cause });
}
