/** `bcat copy` at the command line: which repository is which, what is said, and how it ends. */
import * as fs from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Desk, jsonLines, linesOf, messagesOf, noMessage } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

/** With three snapshots, of two hosts, and one for undo. */
let model: Desk;
let desk: Desk;
const keyFile = `${import.meta.dirname}/cli/desk.key`;
const fromIt = ["--from-repo", "repository", "--from-key-file", keyFile];
const into = ["-r", "target"];

beforeAll(async () => {
  model = new Desk();
  model.write({ "source/a.txt": "alpha\n", "source/folder/b.bin": 300_000 });
  await model.good(["backup", "--init", "source", "--host", "one"]);
  model.write({ "source/a.txt": "beta\n" });
  await model.good(["backup", "source", "--host", "two", "--tag", "second"]);
  await model.good(["restore", "1", "source/a.txt", "source", "--overwrite", "always"]);
  expect(await model.good(["snapshots"])).toContain("undo");
});
afterAll(() => model[Symbol.dispose]());

beforeEach(() => {
  desk?.[Symbol.dispose]();
  desk = new Desk();
  fs.cpSync(model.path("repository"), desk.path("repository"), { recursive: true });
});
afterAll(() => desk[Symbol.dispose]());

const initTarget = async () => await desk.good(["init", "-q", ...into]);

describe("bcat copy", () => {
  test("copies what is not there yet, and says so; then there is nothing to do", async () => {
    await initTarget();
    const { code, stdout, stderr } = await desk.bcat(["copy", ...fromIt, ...into]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: noMessage });
    expect(linesOf(stdout)).toEqual([
      expect.stringMatching(/^snapshot 1 copied as 1: 2 files, 293 KiB; read 293 KiB, stored \d+ KiB$/),
      expect.stringMatching(/^snapshot 2 copied as 2: 2 files, 293 KiB; read 0 B, stored .* KiB$/),
      expect.stringMatching(/^copied 2 snapshots; added 29\d KiB, stored as 3\d\d KiB, in 0:0\d$/),
    ]);
    expect(await desk.good(["copy", ...fromIt, ...into])).toBe("copied 0 snapshots, 2 are here already\n");
    const [before, after] = [await desk.json(["snapshots"]), await desk.json(["snapshots", ...into])];
    const seen = (list: unknown) =>
      (list as { hostname: string; tags?: string[]; time: string }[])
        .slice(0, 2)
        .map(({ hostname, tags, time }) => [hostname, tags, time]);
    expect(seen(after)).toEqual(seen(before));
    expect(await desk.good(["dump", "latest", `${model.path("source")}/a.txt`, ...into])).toBe("beta\n");
    expect((await desk.bcat(["check", "--read-data", ...into])).code).toBe(0);
  });

  test("says with --dry-run what it would copy, and copies nothing", async () => {
    await initTarget();
    const before = desk.list(desk.path("target"));
    expect(linesOf(await desk.good(["copy", ...fromIt, ...into, "--dry-run", "--host", "two"]))).toEqual([
      expect.stringMatching(/^would copy snapshot 2: \d{4}-.*, two, 2 files, 293 KiB$/),
      "would copy 1 snapshot",
    ]);
    expect(jsonLines(await desk.good(["copy", ...fromIt, ...into, "-n", "--json"]))).toMatchObject([
      { message_type: "would_copy", source_snapshot_number: 1, hostname: "one", total_files: 2 },
      { message_type: "would_copy", source_snapshot_number: 2 },
      { message_type: "summary", dry_run: true, snapshots_to_copy: 2, snapshots_present: 0 },
    ]);
    expect(desk.list(desk.path("target"))).toEqual(before);
  });

  test("takes the other repository from variables, and snapshots that are named", async () => {
    await initTarget();
    const env = { BCAT_FROM_REPOSITORY: desk.repository, BCAT_FROM_KEY_FILE: keyFile, BCAT_REPO: undefined };
    const all = jsonLines(await desk.good(["copy", "latest", "1", ...into, "--json"], { env }));
    // On a slow machine there is progress.
    const lines = all.filter(({ message_type: type }) => type !== "status");
    expect(lines).toMatchObject([
      { message_type: "copied", source_snapshot_id: "1", snapshot_id: "1", bytes_read: 300_000 },
      { message_type: "copied", source_snapshot_id: "2", snapshot_id: "2", bytes_read: 0, error_count: 0 },
      { message_type: "summary", snapshots_copied: 2, snapshots_present: 0, snapshots_forgotten: 0 },
    ]);
    // One of undo only when it is named.
    expect(await desk.good(["copy", "3", ...into], { env })).toMatch(/^snapshot 3 copied as 3: /);
  });

  test("refuses what is wrong before anything is asked for or written", async () => {
    await initTarget();
    const refuse = async (words: string[], code: number, says: RegExp, env = {}) =>
      expectRefusal(await desk.bcat(["copy", ...words], { env }), { code, says });
    await refuse(into, 2, /missing --from-repo/);
    await refuse([...fromIt, ...into, "17"], 1, /none of this number yet/);
    await refuse([...fromIt, ...into, "x"], 2, /give a number/);
    await refuse(
      [...fromIt, "--from-password-file", "f", ...into],
      2,
      /two passphrase sources: .*--from-password-file/,
    );
    const empty = { BCAT_FROM_PASSWORD: "" };
    await refuse(["--from-repo", "repository", ...into], 2, /BCAT_FROM_PASSWORD: it is set but empty/, empty);
    await refuse(["--from-repo", "nowhere", "--from-key-file", keyFile, ...into], 10, /there is none/);
    await refuse([...fromIt, "-r", "nowhere"], 10, /there is none/);
    await refuse([...fromIt, "-r", "repository"], 2, /both are the same repository/);
    await refuse(
      ["--from-repo", "repository", ...into],
      12,
      /no terminal; give --from-password-file, .*BCAT_FROM_PASSWORD/,
    );
    expect(desk.list(desk.path("target")).filter((line) => line.startsWith("sessions/"))).toEqual([]);
  });

  test("ends with 1 at damage, and with 3 when what is damaged was to be left out", async () => {
    await initTarget();
    const pack = desk
      .list()
      .map((line) => line.split(" ")[0]!)
      .find((name) => name.startsWith("packs/") && fs.statSync(desk.path("repository", name)).size > 250_000)!;
    const file = desk.path("repository", pack);
    const bytes = fs.readFileSync(file);
    bytes[100_000]! ^= 1;
    fs.chmodSync(file, 0o600);
    fs.writeFileSync(file, bytes);
    const run = await desk.bcat(["copy", ...fromIt, ...into]);
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 1, stdout: "" });
    expect(messagesOf(run.stderr)).toEqual([
      expect.stringMatching(
        /^bcat: cannot copy ".*b\.bin": cannot read pack ".*": bytes \d+ to \d+ of it are damaged$/,
      ),
      expect.stringMatching(/^bcat: 1 entry cannot be read, as the repository that is copied from is damaged: /),
      expect.stringMatching(/cannot copy snapshot 1: an entry of it is damaged; .*--skip-damaged/),
    ]);
    const skipping = await desk.bcat(["copy", ...fromIt, ...into, "--skip-damaged"]);
    expect(skipping.code).toBe(3);
    expect(linesOf(skipping.stdout)[0]).toMatch(/^snapshot 1 copied as 2: 1 file, 6 B, without 1 damaged entry; /);
    const still = await desk.bcat(["copy", ...fromIt, ...into]);
    expect(still.code).toBe(3);
    expect(still.stderr).toContain("snapshot 1 is here as 2, without 1 entry damaged there still\n");
    bytes[100_000]! ^= 1;
    fs.writeFileSync(file, bytes);
    expect(linesOf(await desk.good(["copy", ...fromIt, ...into, "-n"]))[0]).toMatch(
      /^would copy snapshot 1 again, for 2 lacks 1 entry: /,
    );
    expect(linesOf(await desk.good(["copy", ...fromIt, ...into]))).toEqual([
      expect.stringMatching(/^snapshot 1 copied as \d, in place of 2, which lacked 1 entry: 2 files, 293 KiB; /),
      expect.stringMatching(/^snapshot 2 copied as \d, in place of 3, which lacked 1 entry: 2 files, 293 KiB; /),
      expect.stringMatching(/^copied 2 snapshots; /),
    ]);
  });
});

describe("bcat init --copy-chunker-params", () => {
  test("takes over the sizes of another repository, and nothing else", async () => {
    await desk.good(["init", "-q", "-r", "fixed", "--chunker", "fixed"]);
    const from = ["--from-repo", "fixed", "--from-key-file", keyFile];
    await desk.good(["init", "-q", ...into, ...from, "--copy-chunker-params"]);
    // A file of one chunk, though content would cut it.
    desk.write({ large: 3_000_000 });
    const [summary] = jsonLines(await desk.good(["backup", "large", "-q", "--json", ...into])).slice(-1);
    expect(summary).toMatchObject({ message_type: "summary", data_blobs: 1 });
  });

  test("refuses half of it", async () => {
    const refuse = async (words: string[], says: RegExp) =>
      expectRefusal(await desk.bcat(["init", ...into, ...words]), { code: 2, says });
    await refuse(fromIt, /without --copy-chunker-params/);
    await refuse(["--copy-chunker-params"], /missing --from-repo/);
    await refuse([...fromIt, "--copy-chunker-params", "--chunker", "cdc"], /leave one of the two out/);
    expect(fs.existsSync(desk.path("target"))).toBe(false);
  });
});
