/** The parts of the bench that measure nothing: what it makes of raw figures. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { median, ratio } from "../bench/median.mjs";
import { fullReport, readmeTable } from "../bench/report/markdown.mjs";
import { chart } from "../bench/report/svg.mjs";
import { summarize } from "../bench/summary.mjs";
import { compareHashes, hashTree } from "../bench/tree-hash.mjs";
import { turn } from "../bench/turn.mjs";
import { workloads } from "../bench/workloads/workloads.mjs";
import { isLongRun } from "./kit/long-run.js";
import { makeScratch } from "./kit/scratch.js";

const sample = (tool: string, phase: string, wall: number, others = 0) => {
  return { tool, round: 0, phase, wall, cpu: 2 * wall, memory: wall * 2 ** 20, idle: 0.5, others };
};
const size = (tool: string, bytes: number) => ({ tool, round: 0, bytes, objects: 3 });

const results = {
  date: "2026-01-02T03:04:05.000Z",
  track: "defaults",
  runs: 3,
  scale: 1,
  machine: { processor: "Processor", cores: 2, memory: 2 ** 34, system: "Linux", fileSystem: "tmpfs" },
  tools: [
    { name: "bcat", version: "1.0.0", node: "20.0.0", settings: "its own" },
    { name: "other", version: "2.0", settings: "as it comes" },
  ],
  limits: { read: 1e9, hash: 1e9, seal: 1e9, write: 1e9 },
  workloads: [
    {
      name: "small",
      title: "Small files",
      files: 10,
      bytes: 100,
      samples: [
        ...[1, 5, 2].map((wall) => sample("bcat", "first", wall)),
        ...[8, 1, 7].map((wall) => sample("other", "first", wall, 0.5)),
        sample("bcat", "unchanged", 0.5),
      ],
      sizes: [size("bcat", 2 ** 20), size("other", 3 * 2 ** 20)],
      restored: { bcat: "same" },
      failures: [{ tool: "other", round: 1, message: "other backup: exit 1: no room" }],
    },
  ],
  index: [],
};

const bench = (script: string, ...words: string[]) => {
  const path = join(import.meta.dirname, "../bench", script);
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...words], { encoding: "utf8" });
  return { status, stdout, stderr };
};

test("both scripts of the bench have a help", () => {
  expect(bench("run.mjs", "--help")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^usage: .*--only/s) });
  expect(bench("index.mjs", "--help")).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^usage: .*--chunks/s),
  });
});

test("what the bench cannot use is one line", async () => {
  await using scratch = makeScratch(1 << 20)!;
  const missing = join(scratch.path, "nope.json");
  const line = (says: string) => ({ status: 1, stdout: "", stderr: expect.stringMatching(`^bench: ${says}\n$`) });
  expect(bench("run.mjs", "--report", missing)).toMatchObject(line(`Cannot read ${missing}: there is no such file`));
  expect(bench("index.mjs", "--nope")).toMatchObject({ status: 1, stderr: expect.stringMatching(/^bench: [^\n]*\n$/) });
  expect(bench("index.mjs", "--chunks", "x")).toMatchObject(line("Cannot use --chunks x: .*"));
});

test.runIf(isLongRun)("the bench makes the folder that --work names", async () => {
  await using scratch = makeScratch(1 << 20)!;
  const work = join(scratch.path, "new/work");
  const run = bench(
    "run.mjs",
    "--work",
    work,
    "--out",
    join(scratch.path, "out"),
    "--only",
    "index",
    "--chunks",
    "1000",
  );
  expect(run).toMatchObject({ status: 0 });
  expect(readdirSync(work)).toEqual([]);
});

test("titles of workloads tell the sizes that were measured", () => {
  const titles = (scale: number) => workloads.map((workload) => workload.title(scale));
  expect(titles(1)).toContain("40,000 text files of 3 KB");
  expect(titles(0.1)).toContain("4,000 text files of 3 KB");
  expect(titles(1)).toContain("1 GiB random in 4 files");
  expect(titles(0.25)).toContain("256 MiB random in 4 files");
});

test("median() is the middle value, the mean of two, and nothing of nothing", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeUndefined();
  expect(median([1, undefined, 2])).toBeUndefined();
});

test("ratio() is above 1 when the other takes longer", () => {
  expect(ratio(2, 6)).toBe(3);
  expect(ratio(undefined, 6)).toBeUndefined();
  expect(ratio(0, 6)).toBeUndefined();
});

test("turn() begins each round with another tool and leaves none out", () => {
  expect([0, 1, 2, 3].map((round) => turn(["a", "b", "c"], round).join(""))).toEqual(["abc", "bca", "cab", "abc"]);
});

test("summarize() gives medians and ratios to the first tool, and says which runs were disturbed", () => {
  const { tools, rows } = summarize(results);
  expect(tools).toEqual(["bcat", "other"]);
  expect(rows.map((row: { phase: string }) => row.phase)).toEqual(["first", "unchanged", "size"]);
  expect(rows[0]?.cells).toMatchObject({
    bcat: { runs: 3, wall: 2, wallRatio: 1, cpu: 4, busy: 0 },
    other: { runs: 3, wall: 7, wallRatio: 3.5, cpuRatio: 3.5, busy: 1 },
  });
  expect(rows[1]?.cells).not.toHaveProperty("other");
  expect(rows[2]?.cells).toMatchObject({ other: { bytes: 3 * 2 ** 20, bytesRatio: 3, objects: 3 } });
});

test("the README's table has a line a row, disturbed figures marked, and names what failed", () => {
  const lines = readmeTable(results).split("\n");
  expect(lines).toContain("| Small files: first backup | **2.00 s** | 7.00 s* · 3.5x |");
  expect(lines).toContain("| … unchanged backup | **0.500 s** |  |");
  expect(lines).toContain("| … size of the repository | **1.0 MiB** | 3.0 MiB · 3.0x |");
  expect(lines).toContain("Small files: other failed: other backup: exit 1: no room");
  expect(lines[0]).toContain("2 cores of Processor");
  expect(lines[0]).toContain("bcat 1.0.0 on Node 20.0.0, other 2.0");
});

test("the full report has the tables of CPU, memory and objects, and what was restored", () => {
  const report = fullReport(results);
  expect(report).toContain("| Small files: first backup | **4.00 s** | 14.0 s* · 3.5x |");
  expect(report).toContain("| Small files: first backup | **2.0 MiB** | 7.0 MiB* · 3.5x |");
  expect(report).toContain("| Small files: size of the repository | **3** | 3 · 1.00x |");
  expect(report).toContain("| Small files | same |  |");
});

test("a report of nothing measured is a report", () => {
  const empty = { ...results, tools: [], workloads: [] };
  expect(fullReport(empty)).toContain("2 cores of Processor");
  expect(chart(empty)).toContain("</svg>");
});

test("chart() draws a dot for each figure and a line at 1", () => {
  const svg = chart(results);
  expect(svg.match(/<circle [^>]*><title>/g)).toHaveLength(5);
  expect(svg).toContain("<title>other 3.50x</title>");
  expect(svg).not.toContain("NaN");
});

test("hashTree() tells contents from times, and equal trees are the same", async () => {
  await using scratch = makeScratch(1 << 20)!;
  const make = (name: string, text: string, time: number) => {
    const folder = join(scratch.path, name);
    mkdirSync(folder);
    writeFileSync(join(folder, "file"), text);
    utimesSync(join(folder, "file"), time, time);
    return hashTree(folder);
  };
  const source = make("source", "text", 1);
  expect(source).toMatchObject({ files: 1, bytes: 4 });
  expect(compareHashes(source, make("equal", "text", 1))).toBe("same");
  expect(compareHashes(source, make("older", "text", 2))).toBe("contents same, times or modes differ");
  expect(compareHashes(source, make("other", "texT", 1))).toBe("differs");
});
