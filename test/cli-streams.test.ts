/** `bcat backup --stdin` and `--stdin-from-command`, and the flags that say when a snapshot is made. */
import { readFileSync, statSync, utimesSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, jsonLines, program, type Run, type RunOptions } from "./cli/desk.js";
import { expectClean, expectRefusal } from "./cli/refusal.js";

let desk: Desk;
beforeAll(async () => {
  desk = new Desk();
  await desk.good(["init"]);
});
afterAll(() => desk[Symbol.dispose]());

/** A shell in which `$0` is the program. */
const shell = (line: string, options?: RunOptions): Promise<Run> => desk.run(["sh", "-c", line, program], options);
const latest = async () => ((await desk.json(["snapshots"])) as { paths: string[]; time: string }[]).at(-1)!;

describe("bcat backup --stdin", () => {
  test("stores what comes as one file of its own name, for its owner alone", async () => {
    const run = await shell('seq 300000 | "$0" backup --stdin --stdin-filename /dumps/numbers.txt --tag dump');
    expectClean(run);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain("1 file, 1.90 MiB");
    expect((await latest()).paths).toEqual(["/dumps/numbers.txt"]);
    await desk.good(["restore", "latest", "all", "numbers"]);
    const numbers = Array.from({ length: 300_000 }, (_, i) => `${i + 1}\n`).join("");
    expect(readFileSync(desk.path("numbers/numbers.txt"), "latin1")).toBe(numbers);
    expect(statSync(desk.path("numbers/numbers.txt")).mode & 0o777).toBe(0o600);
  });

  test("calls the file stdin, compares it with the last one, and adds nothing twice", async () => {
    for (const files of ["1 new, 0 changed, 0 unmodified", "0 new, 0 changed, 1 unmodified"]) {
      const run = await shell('seq 1000 | "$0" backup --stdin');
      expect(run.stdout).toContain(`files: ${files}`);
    }
    expect((await shell('seq 1001 | "$0" backup --stdin')).stdout).toContain("files: 0 new, 1 changed, 0 unmodified");
    expect((await latest()).paths).toEqual(["/stdin"]);
  });

  test("of nothing at all commits nothing", async () => {
    const before = desk.committed();
    expectRefusal(await shell(': | "$0" backup --stdin'), {
      code: 1,
      says: /there was no data; nothing was committed/,
    });
    expect(desk.committed()).toEqual(before);
  });

  test("is interrupted within a second while nothing comes, and commits nothing", async () => {
    const before = desk.committed();
    const begun = desk.begun().length;
    // What feeds it holds nothing that is waited for here.
    const line = 'exec "$0" backup --stdin < <(printf x; exec sleep 60 2>/dev/null)';
    const run = await desk.run(["bash", "-c", line, program], {
      disturb: {
        below: desk.path("repository/sessions"),
        file: new RegExp(`/0*${begun + 1}$`),
        act: (child) => child.kill("SIGINT"),
      },
    });
    expect(run.code).toBe(130);
    expect(desk.committed()).toEqual(before);
  });

  test.each([
    [["--stdin", "folder"], /both --stdin and files/],
    [["--stdin", "--stdin-from-command", "--", "true"], /both --stdin and --stdin-from-command/],
    [["--stdin-from-command"], /missing command/],
    [["--stdin-filename", "x", "folder"], /--stdin-filename without/],
    [["--stdin", "--stdin-filename", "a/../b"], /give a path without "\.\."/],
    [["--stdin", "--stdin-filename", "a/"], /it is the path of a folder: give that of a file/],
    [["--time", "2012-02-31", "folder"], /write it as 2012-11-01 22:08:41/],
    [["--time", "yesterday", "folder"], /write it as 2012-11-01 22:08:41/],
  ])("refuses %j", async (words, says) => {
    expectRefusal(await desk.bcat(["backup", ...words]), { code: 2, says });
  });
});

describe("bcat backup --stdin-from-command", () => {
  test("stores what the command prints, its words as they are", async () => {
    await desk.good(["backup", "--stdin-from-command", "--", "printf", "%s|", "-n", "--json", "a b"]);
    await desk.good(["restore", "latest", "all", "printed"]);
    expect(desk.read("printed/stdin")).toBe("-n|--json|a b|");
  });

  test.each([
    ["fails behind its data", ["sh", "-c", "seq 100000; exit 4"], /it ended with exit code 4; nothing was committed/],
    ["is killed", ["sh", "-c", "seq 100000; kill -9 $$"], /it was ended by SIGKILL; nothing was committed/],
    ["is not there", ["no-such-command"], /no such file or directory \(ENOENT\); nothing was committed/],
    ["prints nothing", ["true"], /there was no data; nothing was committed/],
  ])("commits nothing when the command %s", async (_, command, says) => {
    const before = desk.committed();
    expectRefusal(await desk.bcat(["backup", "--stdin-from-command", "--", ...command]), { code: 1, says });
    expect(desk.committed()).toEqual(before);
  });

  test("lets the command say what it has to say, and ends it when the repository is gone", async () => {
    const run = await desk.bcat(["backup", "--stdin-from-command", "--", "sh", "-c", "echo a; echo careful >&2"]);
    expect(run).toMatchObject({ code: 0, stderr: "careful\n" });
    const gone = await desk.bcat(["backup", "-r", "nowhere", "--stdin-from-command", "--", "touch", desk.path("ran")]);
    expectRefusal(gone, { code: 10, says: /nowhere/ });
    expect(() => statSync(desk.path("ran"))).toThrow("ENOENT");
  });
});

describe("bcat backup", () => {
  test("--time names the time of the snapshot", async () => {
    desk.write({ "timed/a": "a" });
    await desk.good(["backup", "--time", "2012-11-01T22:08:41Z", "timed"]);
    expect((await latest()).time).toMatch(/^2012-11-01T22:08:41/);
    await desk.good(["backup", "--time", "2012-11-01 22:08:41", "timed"], { env: { TZ: "Etc/GMT-2" } });
    expect((await latest()).time).toMatch(/^2012-11-01T20:08:41/);
  });

  test("--with-atime shows when a file was read last in ls --json, which has no such thing without it", async () => {
    desk.write({ "read/a": "a" });
    utimesSync(desk.path("read/a"), 1_000_000_000, 1_500_000_000);
    const shown = async () => {
      const entries = (await desk.json(["ls", "latest", "--recursive"])) as { name: string; atime?: string }[];
      return entries.find(({ name }) => name === "a")!.atime;
    };
    await desk.good(["backup", "--with-atime", "read"]);
    expect(await shown()).toBe("2001-09-09T01:46:40Z");
    await desk.good(["backup", "read"]);
    expect(await shown()).toBe(undefined);
  });

  test("--skip-if-unchanged makes no snapshot when nothing differs, and one when something does", async () => {
    desk.write({ "same/a": "a", "same/b/c": "c" });
    const skip = ["backup", "--skip-if-unchanged", "same"];
    await desk.good(skip);
    const number = (await latest()) as unknown as { id: string };
    expect(await desk.good(skip)).toContain(
      `no snapshot was made: 2 files, 2 B; nothing has changed since snapshot ${number.id}`,
    );
    const summary = jsonLines(await desk.good([...skip, "--json"])).at(-1)!;
    expect(summary).toMatchObject({ unchanged_since: number.id });
    expect(Object.keys(summary)).not.toContain("snapshot_id");
    expect(await latest()).toEqual(number);
    desk.write({ "same/b/c": "d" });
    expect(await desk.good(skip)).toMatch(/^snapshot \d+: 2 files/);
    // The numbers that were given up are no mystery.
    expect(await desk.good(["check"])).not.toContain(`session ${Number(number.id) + 1} has not finished`);
    expect((await desk.bcat(["ls", String(Number(number.id) + 1)])).stderr).toContain(
      "nothing has changed since snapshot",
    );
  });

  test("--skip-if-unchanged knows the same stream again", async () => {
    const words = [
      "backup",
      "--skip-if-unchanged",
      "--stdin-filename",
      "same.txt",
      "--stdin-from-command",
      "--",
      "seq",
      "9",
    ];
    expect(await desk.good(words)).toMatch(/^no parent[^\n]*\nsnapshot \d+/);
    expect(await desk.good(words)).toContain("no snapshot was made");
  });
});
