/**
 * The bench: bcat and its peers as whole processes, in turns, on the same data. See README.md beside it, and `--help`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runIndex } from "./index.mjs";
import { measureLimits } from "./limits.mjs";
import { describeMachine } from "./machine.mjs";
import { help, readOptions } from "./options.mjs";
import { readResults, writeResults } from "./report/json.mjs";
import { fullReport, readmeTable } from "./report/markdown.mjs";
import { chart } from "./report/svg.mjs";
import { runWorkload } from "./rounds.mjs";
import { findTools } from "./tools/tools.mjs";
import { workloads } from "./workloads/workloads.mjs";

const say = (line) => process.stderr.write(`${line}\n`);

async function main(words) {
  const options = readOptions(words);
  if (options.help) return void process.stdout.write(help);
  if (options.report.length > 0) return printReports(options);
  mkdirSync(options.work, { recursive: true });
  const work = mkdtempSync(join(options.work, "bcat-bench-"));
  const end = () => rmSync(work, { recursive: true, force: true });
  process.once("SIGINT", () => {
    end();
    process.exit(130);
  });
  try {
    const results = await runBench(options, work);
    process.stdout.write(`${fullReport(results)}\n`);
  } finally {
    end();
  }
}

function printReports({ report, full }) {
  for (const file of report) {
    const results = readResults(file);
    process.stdout.write(`${full ? fullReport(results) : readmeTable(results)}\n`);
  }
}

/** Results are written after each workload: hours of measuring outlive an interruption. */
async function runBench(options, work) {
  const { track, runs, scale } = options;
  const tools = findTools({ only: options.tools, nodes: options.nodes, folder: options.peers, track });
  for (const { name, version, node } of tools) say(`${name}: ${version}${node ? ` on Node ${node}` : ""}`);
  const described = tools.map(({ name, version, node, settings }) => ({ name, version, node, settings }));
  const results = { date: new Date().toISOString(), track, runs, scale, machine: await describeMachine(work) };
  Object.assign(results, { tools: described, limits: measureLimits(work), workloads: [], index: [] });
  const out = options.out ?? fileURLToPath(new URL("results", import.meta.url));
  mkdirSync(out, { recursive: true });
  for (const workload of workloads.filter(({ name }) => options.only.includes(name))) {
    results.workloads.push(await runWorkload(workload, { tools, work, runs, scale, say }));
    writeAll(out, results);
  }
  if (options.only.includes("index")) {
    for (const chunks of options.chunks) {
      results.index.push(await runIndex({ chunks, work, node: options.nodes[0], say }));
      writeAll(out, results);
    }
  }
  return results;
}

function writeAll(out, results) {
  writeResults(join(out, "results.json"), results);
  writeFileSync(join(out, "results.md"), `${fullReport(results)}\n`);
  writeFileSync(join(out, "results.svg"), chart(results));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  say(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
