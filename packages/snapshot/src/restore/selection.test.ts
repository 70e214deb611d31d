import { describe, expect, test } from "vitest";
import { Selection, type SelectionPatterns } from "./selection.js";

const tree = [
  "/home/",
  "/home/me/",
  "/home/me/notes.txt",
  "/home/me/photos/",
  "/home/me/photos/B.JPG",
  "/home/me/photos/a.jpg",
  "/home/me/photos/old/",
  "/home/me/photos/old/c.jpg",
  "/srv/",
  "/srv/data",
];

/** What is taken of the tree, a letter an entry, in capitals where a folder is only passed. */
function judged(patterns: SelectionPatterns, base = "/"): string {
  const selection = new Selection(patterns, Buffer.from(base));
  const judgements = new Map<string, ReturnType<Selection["judge"]>>();
  const read: string[] = [];
  for (const line of tree.filter((one) => one.startsWith(base))) {
    const isFolder = line.endsWith("/");
    const path = isFolder ? line.slice(0, -1) : line;
    const folder = path.slice(0, path.lastIndexOf("/"));
    const above = judgements.get(folder);
    if (above?.becomes === "left" || (above === undefined && read.length > 0 && folder !== "")) continue;
    const bytes = Buffer.from(path);
    const judgement = above === undefined ? selection.begin(bytes, isFolder) : selection.judge(bytes, isFolder, above);
    judgements.set(path, judgement);
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (judgement.becomes !== "left") read.push(judgement.becomes === "taken" ? name : `(${name})`);
  }
  return read.join(" ");
}

const all = "home me notes.txt photos B.JPG a.jpg old c.jpg srv data";

describe("Selection", () => {
  test.each<[string, SelectionPatterns, string]>([
    ["nothing is everything", {}, all],
    ["an included name, wherever it is", { includes: ["a.jpg"] }, "(home) (me) (photos) a.jpg (old) (srv)"],
    ["an included folder is whole", { includes: ["photos"] }, "(home) (me) photos B.JPG a.jpg old c.jpg (srv)"],
    ["a path leads through its folders only", { includes: ["/home/me/photos/old"] }, "(home) (me) (photos) old c.jpg"],
    ["a pattern of a path does, too", { includes: ["/h*/me/*.txt"] }, "(home) (me) notes.txt"],
    ["** leads anywhere below", { includes: ["/home/**/c.jpg"] }, "(home) (me) (photos) (old) c.jpg"],
    ["! takes back", { includes: ["/home/me/photos", "!*.jpg"] }, "(home) (me) photos B.JPG old"],
    [
      "! takes nothing back of a later pattern",
      { includes: ["!old", "photos"] },
      "(home) (me) photos B.JPG a.jpg old c.jpg (srv)",
    ],
    ["nor of a later one of a folder above", { includes: ["!*.jpg", "old"] }, "(home) (me) (photos) old c.jpg (srv)"],
    [
      "what is taken back is given back with all below",
      { includes: ["me", "!photos", "old"] },
      "(home) me notes.txt (photos) old c.jpg (srv)",
    ],
    ["and with all below taken back again", { includes: ["c.jpg", "me", "!photos"] }, "(home) me notes.txt (srv)"],
    [
      "! takes nothing back of the other flag",
      { includes: ["me", "!photos"], iincludes: ["OLD"] },
      "(home) me notes.txt (photos) old c.jpg (srv)",
    ],
    ["case counts", { includes: ["*.jpg"] }, "(home) (me) (photos) a.jpg (old) c.jpg (srv)"],
    ["but not here", { iincludes: ["*.Jpg"] }, "(home) (me) (photos) B.JPG a.jpg (old) c.jpg (srv)"],
    ["one of both", { includes: ["data"], iincludes: ["b.jpg"] }, "(home) (me) (photos) B.JPG (old) (srv) data"],
    ["an excluded folder is left whole", { excludes: ["photos"] }, "home me notes.txt srv data"],
    ["! re-includes", { excludes: ["*.jpg", "!a.jpg"] }, "home me notes.txt photos B.JPG a.jpg old srv data"],
    ["case does not count", { iexcludes: ["*.JPG"] }, "home me notes.txt photos old srv data"],
    ["both", { includes: ["photos"], excludes: ["old"] }, "(home) (me) photos B.JPG a.jpg (srv)"],
    ["a slash means folders", { includes: ["a.jpg/", "old/"] }, "(home) (me) (photos) old c.jpg (srv)"],
    ["empty patterns are none", { includes: [""], excludes: [""] }, all],
    ["everything", { includes: ["*"] }, all],
    ["the root", { excludes: ["/**"] }, ""],
  ])("%s: %j", (_fact, patterns, expected) => {
    expect(judged(patterns)).toBe(expected);
  });

  test("of the contents of a folder is about paths from there on", () => {
    expect(judged({ includes: ["/photos/a.jpg"] }, "/home/me/")).toBe("(me) (photos) a.jpg");
    expect(judged({ includes: ["/home/me/photos"] }, "/home/me/")).toBe("(me)");
    expect(judged({ excludes: ["/photos"] }, "/home/me/")).toBe("me notes.txt");
    expect(judged({ excludes: ["me"] }, "/home/me/")).toBe("me notes.txt photos B.JPG a.jpg old c.jpg");
  });

  test("begins with what is above an entry, too", () => {
    const begin = (patterns: SelectionPatterns) =>
      new Selection(patterns, Buffer.from("/")).begin(Buffer.from("/home/me/photos"), true).becomes;
    expect(begin({ includes: ["/home"] })).toBe("taken");
    expect(begin({ includes: ["me"] })).toBe("taken");
    expect(begin({ includes: ["/srv"] })).toBe("left");
    expect(begin({ includes: ["a.jpg"] })).toBe("passed");
    expect(begin({ excludes: ["/home"] })).toBe("left");
  });

  test("folds names that are not UTF-8 as far as they are ASCII", () => {
    const judge = (patterns: SelectionPatterns, path: Buffer) =>
      new Selection(patterns, Buffer.from("/")).begin(path, false).becomes;
    const patterns = { includes: ["*"], iexcludes: ["ab?"] };
    expect(judge(patterns, Buffer.from("/AB\xff", "latin1"))).toBe("left");
    expect(judge(patterns, Buffer.from("/ÄÖ"))).toBe("taken");
    expect(judge({ iincludes: ["äö"] }, Buffer.from("/ÄÖ"))).toBe("taken");
  });

  test("refuses a malformed pattern", () => {
    expect(() => new Selection({ iincludes: ["[a"] }, Buffer.from("/"))).toThrow(/Cannot use pattern "\[a"/);
  });
});
