/**
 * Asks a storage whether it is what bcat needs, by using it: below `probe/<id>/`, which is removed again. A probe can
 * only disprove. What it finds good may still fail tomorrow, or for writers that reach another server.
 */
import type { Storage } from "../storage.js";
import { ProbeBench, type ProbeWorld } from "./bench.js";
import { probeListing, probeOverwriting, probeRanges, probeReadAfterWrite, probeRemoving } from "./objects.js";
import { probeRaces, probeTwice } from "./registers.js";
import {
  judge,
  type ProbeCheck,
  type ProbeFinding,
  type ProbeReport,
  type ProbeSpeed,
  type RegistersReport,
} from "./report.js";
import { measureLatency, measureThroughput } from "./speed.js";

/** A put that takes no longer (ms) is cheap enough for a thousand more. */
const CHEAP_MS = 20;

const roundsOf = { quick: { small: 4, large: 1 }, full: { small: 10, large: 3 } } as const;

export interface ProbeOptions extends ProbeWorld {
  /** `quick`: only what would lose data, in about a hundred requests. */
  readonly form: "quick" | "full";
  /** Told what is looked at next. */
  readonly onCheck?: (check: ProbeCheck | "speed") => void;
}

/**
 * What can be told about `storage`. Faults of transmission are not for the probe to judge: a storage that retries is the
 * better one to give.
 *
 * @throws StorageError when the storage does not answer well enough to tell; what was put is removed before, if it can be
 */
export async function probeStorage(storage: Storage, options: ProbeOptions): Promise<ProbeReport> {
  const bench = new ProbeBench(storage, options);
  let left = 0;
  let found: Pick<ProbeReport, "findings" | "speed">;
  try {
    found =
      options.form === "quick" ? { findings: await probeQuickly(bench, options) } : await probeAll(bench, options);
  } finally {
    left = await bench.clear();
  }
  return { ...found, ...judge(found.findings), left };
}

/** What can be told about a place of registers, in the same way: only what is asked of one. @throws as {@link probeStorage} */
export async function probeRegisters(
  storage: Storage,
  { form, onCheck = () => {}, ...world }: ProbeOptions,
): Promise<RegistersReport> {
  const bench = new ProbeBench(storage, world);
  let left = 0;
  let findings: ProbeFinding[];
  let speed: RegistersReport["speed"];
  try {
    onCheck("put-if-absent, one after the other");
    findings = [await probeTwice(bench)];
    if (findings[0]?.verdict === "good") {
      onCheck("put-if-absent, many at once");
      findings.push(await probeRaces(bench, roundsOf[form]));
    }
    if (form === "full" && findings.at(-1)?.verdict === "good") {
      onCheck("speed");
      speed = await measureLatency(bench);
    }
  } finally {
    left = await bench.clear();
  }
  return {
    findings,
    keepsWritersApart: findings.every(({ verdict }) => verdict === "good"),
    ...(speed && { speed }),
    left,
  };
}

async function probeQuickly(bench: ProbeBench, { onCheck = () => {} }: ProbeOptions): Promise<ProbeFinding[]> {
  onCheck("read after write");
  const findings = [await probeReadAfterWrite(bench)];
  onCheck("put-if-absent, one after the other");
  findings.push(await probeTwice(bench));
  if (findings.at(-1)?.verdict === "bad") return findings;
  onCheck("put-if-absent, many at once");
  findings.push(await probeRaces(bench, roundsOf.quick));
  return findings;
}

async function probeAll(bench: ProbeBench, { onCheck = () => {} }: ProbeOptions) {
  const findings: ProbeFinding[] = [];
  const look = async (check: ProbeCheck, probe: () => Promise<ProbeFinding>) => {
    onCheck(check);
    findings.push(await probe());
    return findings.at(-1)?.verdict !== "bad";
  };
  await look("read after write", () => probeReadAfterWrite(bench));
  if (await look("put-if-absent, one after the other", () => probeTwice(bench)))
    await look("put-if-absent, many at once", () => probeRaces(bench, roundsOf.full));
  await look("overwriting", () => probeOverwriting(bench));
  await look("ranges", () => probeRanges(bench));
  onCheck("speed");
  const latency = await measureLatency(bench);
  await look("listing", () => probeListing(bench, latency.putMs <= CHEAP_MS));
  await look("removing", () => probeRemoving(bench));
  onCheck("speed");
  const speed: ProbeSpeed = { ...latency, ...(await measureThroughput(bench)) };
  return { findings, speed };
}
