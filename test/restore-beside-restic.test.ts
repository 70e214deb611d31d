/** The flags of `restore` that restic has, beside restic, where that is found. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk } from "./cli/desk.js";

function hasRestic(): boolean {
  try {
    execFileSync("restic", ["version"], { stdio: "pipe" });
    return true;
  } catch {
    process.stdout.write("restore beside restic: skipped, there is no restic\n");
    return false;
  }
}

describe.runIf(hasRestic())("restore, beside restic,", () => {
  let desk: Desk;
  let count = 0;
  const restic = (...words: string[]) => {
    const env = {
      ...process.env,
      RESTIC_PASSWORD: "x",
      RESTIC_REPOSITORY: desk.path("restic"),
      HOME: desk.path("home"),
    };
    execFileSync("restic", ["--no-cache", "-q", ...words], { env, cwd: desk.folder, stdio: "pipe" });
  };

  beforeAll(async () => {
    desk = new Desk();
    desk.write({
      "src/me/photos/2020/a.jpg": "a",
      "src/me/photos/2020/raw/a.CR2": "raw",
      "src/me/photos/B.JPG": "b",
      "src/me/photos/c.jpg": "c",
      "src/me/notes.txt": "n",
      "src/me/[odd] name": "o",
      "src/other/photos": "p",
      "src/other/d/e/f/g.txt": "g",
    });
    fs.mkdirSync(desk.path("src/me/empty"));
    fs.chmodSync(desk.path("src/me"), 0o700);
    for (const name of ["me/photos", "me", "other/d", "other", ""])
      execFileSync("touch", ["-d", "2001-02-03", desk.path("src", name)]);
    await desk.good(["backup", "--init", desk.path("src")]);
    restic("init");
    restic("backup", desk.path("src"));
  }, 60_000);

  afterAll(() => desk[Symbol.dispose]());

  /** Everything below a folder: type and mode, and the time of files and of folders that are whole. */
  function entries(folder: string): string[] {
    if (!fs.existsSync(folder)) return [];
    return fs
      .readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => ({ name, stat: fs.lstatSync(join(folder, name)) }))
      .filter(({ name }) => !desk.path().startsWith(`/${name}/`) && `/${name}` !== desk.path())
      .filter(({ name }) => !`${tmpdir()}/`.startsWith(`/${name}/`))
      .map(({ name, stat }) => `${name} ${stat.mode.toString(8)} ${stat.mtimeMs}`)
      .sort();
  }

  const src = () => desk.path("src");
  test.each<[string, () => string[]]>([
    ["everything", () => ["latest"]],
    ["a folder", () => [`latest:${src()}/me`]],
    ["an included name", () => ["latest", "--include", "*.jpg"]],
    ["an included name without case", () => ["latest", "--iinclude", "*.jpg"]],
    ["an included path", () => ["latest", "--include", `${src()}/me/photos`]],
    ["a name at any depth", () => ["latest", "-i", "photos"]],
    ["a pattern of a path", () => ["latest", "-i", `${src()}/*/photos/20??`]],
    ["two names deep", () => ["latest", "-i", "photos/2020"]],
    ["**", () => ["latest", "-i", `${src()}/**/*.txt`]],
    ["an included name, but", () => ["latest", "-i", `${src()}/me/photos`, "-i", "!*.jpg"]],
    ["a name, but of a later pattern", () => ["latest", "-i", "!photos", "-i", "me"]],
    ["a name, but, and again in it", () => ["latest", "-i", "me", "-i", "!photos", "-i", "2020"]],
    ["a class", () => ["latest", "-i", "[a-c].jpg"]],
    ["an escaped character", () => ["latest", "-i", "\\[odd\\]*"]],
    ["an excluded name", () => ["latest", "-e", "photos"]],
    ["an excluded name without case", () => ["latest", "--iexclude", "*.JPG"]],
    ["an excluded path", () => ["latest", "--exclude", `${src()}/me/photos/2020`]],
    ["an excluded name, but", () => ["latest", "-e", "*.jpg", "-e", "!c.jpg"]],
    ["patterns in a folder", () => [`latest:${src()}/me`, "-i", "/photos/2020"]],
    ["excludes in a folder", () => [`latest:${src()}/me`, "-e", "/photos"]],
    ["patterns in files", () => ["latest", "--include-file", "patterns", "--iinclude-file", "patterns"]],
    ["excludes in files", () => ["latest", "--exclude-file", "patterns", "--iexclude-file", "patterns"]],
  ])("gives the same for %s", async (_what, words) => {
    desk.write({ patterns: "# of interest\n*.txt\n\nb.jpg\n" });
    const [ours, theirs] = [desk.path(`ours ${count}`), desk.path(`theirs ${count++}`)];
    await desk.good(["restore", ...words(), "--target", ours]);
    restic("restore", ...words(), "--target", theirs);
    expect(entries(ours).length).toBeGreaterThan(0);
    expect(entries(ours)).toEqual(entries(theirs));
  });

  test("refuses what restic refuses", () => {
    expect(() => restic("restore", `latest:${src()}/me/notes.txt`, "--target", desk.path("file"))).toThrow(/not a dir/);
  });
});
