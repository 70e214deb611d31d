/** Peak memory does not grow with what is backed up: measured by the kernel, on the real command. */
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeCommands, type Result } from "./kit/command.js";
import { writeRandomFile } from "./kit/random-bytes.js";
import { makeScratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;
const IN_MEMORY_MAX = 8 * GIBIBYTE;
const PEAK_MAX = 400e6;

interface Case {
  readonly what: string;
  /** Room for the source, the repository and the restored tree. */
  readonly room: number;
  readonly make: (path: string) => Promise<void>;
}

const cases: readonly Case[] = [
  {
    what: "a file of 5 GiB",
    room: 16 * GIBIBYTE,
    make: (path) => writeRandomFile(join(path, "large"), "5 GiB", 5 * GIBIBYTE),
  },
  { what: "300,000 small files", room: 5 * GIBIBYTE, make: makeSmallFiles },
  { what: "100,000 files in one folder", room: 2 * GIBIBYTE, make: makeLargeFolder },
];

describe("peak memory stays below 400 MB for", () => {
  test.for(cases)("$what", async ({ what, room, make }, context) => {
    // Much goes to disk: /dev/shm is memory, and what is measured needs some too.
    await using scratch = makeScratch(room, { onDisk: room > IN_MEMORY_MAX });
    if (scratch === undefined) return context.skip(`needs ${room} bytes free`);
    const source = join(scratch.path, "source");
    fs.mkdirSync(source);
    await make(source);
    const { run } = makeCommands(join(scratch.path, "bcat"));
    const target = join(scratch.path, "restored");
    await run(["init"]);
    const results: [string, Result][] = [];
    for (const [step, words] of [
      ["backup", ["backup", "--json", source]],
      ["backup again", ["backup", "--json", source]],
      ["restore", ["restore", "--json", "latest", "all", target]],
      ["check --read-data", ["check", "--read-data"]],
    ] as const) {
      const result = await run(words);
      console.log(`${what}: ${step}: peak ${Math.round(result.peakBytes / 1e6)} MB, ${result.seconds.toFixed(1)} s`);
      expect(result.exitCode, `${step}: ${result.errors}`).toBe(0);
      results.push([step, result]);
    }
    expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
    for (const [step, { peakBytes }] of results) {
      expect(peakBytes, step).toBeGreaterThan(20 * MEBIBYTE);
      expect(peakBytes, step).toBeLessThan(PEAK_MAX);
    }
  });
});

/** Half of them so small that they live in the tree, half of them chunks of their own. */
async function makeSmallFiles(path: string): Promise<void> {
  for (let folder = 0; folder < 300; folder++) {
    fs.mkdirSync(join(path, String(folder)));
    for (let i = 0; i < 1_000; i++) {
      const number = folder * 1_000 + i;
      fs.writeFileSync(
        join(path, String(folder), `file ${i}`),
        `${number} is a number `.repeat(number % 2 === 0 ? 5 : 60),
      );
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function makeLargeFolder(path: string): Promise<void> {
  for (let i = 0; i < 100_000; i++) {
    fs.writeFileSync(join(path, `a file of some longer name, as photos have them: ${i}`), `${i} `.repeat(150));
    if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}
