/** `bcat explain` says what a backup does, and why. */
import { chmodSync, rmSync, symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { canMount, Desk, linesOf } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

const mounts = canMount();
const signature = "Signature: 8a477f597d28d172789f06886806bc55";

const explained = async (desk: Desk, ...words: string[]) =>
  (await desk.json(["explain", ...words])) as Record<string, unknown>;

describe.concurrent("explain says", () => {
  test.each([
    ["t/a.c", { included: true, reason: "kept" }],
    ["t", { included: true, reason: "source" }],
    ["t/a.o", { included: false, reason: "pattern", pattern: "*.o", line: 2 }],
    ["t/keep.o", { included: true, reason: "taken-back", pattern: "!keep.o", line: 3 }],
    ["t/out/x", { included: false, reason: "pattern", pattern: "OUT", flag: "--iexclude" }],
    ["t/here/x.tmp", { included: false, reason: "pattern", pattern: "*.tmp", line: 1 }],
    ["t/cache/x", { included: false, reason: "tag", tag: "CACHEDIR.TAG", flag: "--exclude-caches" }],
    ["t/cache/CACHEDIR.TAG", { included: true, reason: "kept" }],
    ["t/big", { included: false, reason: "size", size_max: 1024 }],
    ["t/gone", { included: false, reason: "unreadable", message: expect.stringContaining("ENOENT") }],
    ["t/a.c/below", { included: false, reason: "unreadable", message: expect.stringContaining("ENOTDIR") }],
    ["t/folder/in/x", { included: true, reason: "source" }],
    ["t/folder/in", { included: true, reason: "above-source" }],
    ["t/folder/y", { included: false, reason: "pattern", pattern: "folder" }],
    ["repository/config", { included: false, reason: "own-folder" }],
    [".", { included: false, reason: "above-source" }],
    ["elsewhere", { included: false, reason: "outside" }],
    ["link/b", { included: true, reason: "kept" }],
  ])("of %s what is so", async (path, expected) => {
    using desk = new Desk();
    desk.write({
      "t/a.c": "",
      "t/a.o": "",
      "t/keep.o": "",
      "t/out/x": "",
      "t/here/x.tmp": "",
      "t/here/.bcatignore": "*.tmp\n",
      "t/cache/x": "",
      "t/cache/CACHEDIR.TAG": signature,
      "t/big": 1025,
      "t/folder/in/x": "",
      "t/folder/y": "",
      "behind/b": "",
      ex: "# comment\n*.o\n!keep.o\nfolder\n",
    });
    symlinkSync("behind", desk.path("link"));
    const sources = ["t", "t/folder/in/x", "link/", "repository"];
    const words = ["--exclude-file", "ex", "--iexclude", "OUT", "--exclude-caches", "--exclude-larger-than", "1K"];
    await desk.good(["backup", "--init", "-q", ...sources.slice(0, -1), ...words]);
    const found = await explained(desk, path, ...sources, ...words);
    expect(found).toMatchObject(expected);
    // And that is what the backup did.
    const stored = linesOf(await desk.good(["ls", "latest"]));
    expect(stored.includes(desk.path(path))).toBe(found.included);
  });

  test("by the sources and flags of the newest snapshot that has the path in a source, unless others are given", async () => {
    using desk = new Desk();
    desk.write({ "t/a.o": "", "t/b": "", "u/c": "" });
    await desk.good(["backup", "--init", "-q", "t"]);
    await desk.good(["backup", "-q", "t", "--iexclude", "*.O", "--exclude", "b", "--no-bcatignore"]);
    await desk.good(["backup", "-q", "u"]);
    expect(await explained(desk, "t/a.o")).toMatchObject({
      included: false,
      pattern: "*.O",
      sources_of: 2,
      last_snapshot: 1,
      paths: [desk.path("t")],
    });
    expect(await explained(desk, "t/a.o", "--exclude", "x")).toMatchObject({ included: true, sources_of: 2 });
    expect(await explained(desk, "u/c", "u", "-e", "c")).toMatchObject({ included: false, last_snapshot: 3 });
    expect(await explained(desk, "u/c", "--host", "other")).toMatchObject({ included: false, reason: "outside" });
    desk.write({ list: "t\n" });
    expect(await explained(desk, "t/b", "--files-from", "list")).toMatchObject({ included: true });
  });

  test("of a source in another one that it is a source, also by the newest snapshot", async () => {
    using desk = new Desk();
    desk.write({ "t/a.o": "", "t/in \\ side/é.o": "", "t/b.o": "" });
    await desk.good(["backup", "--init", "-q", "t", "t/a.o", "t/in \\ side/é.o", "-e", "*.o"]);
    const paths = ["t", "t/a.o", "t/in \\ side/é.o"].map((name) => desk.path(name));
    for (const name of paths.slice(1))
      expect(await explained(desk, name)).toMatchObject({ included: true, reason: "source", sources_of: 1, paths });
    expect(await explained(desk, "t/b.o")).toMatchObject({ included: false, reason: "pattern" });
  });

  test("which snapshot last had what is gone", async () => {
    using desk = new Desk();
    desk.write({ "t/a/b/c": "", "t/a/d": "" });
    await desk.good(["backup", "--init", "-q", "t"]);
    await desk.good(["backup", "-q", "t/a"]);
    rmSync(desk.path("t/a/b"), { recursive: true });
    await desk.good(["backup", "-q", "t"]);
    await desk.good(["backup", "-q", "t"]);
    const lines = linesOf(await desk.good(["explain", "t/a/b/c"]));
    expect(lines[0]).toMatch(/t\/a\/b\/c" is not backed up: ".*t\/a\/b": no such file or directory \(ENOENT\)$/);
    expect(lines[1]).toMatch(/^with the sources of snapshot 4: ".*\/t"$/);
    expect(lines[2]).toMatch(/^last in snapshot 2 of /);
    expect(linesOf(await desk.good(["explain", "t/never"])).at(-1)).toMatch(/^in no snapshot of /);
  });

  test("what cannot be read", async () => {
    using desk = new Desk();
    desk.write({ "t/closed/x": "", "t/secret": "s" });
    await desk.good(["backup", "--init", "-q", "t"]);
    for (const name of ["t/closed", "t/secret"]) chmodSync(desk.path(name), 0);
    for (const name of ["t/closed/x", "t/secret", "t/closed"]) {
      const run = await desk.bcat(["explain", name, "--json"], { unprivileged: true });
      expect(JSON.parse(run.stdout), name).toMatchObject({ included: false, reason: "unreadable", last_snapshot: 1 });
    }
  });

  test.skipIf(!mounts)("what another file system holds", async () => {
    using desk = new Desk();
    desk.mount("t/m", "-t", "tmpfs", "tmpfs");
    desk.write({ "t/m/in/x": "" });
    await desk.good(["backup", "--init", "-qx", "t"]);
    expect(await explained(desk, "t/m/in/x")).toMatchObject({ included: false, reason: "file-system" });
    expect(await explained(desk, "t/m")).toMatchObject({ included: true });
    expect(await explained(desk, "t/m/in/x", "t")).toMatchObject({ included: true });
  });
});

test("explain without a path is refused", async () => {
  using desk = new Desk();
  expectRefusal(await desk.bcat(["explain"]), { code: 2, says: /missing <path>/i });
});
