import { defineConfig } from "vitest/config";
import { built } from "./test/kit/built.js";
import { patience } from "./test/kit/patience.js";

/** Of these, `npm test` runs a slice (test/kit/long-run.ts). */
const sliced = [
  "test/*-every-call.test.ts",
  "test/archived.test.ts",
  "test/bench.test.ts",
  "test/cli-interrupt.test.ts",
  "test/cli-start.test.ts",
  "test/condemned.test.ts",
  "test/copy.test.ts",
  "test/deep-few-descriptors.test.ts",
  "test/deep-restore.test.ts",
  "test/deep-source.test.ts",
  "test/doctor-registers.test.ts",
  "test/dump.test.ts",
  "test/few-descriptors.test.ts",
  "test/fidelity.test.ts",
  "test/import-tar.test.ts",
  "test/listed-and-gone.test.ts",
  "test/network-faults.test.ts",
  "test/protocol.test.ts",
  "test/registers-elsewhere.test.ts",
  "test/requests.test.ts",
  "test/restore-in-place-faults.test.ts",
  "test/restore-threads.test.ts",
  "test/s3-faults.test.ts",
  "test/shared-folder.test.ts",
  "test/stopped-backup.test.ts",
  "test/threads.test.ts",
];

/** The long runs (every byte flipped, every operation crashed, hundreds of thousands of files): `npm run sweep`. */
export default defineConfig({
  test: {
    include: ["test/**/*.sweep.ts", ...sliced],
    testTimeout: 1_800_000 * patience,
    hookTimeout: 600_000 * patience,
    maxWorkers: 2,
    server: { deps: { external: [built] } },
  },
});
