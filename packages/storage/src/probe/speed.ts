/** How fast a storage answers, and how much it takes and gives. */
import type { ProbeBench } from "./bench.js";
import type { ProbeSpeed } from "./report.js";

const SAMPLES = 7;
const SAMPLE_SIZE = 1024;
const MIB = 2 ** 20;
/** Objects at once, and their size. */
const STREAMS = 4;
const STREAM_SIZE = 4 * MIB;
/** A line that takes longer (ms) for one MiB is measured with that. */
const SLOW_MS = 3_000;

/** Medians (ms). */
export async function measureLatency(bench: ProbeBench): Promise<Pick<ProbeSpeed, "putMs" | "getMs">> {
  const { storage } = bench;
  const puts: number[] = [];
  const gets: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const name = bench.name(`latency-${sample}`);
    const body = bench.body(SAMPLE_SIZE);
    puts.push(await bench.time(() => storage.put(name, body)));
    gets.push(await bench.time(() => storage.get(name)));
  }
  return { putMs: median(puts), getMs: median(gets) };
}

export async function measureThroughput(
  bench: ProbeBench,
): Promise<Pick<ProbeSpeed, "bytesPerSecondSent" | "bytesPerSecondReceived">> {
  const first = await transfer(bench, [bench.name("throughput")], MIB);
  if (first.sentMs > SLOW_MS) return rates(first, MIB);
  const names = Array.from({ length: STREAMS }, (_, stream) => bench.name(`throughput-${stream}`));
  return rates(await transfer(bench, names, STREAM_SIZE), STREAMS * STREAM_SIZE);
}

interface Transfer {
  readonly sentMs: number;
  readonly receivedMs: number;
}

async function transfer(bench: ProbeBench, names: readonly string[], size: number): Promise<Transfer> {
  const { storage } = bench;
  const objects = names.map((name) => ({ name, body: bench.body(size) }));
  const sentMs = await bench.time(() => Promise.all(objects.map(({ name, body }) => storage.put(name, body))));
  const receivedMs = await bench.time(() => Promise.all(names.map((name) => storage.get(name))));
  return { sentMs, receivedMs };
}

function rates({ sentMs, receivedMs }: Transfer, bytes: number) {
  const perSecond = (ms: number) => (bytes * 1000) / Math.max(ms, 1);
  return { bytesPerSecondSent: perSecond(sentMs), bytesPerSecondReceived: perSecond(receivedMs) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
