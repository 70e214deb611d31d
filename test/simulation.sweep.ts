/** More of the simulation than `npm test` has: many seeds, and bugs that have to be found. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const program = join(import.meta.dirname, "simulation/run.mjs");

/** Planted bugs that few seeds show. */
const SOON_FOUND = [
  ...["412-is-success", "pack-not-awaited", "segment-not-awaited", "open-sessions-forgotten", "number-too-high"],
  ...["no-put-if-absent", "14-objects", "3-durable", "8-copy", "leftovers-of-all", "condemned-parent"],
];

function simulate(...words: readonly string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: "utf8" });
  return stdout + stderr;
}

const SEEDS = Number(process.env.SWEEP_CASES ?? 1000);

test(`${SEEDS} seeds violate nothing`, () => {
  expect(simulate("--seeds", String(SEEDS), "--from", "100001")).toMatch(
    new RegExp(`^seeds 100001 to ${100_000 + SEEDS}: 0 violating`, "m"),
  );
});

test.each(SOON_FOUND)("planted bug %s is found", (name) => {
  expect(simulate("--seeds", "300", "--planted", name)).toMatch(new RegExp(`^${name}: [1-9]`, "m"));
});
