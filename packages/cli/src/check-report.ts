/** How what a check finds is told, by `check`, `scrub` and `repair`. */
import { inSentence } from "@bcat/errors";
import type { CheckProgress, Finding } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { formatBytes } from "./format.js";
import { pathsField } from "./json.js";
import { speedPart } from "./pace.js";
import { type Phases, phaseFields, phaseParts, shareOfPhases } from "./phase-progress.js";
import type { ProgressForm } from "./progress.js";
import { quoteText } from "./quote.js";

/** Of a check; repairs have others. */
const phases: Phases = { registers: 0.05, packs: 0.6, trees: 0.35 };

export const checkProgress: ProgressForm<CheckProgress> = {
  bytes: ({ bytes }) => bytes,
  share: (counts) => shareOfPhases(phases, counts),
  line(counts, pace) {
    const read = counts.bytes === 0 ? [] : [{ text: formatBytes(counts.bytes), rank: 2 }, ...speedPart(pace)];
    return phaseParts({ ...counts, phase: `checking ${counts.phase}` }, pace, read);
  },
  message: (counts, pace) => ({ ...phaseFields(counts, pace), bytes_done: counts.bytes }),
};

const messageTypes = { damage: "error", note: "note", detail: "verbose_status" } as const;

/** Prints a finding; what is as it should be only with `--verbose`. */
export function printFinding(finding: Finding, { output, options }: Pick<Context, "output" | "options">): void {
  if (finding.kind === "detail" && options.count("verbose") === 0) return;
  if (output.json) output.message(findingMessage(finding));
  else output.print(quoteText(findingLine(finding)));
}

function findingMessage(finding: Finding): object {
  const { kind, code, object, objectKind, message, snapshots, paths, pathCount, remedy } = finding;
  return {
    message_type: messageTypes[kind],
    code,
    message,
    ...(object === undefined ? {} : { object }),
    ...(objectKind === undefined ? {} : { object_kind: objectKind }),
    ...(snapshots ? { snapshots } : {}),
    ...(paths === undefined ? {} : { ...pathsField(paths), path_count: pathCount }),
    ...(remedy === undefined ? {} : { remedy }),
  };
}

function findingLine({ kind, object, message, snapshots, remedy }: Finding): string {
  const where = object === undefined || message.includes(object) ? "" : ` ${object}:`;
  const hit =
    snapshots === undefined || snapshots.length === 0
      ? ""
      : ` (${snapshots.length === 1 ? "snapshot" : "snapshots"} ${snapshots.join(", ")})`;
  const heals = remedy === undefined ? "" : `; to heal it: ${remedy}`;
  return `${kind === "detail" ? "" : `${kind}:`}${where} ${inSentence(message)}${hit}${heals}`.trimStart();
}
