/** `bcat repair` at the command line: what it prints, and how it ends. */
import * as fs from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { DeskWithSnapshot } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";
import { flip, largest } from "./cli/tamper.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

const lastMessage = (stdout: string): unknown => JSON.parse(stdout.trimEnd().split("\n").at(-1)!);

describe.concurrent("bcat repair", () => {
  test("index: makes a lost segment anew, after which backups go on", async () => {
    using desk = await models.open();
    expect(await desk.good(["repair", "index"])).toBe("the index is whole: 2 segments\n");
    const segment = largest(desk, "index");
    fs.rmSync(join(desk.repository, segment));
    expect((await desk.bcat(["backup", desk.root, "--no-cache"])).code).toBe(1);
    expect(await desk.good(["repair", "index", "--dry-run", "--no-cache"])).toMatch(
      /^.*missing\nwould replace 1 segment by /,
    );
    const done = await desk.good(["repair", "index", "--no-cache"]);
    expect(done).toMatch(
      /\nreplaced 1 segment by 1 new one, which names? 1 pack with \d+ chunks?; 1 good segment kept\n$/,
    );
    expect(await desk.good(["check", "--read-data", "--no-cache"])).toContain("no damage found");
    await desk.good(["backup", desk.root, "--no-cache"]);
  });

  test("packs: condemns a bad pack, the next backup says what it heals, and check is content", async () => {
    using desk = await models.open();
    const pack = largest(desk, "packs");
    flip(desk, pack, 1);
    const checked = await desk.bcat(["check", "--read-data"]);
    expect(checked.code).toBe(21);
    expect(checked.stdout).toContain(`; to heal it: bcat repair packs ${pack}\n`);
    expect(await desk.good(["repair", "packs"])).toBe(
      "no pack is bad that was not condemned before\nnot all data were read, in which more may be damaged: bcat repair packs --read-data reads them\n",
    );
    const json = await desk.good(["repair", "packs", pack, "--json"]);
    expect(lastMessage(json)).toMatchObject({
      message_type: "repaired",
      packs_condemned: [{ object: pack }],
      chunks_saved: expect.any(Number),
      chunks_lost: expect.any(Number),
    });
    // What was found lost is damage for a check that reads no data, too.
    for (const flags of [[], ["--read-data"]])
      expect((await desk.bcat(["check", ...flags])).stdout).toContain("; to heal it: bcat backup");
    expect(await desk.good(["repair", "packs", pack])).toBe(
      "no pack is bad that was not condemned before\n1 bad pack was condemned before: bcat prune deletes what nothing needs any more\n1 chunk cannot be read: the next backup heals those that the source still has; bcat check tells who needs the others\n",
    );
    expect(await desk.good(["backup", desk.root])).toMatch(
      /^healed: \d+ chunks? of packs that were missing or damaged$/m,
    );
    expect(await desk.good(["check", "--read-data"])).toContain("no damage found");
  });

  test("parity: is added, tells what it mends, and mends it without the source", async () => {
    using desk = await models.open();
    expectRefusal(await desk.bcat(["repair", "parity"]), { code: 2, says: /say how much, such as --parity 5%/ });
    expect(await desk.good(["repair", "parity", "--parity", "5%"])).toMatch(
      /^added parity to 2 packs \(.*\); 0 packs had it\n$/,
    );
    const again = await desk.good(["repair", "parity", "--json"], { env: { BCAT_PARITY: "5" } });
    expect(lastMessage(again)).toMatchObject({ message_type: "repaired", parity_good: 2, parity_added: 0 });
    const parity = largest(desk, "parity");
    flip(desk, parity, 1);
    const { code, stdout } = await desk.bcat(["check", "--read-data"]);
    expect([code, stdout]).toEqual([21, expect.stringContaining(`; to heal it: bcat repair parity ${parity}\n`)]);
    expect(await desk.good(["repair", "parity", parity, "-n", "--parity", "5%"])).toMatch(
      /, make that of 1 pack anew /,
    );
    expect(await desk.good(["repair", "parity", parity, "--parity", "5%"])).toMatch(/, made that of 1 pack anew /);
    const pack = largest(desk, "packs");
    flip(desk, pack, 1);
    const says = "; its parity mends all of it; ";
    expect((await desk.bcat(["check", "--read-data"])).stdout).toContain(says);
    expect((await desk.bcat(["scrub"], { env: { BCAT_KEY_FILE: undefined } })).stdout).toContain(says);
    expect(await desk.good(["repair", "packs", pack])).toContain("\n1 pack came back whole by parity\n");
    expect(await desk.good(["check", "--read-data"])).toContain("no damage found");
  });

  test("parity: written by all writers of a repository that was made for it", async () => {
    using desk = await models.open();
    const there = ["--repo", desk.path("other")];
    await desk.good(["init", "--parity", "5%", ...there]);
    await desk.good(["backup", desk.root, ...there]);
    const count = (folder: string) => desk.list(desk.path("other")).filter((line) => line.startsWith(folder)).length;
    expect(count("parity/")).toBe(count("packs/"));
    expectRefusal(await desk.bcat(["init", "--parity", "101%"]), { code: 2, says: /--parity "101%"/ });
  });

  test("snapshots: lists what is lost and makes a new snapshot, the old one stays", async () => {
    using desk = await models.open();
    fs.rmSync(join(desk.repository, largest(desk, "packs")));
    const run = await desk.bcat(["repair", "snapshots"]);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(
      /^snapshot 1: made anew as 2 without \d+ things? that (is|are) lost\n {2}"\/.*": the content of the file\n/,
    );
    expect(run.stderr).toContain("bcat repair packs");
    const listed = (await desk.json(["snapshots"])) as { tags?: string[] }[];
    expect(listed.map(({ tags = [] }) => tags)).toEqual([[], ["repaired"]]);
    const again = await desk.good(["repair", "snapshots", "-n"]);
    expect(again).toMatch(/^snapshot 1: was made anew before as 2 without \d+ things? that (is|are) lost\n/);
    expect(await desk.good(["repair", "snapshots", "--forget"])).toContain("snapshot 1: made anew as 2");
    expect(await desk.json(["snapshots"])).toHaveLength(1);
  });

  test("packs: of a repository that was put back from an older copy only when that is accepted", async () => {
    using desk = await models.open();
    await desk.good(["backup", desk.root]);
    for (const name of ["outcomes/0000000002", "sessions/0000000002"]) fs.rmSync(join(desk.repository, name));
    const pack = largest(desk, "packs");
    flip(desk, pack, 1);
    for (const flags of [[], ["-n"]])
      expect(await desk.bcat(["repair", "packs", pack, ...flags])).toMatchObject({
        code: 14,
        stderr: expect.stringContaining("back up or repair once with --accept-rollback"),
      });
    expect(await desk.good(["repair", "packs", pack, "-n", "--accept-rollback"])).toContain("would condemn 1 pack;");
    const accepted = await desk.bcat(["repair", "packs", pack, "--accept-rollback"]);
    expect(accepted).toMatchObject({ code: 0, stderr: expect.stringContaining("going on from what is here") });
    expect(accepted.stdout).toContain("condemned 1 pack;");
    // It counts for good.
    expect(await desk.good(["backup", desk.root])).toMatch(/^healed: /m);
  });

  test("packs: of a copy that is behind, accepted once, makes it one with a history of its own", async () => {
    using desk = await models.open();
    fs.cpSync(desk.repository, desk.path("copy"), { recursive: true });
    await desk.good(["backup", desk.root]);
    const pack = largest(desk, "packs");
    fs.rmSync(desk.path("copy", pack));
    const inCopy = ["--repo", desk.path("copy")];
    // Nothing can be saved: only the log is written to.
    const repaired = await desk.good(["repair", "packs", "--accept-rollback", ...inCopy]);
    expect(repaired).toContain("condemned 1 pack; saved 0 chunks");
    expect(await desk.good(["backup", desk.root, ...inCopy])).toMatch(/^healed: /m);
  });

  test("--from: brings back what another repository has", async () => {
    using desk = await models.open();
    fs.writeFileSync(desk.path("other.key"), Buffer.alloc(32, 5));
    const ofOther = { env: { BCAT_REPOSITORY: desk.path("other"), BCAT_KEY_FILE: desk.path("other.key") } };
    await desk.good(["backup", "--init", desk.root], ofOther);
    fs.rmSync(join(desk.repository, largest(desk, "packs")));
    const from = ["repair", "--from", desk.path("other"), "--from-key-file", desk.path("other.key")];
    expect(await desk.good([...from, "--dry-run"])).toMatch(/^would heal: \d+ files? and 0 folders, \d+ chunks?\n$/);
    expect(await desk.good(from)).toMatch(/^healed: \d+ files? and 0 folders, \d+ chunks?\n$/);
    expect(await desk.good(from)).toBe("no snapshot has lost anything\n");
    expect(await desk.good(["restore", "1", "all", desk.path("back")])).not.toContain("error");
  });

  test.each([
    [["repair"], /say index, packs/],
    [["repair", "tables"], /say index, packs/],
    [["repair", "index", "x"], /only packs and parity are repaired by name/],
    [["repair", "packs", "index", "--from", "x"], /use --from and "packs"/],
    [["repair", "snapshots", "latest"], /give the number/],
  ])("refuses %j", async (words, says) => {
    using desk = await models.open();
    expectRefusal(await desk.bcat(words), { code: 2, says });
  });
});
