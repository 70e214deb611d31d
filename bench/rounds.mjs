/** Takes the tools in turns over each workload, so that what the machine does beside falls on all of them alike. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { runRound } from "./phases.mjs";
import { hashTree } from "./tree-hash.mjs";
import { turn } from "./turn.mjs";

/** Tools read a file again whose times are too near to the backup's own: sources are older than that, milliseconds. */
const SETTLE_MS = 3_000;

/**
 * @param workload see workloads.mjs
 * @param {{tools, work: string, runs: number, scale: number, say: (line: string) => void}} options
 * @returns the raw figures of the workload: `{name, title, files, bytes, samples, sizes, restored, failures}`
 */
export async function runWorkload(workload, options) {
  const { tools, work, runs, scale, say } = options;
  const source = join(work, "source");
  const result = {
    name: workload.name,
    title: workload.title(scale),
    samples: [],
    sizes: [],
    restored: {},
    failures: [],
  };
  try {
    mkdirSync(source, { recursive: true });
    say(`${workload.name}: preparing`);
    const sources = workload.prepare(join(source, workload.name), scale);
    const hashes = sources.map(hashTree);
    result.files = hashes.reduce((sum, { files }) => sum + files, 0);
    result.bytes = hashes.reduce((sum, { bytes }) => sum + bytes, 0);
    await setTimeout(SETTLE_MS);
    const failed = new Set();
    for (let round = 0; round < runs; round++) {
      for (const tool of turn(tools, round)) {
        if (failed.has(tool)) continue;
        const job = { workload, tool, folder: join(work, "place"), sources };
        const ok = await takeTurn(result, { ...job, ...(round === 0 && { hashes }) }, { round, runs, say });
        if (!ok) failed.add(tool);
      }
    }
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
  return result;
}

/** A tool that fails is named with its message and takes no further part in this workload. */
async function takeTurn(result, job, { round, runs, say }) {
  const { tool } = job;
  try {
    const { size, restored } = await runRound(job, (sample) => {
      result.samples.push({ round, ...sample });
      if (job.workload.repeat === undefined) say(`${result.name} ${round + 1}/${runs} ${describe(sample)}`);
    });
    if (size !== undefined) result.sizes.push({ tool: tool.name, round, ...size });
    if (restored !== undefined) result.restored[tool.name] = restored;
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    result.failures.push({ tool: tool.name, round, message });
    say(`${result.name} ${round + 1}/${runs} ${tool.name} failed: ${message}`);
    return false;
  }
}

function describe({ tool, phase, wall, cpu, others }) {
  const busy = others > 0.1 ? `, others ${Math.round(others * 100)} % of the machine` : "";
  return `${tool} ${phase}: ${wall.toFixed(2)} s, cpu ${cpu.toFixed(2)} s${busy}`;
}
