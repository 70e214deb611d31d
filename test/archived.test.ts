/** A bucket part of which is archived (S3 Glacier and its like): what can be had is had, the rest is told at once. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Desk, jsonLines, noMessage, type Run } from "./cli/desk.js";
import { isLongRun } from "./kit/long-run.js";
import { type S3Server, startS3Server, testUser } from "./servers/s3-server.js";
import { S3Fault } from "./servers/s3-xml.js";

let server: S3Server;
/** With three backups made once, and objects of the bucket then. */
const model = new Desk();
let modelObjects: S3Objects | undefined;
let desk: Desk;
beforeAll(async () => {
  server = await startS3Server({ users: [testUser] });
});
afterAll(async () => {
  model[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  archive([]);
  objects().clear();
  desk = new Desk();
  desk.write({ "source/warm/a.txt": "alpha\n", "source/cold/b": 300_000, "source/cold/c": 200_000 });
});
afterEach(() => desk[Symbol.dispose]());

type S3Objects = ReturnType<typeof objects>;
const objects = () => server.buckets.get("bucket")!.objects;

const bcat = (words: readonly string[]): Promise<Run> =>
  desk.bcat(words, {
    env: {
      BCAT_REPOSITORY: `s3:${server.url}/bucket/laptop`,
      AWS_ACCESS_KEY_ID: testUser.accessKey,
      AWS_SECRET_ACCESS_KEY: testUser.secretKey,
      AWS_EC2_METADATA_DISABLED: "true",
      BCAT_RETRY_FOR: "0",
    },
  });

/** Names of packs below the prefix: of data, which alone are of a class, or of trees. */
function packs(kind: "data" | "trees"): string[] {
  return [...objects()]
    .filter(([key]) => key.startsWith("laptop/packs/"))
    .filter(([, { storageClass }]) => (storageClass === "GLACIER") === (kind === "data"))
    .map(([key]) => key.slice("laptop/".length))
    .sort();
}

/** From now on the server says of these that they are archived, and of nothing else. */
function archive(names: readonly string[]): void {
  const cold = new Set(names.map((name) => `laptop/${name}`));
  server.options = {
    users: [testUser],
    intercept: ({ method, key }) =>
      (method === "GET" || method === "HEAD") && cold.has(key)
        ? new S3Fault(403, "InvalidObjectState", "The operation is not valid for the object's storage class")
        : undefined,
  };
}

const command = (object: string) =>
  `aws s3api restore-object --endpoint-url ${server.url} --bucket bucket --key laptop/${object} --restore-request Days=7`;

/** Three backups, each of which has a pack of data and one of trees of its own: with source and cache as they left them. */
async function threeBackups(): Promise<void> {
  if (modelObjects !== undefined) {
    for (const [key, object] of modelObjects) objects().set(key, object);
    copyBetween(model, desk);
    return;
  }
  await makeThreeBackups();
  modelObjects = new Map(objects());
  copyBetween(desk, model);
}

function copyBetween(from: Desk, to: Desk): void {
  for (const name of ["source", "home"]) cpSync(from.path(name), to.path(name), { recursive: true });
}

async function makeThreeBackups(): Promise<void> {
  const run = async (words: readonly string[]) => expect(await bcat(words)).toMatchObject({ code: 0 });
  await run(["backup", "--init", "source", "--s3-storage-class", "GLACIER"]);
  desk.write({ "source/cold/d": 100_000 });
  await run(["backup", "source", "--s3-storage-class", "GLACIER"]);
  desk.write({ "source/cold/e": 100_000 });
  await run(["backup", "source", "--s3-storage-class", "GLACIER"]);
}

test("a restore goes past archived packs, names all of them at once, and says how to have them thawed", async () => {
  await threeBackups();
  const cold = packs("data");
  expect(cold).toHaveLength(3);
  archive(cold);
  const run = await bcat(["restore", "latest", "all", "back"]);
  expect(run.code).toBe(11);
  // It is inline, in the trees.
  expect(readFileSync(desk.path("back/warm/a.txt"), "utf8")).toBe("alpha\n");
  for (const name of ["b", "c", "d", "e"]) {
    expect(existsSync(desk.path("back/cold", name))).toBe(false);
    expect(run.stderr).toMatch(new RegExp(`cannot restore "[^"]*/cold/${name}": cannot read "packs/.*archived`));
  }
  expect(run.stderr).toContain("3 objects are archived");
  for (const name of cold) expect(run.stderr).toContain(`\n  ${name}\n`);
  expect(run.stderr).toContain(command("OBJECT"));
  expect(run.stdout).toContain("left out: 4 errors");
});

test("with --json each entry has the code, and the summary the names", async () => {
  await threeBackups();
  const cold = packs("data");
  archive(cold);
  const run = await bcat(["restore", "latest", "all", "back", "--json"]);
  expect(run.code).toBe(11);
  const told = jsonLines(run.stderr).filter((line) => line.message_type === "error");
  expect(told).toHaveLength(4);
  for (const line of told) expect(line).toMatchObject({ code: "archived", during: "restore" });
  const summary = jsonLines(run.stdout).at(-1);
  expect(summary).toMatchObject({ error_count: 4, archived_objects: cold, archived_remedy: command("OBJECT") });
});

test.runIf(isLongRun)("a file in several archived packs names them all, and each is asked for once", async () => {
  desk.write({ "source/large": 80_000_000 });
  expect((await bcat(["backup", "--init", "source", "--s3-storage-class", "GLACIER"])).code).toBe(0);
  const cold = packs("data");
  expect(cold.length).toBeGreaterThan(1);
  archive(cold);
  server.log.length = 0;
  const run = await bcat(["restore", "latest", "all", "back"]);
  expect(run.code).toBe(11);
  for (const name of cold) expect(run.stderr).toContain(`\n  ${name}\n`);
  const asked = server.log.filter(({ status, key }) => status === 403 && key.startsWith("laptop/packs/"));
  // Ranges that are on their way when the first says no.
  expect(asked.length).toBeLessThanOrEqual(cold.length * 4);
});

test("once they are thawed, the restore goes on and is whole", async () => {
  await threeBackups();
  archive(packs("data"));
  expect((await bcat(["restore", "latest", "all", "back"])).code).toBe(11);
  archive([]);
  expect(await bcat(["restore", "latest", "all", "back", "--overwrite", "if-changed"])).toMatchObject({ code: 0 });
  for (const name of ["b", "c", "d", "e"])
    expect(readFileSync(desk.path("back/cold", name)).equals(readFileSync(desk.path("source/cold", name)))).toBe(true);
});

test("what is damaged beside it is not lost in it: exit code 1", async () => {
  await threeBackups();
  const [first, ...others] = packs("data");
  archive(others);
  objects().delete(`laptop/${first}`);
  const run = await bcat(["restore", "latest", "all", "back"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("2 objects are archived");
});

test("an archived tree of a root ends a restore with the packs of all archived trees, and nothing is written", async () => {
  await threeBackups();
  const cold = packs("trees");
  expect(cold.length).toBeGreaterThan(1);
  // Without the trees that the cache keeps, too.
  archive(cold);
  const run = await bcat(["restore", "latest", "all", "back", "--no-cache"]);
  expect(run.code).toBe(11);
  for (const name of cold) expect(run.stderr).toContain(`\n  ${name}\n`);
  expect(run.stderr).toContain("folders are in them");
  expect(existsSync(desk.path("back/warm"))).toBe(false);
  const json = await bcat(["restore", "latest", "all", "back", "--no-cache", "--json"]);
  expect(jsonLines(json.stderr)).toContainEqual({
    message_type: "archived",
    code: "archived",
    archived_objects: cold,
    archived_remedy: command("OBJECT"),
  });
  expect(jsonLines(json.stderr).at(-1)).toMatchObject({ message_type: "exit_error", code: 11, error_code: "archived" });
});

test("a tree that is archived below another: the folder is made and told, its neighbours are restored", async () => {
  // A folder of its own pack: it is in the first backup only, and unchanged in the second.
  desk.write({ "source/old/f": 50_000 });
  expect((await bcat(["backup", "--init", "source", "--s3-storage-class", "GLACIER"])).code).toBe(0);
  const [first] = packs("trees");
  rmSync(desk.path("source/cold"), { recursive: true });
  mkdirSync(desk.path("source/new"));
  desk.write({ "source/new/g": 50_000, "source/warm/h": 50_000 });
  expect((await bcat(["backup", "source", "--s3-storage-class", "GLACIER"])).code).toBe(0);
  archive([first!]);
  const run = await bcat(["restore", "latest", "all", "back", "--no-cache"]);
  expect(run.code).toBe(11);
  expect(run.stderr).toMatch(/cannot restore "[^"]*\/old":.*archived/);
  expect(run.stderr).toContain("1 object is archived");
  expect(existsSync(desk.path("back/new/g"))).toBe(true);
  expect(existsSync(desk.path("back/warm/h"))).toBe(true);
});

test("check says once that packs are archived, and that is no damage", async () => {
  await threeBackups();
  archive(packs("data"));
  const run = await bcat(["check"]);
  expect(run).toMatchObject({ code: 0, stderr: noMessage });
  expect(run.stdout).toMatch(/^note: 3 packs are there, but archived/m);
  expect(run.stdout.match(/archived/g)).toHaveLength(1);
  expect(run.stdout).toContain("no damage found");
  const json = jsonLines((await bcat(["check", "--json"])).stdout);
  expect(json).toContainEqual(expect.objectContaining({ message_type: "note", code: "archived" }));
  expect(json.at(-1)).toMatchObject({ num_errors: 0, archived_objects: packs("data") });
  for (const name of packs("data")) expect((await bcat(["check", "-v"])).stderr).toContain(name);
});

test("check --read-data that could not read everything is exit code 11, with the names", async () => {
  await threeBackups();
  const [first, ...others] = packs("data");
  archive([first!]);
  const run = await bcat(["check", "--read-data"]);
  expect(run).toMatchObject({ code: 11 });
  expect(run.stderr).toContain(`\n  ${first}\n`);
  for (const name of others) expect(run.stderr).not.toContain(name);
  expect(run.stdout).toContain("no damage found in what could be read");
});

test("check goes on past archived trees, says that it did not look below them, and is exit code 11", async () => {
  await threeBackups();
  archive(packs("trees"));
  const run = await bcat(["check"]);
  expect(run).toMatchObject({ code: 11 });
  expect(run.stdout).toMatch(/archived.*folders are in them/);
  expect(run.stdout).not.toMatch(/^damage/m);
});

test("check finds damage beside what is archived", async () => {
  await threeBackups();
  const [first, ...others] = packs("data");
  archive(others);
  objects().delete(`laptop/${first}`);
  expect(await bcat(["check"])).toMatchObject({ code: 21, stdout: expect.stringContaining("it is missing") });
});

test("what everything else needs is told with the command for it", async () => {
  await threeBackups();
  archive(["config"]);
  const run = await bcat(["snapshots", "--no-cache"]);
  expect(run.code).toBe(11);
  expect(run.stderr).toContain(
    `it is archived (403 InvalidObjectState); to have it thawed: ${command("config")}; so must be all else`,
  );
});
