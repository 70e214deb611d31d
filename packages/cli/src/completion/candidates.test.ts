import { describe, expect, test } from "vitest";
import { commands } from "../commands.js";
import { candidates } from "./candidates.js";

function terms(...words: readonly string[]): string[] {
  const found = candidates(words, commands);
  return found.kind === "words" ? found.words.map(({ term }) => term) : [found.kind];
}

describe("candidates()", () => {
  test("are commands where none is typed, also behind flags of all and behind help", () => {
    for (const words of [["res"], ["-r", "/x", ""], ["--repo=/x", ""], ["help", ""], ["-v", "ba"]])
      expect(terms(...words)).toEqual(expect.arrayContaining(["backup", "restore", "help"]));
  });

  test("are the flags of the command and of all, but those that were given once for all", () => {
    const flags = terms("backup", "--repo", "/x", "--exclude", "y", "--");
    expect(flags).toEqual(expect.arrayContaining(["--compression", "--exclude", "--json", "--help"]));
    expect(flags).not.toContain("--repo");
    expect(flags).not.toContain("--keep-last");
    expect(terms("backup", "--", "--")).toEqual(["files"]);
  });

  test("are the choices of a flag, joined or apart, by its letter too", () => {
    expect(terms("backup", "--compression", "")).toContain("max");
    expect(terms("backup", "--compression=")).toContain("--compression=max");
    expect(terms("ls", "-s", "")).toContain("size");
    expect(terms("backup", "--parent", "")).toEqual(["snapshots"]);
    expect(terms("backup", "--exclude-file", "")).toEqual(["files"]);
    expect(terms("backup", "--host", "")).toEqual([]);
  });

  test("are words to write, snapshots, paths inside them, and files", () => {
    expect(terms("repair", "")).toContain("packs");
    expect(terms("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(terms("ls", "")).toEqual(["snapshots"]);
    expect(terms("forget", "3", "")).toEqual(["snapshots"]);
    expect(candidates(["ls", "-l", "latest", "/x"], commands)).toEqual({ kind: "paths", snapshot: "latest" });
    expect(terms("backup", "")).toEqual(["files"]);
    for (const begun of ["", "1", "lat"]) expect(terms("diff", "3", begun)).toEqual(["snapshots"]);
    for (const begun of ["/", "photos", "./1"]) expect(terms("diff", "3", begun)).toEqual(["files"]);
  });
});
