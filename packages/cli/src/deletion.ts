/** Says what a restore is about to delete, and gives time to think. */
import { setTimeout } from "node:timers/promises";
import type { DeletionPlan } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { formatBytes, formatItems } from "./format.js";
import { bytesField } from "./json.js";
import { quoteName } from "./quote.js";

/** Seconds. */
const DELAY = 15;

/** Returns when it is time to delete. @throws what the signal was aborted with */
export async function announceDeletion(plan: DeletionPlan, { options, output, signal }: Context): Promise<void> {
  if (output.json) {
    const first = plan.first.map((path) => bytesField("path", path));
    const { files, folders, bytes } = plan;
    if (!output.quiet) output.message({ message_type: "deletion", files, folders, bytes, first });
  } else if (!options.switch("yes") || !output.quiet) for (const line of deletionLines(plan)) output.note(line);
  if (options.switch("yes")) return;
  for (let left = DELAY; left > 0; left--) {
    output.status({ line: `deleting in ${left} s; Ctrl-C to leave everything as it is` });
    await setTimeout(1_000, undefined, { signal });
  }
  output.status(undefined);
}

export function deletionLines({ files, folders, bytes, first }: DeletionPlan): string[] {
  const counts = [
    ...(files === 0 ? [] : [formatItems(files, "file")]),
    ...(folders === 0 ? [] : [formatItems(folders, "folder")]),
  ].join(" and ");
  const others = files + folders > first.length ? ["  …"] : [];
  return [
    `to be deleted, for the snapshot has not got them: ${counts}, ${formatBytes(bytes)}`,
    ...first.map((path) => `  ${quoteName(path)}`),
    ...others,
  ];
}
