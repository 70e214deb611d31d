/** A slice of the simulation; `npm run simulate` has more. The runs are made in a process that loads the packages in its way. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const program = join(import.meta.dirname, "simulation/run.mjs");

function simulate(...words: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

test("fleets of simulated machines lose nothing, and the same seed is the same run", () => {
  const { status, output } = simulate("--seeds", "8", "--from", "80");
  expect(output).toMatch(/^seeds 80 to 87: 0 violating/m);
  expect(status).toBe(0);
});

test("a planted bug is found", () => {
  const { status, output } = simulate("--seeds", "60", "--planted", "round-and-round");
  expect(output).toMatch(/^round-and-round: 1 of /m);
  expect(status).toBe(0);
});
