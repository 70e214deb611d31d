/** What `npm install --global` gets: laid out as for `npm pack`, without asking a registry. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { layOutForNpm } from "../scripts/packages/npm.mjs";

const root = resolve(import.meta.dirname, "..");

let work: string;
let folder: string;
let files: string[];
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "bcat-npm-"));
  folder = join(work, "bcat-backup");
  layOutForNpm({ root, folder, time: 1_795_000_000 });
  files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();
});
afterAll(() => rmSync(work, { recursive: true }));

test("the package asks the registry for nothing but optional native parts, and runs no scripts", () => {
  const description = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
  expect(description).toMatchObject({ name: "bcat-backup", license: "MIT", bin: { bcat: "bin/bcat.js" } });
  for (const field of ["private", "scripts", "dependencies", "devDependencies", "peerDependencies"])
    expect(description).not.toHaveProperty(field);
  expect(Object.keys(description.optionalDependencies as object)).toEqual([
    "@napi-rs/blake-hash",
    "koffi",
    "zstd-napi",
  ]);
});

test("the package has neither sources nor tests, and the licences of all that is in it", () => {
  expect(files.filter((path) => /\.(ts|map|test\.\w+)$|\.v\d+\./.test(path))).toEqual([
    "dist/library/index.d.ts",
    "dist/library/open.d.ts",
    "dist/library/options.d.ts",
  ]);
  for (const path of ["LICENSE", "README.md", "bin/bcat.js", "dist/bcat.cjs"]) expect(files).toContain(path);
  const notices = readFileSync(join(folder, "dist/THIRD-PARTY-NOTICES.txt"), "utf8");
  const used = ["msgpackr", "pg", "@aws-sdk/client-s3", "blake3-wasm", "fastcdc-wasm", "@bokuweb/zstd-wasm"];
  for (const name of used) expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+: `, "m"));
});

test("the package has the manual, which npm puts where man finds it", () => {
  const { man } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { man: string[] };
  expect(man).toEqual(files.filter((path) => path.startsWith("man/")));
  expect(man).toEqual(expect.arrayContaining(["man/bcat.1", "man/bcat-backup.1"]));
  expect(readFileSync(join(folder, "man/bcat.1"), "utf8")).toMatch(/^\.Dd November 18, 2026$/m);
});

test("the package backs up and restores with nothing else installed", () => {
  const bcat = (...words: string[]) => {
    const env = { PATH: process.env.PATH, HOME: work, BCAT_PASSWORD: "x", BCAT_REPOSITORY: join(work, "repository") };
    return spawnSync(process.execPath, [join(folder, "bin/bcat.js"), ...words], { env, encoding: "utf8" });
  };
  expect(bcat("version").stdout).toMatch(/^not installed: zstd-napi .*@napi-rs\/blake-hash .*koffi /m);
  expect(bcat("backup", "--init", "--threads", "2", folder).status).toBe(0);
  expect(bcat("restore", "latest", "all", join(work, "restored")).status).toBe(0);
  execFileSync("diff", ["-r", folder, join(work, "restored")]);
});

/** Whoever registers a name that npx asks for is run with the passphrase in the environment. */
test("nothing tells npx or npm to fetch a package by the name of the program", () => {
  const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
  const texts = tracked.filter(
    (path) => !/^(package-lock\.json|test\/fixtures\/|docs\/decisions\/|test\/npm-package)/.test(path),
  );
  const asks =
    /\b(npx|npm (exec|x)|pnpm dlx|bunx|yarn dlx)\s+(-\S+\s+)*["']?bcat\b|\bnpm (i|install|add)\s+(-\S+\s+)*bcat(-backup)?(\s|$)/;
  const found = texts.filter((path) => asks.test(readFileSync(join(root, path), "utf8")));
  // What npm shows beside the package is read by those who can have it.
  expect(found).toEqual(["packages/cli/NPM.md"]);
});
