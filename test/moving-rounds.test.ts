/** Sources that are changed without pause: one round. `npm run sweep` has ten minutes of them. */
import { expect, test } from "vitest";
import { runSeed } from "./crash/seed.js";
import { moveAndBackUp } from "./moving/rounds.js";
import { findTear } from "./moving/states.js";

const seed = runSeed();
const ROUNDS = 1;

test(`every file that is stored is one that it really was, or is marked (SEED=${seed})`, async () => {
  const { torn, strange, rounds, files } = await moveAndBackUp(seed, (round) => round === ROUNDS);
  expect({ torn, strange, rounds }).toEqual({ torn: [], strange: [], rounds: ROUNDS });
  expect(files).toBeGreaterThan(1_000);
});

test("findTear() tells a state that was from one that was not", () => {
  const lines = (...versions: number[]) =>
    Buffer.from(versions.map((version, i) => `${version} ${i}`.padEnd(63).concat("\n")).join(""));
  for (const name of ["whole-1", "pieces-1"]) {
    expect(findTear(name, lines(7, 7, 6))).toBeUndefined();
    expect(findTear(name, lines(6, 7, 7))).toContain("versions change");
    expect(findTear(name, lines(7, 6, 7))).toContain("versions change");
    expect(findTear(name, lines(8, 6, 6))).toContain("versions change");
  }
  for (const name of ["atomic-1", "append-1", "cut-1", "churn-1"]) {
    expect(findTear(name, lines(7, 7, 7))).toBeUndefined();
    expect(findTear(name, lines(7, 7, 6))).toContain("versions change");
  }
  expect(findTear("whole-1", lines(7, 7).subarray(0, 100))).toContain("no lines");
  expect(findTear("whole-1", lines(7, 7).subarray(64))).toContain("another place");
  expect(findTear("cut-1", lines())).toBeUndefined();
});
