/** Progress as a user meets it: where it is told, what it says, and that it is right. */
import { describe, expect, test } from "vitest";
import { Desk, jsonLines, linesOf } from "./cli/desk.js";
import { inexactTimes } from "./kit/exact-times.js";

/** Nothing in the environment asks for it. */
const unasked = { BCAT_PROGRESS_FPS: undefined };
const told = (text: string) => linesOf(text).filter((line) => !inexactTimes.test(line));

describe("progress without a terminal", () => {
  test("is told when --progress asks for it, and only then", async () => {
    using desk = new Desk();
    desk.write({ "source/a": 30_000_000 });
    const words = ["backup", "--force", "source"];
    await desk.good(["backup", "--init", "source"], { env: unasked });
    expect(told((await desk.bcat(words, { env: unasked })).stderr)).toEqual([]);
    const asked = told((await desk.bcat([...words, "--progress", "0.02"], { env: unasked })).stderr);
    expect(asked.length).toBeGreaterThan(0);
    // The last one may tell that all is done.
    for (const line of asked) expect(line).toMatch(/^([\d.]+%, )?\d (of 1 )?files?, .* MiB.*(: \/.*source(\/a)?)?$/);
    const often = { BCAT_PROGRESS_FPS: "60" };
    expect(told((await desk.bcat(words, { env: often })).stderr).length).toBeGreaterThan(0);
    expect(told((await desk.bcat([...words, "--progress=0"], { env: often })).stderr)).toEqual([]);
    expect((await desk.bcat([...words, "--progress", "soon"])).stderr).toMatch(/--progress: "soon" is no number/);
  });

  test("is told once when SIGUSR1 asks, also with --quiet", async () => {
    using desk = new Desk();
    desk.write({ "source/a": 60_000_000 });
    await desk.good(["init"]);
    const run = await desk.bcat(["backup", "-q", "--no-scan", "--limit-upload=40M", "source"], {
      env: unasked,
      disturb: { below: desk.repository, file: /packs\//, act: (child) => void child.kill("SIGUSR1") },
    });
    expect([run.code, run.stdout]).toEqual([0, ""]);
    expect(told(run.stderr)).toEqual([expect.stringMatching(/^\d files?, [\d.]+ MiB, .*: \/.*source(\/a)?$/)]);
  });
});

test("status messages of a first backup have totals, never go back, and end with 1", async () => {
  using desk = new Desk();
  desk.write({ "source/a": 30_000_000, "source/b": 10 });
  const words = ["backup", "--init", "--json", "--progress", "0.02", "source"];
  const messages = jsonLines(await desk.good(words, { env: unasked }));
  const states = messages.filter(({ message_type }) => message_type === "status");
  const counted = states.filter(({ total_files }) => total_files !== undefined);
  expect(counted.length).toBeGreaterThan(1);
  for (const state of counted) expect(state).toMatchObject({ total_files: 2, total_bytes: 30_000_010 });
  const shares = counted.map(({ percent_done }) => percent_done as number);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(states.at(-1)).toMatchObject({ percent_done: 1, files_done: 2, bytes_done: 30_000_010, error_count: 0 });
  const without = await desk.good(["backup", "--force", "--no-scan", ...words.slice(2)], { env: unasked });
  for (const state of jsonLines(without).filter(({ percent_done }) => percent_done !== undefined))
    expect(state).toMatchObject({ percent_done: 1 });
});
