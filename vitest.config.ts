import { defineConfig } from "vitest/config";
import { patience } from "./test/kit/patience.js";

// A test opens many repositories in one process, each with megabytes that it hardly touches. They come untouched from the
// system only if glibc may not keep them: what it keeps it has to zero.
process.env.MALLOC_MMAP_THRESHOLD_ ??= String(2 ** 20);

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
    maxWorkers: 2,
    // Every core has a test of its own to run: collectors beside it only wait for one another.
    execArgv: ["--single-threaded-gc"],
    reporters: ["minimal"],
    testTimeout: 300_000 * patience,
    hookTimeout: 300_000 * patience,
  },
});
