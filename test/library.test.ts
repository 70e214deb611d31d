/** bcat as a library, as a stranger has it: the package installed in an empty folder, and the example of its page. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type * as library from "../packages/cli/src/library/index.js";
import { makeNpmPackage } from "../scripts/packages/npm.mjs";
import { isLongRun } from "./kit/long-run.js";

const root = resolve(import.meta.dirname, "..");
const secret = { passphrase: "correct horse battery staple" };

let folder: string;
let bcat: typeof library;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bcat-library-"));
  writeFileSync(join(folder, "package.json"), "{}");
  const [tarball] = makeNpmPackage({ root, output: folder, work: join(folder, "work"), time: 1_795_000_000 });
  const flags = ["--offline", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  execFileSync("npm", ["install", ...flags, tarball!], { cwd: folder });
  // What a user of TypeScript has.
  mkdirSync(join(folder, "node_modules/@types"));
  symlinkSync(join(root, "node_modules/@types/node"), join(folder, "node_modules/@types/node"));
  bcat = createRequire(join(folder, "x.js"))("bcat-backup") as typeof library;
  mkdirSync(join(folder, "source/below"), { recursive: true });
  writeFileSync(join(folder, "source/below/file"), "content");
  writeFileSync(join(folder, "source/left.tmp"), "left out");
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the example of docs/library.md is right in its types, and does what the page says", () => {
  const page = readFileSync(join(root, "docs/library.md"), "utf8");
  const [, example] = /```ts\n([\s\S]*?)```/.exec(page)!;
  writeFileSync(join(folder, "example.mts"), example!);
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const flags = "--strict --target es2022 --module nodenext --types node".split(" ");
  if (!isLongRun) flags.push("--skipLibCheck");
  const compiled = spawnSync(process.execPath, [compiler, ...flags, "example.mts"], { cwd: folder, encoding: "utf8" });
  expect(compiled).toMatchObject({ status: 0, stdout: "" });
  const run = () => {
    const { PATH } = process.env;
    const words = ["example.mjs", "source", "repository", "restored"];
    return spawnSync(process.execPath, words, { cwd: folder, env: { PATH, HOME: folder }, encoding: "utf8" });
  };
  expect(run().stdout).toMatch(
    /^snapshot 1: 1 new files, 0 errors\n1 {2}.*\nread 7 bytes of .*\/source\/below\/file\n/s,
  );
  expect(run()).toMatchObject({ status: 0, stdout: expect.stringMatching(/^snapshot 2: 0 new files/) });
  expect(readFileSync(join(folder, "restored/below/file"), "utf8")).toBe("content");
  expect(existsSync(join(folder, "restored/left.tmp"))).toBe(false);
});

describe("the library", () => {
  const place = () => ({ repository: join(folder, "other"), secret, cache: false as const });
  let repository: library.Repository;
  const large = Buffer.alloc(3_000_000, "abcdefghi");
  beforeAll(async () => {
    writeFileSync(join(folder, "large"), large);
    repository = await bcat.createRepository(place());
    await repository.backup([join(folder, "large"), join(folder, "source")], { tags: ["a"], host: "h" });
  });
  afterAll(() => repository.close());

  test("tells what a snapshot is", async () => {
    const [first, ...others] = await repository.snapshots();
    expect(others).toEqual([]);
    expect(first).toMatchObject({ number: 1, host: "h", tags: ["a"], files: 3, errors: 0 });
    expect(first!.paths).toEqual([join(folder, "large"), join(folder, "source")]);
  });

  test("reads a file piece by piece, and stops where its reader does", async () => {
    const pieces: Uint8Array[] = [];
    for await (const piece of repository.read(1, join(folder, "large"))) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(large)).toBe(true);
    for await (const piece of repository.read("latest", join(folder, "large"))) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
  });

  test("gives errors a code", async () => {
    const codeOf = async (use: () => Promise<unknown>) => {
      const error = await use().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return bcat.isError(error) ? error.code : error;
    };
    const readAll = async (path: string) => {
      for await (const _ of repository.read(1, path));
    };
    expect(await codeOf(() => readAll(join(folder, "source")))).toBe("usage");
    expect(await codeOf(() => readAll("/nowhere"))).toBe("not-found");
    expect(await codeOf(() => bcat.createRepository(place()))).toBe("exists");
    const wrong = { ...place(), secret: { passphrase: "another" } };
    expect(await codeOf(() => bcat.openRepository(wrong))).toBe("wrong-passphrase");
    expect(await codeOf(() => bcat.openRepository({ ...place(), repository: folder }))).toBe("no-repository");
    expect(await codeOf(() => repository.backup([join(folder, "missing")]))).toBe("source-failed");
    expect(bcat.isError(new Error("other"))).toBe(false);
  });
});
