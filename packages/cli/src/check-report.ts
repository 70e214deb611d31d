/** How what a check finds is told, by `check`, `scrub` and `repair`. */
import type { CheckProgress, Finding } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { formatBytes, formatCount, formatDuration } from "./format.js";
import { pathsField } from "./json.js";
import type { ProgressForm } from "./progress.js";
import { quoteText } from "./quote.js";

export const checkProgress: ProgressForm<CheckProgress> = {
  bytes: ({ bytes }) => bytes,
  line({ phase, done, total, bytes }, { elapsedMs, bytesPerSecond }) {
    const of = total === undefined ? formatCount(done) : `${formatCount(done)} of ${formatCount(total)}`;
    const speed = bytesPerSecond ? `, ${formatBytes(bytes)}, ${formatBytes(Math.round(bytesPerSecond))}/s` : "";
    const leftMs = total === undefined || done === 0 ? undefined : (elapsedMs * Math.max(0, total - done)) / done;
    return `checking ${phase}: ${of}${speed}${leftMs === undefined ? "" : `, ${formatDuration(leftMs)} left`}`;
  },
  message: ({ phase, done, total, bytes }, { elapsedMs }) => ({
    message_type: "status",
    seconds_elapsed: Math.floor(elapsedMs / 1000),
    phase,
    done,
    ...(total === undefined ? {} : { total, percent_done: total === 0 ? 1 : done / total }),
    bytes_done: bytes,
  }),
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
  const hit = snapshots === undefined || snapshots.length === 0 ? "" : ` (snapshots ${snapshots.join(", ")})`;
  const heals = remedy === undefined ? "" : `; to heal it: ${remedy}`;
  return `${kind === "detail" ? "" : `${kind}:`}${where} ${message}${hit}${heals}`.trimStart();
}
