/** The command line of the bench. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { toolNames } from "./tools/tools.mjs";
import { workloads } from "./workloads/workloads.mjs";

const workloadNames = [...workloads.map(({ name }) => name), "index"];

export const help = `usage: npm run bench -- [flags]

Builds seeded workloads, runs bcat and every peer that is found on them in turns, and writes what it measured.

  --only NAMES      workloads, with commas between: ${workloadNames.join(", ")}
                    (default: all but index)
  --tools NAMES     tools: ${toolNames.join(", ")} (default: all that are found)
  --peers FOLDER    where to look for the peers' programs before PATH
  --node PATH       a Node to run bcat with; may be repeated, the first is what others are compared with
                    (default: this one)
  --track TRACK     defaults: each tool as it comes; matched: zstd 3, large packs, no extra verification
  --runs N          rounds of which the median counts (default: 5)
  --scale X         files, or bytes of the random ones, times X (default: 1)
  --work FOLDER     where sources and repositories are made, 12 GB at most made if it is missing (default: a new folder in /dev/shm)
  --out FOLDER      where results.json, results.md and results.svg go (default: bench/results)
  --chunks NUMBERS  sizes of the index workload (default: 10000000)
  --report FILE     measures nothing, prints the README's table of a results.json; may be repeated
  --full            with --report: all tables
`;

/** @throws Error for flags and values that are not allowed */
export function readOptions(words) {
  const text = { type: "string" };
  const list = { type: "string", multiple: true };
  const { values } = parseArgs({
    args: words,
    options: {
      ...{ only: text, tools: text, peers: text, track: text, runs: text, scale: text, work: text, out: text },
      ...{ chunks: text, node: list, report: list, full: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    },
  });
  return {
    help: values.help === true,
    only: names("--only", values.only, workloadNames) ?? workloadNames.filter((name) => name !== "index"),
    tools: names("--tools", values.tools, toolNames) ?? toolNames,
    peers: values.peers,
    nodes: values.node ?? [process.execPath],
    track: names("--track", values.track, ["defaults", "matched"])?.[0] ?? "defaults",
    runs: number("--runs", values.runs ?? "5", 1),
    scale: number("--scale", values.scale ?? "1", 0),
    work: values.work ?? (existsSync("/dev/shm") ? "/dev/shm" : tmpdir()),
    out: values.out,
    chunks: (values.chunks ?? "10000000").split(",").map((word) => number("--chunks", word, 1)),
    report: values.report ?? [],
    full: values.full === true,
  };
}

function names(flag, value, allowed) {
  if (value === undefined) return undefined;
  const given = value.split(",");
  for (const name of given) {
    if (!allowed.includes(name)) throw new Error(`Cannot use ${flag} ${name}: allowed are ${allowed.join(", ")}`);
  }
  return given;
}

function number(flag, value, least) {
  const result = Number(value);
  if (!(result >= least && result > 0))
    throw new Error(`Cannot use ${flag} ${value}: it must be a number from ${least}`);
  return result;
}
