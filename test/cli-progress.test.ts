/** Progress as a user meets it: where it is told, what it says, and that it is right. */
import { describe, expect, test } from "vitest";
import { Desk, linesOf } from "./cli/desk.js";
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
    for (const line of asked) expect(line).toMatch(/^\d files?, .* MiB, .*: \/.*source\/a$/);
    const often = { BCAT_PROGRESS_FPS: "60" };
    expect(told((await desk.bcat(words, { env: often })).stderr).length).toBeGreaterThan(0);
    expect(told((await desk.bcat([...words, "--progress=0"], { env: often })).stderr)).toEqual([]);
    expect((await desk.bcat([...words, "--progress", "soon"])).stderr).toMatch(/--progress: "soon" is no number/);
  });

  test("is told once when SIGUSR1 asks, also with --quiet", async () => {
    using desk = new Desk();
    desk.write({ "source/a": 60_000_000 });
    await desk.good(["init"]);
    const run = await desk.bcat(["backup", "-q", "--no-scan", "source"], {
      env: unasked,
      disturb: { below: desk.repository, file: /packs\//, act: (child) => void child.kill("SIGUSR1") },
    });
    expect([run.code, run.stdout]).toEqual([0, ""]);
    expect(told(run.stderr)).toEqual([expect.stringMatching(/^\d files?, [\d.]+ MiB, .*: \/.*source\/a$/)]);
  });
});
