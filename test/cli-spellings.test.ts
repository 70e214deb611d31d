/** How a place is spelled: what is a folder becomes one, and what is nearly always a mistake becomes none. */
import { mkdirSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Desk } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

/** In a folder `work` of a desk, which has a `source`. */
function openDesk(): { desk: Desk; cwd: string; inWork: () => string[] } {
  const desk = new Desk();
  desk.write({ "work/source/a.txt": "alpha\n" });
  const cwd = desk.path("work");
  return { desk, cwd, inWork: () => readdirSync(cwd).sort() };
}

const BACKSLASH = "\\";

describe.concurrent("--repo", () => {
  test.each([
    ["DESK/abs/repo", "abs/repo"],
    ["DESK/a:b", "a:b"],
    ["x", "work/x"],
    ["./x", "work/x"],
    ["../x", "x"],
    ["./photos:2026", "work/photos:2026"],
    ["x/y:z", "work/x/y:z"],
    ["./~/x", "work/~/x"],
    [`./a${BACKSLASH}b`, `work/a${BACKSLASH}b`],
    ["local:x", "work/x"],
    ["file://DESK/a%20b", "a b"],
    ["FILE://localhostDESK/b", "b"],
  ])("%s is a folder, and is used", async (spelling, folder) => {
    const { desk, cwd } = openDesk();
    using _ = desk;
    const repo = `--repo=${spelling.replace("DESK", desk.folder)}`;
    await desk.good(["init", repo], { cwd });
    await desk.good(["backup", repo, "source"], { cwd });
    expect(desk.list(desk.path(folder)).filter((line) => line.startsWith("outcomes/"))).toHaveLength(1);
  });

  test.each([
    ["photos:2026", /write the path of a folder, or \.\/photos:2026 for one of that name$/m],
    ["gdrive:backups", /\.\/gdrive:backups/],
    ["user@nas:backups", /\.\/user@nas:backups/],
    ["user:secret@nas/b", /^(?!.*secret).*\.\/user:…/],
    ["~/b", /no shell.*\/home\/b, or \.\/~\/b/],
    ["~", /no shell/],
    ["~me/b", /no shell/],
    ["$HOME/b", /no shell.*variable/],
    [`C:${BACKSLASH}backups`, /Windows/],
    ["C:/backups", /Windows/],
    [`${BACKSLASH}${BACKSLASH}nas${BACKSLASH}b`, /backslash/],
    ["gopher://x/y", /\.\/gopher:/],
    ["https:/host/x", /two slashes are missing; write https:\/\/…/],
  ])("%s is refused, and makes nothing", async (spelling, says) => {
    const { desk, cwd, inWork } = openDesk();
    using _ = desk;
    for (const words of [["init"], ["backup", "--init", "source"], ["snapshots"]])
      expectRefusal(await desk.bcat([...words, `--repo=${spelling}`], { cwd }), { code: 2, says });
    const inEnvironment = { cwd, env: { BCAT_REPOSITORY: spelling } };
    expectRefusal(await desk.bcat(["backup", "--init", "source"], inEnvironment), { code: 2, says });
    expect(inWork()).toEqual(["source"]);
  });
});

describe.concurrent("--registers", () => {
  test.each([
    ["mysql://host/db", /use registers in "mysql:…".*write postgres:\/\/user@host\/database, or name a folder/],
    ["pg://host/db", /use registers in "pg:…".*write postgres:\/\//],
    ["nas:registers", /as the registers: .*\.\/nas:registers/],
    ["https://host/registers", /keep registers in https:\/\/host\/registers: over HTTP nothing can be written/],
  ])("%s is refused, and makes nothing", async (spelling, says) => {
    const { desk, cwd, inWork } = openDesk();
    using _ = desk;
    for (const words of [["init"], ["doctor"], ["backup", "source"]])
      expectRefusal(await desk.bcat([...words, `--registers=${spelling}`], { cwd }), { code: 2, says });
    expect([inWork(), desk.list()]).toEqual([["source"], []]);
  });
});

describe.concurrent("other folders that are made", () => {
  test.each(["~/c", "~", "s3://b/c", "cache:c", "$XDG_CACHE_HOME/bcat", `C:${BACKSLASH}c`])(
    "--cache-dir %s is refused, and makes nothing",
    async (spelling) => {
      const { desk, cwd, inWork } = openDesk();
      using _ = desk;
      const run = await desk.bcat(["backup", "--init", "source", `--cache-dir=${spelling}`], { cwd });
      expectRefusal(run, { code: 2, says: /as the cache folder: / });
      expect([inWork(), desk.list()]).toEqual([["source"], []]);
    },
  );

  test("a target of a restore that is mistyped is refused, one with a time in its name is not", async () => {
    const { desk, cwd, inWork } = openDesk();
    using _ = desk;
    await desk.good(["backup", "--init", "source"], { cwd });
    mkdirSync(desk.path("work/~"));
    for (const target of ["~", "~/out", "$HOME", "sftp://host/out", `C:${BACKSLASH}out`]) {
      const run = await desk.bcat(["restore", "latest", "all", target], { cwd });
      expectRefusal(run, { code: 2, says: /as the target: / });
    }
    expect(inWork()).toEqual(["source", "~"]);
    await desk.good(["restore", "latest", "all", "out-12:30"], { cwd });
    expect(inWork()).toEqual(["out-12:30", "source", "~"]);
  });
});
