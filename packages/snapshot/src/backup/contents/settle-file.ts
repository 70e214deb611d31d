/** Takes what came of reading a file into its row. */
import { SourceError, sourceCodes } from "@bcat/errors";
import type { Stat } from "@bcat/posix";
import { compareBytes } from "../../tree/name.js";
import type { BackupRun } from "../backup-run.js";
import type { Change, FoundFile } from "../linked-files.js";
import type { BatchedFile } from "./file-batch.js";
import type { ReadFile } from "./file-reader.js";
import type { FaultRecord } from "./slab.js";

/**
 * Sets payload and row of a file that was read, counts it, and reports that it did not hold still.
 * `stored` is what the file was then, and its content, encoded; both are copied.
 */
export function settleFile(
  name: BatchedFile,
  file: Omit<ReadFile, "inline">,
  stored: { readonly stat: Stat; readonly content: Uint8Array },
  run: BackupRun,
): void {
  const { visit, row } = name;
  const { table, payloads } = visit;
  const { stat, content } = stored;
  const key = run.linked.keyOf(table, row);
  // What the payload was until now is the content that the parent has.
  const isSame = payloads.has(row) && compareBytes(payloads.get(row), content) === 0;
  const change = changeOf(name, isSame);
  payloads.set(row, content);
  table.set(row, stat);
  if (file.hasAttributes) table.columns.attributes[row] = 1;
  table.columns.holes[row] = file.hasHoles ? 1 : 0;
  visit.setFlags(row, file.inodeFlags);
  const { hasChanged, isUnsettled } = file;
  if (hasChanged) run.reportChanged(visit.pathOf(table.name(row)));
  settle(name, { change, size: file.size, isUnsettled, hasChanged, key }, run);
}

/** Counts a file that is taken over, whose payload is set. */
export function settleUnchanged(name: BatchedFile, run: BackupRun): void {
  const { table } = name.visit;
  const size = table.columns.sizes[name.row]!;
  const key = run.linked.keyOf(table, name.row);
  settle(name, { change: name.visit.changeOf(name.row), size, isUnsettled: false, hasChanged: false, key }, run);
}

/** Takes what another name of a file got into the row of a name. */
export function takeFound(name: BatchedFile, found: FoundFile, run: BackupRun): void {
  const { stat, content, change, isUnsettled, hasChanged } = found;
  const { table, payloads, attributes } = name.visit;
  payloads.set(name.row, content);
  table.set(name.row, stat);
  if (found.hasAttributes) table.columns.attributes[name.row] = 1;
  table.columns.holes[name.row] = found.hasHoles ? 1 : 0;
  name.visit.setFlags(name.row, found.inodeFlags);
  if (found.attributes !== undefined) attributes.set(name.row, found.attributes);
  // Each name is new or not by itself.
  run.countFile(changeOf(name, change !== "changed"), name);
  if (isUnsettled) table.forget(name.row);
  if (hasChanged) name.visit.mark(name.row);
  table.columns.done[name.row] = 1;
}

/** @param isSame the content is what the parent has */
function changeOf({ visit, row }: BatchedFile, isSame: boolean): Change {
  const change = visit.changeOf(row);
  return change === "unmodified" && !isSame ? "changed" : change;
}

/** Counts a file, and gives what it got to the names that wait for it. */
function settle(
  name: BatchedFile,
  {
    key,
    size,
    ...found
  }: Pick<FoundFile, "change" | "isUnsettled" | "hasChanged"> & { size: number; key: string | undefined },
  run: BackupRun,
): void {
  run.countFile(found.change, name, size);
  if (key !== undefined) run.linked.settle(key, name, found, (other, file) => takeFound(other, file, run));
  if (found.isUnsettled) name.visit.table.forget(name.row);
  if (found.hasChanged) name.visit.mark(name.row);
  name.visit.table.columns.done[name.row] = 1;
}

/** What a fault in another thread was there. */
export function faultOf({ code, message }: FaultRecord): SourceError {
  const messageCode = sourceCodes.find((known) => known === code);
  if (messageCode !== undefined) return new SourceError(message, { messageCode });
  return new SourceError(message, { cause: Object.assign(new Error(message), { code }) });
}
