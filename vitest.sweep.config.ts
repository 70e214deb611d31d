import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { built } from "./test/kit/built.js";
import { patience } from "./test/kit/patience.js";

const tests = ["packages", "test"].flatMap((folder) =>
  readdirSync(new URL(folder, import.meta.url), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts") && !name.includes("node_modules"))
    .map((name) => `${folder}/${name}`),
);

/** Of these, `npm test` runs a slice (test/kit/long-run.ts), or tries properties less often (test/kit/fewer-draws.ts). */
const sliced = tests.filter((name) =>
  /\/long-run\.js"|from "fast-check"/.test(readFileSync(new URL(name, import.meta.url), "utf8")),
);

/** And of these, through what they import. */
const slicedInside = [
  "test/*-every-call.test.ts",
  "test/condemned.test.ts",
  "test/fidelity.test.ts",
  "test/restore-in-place-faults.test.ts",
];

/** The long runs (every byte flipped, every operation crashed, hundreds of thousands of files): `npm run sweep`. */
export default defineConfig({
  test: {
    include: ["test/**/*.sweep.ts", ...sliced, ...slicedInside],
    testTimeout: 1_800_000 * patience,
    hookTimeout: 600_000 * patience,
    maxWorkers: 2,
    server: { deps: { external: [built] } },
  },
});
