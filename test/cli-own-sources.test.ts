/** The repository as a source of its own backup; repositories where something else is, or where one was. */
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type Desk, DeskWithSnapshot, Desk as EmptyDesk, jsonLines, linesOf, noMessage } from "./cli/desk.js";
import { expectRefusal, expectWarnings } from "./cli/refusal.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

const own = (path: string) =>
  new RegExp(`^bcat: skipped "${path}": it belongs to the repository this backup goes to, or to its cache$`);
const cache = "home/.cache/bcat";

/** Files of the newest snapshot. */
async function stored(desk: Desk): Promise<string[]> {
  return linesOf(await desk.good(["ls", "latest"])).map((line) => line.replace(desk.folder, ""));
}

describe.concurrent("a backup whose source is", () => {
  test.each([
    ["the repository", "repository"],
    ["inside the repository", "repository/packs"],
    ["a file of the repository", "repository/config"],
    ["the repository behind a link", "link/packs"],
    ["deep in the repository behind a link", "link-to-packs/."],
    ["the cache", cache],
    ["inside the cache", `${cache}/locations`],
  ])("%s, and nothing else, ends with 1, and commits nothing", async (_what, source) => {
    using desk = await models.open();
    await desk.good(["backup", "source"]);
    symlinkSync("repository", desk.path("link"));
    symlinkSync("repository/packs", desk.path("link-to-packs"));
    // A link that is named itself is stored as a link.
    const name = source === "link-to-packs/." ? `link-to-packs/${firstFolder(desk)}` : source;
    const before = desk.list();
    for (const words of [
      ["backup", name],
      ["backup", name, "--dry-run"],
      ["backup", "--init", name, name],
    ])
      expectRefusal(await desk.bcat(words), {
        code: 1,
        says: /cannot back up ".*": it belongs to the repository this/,
      });
    expect(desk.list()).toEqual(before);
  });

  test("the repository beside another one leaves it out with a line, and is no error", async () => {
    using desk = await models.open();
    const run = await desk.bcat(["backup", "repository", "source"]);
    expectWarnings(run, 0, [own(desk.repository)]);
    expect(run.stdout).toMatch(/^skipped: 1$/m);
    expect((await stored(desk)).some((line) => line.includes("/repository"))).toBe(false);
  });

  test("the repository beside another one is not looked into, though it is walked first", async () => {
    using desk = await models.open();
    execFileSync("mkfifo", [desk.path("repository/fifo")]);
    expectWarnings(await desk.bcat(["backup", "repository", "source"]), 0, [own(desk.repository)]);
  });

  test("the repository beside one that is missing ends with 1", async () => {
    using desk = await models.open();
    const before = desk.list();
    expectRefusal(await desk.bcat(["backup", "repository", "missing"]), { code: 1, says: /belongs to the repository/ });
    expect(desk.list()).toEqual(before);
  });

  test("a folder above the repository leaves it out with a line", async () => {
    using desk = await models.open();
    mkdirSync(desk.path("above"));
    for (const name of ["repository", "source"]) renameSync(desk.path(name), desk.path("above", name));
    const run = await desk.bcat(["backup", "--repo", "above/repository", "above"]);
    expectWarnings(run, 0, [own(desk.path("above/repository"))]);
  });

  test("a link to the repository is stored as a link", async () => {
    using desk = await models.open();
    symlinkSync("repository", desk.path("link"));
    expectWarnings(await desk.bcat(["backup", "link"]), 0, [/^bcat: note on ".*\/link": it is a symbolic link to/]);
  });

  test("the folder that is to become the repository makes none there", async () => {
    using desk = new EmptyDesk();
    desk.write({ "d/photo": 10 });
    for (const folder of ["d", "d/photo"]) {
      const run = await desk.bcat(["backup", "--init", "--repo", "d", folder]);
      expectRefusal(run, { code: 1, says: /belongs to the repository/ });
    }
    expect(desk.list(desk.path("d"))).toEqual(["photo 10"]);
  });
});

describe.concurrent("a new repository", () => {
  test("that backup --init creates is said, with its place", async () => {
    using desk = new EmptyDesk();
    desk.write({ "source/a": 10 });
    expect(await desk.good(["backup", "--init", "source"])).toMatch(
      new RegExp(`^created repository [0-9a-f]{10} in ${desk.repository}\n`),
    );
    expect(await desk.good(["backup", "--init", "source"])).not.toContain("created");
    const asJson = jsonLines(await desk.good(["backup", "--init", "--json", "--repo", "other", "source"]));
    expect(asJson[0]).toMatchObject({ message_type: "initialized", repository: desk.path("other") });
  });

  test("in a folder with other things in it is made, and that is said", async () => {
    using desk = new EmptyDesk();
    desk.write({ "source/a": 10, "full/photo": 10, "disk/lost+found/x": 1 });
    for (const words of [["init"], ["backup", "--init", "source"]]) {
      const run = await desk.bcat([...words, "--repo", "full"]);
      expectWarnings(run, 0, [/^bcat: there are other things in ".*\/full" beside the repository, such as "photo"; /]);
      rmSync(desk.path("full/config"));
      for (const name of ["keys", "sessions", "outcomes", "packs", "index"])
        rmSync(desk.path("full", name), { recursive: true, force: true });
      rmSync(desk.path("home/.cache"), { recursive: true });
    }
    expect(await desk.bcat(["init", "--repo", "disk"])).toMatchObject({ code: 0, stderr: noMessage });
  });

  test("is not made by backup --init where one was before: its disk may not be mounted", async () => {
    using desk = new EmptyDesk();
    desk.write({ "source/a": 10 });
    await desk.good(["backup", "--init", "source"]);
    renameSync(desk.repository, desk.path("unmounted"));
    mkdirSync(desk.repository);
    for (const words of [["backup", "--init", "source"], ["backup", "source"], ["snapshots"]]) {
      const says =
        /there is none, and repository [0-9a-f]{8} was there before: is its disk mounted\? If .* run bcat init/;
      expectRefusal(await desk.bcat(words), { code: 10, says });
    }
    expect(desk.list()).toEqual([]);
    await desk.good(["init"]);
    await desk.good(["backup", "--init", "source"]);
  });
});

function firstFolder(desk: Desk): string {
  const line = desk.list(desk.path("repository/packs"))[0]!;
  return line.slice(0, line.indexOf("/"));
}
