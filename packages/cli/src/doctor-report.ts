/** What `bcat doctor` has found, for people and for programs. */
import { type Meter, type ProbedRegisters, type RegistersOfPlace, wayToSeveralWriters } from "@bcat/host";
import type { ProbeFinding, ProbeReport } from "@bcat/storage";
import { formatBytes, formatItems } from "./format.js";
import { quoteText } from "./quote.js";
import { requestsField } from "./requests.js";
import { foldWords, screenTable } from "./screen-table.js";

export interface Found {
  readonly report: ProbeReport;
  readonly registers: RegistersOfPlace;
  /** There is a repository. */
  readonly isThere: boolean;
  /** Of the place. */
  readonly location: string;
}

/** Who keeps writers apart: the place itself, or registers elsewhere, as far as they were tried. */
function judgeWriters({ report, registers }: Found): "yes" | "no" | "not tried" {
  const { probed, areElsewhere } = registers;
  if (!report.isUsable) return "no";
  if (areElsewhere === true && probed === undefined) return "not tried";
  const decides = probed === undefined || areElsewhere === false ? report : probed;
  return decides.keepsWritersApart ? "yes" : "no";
}

/** True unless what the repository depends on was found to be bad, or registers that somebody asked about. */
export function canBeUsed(found: Found): boolean {
  return judgeWriters(found) !== "no" && !areOthersBad(found);
}

/** Registers that were named, of a repository that has its own, do not keep writers apart. */
function areOthersBad({ registers: { probed, areElsewhere } }: Found): boolean {
  return areElsewhere === false && probed?.keepsWritersApart === false;
}

const words: Readonly<Record<ProbeFinding["verdict"], string>> = { good: "good", bad: "BAD", note: "note" };

/** @param width columns of the terminal, if it is one */
export function reportLines(found: Found, width: number | undefined): string[] {
  const { report, registers, isThere } = found;
  const { findings, speed, left } = report;
  const lines = tableOf("check", findings, width);
  if (speed !== undefined) {
    const rate = (bytesPerSecond: number) => `${formatBytes(Math.round(bytesPerSecond))}/s`;
    lines.push(
      latencyLine("latency", speed, "1 KiB"),
      `throughput: ${rate(speed.bytesPerSecondSent)} sent, ${rate(speed.bytesPerSecondReceived)} received`,
    );
  }
  if (left > 0) lines.push(`left in the place below probe/: ${formatItems(left, "object")}`);
  lines.push(`a repository is ${isThere ? "" : "not "}there`);
  if (registers.probed !== undefined) lines.push(...registersLines(registers.probed, width));
  if (areOthersBad(found)) lines.push("these registers: not to be used; the repository has its own");
  lines.push(verdictLine(found));
  return lines;
}

function registersLines({ location, findings, speed, left }: ProbedRegisters, width: number | undefined): string[] {
  const lines = [`registers in ${quoteText(location)}:`, ...tableOf("check of registers", findings, width)];
  if (speed !== undefined) lines.push(latencyLine("latency of registers", speed, "one"));
  if (left > 0) lines.push(`left with the registers, below probe/: ${formatItems(left, "object")}`);
  return lines;
}

function tableOf(title: string, findings: readonly ProbeFinding[], width: number | undefined): string[] {
  const rows = findings.map(({ check, verdict, found }) => ({
    cells: [check, words[verdict]],
    last: (columns: number) => foldWords(quoteText(found), columns),
  }));
  return screenTable({ columns: [{ head: title }, { head: "result" }], last: "found", rows }, width);
}

function latencyLine(title: string, { putMs, getMs }: { putMs: number; getMs: number }, what: string): string {
  return `${title}: ${formatMs(putMs)} to write, ${formatMs(getMs)} to read ${what} (medians)`;
}

function verdictLine(found: Found): string {
  const { report, registers } = found;
  if (!report.isUsable) return "no writer should use this place: it does not keep what it is given";
  const several = "several writers at once";
  const isElsewhere = registers.probed !== undefined && registers.areElsewhere !== false;
  switch (judgeWriters(found)) {
    case "yes":
      return `${several}: yes,${isElsewhere ? " with these registers," : ""} as far as a probe can tell`;
    case "not tried":
      return `${several}: its registers live elsewhere and decide that; name them with --registers to have them tried, too`;
    case "no":
      return `${several}: no; ${isElsewhere ? "these registers do not keep them apart, or are not there" : wayToSeveralWriters}`;
  }
}

export function reportMessage(found: Found, meter: Meter): object {
  const { report, registers, isThere, location } = found;
  const { findings, speed, left, isUsable } = report;
  const writers = judgeWriters(found);
  return {
    message_type: "summary",
    repository: location,
    repository_exists: isThere,
    ...(writers === "not tried" ? {} : { several_writers: writers === "yes" }),
    usable: isUsable,
    findings: findingsField(findings),
    ...(speed === undefined
      ? {}
      : {
          latency_ms: { put: speed.putMs, get: speed.getMs },
          bytes_per_second: { sent: speed.bytesPerSecondSent, received: speed.bytesPerSecondReceived },
        }),
    objects_left: left,
    ...(registers.areElsewhere === undefined ? {} : { registers_elsewhere: registers.areElsewhere }),
    ...(registers.probed === undefined ? {} : { registers: registersField(registers.probed) }),
    ...requestsField(meter),
  };
}

function registersField({ kind, location, generation, findings, keepsWritersApart, speed, left }: ProbedRegisters) {
  return {
    kind,
    location,
    ...(generation === undefined ? {} : { generation }),
    keeps_writers_apart: keepsWritersApart,
    findings: findingsField(findings),
    ...(speed === undefined ? {} : { latency_ms: { put: speed.putMs, get: speed.getMs } }),
    objects_left: left,
  };
}

function findingsField(findings: readonly ProbeFinding[]): object[] {
  return findings.map(({ check, verdict, found }) => ({ check, result: verdict, found }));
}

/** `0.35 ms`, `12 ms` */
function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : Math.round(ms)} ms`;
}
