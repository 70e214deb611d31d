/** Signals: what is worth it is kept, one line says so, and the next run works. */
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Child, Desk, messagesOf, type RunOptions } from "./cli/desk.js";
import { expectClean, expectRefusal } from "./cli/refusal.js";
import { isLongRun, sliceOf } from "./kit/long-run.js";

/** Of several packs, so that there is still much to do when the first is there. */
const size = 192 * 2 ** 20;
const signals = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

let model: Desk;

beforeAll(async () => {
  model = new Desk();
  model.write({ "source/big": size, "source/last": "last", "small/a": "alpha" });
  await model.good(["backup", "--init", "small"]);
});
afterAll(() => model[Symbol.dispose]());

/** With snapshot 1 of a small folder. The large one is the model's. */
function openDesk(): Desk {
  const desk = new Desk();
  cpSync(model.repository, desk.repository, { recursive: true });
  return desk;
}

/** Bytes a second, so that a run is not over before it is disturbed; and flags that say so. */
const rate = "48M";
const slowly = [`--limit-upload=${rate}`, `--limit-download=${rate}`];

const packOfSecond = /packs\/..\/0000000002-[0-9a-f]{32}$/;

/** As soon as the first pack of the second backup is being written: nobody knows of it yet. */
const whenPackAppears = (desk: Desk, act: (child: Child) => void): RunOptions => ({
  disturb: { below: desk.repository, file: packOfSecond, act },
});

/** As soon as two packs of it are there: one of them has been stored. */
const whenPackIsStored = (desk: Desk, act: (child: Child) => void): RunOptions => {
  const found = new Set<string>();
  const file = { test: (path: string) => packOfSecond.test(path) && found.add(path).size > 1 } as RegExp;
  return { disturb: { below: desk.repository, file, act } };
};

const stopping = "bcat: interrupted: what was done until now is brought to safety; once more ends it at once";
const kept = "bcat: interrupted; what was done is kept as partial snapshot 2, the next backup goes on from there";

describe("a backup", () => {
  test.each(isLongRun ? signals : signals.slice(1, 2))(
    "keeps at %s what it has done, ends with %i, and the next one goes on from there",
    async (name, code) => {
      using desk = openDesk();
      const source = model.path("source");
      const run = await desk.bcat(
        ["backup", ...slowly, source],
        whenPackIsStored(desk, (child) => child.kill(name)),
      );
      expectClean(run);
      expect(run.code).toBe(code);
      expect(messagesOf(run.stderr)).toEqual([stopping, kept]);
      expect(JSON.parse(await desk.good(["snapshots", "--json"]))).toHaveLength(1);
      expect(JSON.parse(await desk.good(["snapshots", "--json", "--partial"]))).toMatchObject([
        { number: 1, complete: true },
        { number: 2, complete: false },
      ]);
      expect(await desk.good(["snapshots", "--partial"])).toMatch(/^2 .* partial$/m);
      const added = Number(/"data_added":(\d+)/.exec(await desk.good(["backup", "--json", source]))?.[1]);
      expect(added).toBeLessThan(size - 32 * 2 ** 20);
      await desk.good(["restore", "latest", "all", "out"]);
      expect(readFileSync(desk.path("out/big")).equals(readFileSync(model.path("source/big")))).toBe(true);
      await desk.good(["check"]);
    },
  );

  test.runIf(isLongRun)("goes on at SIGHUP where there is no terminal, as under nohup", async () => {
    using desk = openDesk();
    const run = await desk.bcat(
      ["backup", ...slowly, model.path("source")],
      whenPackAppears(desk, (child) => child.kill("SIGHUP")),
    );
    expectClean(run);
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("snapshot 2: 2 files") });
  });

  test("ends at once with the second signal", async () => {
    using desk = openDesk();
    const before = desk.committed();
    // While it is stopped both signals arrive.
    const act = (child: Child) => {
      for (const signal of ["SIGSTOP", "SIGINT", "SIGTERM", "SIGCONT"] as const) child.kill(signal);
    };
    const run = await desk.bcat(["backup", ...slowly, model.path("source")], whenPackAppears(desk, act));
    expectClean(run);
    // Which of the two it saw first is the system's affair, and whether it had ended in order before the second.
    if (run.signal === null) expect([130, 143]).toContain(run.code);
    else expect(["SIGINT", "SIGTERM"]).toContain(run.signal);
    expect(desk.committed()).toEqual(before);
    expect(await desk.good(["backup", model.path("small")])).toMatch(/^snapshot 3: /m);
    await desk.good(["check"]);
  });

  // A kill is tried in npm test by crash-kill.test.ts.
  test.runIf(isLongRun)(
    "killed without a warning commits nothing, and the next one stores again only what was on its way",
    async () => {
      using desk = openDesk();
      const before = desk.committed();
      const source = model.path("source");
      const run = await desk.bcat(
        ["backup", ...slowly, source],
        whenPackIsStored(desk, (child) => child.kill("SIGKILL")),
      );
      expect(run.signal).toBe("SIGKILL");
      expect(desk.committed()).toEqual(before);
      const added = Number(/"data_added":(\d+)/.exec(await desk.good(["backup", "--json", source]))?.[1]);
      expect(added).toBeLessThanOrEqual(size - 30 * 2 ** 20);
      expect(desk.committed()).toHaveLength(2);
      await desk.good(["restore", "latest", "all", "out"]);
      expect(readFileSync(desk.path("out/big")).equals(readFileSync(model.path("source/big")))).toBe(true);
      await desk.good(["check"]);
    },
  );

  test.runIf(isLongRun)("says with --json that it was interrupted", async () => {
    using desk = openDesk();
    const words = ["backup", "--json", "--quiet", ...slowly, model.path("source")];
    const run = await desk.bcat(
      words,
      whenPackIsStored(desk, (child) => child.kill("SIGINT")),
    );
    expect(run.code).toBe(130);
    expect(messagesOf(run.stderr).map((line) => JSON.parse(line))).toMatchObject([
      { message_type: "warning", code: "stopping" },
      { message_type: "exit_error", code: 130, error_code: "interrupted", message: kept.slice("bcat: ".length) },
    ]);
  });
});

describe("a restore", () => {
  let full: Desk;
  beforeAll(async () => {
    full = openDesk();
    await full.good(["backup", model.path("source")]);
  });
  afterAll(() => full[Symbol.dispose]());

  test.each(sliceOf(signals))("ends at %s with %i, and the next one works", async (name, code) => {
    const out = full.path(`out-${name}`);
    const before = full.list();
    const act = (child: Child) => child.kill(name);
    const run = await full.bcat(["restore", "latest", "all", out, ...slowly], {
      disturb: { below: out, file: /big$/, act },
    });
    expectRefusal(run, {
      code,
      says: /^bcat: interrupted; what was restored so far is incomplete: --overwrite if-changed goes on$/m,
    });
    // What lacks bytes must not look like what has them.
    expect(existsSync(`${out}/big`)).toBe(false);
    expect(full.list()).toEqual(before);
    mkdirSync(`${out}-again`);
    await full.good(["restore", "latest", "last", `${out}-again`]);
  });
});

test("Ctrl-C while a password command runs ends it, and bcat with 130", async () => {
  using desk = openDesk();
  const run = await desk.bcat(["snapshots", "--password-command", "touch asked; exec sleep 600"], {
    env: { BCAT_KEY_FILE: undefined },
    disturb: { below: desk.folder, file: /asked$/, act: (child) => child.kill("SIGINT") },
  });
  expectRefusal(run, { code: 130, says: /interrupted/ });
});
