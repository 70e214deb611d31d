/** `bcat restore --dry-run` writes nothing, and says what the restore then does. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canMount, Desk, jsonLines } from "./cli/desk.js";

let desk: Desk;
let targets = 0;

beforeAll(async () => {
  desk = new Desk();
  desk.write({ "source/a.txt": "alpha\n", "source/folder/b.bin": 300_000, "source/folder/c.bin": 9_000_000 });
  fs.linkSync(desk.path("source/folder/b.bin"), desk.path("source/linked"));
  fs.symlinkSync("a.txt", desk.path("source/link"));
  await desk.good(["backup", "--init", "source"]);
});

afterAll(() => desk[Symbol.dispose]());

const counted = [
  "total_files",
  "files_restored",
  "directories_restored",
  "symlinks_restored",
  "others_restored",
  "files_skipped",
  "files_unchanged",
  "bytes_restored",
  "error_count",
];

const summaryOf = async (words: readonly string[]) =>
  jsonLines(await desk.good(["restore", ...words, "--json"])).at(-1) as Record<string, unknown>;

const everything = (folder: string) =>
  fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map(
      (name) => `${name} ${JSON.stringify(fs.lstatSync(`${folder}/${name}`, { bigint: true }), (_, v) => String(v))}`,
    );

/** A dry run, then the restore: their summaries agree, and the first has changed nothing. */
async function both(words: readonly string[], target: string) {
  const [before, sessions] = [fs.existsSync(target) ? everything(target) : undefined, desk.begun()];
  const dry = await summaryOf([...words, "--dry-run"]);
  expect(fs.existsSync(target) ? everything(target) : undefined).toEqual(before);
  expect(desk.begun()).toEqual(sessions);
  const wet = await summaryOf(words);
  expect(dry).toMatchObject({ dry_run: true, snapshot_number: 1 });
  for (const name of counted) expect([name, dry[name]]).toEqual([name, wet[name]]);
  return { dry, wet };
}

const gets = (summary: Record<string, unknown>) => (summary.requests as { get: number }).get;

test("of everything counts entries, bytes and requests as the restore does", async () => {
  const target = desk.path(`target ${targets++}`);
  const { dry, wet } = await both(["1", "all", target], target);
  expect(dry).toMatchObject({ files_restored: 4, bytes_restored: 9_300_006 });
  expect(gets(wet) - gets(dry)).toBe(dry.data_requests);
  expect(dry.data_packs).toBe(1);
  expect(dry.data_bytes).toBeGreaterThan(9_300_000);
});

test("heeds patterns, several paths and the name of a file", async () => {
  const target = desk.path(`target ${targets++}`);
  expect((await both(["1", "all", target, "-e", "c.bin"], target)).dry).toMatchObject({ files_restored: 3 });
  const named = desk.path(`target ${targets++}`);
  expect((await both(["1", "a.txt", named], named)).dry).toMatchObject({ files_restored: 1, data_requests: 0 });
});

test("over what is there tells what is unchanged, and what would be deleted", async () => {
  const target = desk.path(`target ${targets++}`);
  await desk.good(["restore", "1", "all", target]);
  fs.writeFileSync(`${target}/a.txt`, "other");
  fs.rmSync(`${target}/link`);
  desk.write({ [`${target.slice(desk.folder.length + 1)}/extra/x`]: "12345" });
  const dryOfDelete = await summaryOf(["1", "all", target, "--overwrite", "always", "--delete", "--dry-run"]);
  expect(dryOfDelete).toMatchObject({ files_to_delete: 1, directories_to_delete: 1, bytes_to_delete: 5 });
  const { dry } = await both(["1", "all", target, "--overwrite", "if-changed", "--no-undo"], target);
  expect(dry).toMatchObject({ files_restored: 1, symlinks_restored: 1, data_requests: 0, data_bytes: 0 });
});

test("says what would stay: folders in the way, and with never and if-newer what is there", async () => {
  const target = desk.path(`target ${targets++}`);
  await desk.good(["restore", "1", "all", target]);
  fs.rmSync(`${target}/a.txt`);
  fs.mkdirSync(`${target}/a.txt/full`, { recursive: true });
  fs.rmSync(`${target}/link`);
  fs.mkdirSync(`${target}/link`);
  fs.rmSync(`${target}/folder/c.bin`);
  for (const overwrite of ["always", "never", "if-newer"]) {
    const words = ["restore", "1", "all", target, "--overwrite", overwrite, "--no-undo"];
    const dry = await desk.bcat([...words, "--dry-run", "--json"]);
    const wet = await desk.bcat([...words, "--json"]);
    expect([dry.code, dry.stderr], overwrite).toEqual([wet.code, wet.stderr]);
    const [told, done] = [dry, wet].map(({ stdout }) => jsonLines(stdout).at(-1)!);
    for (const name of counted) expect([overwrite, name, told![name]]).toEqual([overwrite, name, done![name]]);
    fs.rmSync(`${target}/folder/c.bin`);
  }
});

test("says what is in the way, and what is missing above the target", async () => {
  const target = desk.path(`target ${targets++}`);
  await desk.good(["restore", "1", "all", target]);
  for (const [into, says] of [
    [target, /it exists/],
    [`${target}/no/where`, /no such file/],
  ] as const) {
    const run = await desk.bcat(["restore", "1", "all", into, "-n"]);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(says) });
  }
});

test("is told to people in words", async () => {
  const said = await desk.good(["restore", "1", "folder", desk.path("none"), "-n"]);
  expect(said).toMatch(
    /^would restore from snapshot 1 \(.+\) to .*none\n2 files, 1 folder, 0 symlinks, 8\.87 MiB\nwould fetch: 8\.\d+ MiB in \d+ requests to 1 pack\n$/,
  );
  expect(fs.existsSync(desk.path("none"))).toBe(false);
});

test("fails where the target cannot be written, and where it cannot be made", async () => {
  fs.mkdirSync(desk.path("closed/there"), { recursive: true });
  for (const name of ["closed/there", "closed"]) fs.chmodSync(desk.path(name), 0o555);
  for (const name of ["closed/there", "closed/new"]) {
    const words = ["restore", "1", "all", desk.path(name)];
    const dry = await desk.bcat([...words, "--dry-run"], { unprivileged: true });
    expect(dry).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot restore into ".*": .*EACCES/) });
    expect((await desk.bcat(words, { unprivileged: true })).code).toBe(1);
  }
});

test.skipIf(!canMount())("fails on a file system that is read-only, unless all is there", async () => {
  const target = desk.mount("read only", "-t", "tmpfs", "none");
  await desk.good(["restore", "1", "all", target]);
  execFileSync("mount", ["-o", "remount,ro", target]);
  const over = ["restore", "1", "all", target, "--overwrite", "if-changed", "--no-undo", "--dry-run"];
  await desk.good(over);
  execFileSync("mount", ["-o", "remount,rw", target]);
  fs.rmSync(`${target}/a.txt`);
  execFileSync("mount", ["-o", "remount,ro", target]);
  for (const words of [over, ["restore", "1", "all", `${target}/new`, "--dry-run"]])
    expect(await desk.bcat(words)).toMatchObject({ code: 1, stderr: expect.stringMatching(/EROFS/) });
});
