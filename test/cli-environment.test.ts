/** What variables mean: they say how bcat works and what a backup records, and choose nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, linesOf, messagesOf, program } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

let desk: Desk;

beforeAll(async () => {
  desk = new Desk();
  desk.write({ "source/a": "1", "source/b.o": "2" });
  await desk.good(["backup", "--init", "--host", "mars", "--tag", "plain", "source"]);
  await desk.good(["backup", "source"], { env: { BCAT_HOST: "web1", BCAT_TAG: "nightly", BCAT_EXCLUDE: "*.o" } });
});
afterAll(() => desk[Symbol.dispose]());

describe.concurrent("BCAT_HOST, BCAT_TAG and BCAT_EXCLUDE", () => {
  const env = { BCAT_HOST: "mars", BCAT_TAG: "plain", BCAT_EXCLUDE: "a" };

  test("say what a backup records", async () => {
    expect(await desk.json(["snapshots", "latest"])).toMatchObject([{ hostname: "web1", tags: ["nightly"] }]);
    expect(linesOf(await desk.good(["ls", "2"])).some((line) => line.endsWith("b.o"))).toBe(false);
  });

  test("narrow no list, and are not whose latest is meant", async () => {
    expect(await desk.json(["snapshots"], { env })).toHaveLength(2);
    expect(await desk.json(["snapshots", "latest"], { env })).toMatchObject([{ number: 2 }]);
    expect(await desk.good(["forget", "--keep-last", "1", "--dry-run"], { env })).toMatch(/web1/);
  });

  test("leave nothing out of a restore", async () => {
    await desk.good(["restore", "1", "all", "whole"], { env });
    expect(desk.list(desk.path("whole"))).toEqual(["a 1", "b.o 1"]);
  });
});

describe.concurrent("a variable that nobody knows", () => {
  test.each([
    ["BCAT_REPOSTORY", /unknown variable BCAT_REPOSTORY: did you mean BCAT_REPOSITORY\?/],
    ["BCAT_PATH", /BCAT_PATH: --path is only heeded where it is typed/],
  ])("%s is refused by every command, and help is given all the same", async (name, says) => {
    const env = { [name]: "/x" };
    for (const words of [["snapshots"], ["backup", "source"], ["version"]])
      expectRefusal(await desk.bcat(words, { env }), { code: 2, says });
    expect((await desk.bcat(["help", "backup"], { env })).code).toBe(0);
  });
});

describe.concurrent("a filter that nothing fits", () => {
  test.each([
    [["snapshots", "--host", "pluto"]],
    [["stats", "--tag", "none"]],
    [["forget", "--keep-last", "1", "--path", "/none"]],
    [["tag", "--add", "x", "--host", "pluto"]],
    [["rewrite", "--exclude", "x", "--tag", "none", "-n"]],
  ])("says so, and how many others there are: %j", async (words) => {
    const run = await desk.bcat(words);
    expect({ code: run.code, lines: messagesOf(run.stderr) }).toEqual({ code: 0, lines: ["none match (2 others)"] });
  });

  test.each([[["tag", "--add", "x", "--host", "pluto"]], [["rewrite", "--exclude", "x", "--tag", "none"]]])(
    "is a summary of nothing with --json, and no text beside it: %j",
    async (words) => {
      const { code, stdout, stderr } = await desk.bcat([...words, "--json"]);
      expect({ code, stderr: messagesOf(stderr) }).toEqual({ code: 0, stderr: [] });
      expect(JSON.parse(stdout)).toEqual({ message_type: "summary", changed_snapshots: 0 });
    },
  );
});

describe.concurrent("variables of restic", () => {
  const restic = { RESTIC_REPOSITORY: "/r", RESTIC_PASSWORD: "x" };
  const nothing = { BCAT_REPOSITORY: undefined, BCAT_KEY_FILE: undefined };

  test("are named where nothing else names the repository or the passphrase", async () => {
    const run = await desk.bcat(["snapshots"], { env: { ...nothing, ...restic } });
    expect(run.stderr).toMatch(/not heeded: RESTIC_REPOSITORY \(here BCAT_REPOSITORY\) and RESTIC_PASSWORD \(here/);
    expect((await desk.bcat(["snapshots"], { env: nothing })).stderr).not.toContain("RESTIC");
  });

  test("are nobody's business where bcat's are set", async () => {
    expect(await desk.bcat(["snapshots"], { env: restic })).toMatchObject({ code: 0, stderr: "" });
  });
});

describe.concurrent("the places of the environment", () => {
  test("--repository-file and its variable name the repository", async () => {
    desk.write({ where: `${desk.repository}\n` });
    const env = { BCAT_REPOSITORY: undefined };
    expect(await desk.json(["snapshots", "--repository-file", "where"], { env })).toHaveLength(2);
    expect(await desk.json(["snapshots"], { env: { ...env, BCAT_REPOSITORY_FILE: "where" } })).toHaveLength(2);
  });

  test("the cache of a service is in CACHE_DIRECTORY", async () => {
    await desk.good(["snapshots"], { env: { HOME: undefined, CACHE_DIRECTORY: desk.path("service") } });
    expect(desk.list(desk.path("service")).length).toBeGreaterThan(0);
  });

  test.each([
    [undefined, "HOME is not set"],
    ["me", 'HOME is "me", which is no absolute path'],
    ["/nonexistent/me", 'HOME is "/nonexistent/me", which is not there'],
  ])("a home that is %s is made nowhere, and said", async (HOME, found) => {
    const run = await desk.bcat(["snapshots"], { env: { HOME } });
    expect({ code: run.code, lines: messagesOf(run.stderr) }).toEqual({
      code: 0,
      lines: [`bcat: cannot find a place for the cache (${found}): going on without; --cache-dir names one`],
    });
    const refused = await desk.bcat(["init"], { env: { HOME, BCAT_REPOSITORY: undefined } });
    expectRefusal(refused, { code: 2, says: new RegExp(`default repository: ${found.replaceAll(/[/"]/g, ".")}`) });
  });
});

test("a working directory that is gone hurts relative paths only, which are named", async () => {
  const inGone = (line: string) =>
    desk.run(["sh", "-c", `mkdir -p gone && cd gone && rmdir ../gone && "${program}" ${line}`]);
  for (const line of ["snapshots", "version", "--help", `restore 1 all "${desk.path("from nowhere")}"`, "ls 1"])
    expect(await inGone(line)).toMatchObject({ code: 0, stderr: "" });
  for (const line of ["restore 1 all out", "backup source", "init --repo out"]) {
    const name = line.split(" ").at(-1);
    const says = new RegExp(`cannot use "${name}": the current folder does not exist; give an absolute path`);
    expectRefusal(await inGone(line), { code: 2, says });
  }
});
