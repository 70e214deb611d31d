/** `bcat doctor`: whether a place is good enough for a repository. */
import { probePlace, type Site, wayToSeveralWriters } from "@bcat/host";
import type { ProbeFinding, ProbeReport } from "@bcat/storage";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatBytes, formatItems, formatTable } from "../format.js";
import { quoteText } from "../quote.js";
import { requestsField } from "../requests.js";
import { siteOf } from "../site.js";

export const doctor: Command = {
  name: "doctor",
  summary: "find out whether a place is good enough for a repository",
  operands: [],
  flags: {},
  examples: [
    ["doctor --repo s3://bucket/laptop", "before a repository is made there, or afterwards"],
    ["doctor --json", "findings and speed in one message"],
  ],
  notes: [
    "Writes objects below probe/ in the place, reads them, and removes them. No passphrase is needed.",
    "Exit code 22: several writers must not use the place as it is, or nobody should; the output says which.",
  ],
  interrupted: "interrupted; objects below probe/ may be left in the place",
  async run(context) {
    const { output } = context;
    const site = await siteOf(context);
    const isThere = (await site.storage.get("config")) !== undefined;
    const report = await probePlace(site, { form: "full", onCheck: (check) => output.status(`probing: ${check}`) });
    output.status(undefined);
    if (output.json) output.message(reportMessage(report, { site, isThere, context }));
    else for (const line of reportLines(report, isThere)) output.print(line);
    return report.keepsWritersApart ? exitCodes.done : exitCodes.conditions;
  },
};

const words: Readonly<Record<ProbeFinding["verdict"], string>> = { good: "good", bad: "BAD", note: "note" };

function reportLines(report: ProbeReport, isThere: boolean): string[] {
  const { findings, speed, left } = report;
  const rows = findings.map(({ check, verdict, found }) => [check, words[verdict], quoteText(found)]);
  const lines = formatTable(["check", "result", "found"], rows);
  if (speed !== undefined) {
    const rate = (bytesPerSecond: number) => `${formatBytes(Math.round(bytesPerSecond))}/s`;
    lines.push(
      `latency: ${formatMs(speed.putMs)} to write, ${formatMs(speed.getMs)} to read 1 KiB (medians)`,
      `throughput: ${rate(speed.bytesPerSecondSent)} sent, ${rate(speed.bytesPerSecondReceived)} received`,
    );
  }
  if (left > 0) lines.push(`left in the place below probe/: ${formatItems(left, "object")}`);
  lines.push(`a repository is ${isThere ? "" : "not "}there`, verdictLine(report));
  return lines;
}

function verdictLine({ keepsWritersApart, isUsable }: ProbeReport): string {
  if (keepsWritersApart) return "several writers at once: yes, as far as a probe can tell";
  if (isUsable) return `several writers at once: no; ${wayToSeveralWriters}`;
  return "no writer should use this place: it does not keep what it is given";
}

function reportMessage(
  report: ProbeReport,
  { site, isThere, context }: { readonly site: Site; readonly isThere: boolean; readonly context: Context },
): object {
  const { findings, speed, left, keepsWritersApart, isUsable } = report;
  return {
    message_type: "summary",
    repository: site.place.location,
    repository_exists: isThere,
    several_writers: keepsWritersApart,
    usable: isUsable,
    findings: findings.map(({ check, verdict, found }) => ({ check, result: verdict, found })),
    ...(speed === undefined
      ? {}
      : {
          latency_ms: { put: speed.putMs, get: speed.getMs },
          bytes_per_second: { sent: speed.bytesPerSecondSent, received: speed.bytesPerSecondReceived },
        }),
    objects_left: left,
    ...requestsField(context.meter),
  };
}

/** `0.35 ms`, `12 ms` */
function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : Math.round(ms)} ms`;
}
