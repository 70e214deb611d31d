/** Sources in a folder that may be entered but not listed, such as the homes of others with mode 0711. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCommands } from "./kit/command.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const asRoot = process.geteuid?.() === 0;
/** Root reads everything, but for these. */
const CAPABILITIES = "-dac_override,-dac_read_search";
const ordinary = asRoot ? ["setpriv", `--bounding-set=${CAPABILITIES}`, `--inh-caps=${CAPABILITIES}`] : [];

let scratch: Scratch;
let folder: string;

beforeAll(() => {
  scratch = makeScratch(2 ** 24)!;
  folder = join(scratch.path, "closed");
  fs.mkdirSync(join(folder, "folder/inner"), { recursive: true });
  fs.writeFileSync(join(folder, "folder/inner/file"), "in a folder");
  fs.writeFileSync(join(folder, "file"), "by itself");
  fs.symlinkSync("file", join(folder, "link"));
  // Another's folder; where there is no other, one that its owner has closed to himself.
  if (asRoot) fs.chownSync(folder, 65_534, 65_534);
  fs.chmodSync(folder, asRoot ? 0o711 : 0o311);
});
afterAll(async () => {
  fs.chmodSync(folder, 0o755);
  await scratch[Symbol.asyncDispose]();
});

const isCapable = () => {
  try {
    execFileSync("setpriv", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

test.skipIf(asRoot && !isCapable()).each(["auto", "off"])(
  "a folder, a file and a symbolic link in it are backed up, accelerators %s",
  async (mode) => {
    const { run } = makeCommands(join(scratch.path, mode));
    const through = ["env", `BCAT_ACCELERATORS=${mode}`, ...ordinary];
    expect(() => execFileSync(through[0]!, [...through.slice(1), "ls", folder], { stdio: "pipe" })).toThrow();
    const paths = ["folder", "file", "link"].map((name) => join(folder, name));
    const errors = mode === "auto" ? "" : expect.stringContaining('"code":"attributes-not-stored"');
    const result = await run(["backup", "--init", "--json", "--quiet", ...paths], { through });
    expect(result).toMatchObject({ exitCode: 0, errors, summary: { files_new: 2, dirs_new: 2, error_count: 0 } });
    const alone = await run(["backup", "--json", join(folder, "file")], { through });
    expect(alone).toMatchObject({ exitCode: 0, errors, summary: { files_unmodified: 1 } });
    const listed = await run(["ls", "1"], { through });
    expect(listed.output.trim().split("\n")).toHaveLength(5);
    // The folder itself cannot be listed: it is named, and nothing is there to be committed.
    expect(await run(["backup", folder], { through })).toMatchObject({ exitCode: 1 });
  },
);
