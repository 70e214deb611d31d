/** What is named as a source: links, folders behind links, and sources inside one another. */
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type Desk, DeskWithSnapshot, jsonLines, linesOf, noMessage } from "./cli/desk.js";
import { expectRefusal, expectWarnings } from "./cli/refusal.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

/** Paths in the newest snapshot, relative to the desk. */
async function stored(desk: Desk): Promise<string[]> {
  return linesOf(await desk.good(["ls", "latest"])).map((line) => line.replace(`${desk.folder}/`, ""));
}

const lines = (text: string) => text.split("\n");

describe.concurrent("a source that is a symbolic link", () => {
  test("is stored as the link, with one line that names its target, counted, and none with --quiet", async () => {
    using desk = await models.open();
    symlinkSync("source", desk.path("link"));
    const run = await desk.bcat(["backup", "link"]);
    expectWarnings(run, 0, [/^bcat: note on ".*\/link": it is a symbolic link to "source", and stored as one/]);
    expect(run.stdout).toMatch(/^snapshot 2: 0 files, 1 link, 0 B$/m);
    expect(await stored(desk)).toEqual(["link"]);
    expect((await desk.bcat(["backup", "link", "--quiet"])).stderr).toBe("");
  });

  test.each(["link/", "link/.", "./link//", "source/../link/./"])("as %s is the folder it leads to", async (source) => {
    using desk = await models.open();
    symlinkSync("source", desk.path("link"));
    expect(await desk.bcat(["backup", source])).toMatchObject({ code: 0, stderr: noMessage });
    expect(await stored(desk)).toEqual(["link", "link/a.txt", "link/folder", "link/folder/b.bin"]);
    await desk.good(["restore", "latest", "all", "back"]);
    expect(desk.read("back/a.txt")).toBe("alpha\n");
    // And is compared with what it was, also where that was a link.
    expect(await desk.good(["backup", source])).toMatch(/^files: 0 new, 0 changed, 2 unmodified$/m);
    rmSync(desk.path("link"));
    symlinkSync("source/folder", desk.path("link"));
    await desk.good(["backup", "link"]);
    expect(await desk.good(["backup", source])).toMatch(/^files: 1 new, 0 changed, 0 unmodified$/m);
  });

  test("that leads to a file or nowhere, with a slash behind it, cannot be read", async () => {
    using desk = await models.open();
    symlinkSync("source/a.txt", desk.path("file"));
    symlinkSync("nowhere", desk.path("dangling"));
    const run = await desk.bcat(["backup", "file", "dangling"]);
    expectWarnings(run, 0, [
      /^bcat: note on ".*\/file": it is a symbolic link to "source\/a.txt", and stored as one; name the file itself to store that$/,
      /^bcat: note on ".*\/dangling": it is a symbolic link to "nowhere", and stored as one; it leads to nothing$/,
    ]);
    expectRefusal(await desk.bcat(["backup", "file/"]), { code: 1, says: /ENOTDIR/ });
    expectRefusal(await desk.bcat(["backup", "dangling/"]), { code: 1, says: /ENOENT/ });
  });

  test("into the repository, with a slash behind it, is left out", async () => {
    using desk = await models.open();
    symlinkSync("repository/packs", desk.path("link"));
    expectRefusal(await desk.bcat(["backup", "link/"]), { code: 1, says: /belongs to the repository/ });
  });
});

describe.concurrent("a source inside another", () => {
  test("is stored once, with a line", async () => {
    using desk = await models.open();
    const run = await desk.bcat(["backup", "source/folder", "source", "source/a.txt"]);
    const once = (name: string) => new RegExp(`note on ".*/${name}": it lies in another source, and is stored once`);
    expectWarnings(run, 0, [once("a.txt"), once("folder")]);
    expect(await stored(desk)).toEqual(["source", "source/a.txt", "source/folder", "source/folder/b.bin"]);
  });

  test("that is missing is an error all the same", async () => {
    using desk = await models.open();
    const run = await desk.bcat(["backup", "source", "source/missing"]);
    expect(run.code).toBe(3);
    expect(lines(run.stderr)).toContainEqual(expect.stringMatching(/cannot read ".*missing".*ENOENT/));
  });

  test("beside one that only begins alike is found", async () => {
    using desk = await models.open();
    for (const name of ["p", "p-a", "p/b"]) mkdirSync(desk.path(name));
    await desk.good(["backup", "p/b", "p-a", "p", "--quiet"]);
    expect(await stored(desk)).toEqual(["p", "p/b", "p-a"]);
  });

  test("that is a link with a slash behind it is refused: its source has it as a link", async () => {
    using desk = await models.open();
    symlinkSync("folder", desk.path("source/link"));
    expectRefusal(await desk.bcat(["backup", "source", "source/link/"]), { code: 2, says: /name what it leads to/ });
  });
});

test("symbolic links and special files are counted in the summary", async () => {
  using desk = await models.open();
  symlinkSync("a.txt", desk.path("source/one"));
  symlinkSync("a.txt", desk.path("source/two"));
  await desk.run(["mkfifo", desk.path("source/fifo")]);
  const { stdout } = await desk.bcat(["backup", "source", "--json"]);
  expect(jsonLines(stdout).at(-1)).toMatchObject({ total_symlinks: 2, total_others: 1, total_files_processed: 2 });
  expect(await desk.good(["backup", "source"])).toMatch(/^snapshot 3: 2 files, 2 links, 1 special file, 293 KiB$/m);
});
