/** Repositories that are newer, others than before, older than before, or damaged. */
import { cpSync, existsSync, rmSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type Desk, DeskWithSnapshot, jsonLines, noMessage } from "./cli/desk.js";
import { expectClean, expectRefusal, expectWarnings } from "./cli/refusal.js";
import { addUnknownField, change, flip, largest } from "./cli/tamper.js";

const models = new DeskWithSnapshot();
const locked = new DeskWithSnapshot("passphrase");
afterAll(() => {
  models[Symbol.dispose]();
  locked[Symbol.dispose]();
});

const allCommands = [["snapshots"], ["ls", "latest"], ["restore", "1", "all", "out"], ["check"], ["backup", "source"]];
/** For what all commands meet in the same place. */
const twoCommands = [
  ["restore", "1", "all", "out"],
  ["backup", "source"],
];

async function expectRefused(desk: Desk, commands: readonly string[][], code: number, says: RegExp): Promise<void> {
  // A backup has to take a number before it reads what others did: what it wrote is all that may be new.
  const written = () => desk.list().filter((line) => !line.startsWith("sessions/"));
  const before = written();
  for (const words of commands) expectRefusal(await desk.bcat(words), { code, says });
  expect(written()).toEqual(before);
  expect(existsSync(desk.path("out"))).toBe(false);
}

describe.concurrent("a repository written by a newer format", () => {
  const version = 4;
  const newer = (bytes: Buffer) => {
    bytes[version] = 2;
    // Sealed in a way of its own: what opens as version 1 is version 1 with a damaged header.
    bytes[bytes.length - 1]! ^= 1;
    return bytes;
  };

  test("is refused with exit code 13 when its config says so", async () => {
    using desk = await models.open();
    change(desk, "config", newer);
    await expectRefused(desk, twoCommands, 13, /config.*version 2/);
  });

  test("is refused when an outcome says so", async () => {
    using desk = await models.open();
    change(desk, "outcomes/0000000001", newer);
    await expectRefused(desk, allCommands, 13, /outcomes\/0000000001.*version 2/);
  });

  test("is refused when its only key slot says so", async () => {
    using desk = await models.open();
    change(desk, "keys/1", newer);
    await expectRefused(desk, twoCommands, 13, /keys\/1.*version 2/);
  });

  test("is refused when an outcome has a critical field that is unknown", async () => {
    using desk = await models.open();
    await addUnknownField(desk, 1, true);
    await expectRefused(desk, allCommands, 13, /outcomes\/0000000001.*field 127.*newer bcat/);
  });

  test("is read when the unknown field is not critical", async () => {
    using desk = await models.open();
    await addUnknownField(desk, 1, false);
    for (const words of allCommands) expect(await desk.bcat(words)).toMatchObject({ code: 0, stderr: noMessage });
  });
});

describe.concurrent("a repository that was seen before", () => {
  test("and is another now is refused with exit code 14", async () => {
    using desk = await models.open();
    await desk.good(["snapshots"]);
    rmSync(desk.repository, { recursive: true });
    await desk.good(["init"], { env: { XDG_CACHE_HOME: desk.path("elsewhere") } });
    await expectRefused(
      desk,
      twoCommands,
      14,
      /repository [0-9a-f]{8} was there.*--no-cache reads it as it is.*remove \/.*, a part of the cache$/m,
    );
    expectRefusal(await desk.bcat(["backup", "--init", "source"]), { code: 14, says: /was there/ });
  });

  test("and lost its newest snapshot is read with a warning; check ends with 14, and a backup is refused", async () => {
    using desk = await models.open();
    await desk.good(["backup", "source"]);
    for (const name of ["outcomes/0000000002", "sessions/0000000002"]) rmSync(desk.path("repository", name));
    const goneBack =
      /^bcat: the repository in ".*" was replaced or went back in time: "outcomes\/0000000002" was there before and is missing now; reading what is here$/;
    for (const words of [["snapshots"], ["ls", "latest"], ["restore", "latest", "all", "out"]])
      expectWarnings(await desk.bcat(words), 0, [goneBack]);
    expect(desk.list(desk.path("out"))).toEqual(["a.txt 6", "folder/b.bin 300000"]);
    rmSync(desk.path("out"), { recursive: true });
    expectWarnings(await desk.bcat(["check"]), 14, [goneBack]);
    expectWarnings(await desk.bcat(["backup", "--dry-run", "--accept-rollback", "source"]), 0, [goneBack]);
    await expectRefused(
      desk,
      [["backup", "source"]],
      14,
      /stop what copies.*then back up or repair once with --accept-rollback$/m,
    );
    desk.write({ "out/source/a.txt": "changed" });
    const over = ["restore", "1", "source", "out", "--overwrite", "always"];
    const refused =
      /back up or repair once with --accept-rollback; nothing was changed, .*; --no-undo restores without/;
    expectWarnings(await desk.bcat(over), 14, [goneBack, refused]);
    expect(desk.read("out/source/a.txt")).toBe("changed");
    expectWarnings(await desk.bcat([...over, "--no-undo"]), 0, [goneBack]);
    expectWarnings(await desk.bcat(["backup", "--accept-rollback", "source"]), 0, [
      /went back in time.*going on from what is here: from now on this is a history of its own/,
    ]);
    expect(await desk.bcat(["backup", "source"])).toMatchObject({ code: 0, stderr: noMessage });
  });

  test("and is an old copy of itself with another snapshot of that number is read, and no backup goes there", async () => {
    using desk = await models.open();
    cpSync(desk.repository, desk.path("old"), { recursive: true });
    await desk.good(["backup", "source"]);
    rmSync(desk.repository, { recursive: true });
    cpSync(desk.path("old"), desk.repository, { recursive: true });
    await desk.good(["backup", "source"], { env: { XDG_CACHE_HOME: desk.path("elsewhere") } });
    const run = await desk.bcat(["restore", "1", "all", "out"]);
    expectWarnings(run, 0, [/outcomes\/0000000002" was there before and is another now/]);
    rmSync(desk.path("out"), { recursive: true });
    await expectRefused(desk, [["backup", "source"]], 14, /outcomes\/0000000002" was there before and is another now/);
  });

  test("with a hole in its numbers is refused with exit code 14, also without a cache", async () => {
    using desk = await models.open();
    await desk.good(["backup", "--no-cache", "source"]);
    rmSync(desk.path("repository/sessions/0000000001"));
    await expectRefused(desk, twoCommands, 14, /sessions\/0000000001" is missing although/);
  });
});

describe.concurrent("a damaged repository", () => {
  /** `check` names it and the files of the snapshot that need it are not restored; the others are. */
  async function expectDamage(desk: Desk, object: string, checkWords: string[]): Promise<void> {
    const check = await desk.bcat(["check", ...checkWords]);
    expectClean(check);
    expect(check).toMatchObject({ code: 21, stderr: noMessage });
    expect(check.stdout).toContain(object);
    expect(check.stdout).toMatch(/^damage: .*\n(.*\n)*found \d+ faults?\n$/);
    const restore = await desk.bcat(["restore", "latest", "all", "out"]);
    expectWarnings(restore, 1, [/folder\/b\.bin"/, /^bcat: 1 entry cannot be read, .*: bcat check --read-data names/]);
    expect(restore.stderr).toContain(object);
    expect(desk.list(desk.path("out"))).toEqual(["a.txt 6"]);
  }

  test("with a flipped bit in a pack: check --read-data ends with 21, restore with 1", async () => {
    using desk = await models.open();
    const pack = largest(desk, "packs");
    flip(desk, pack, 150_000);
    expect((await desk.bcat(["check"])).code).toBe(0);
    await expectDamage(desk, pack, ["--read-data"]);
  });

  test("with a truncated pack: check ends with 21, restore with 1", async () => {
    using desk = await models.open();
    const pack = largest(desk, "packs");
    change(desk, pack, (bytes) => bytes.subarray(0, 1000));
    await expectDamage(desk, pack, []);
  });

  test("without a pack: check ends with 21, restore with 1", async () => {
    using desk = await models.open();
    const pack = largest(desk, "packs");
    rmSync(desk.path("repository", pack));
    await expectDamage(desk, pack, []);
  });

  test("is told by check --json as objects on stdout", async () => {
    using desk = await models.open();
    const pack = largest(desk, "packs");
    rmSync(desk.path("repository", pack));
    const run = await desk.bcat(["check", "--json"]);
    expectClean(run);
    expect(run).toMatchObject({ code: 21, stderr: noMessage });
    const messages = jsonLines(run.stdout).filter(({ message_type }) => message_type !== "status");
    expect(messages[0]).toMatchObject({ message_type: "error", object: pack });
    expect(messages.at(-1)).toMatchObject({ message_type: "summary", num_errors: messages.length - 1 });
  });

  test("without an outcome that others have seen: snapshots lists the rest and names it, and ends with 1", async () => {
    using desk = await models.open();
    for (let i = 0; i < 2; i++) await desk.good(["backup", "source"]);
    rmSync(desk.path("repository/outcomes/0000000002"));
    const environment = { env: { XDG_CACHE_HOME: desk.path("elsewhere") } };
    const run = await desk.bcat(["snapshots"], environment);
    expectClean(run);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/^#.*\n1 .*\n3 .*\n$/);
    expect(run.stderr).toMatch(/^bcat: cannot list all snapshots: .*outcomes\/0000000002.*\n$/);
    const asJson = await desk.bcat(["snapshots", "--json"], environment);
    expect(JSON.parse(asJson.stdout)).toMatchObject([{ number: 1 }, { number: 3 }]);
    expect(jsonLines(asJson.stderr)).toMatchObject([{ message_type: "exit_error", code: 1 }]);
  });

  test.each([
    ["outcome", "outcomes/0000000001"],
    ["key slot", "keys/1"],
    ["config", "config"],
  ])("with a flipped bit in its %s: check ends with 21, the others fail", async (_what, object) => {
    using desk = await locked.open();
    const before = desk.committed();
    flip(desk, object, 90);
    const check = await desk.bcat(["check"]);
    expectClean(check);
    // Of a key slot, a flipped bit cannot be told from a wrong passphrase everywhere.
    expect([21, 12]).toContain(check.code);
    expect(check.stdout + check.stderr).toContain(check.code === 12 ? "wrong passphrase" : object);
    for (const words of [["snapshots"], ["restore", "latest", "all", "out"], ["backup", "source"]]) {
      const run = await desk.bcat(words);
      expectClean(run);
      expect([1, 12]).toContain(run.code);
      expect(run.stderr).toMatch(/^(?:\d[^\n]*\n)*bcat: [^\n]+\n$/);
    }
    expect(desk.committed()).toEqual(before);
    expect(existsSync(desk.path("out"))).toBe(false);
  });

  test.each([
    ["config", 0],
    ["config", 20],
    ["keys/1", 0],
    ["keys/1", 20],
    ["outcomes/0000000001", 0],
  ] as const)("with %s of %i bytes fails with one line", async (object, size) => {
    using desk = await models.open();
    change(desk, object, (bytes) => bytes.subarray(0, size));
    for (const words of [["backup", "source"], ["check"]]) {
      const run = await desk.bcat(words);
      expectClean(run);
      expect([1, 10, 21]).toContain(run.code);
    }
  });
});
