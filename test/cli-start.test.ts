/** The program as it is installed: one file, what V8 compiled of it, and packages beside it, of which some may be missing. */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
/** Packages that no install can do without. */
const needed = ["@bokuweb", "blake3-wasm", "fastcdc-wasm"];
const program = "dist/bcat.cjs";
const code = `${program}.${process.version}-${process.arch}`;

let folder: string;
let compiled: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "bcat-start-"));
  for (const part of ["bin", "package.json", program, code])
    fs.cpSync(join(root, "packages/cli", part), join(folder, "bcat", part), { recursive: true });
  compiled = join(folder, "bcat", code);
  fs.mkdirSync(join(folder, "node_modules"));
  for (const name of needed) fs.symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function bcat(words: string[], env: Record<string, string> = {}) {
  const { PATH } = process.env;
  const all = { PATH, HOME: folder, BCAT_PASSWORD: "x", ...env };
  return spawnSync(process.execPath, [join(folder, "bcat/bin/bcat.js"), ...words], { env: all, encoding: "utf8" });
}

describe("bcat starts", () => {
  const expectStarts = () => {
    const { status, stdout, stderr } = bcat(["version"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^bcat \d+\.\d+\.\d+ on Node\.js v/);
  };

  test("without compiled code", () => {
    fs.rmSync(compiled);
    expectStarts();
  });

  test("with compiled code of which a byte is wrong, wherever it is", () => {
    const whole = fs.readFileSync(compiled);
    for (let i = 0; i < 12; i++) {
      const damaged = Buffer.from(whole);
      damaged[Math.floor((i * whole.length) / 12)]! ^= 0x10;
      fs.writeFileSync(compiled, damaged);
      expectStarts();
    }
  });

  test.each([0, 1, 32, 40, 10_000])("with compiled code that is cut off after %i bytes", (length) => {
    fs.truncateSync(compiled, length);
    expectStarts();
  });

  test("with compiled code of another program of the same length", () => {
    const path = join(folder, "bcat", program);
    const changed = fs
      .readFileSync(path, "latin1")
      .replace(/"bcat /g, '"BCAT ')
      .replace(/`bcat /g, "`BCAT ");
    fs.writeFileSync(path, changed, "latin1");
    expect(bcat(["version"]).stdout).toMatch(/^BCAT \d/);
  });
});

test("bcat works where no optional package is installed, and says so when one is required", () => {
  fs.writeFileSync(join(folder, "file"), "content");
  const { stdout } = bcat(["version"]);
  for (const part of [/^blake3 +blake3-wasm$/m, /^posix +node$/m]) expect(stdout).toMatch(part);
  expect(bcat(["version"], { BCAT_ACCELERATORS: "required" }).status).toBe(1);
  for (const words of [
    ["backup", "--init", join(folder, "file")],
    ["restore", "latest", "all", join(folder, "back")],
  ])
    expect(bcat(words)).toMatchObject({ status: 0 });
  expect(execFileSync("find", [join(folder, "back"), "-type", "f"], { encoding: "utf8" })).toMatch(/file\n$/);
});

test("an unexpected error is told with the lines of the sources when BCAT_DEBUG is set", () => {
  const { stderr } = bcat(["--frob"], { BCAT_DEBUG: "1" });
  expect(stderr).toMatch(/at readWords \(.*(words\.ts|bcat\.cjs):\d+:\d+\)/);
});
