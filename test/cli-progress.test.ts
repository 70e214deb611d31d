/** Progress as a user meets it: where it is told, what it says, and that it is right. */
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Child, Desk, deskKeyFile, jsonLines, linesOf } from "./cli/desk.js";
import { canUseTerminal, onTerminal } from "./cli/terminal.js";
import { inexactTimes } from "./kit/exact-times.js";
import { filesIn, startHttpServer } from "./servers/http-server.js";

/** Nothing in the environment asks for it. */
const unasked = { BCAT_PROGRESS_FPS: undefined };
/** On a machine that is busy the opening takes its second, and is told as well. */
const waiting = /^[a-z][^:]* so far$/;
const told = (text: string) => linesOf(text).filter((line) => !inexactTimes.test(line) && !waiting.test(line));

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
    for (const repository of ["repository", "other"]) await desk.good(["init", "--repo", repository]);
    const asked = async (words: readonly string[], below: string, file: RegExp) => {
      const act = (child: Child) => void child.kill("SIGUSR1");
      const run = await desk.bcat([...words, "-q"], { env: unasked, disturb: { below: desk.path(below), file, act } });
      expect([run.code, run.stdout]).toEqual([0, ""]);
      return told(run.stderr);
    };
    const backup = await asked(["backup", "--no-scan", "--limit-upload=40M", "source"], "repository", /packs\//);
    expect(backup).toEqual([expect.stringMatching(/^\d files?, [\d.]+ MiB, .*: \/.*source(\/a)?$/)]);
    fs.mkdirSync(desk.path("back"));
    const restore = await asked(["restore", "1", "--target", "back", "--limit-download=40M"], "back", /source\/a$/);
    expect(restore).toEqual([expect.stringMatching(/^[\d.]+%, \d of 1 file, .* of 57\.2 MiB, .*: \/.*source(\/a)?$/)]);
    fs.mkdirSync(desk.path("again"));
    const begun = await asked(["restore", "1", "--target", "again", "--limit-download=40M"], "again", /./);
    expect(begun).toEqual([expect.stringMatching(/^[\d.]+%, \d of 1 file, .* of 57\.2 MiB, /)]);
    const from = ["--from-repo", "repository", "--from-key-file", deskKeyFile];
    const copy = await asked(["copy", "--repo", "other", "--limit-upload=40M", ...from], "other", /packs\//);
    expect(copy).toEqual([expect.stringMatching(/^[\d.]+%, snapshot 1 \(1 of 1\), .*: \/.*source(\/a)?$/)]);
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
  const shown = jsonLines(without).flatMap(({ percent_done }) => percent_done ?? []);
  expect(shown.slice(0, -1)).toSatisfy((all: number[]) => all.every((share) => share === 0.999));
  expect(shown.at(-1) ?? 1).toBe(1);
});

describe("status messages", () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = new Desk();
    desk.write({ "source/a": 6_000_000, "source/folder/b": 6_000_000, "source/folder/c": 10 });
    await desk.good(["backup", "--init", "source"]);
    await desk.good(["init", "--repo", "other"]);
    await desk.good(["dump", "latest", "all", "--target", "all.tar"]);
  });
  afterAll(() => desk[Symbol.dispose]());

  /** Of a status, and with the same meaning of the summary. */
  const fields = [
    ...["files_restored", "bytes_restored", "files_skipped", "files_unchanged", "bytes_unchanged", "files_deleted"],
    ...["files_dumped", "bytes_dumped", "error_count"],
  ];
  const commands: Record<string, readonly string[]> = {
    "a backup": ["backup", "--force", "source"],
    "a restore": ["restore", "latest", "--target", "back"],
    "a restore of a part": ["restore", "latest", "source/folder", "part"],
    "a restore in place": ["restore", "latest:/", "--target", "/", "--overwrite", "always"],
    "a dump": ["dump", "latest", "all", "--target", "other.tar"],
    "a copy": ["copy", "--from-repo", "repository", "--from-key-file", deskKeyFile, "--repo", "other"],
    "check --read-data": ["check", "--read-data"],
    "an import": ["import-tar", "--as", "/archive", "all.tar"],
  };

  test.each(Object.entries(commands))(
    "of %s only grow, end with 1, and say what the summary says",
    async (_, words) => {
      const env = { BCAT_PROGRESS_FPS: "60" };
      const messages = jsonLines(await desk.good([...words, "--json"], { env }));
      const states = messages.filter(({ message_type }) => message_type === "status");
      const summary = messages.findLast(({ message_type }) => message_type === "summary")!;
      expect(states.length).toBeGreaterThan(0);
      const shares = states.flatMap(({ percent_done }) => (percent_done === undefined ? [] : [percent_done as number]));
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      expect(shares.indexOf(1)).toBe(shares.length - 1);
      const last = states.at(-1)!;
      const said = fields.filter((field) => field in last && field in summary);
      expect(said.map((field) => [field, last[field]])).toEqual(said.map((field) => [field, summary[field]]));
    },
  );
});

const clearing = "\r\u001b[K";
const clearingAbove = "\u001b[A\u001b[K";

describe.skipIf(!canUseTerminal())("on a terminal", () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = new Desk();
    desk.write({ "source/a.txt": "first line\nand no end" });
    await desk.good(["backup", "--init", "source"]);
  });
  afterAll(() => desk[Symbol.dispose]());

  /** The storage gives no key before a line says what is waited for. */
  async function seenWhileOpening(words: string): Promise<string> {
    let show = () => {};
    const shown = new Promise<void>((resolve) => {
      show = resolve;
    });
    const find = filesIn(desk.repository);
    await using server = await startHttpServer({
      find: async (path) => {
        if (path.startsWith("keys/")) await shown;
        return await find(path);
      },
    });
    const line = `"$BCAT" ${words} --no-cache --repo ${server.url}`;
    const seen = { question: "opening the repository, ", type: "", act: show };
    const { code, drawn } = await onTerminal(desk, line, [seen], { BCAT_KEY_FILE: deskKeyFile });
    expect(code).toBe(0);
    return drawn;
  }

  test("it is shown that a repository is opened, and nothing of that is left", async () => {
    const drawn = (await seenWhileOpening("snapshots")).split(clearing);
    expect(drawn[1]).toMatch(/^opening the repository, \d+ requests?, .* received, \d:\d\d so far$/);
    expect(drawn.at(-1)).toMatch(/^# {2}date .*\r\n1 /);
  });

  test("what is dumped there has nothing drawn into it", async () => {
    const drawn = (await seenWhileOpening("dump latest a.txt --progress 0.02")).split(clearing);
    expect(drawn.at(-1)?.replace(clearingAbove, "")).toBe("first line\r\nand no end");
  });
});
