import { defineConfig } from "vitest/config";
import { patience } from "./test/kit/patience.js";

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
    maxWorkers: 2,
    reporters: ["minimal"],
    testTimeout: 300_000 * patience,
    hookTimeout: 300_000 * patience,
  },
});
