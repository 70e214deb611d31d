/** `-v`, `-vv` and `-q`: how much is told. */
import { rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk, jsonLines, linesOf } from "./cli/desk.js";

let desk: Desk;

beforeAll(async () => {
  desk = new Desk();
  desk.write({ "source/same": "same\n", "source/sub/grows": "1\n" });
  await desk.good(["backup", "--init", "source"]);
  desk.write({ "source/sub/grows": "1\n2\n", "source/new": 2_000 });
});
afterAll(() => desk[Symbol.dispose]());

test("a backup names each file with -vv, --verbose=2 and BCAT_VERBOSE=2, and restic's words with --json", async () => {
  const expected = [
    `changed    ${desk.path("source/sub/grows")}, 4 B`,
    `new        ${desk.path("source/new")}, 1.95 KiB`,
    `unmodified ${desk.path("source/same")}, 5 B`,
  ];
  const files = (stdout: string) =>
    linesOf(stdout)
      .filter((line) => /^(new|changed|unmodified) /.test(line))
      .sort();
  expect(files(await desk.good(["backup", "-vv", "-n", "source"]))).toEqual(expected);
  expect(files(await desk.good(["backup", "--verbose=2", "-n", "source"]))).toEqual(expected);
  expect(files(await desk.good(["backup", "-n", "source"], { env: { BCAT_VERBOSE: "2" } }))).toEqual(expected);
  expect(files(await desk.good(["backup", "-v", "-n", "source"]))).toEqual([]);
  expect(await desk.good(["backup", "-vv", "-q", "-n", "source"])).toBe("");
  const messages = jsonLines(await desk.good(["backup", "-vv", "--json", "-n", "source"]));
  const status = messages.filter(({ message_type: type }) => type === "verbose_status");
  expect(Object.fromEntries(status.map(({ item, action }) => [item, action]))).toEqual({
    [desk.path("source/same")]: "unchanged",
    [desk.path("source/sub/grows")]: "modified",
    [desk.path("source/new")]: "new",
  });
});

test("a restore names each entry with -vv", async () => {
  const entries = (stdout: string) =>
    linesOf(stdout)
      .filter((line) => /^(restored {2}|unchanged) /.test(line))
      .sort();
  const target = desk.path("out");
  const [grows, same] = [desk.path("source/sub/grows"), desk.path("source/same")];
  const all = [`restored   ${same}, 5 B`, `restored   ${grows}, 2 B`];
  expect(entries(await desk.good(["restore", "1", "all", target, "-vv", "-n"]))).toEqual(all);
  expect(entries(await desk.good(["restore", "1", "all", target, "-vv"]))).toEqual(all);
  rmSync(desk.path("out/sub/grows"));
  writeFileSync(desk.path("out/sub/other"), "");
  const again = await desk.good(["restore", "1", "all", target, "-vv", "--overwrite", "always"]);
  expect(entries(again)).toEqual([`restored   ${grows}, 2 B`, `unchanged  ${same}, 5 B`]);
});

test("-v says which repository and which cache were chosen", async () => {
  const { stderr } = await desk.bcat(["snapshots", "-v"]);
  expect(stderr).toContain(`repository in ${desk.repository}, cache in ${desk.path("home/.cache/bcat")}\n`);
  expect((await desk.bcat(["snapshots", "-v", "--no-cache"])).stderr).toContain(", no cache\n");
});

test("-v says which flags of restic's do nothing", async () => {
  const { stderr } = await desk.bcat(["snapshots", "-v", "--no-lock", "--retry-lock", "5m"]);
  expect(stderr).toContain("bcat: --no-lock does nothing: there are no locks\n");
  expect((await desk.bcat(["snapshots", "--no-lock"])).stderr).toBe("");
});
