import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "./commands.js";
import { manualPages } from "./manual.js";
import { globalFlags } from "./options.js";

const pages = manualPages("November 27, 2026");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bcat-man-"));
  for (const { file, text } of pages) writeFileSync(join(folder, file), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Says so where it is not here. */
function has(program: string): boolean {
  if (spawnSync(program, ["-V"]).error === undefined) return true;
  process.stdout.write(`manual: skipped what ${program} has to say: it is not installed\n`);
  return false;
}

test("there is a page of bcat, and one of each command, with all flags", () => {
  expect(pages.map(({ file }) => file)).toEqual(["bcat.1", ...commands.map(({ name }) => `bcat-${name}.1`)]);
  for (const [i, { flags }] of [{ flags: globalFlags }, ...commands].entries())
    for (const name of Object.keys(flags)) expect(pages[i]!.text).toContain(`Fl -${name}`);
});

test("no line begins with what the formatter would obey, but for its requests", () => {
  for (const { text } of pages)
    for (const line of text.split("\n"))
      expect(line).toMatch(/^(\.(Dd|Dt|Os|Sh|Ss|Nm|Nd|Op|Ar|Sy|Bl|It|El|Pp|Xr)\b|(?![.'])|$)/);
});

describe.skipIf(!has("mandoc"))("mandoc", () => {
  test("finds nothing to say, but that pages of others are not installed", () => {
    const { stdout } = spawnSync("mandoc", ["-Tlint", ...pages.map(({ file }) => join(folder, file))], {
      encoding: "utf8",
    });
    expect(stdout.split("\n").filter((line) => line !== "" && !line.includes("referenced manual not found"))).toEqual(
      [],
    );
  });
});

describe.skipIf(!has("man"))("man", () => {
  test("shows a page", () => {
    const env = { ...process.env, MANWIDTH: "80", LC_ALL: "C.UTF-8" };
    const text = execFileSync("man", ["-l", join(folder, "bcat-ls.1")], { encoding: "utf8", env });
    expect(text).toMatch(/-H, --host HOST\n +latest is the newest of this host/);
    expect(text).toContain("\\xNN stands for a byte");
  });
});
