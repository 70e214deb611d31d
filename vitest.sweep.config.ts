import { defineConfig } from "vitest/config";
import { built } from "./test/kit/built.js";
import { patience } from "./test/kit/patience.js";

/** The long runs (every byte flipped, every operation crashed, hundreds of thousands of files): `npm run sweep`. */
export default defineConfig({
  test: {
    include: ["test/**/*.sweep.ts", "test/*-every-call.test.ts", "test/restore-in-place-faults.test.ts"],
    testTimeout: 1_800_000 * patience,
    hookTimeout: 600_000 * patience,
    maxWorkers: 2,
    server: { deps: { external: [built] } },
  },
});
