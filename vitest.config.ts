import { defineConfig } from "vitest/config";
import { built } from "./test/kit/built.js";
import { LongestFirst } from "./test/kit/longest-first.js";
import { patience } from "./test/kit/patience.js";

// A test opens many repositories in one process, each with megabytes that it hardly touches. They come untouched from the
// system only if glibc may not keep them: what it keeps it has to zero.
process.env.MALLOC_MMAP_THRESHOLD_ ??= String(2 ** 20);

/** They look at what belongs to the whole process, its descriptors and its memory, or begin a module anew that others use. */
const alone = [
  "packages/posix/src/posix.test.ts",
  "packages/snapshot/src/tree/scan.test.ts",
  "test/independent-reader/reader.test.ts",
  "test/restore-faults.test.ts",
  "test/restore-threads.test.ts",
  "test/thread-descriptors.test.ts",
];

export default defineConfig({
  test: {
    // Two more than cores, on the smallest machine: tests wait for servers and for processes they have killed.
    maxWorkers: 4,
    // Every core has a test of its own to run: collectors beside it only wait for one another. And they come seldom.
    // Most functions run a few times, in one file: optimizing them late costs less, and what was compiled stays for the next.
    execArgv: [
      ...["--single-threaded-gc", "--min-semi-space-size=32", "--max-semi-space-size=64"],
      ...["--no-flush-bytecode", "--interrupt-budget=400000"],
    ],
    sequence: { sequencer: LongestFirst },
    reporters: ["minimal"],
    server: { deps: { external: [built] } },
    testTimeout: 300_000 * patience,
    hookTimeout: 300_000 * patience,
    setupFiles: "test/kit/each-file.ts",
    projects: [
      { extends: true, test: { name: "isolated", include: alone } },
      // Loading anew for each of these all that it tests, and what runs commands for it, takes a third of their time. Not
      // in one process: modules of npm that are there once would serve what is built and its sources.
      {
        extends: true,
        test: {
          name: "units",
          include: ["packages/*/src/**/*.test.ts"],
          exclude: alone,
          isolate: false,
          setupFiles: "test/kit/fewer-draws.ts",
        },
      },
      { extends: true, test: { name: "whole", include: ["test/**/*.test.ts"], exclude: alone, isolate: false } },
    ],
  },
});
