/**
 * What comes back is compared by programs that are not ours: rsync, GNU tar, bsdtar, getfattr; and aspect by aspect, as
 * `bench/fidelity.mjs` asks other backup programs.
 */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage } from "@bcat/storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { program } from "./cli/desk.js";
import { openClient } from "./kit/client.js";
import { exactTimes } from "./kit/exact-times.js";
import { type Aspect, aspects, keeps, makeCorpus, unmake } from "./kit/fidelity-corpus.mjs";
import { makeScratch, type Scratch } from "./kit/scratch.js";

/** What needs koffi, and what is not restored at all: a socket is made by whoever listens to it. */
const notKept = (name: string) =>
  name === "sockets" ||
  (!exactTimes && /attributes?|control lists|capabilities|fifos|nodes|flags|holes|times/.test(name));

const NOBODY = 65_534;
const has = (name: string) => spawnSync(name, ["--version"], { stdio: "ignore" }).error === undefined;
const run = (name: string, ...words: string[]) =>
  execFileSync(name, words, { encoding: "latin1", maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "pipe"] });

let scratch: Scratch;
let source: string;
let target: string;
let made: Map<string, string>;
const why = new Map<string, string>();

beforeAll(async () => {
  scratch = makeScratch(2 ** 28)!;
  source = join(scratch.path, "source");
  target = join(scratch.path, "target");
  const corpus = await makeCorpus(source);
  made = new Map(corpus.made.map(({ aspect, folder }) => [aspect.name, folder]));
  for (const missing of corpus.missing) why.set(missing.aspect.name, missing.why);
  await using client = await openClient(createMemoryStorage());
  expect(await client.backup([source])).toMatchObject({ errors: 0 });
  expect(await client.restore("all", target)).toMatchObject({ errors: 0 });
});
afterAll(async () => {
  for (const path of [source, target]) unmake(path);
  await scratch[Symbol.asyncDispose]();
});

describe("comes back", () => {
  test.each(aspects.map((aspect: Aspect) => [aspect.name, aspect] as const))("%s", (name, aspect) => {
    const folder = made.get(name);
    if (folder === undefined) return skipFor(name, why.get(name) ?? "it could not be made");
    const answer = keeps(aspect, join(source, folder), join(target, folder));
    if (notKept(name)) expect(answer).not.toBe(true);
    else expect(answer).toBe(true);
  });
});

describe.runIf(exactTimes)("is the same for", () => {
  test.runIf(has("rsync"))("rsync -aHAXSn --checksum", () => {
    const sockets = made.get("sockets") ?? "none";
    const words = ["-aHAXSn", "--checksum", "--delete", "--itemize-changes", `--exclude=/${sockets}/socket`];
    expect(run("rsync", ...words, `${source}/`, `${target}/`)).toBe("");
  });

  test.runIf(has("tar"))("GNU tar --compare", () => {
    const archive = join(scratch.path, "source.tar");
    const without = `--exclude=./${made.get("sockets")}/socket`;
    run(
      "tar",
      "--create",
      "--format=posix",
      "--acls",
      "--xattrs",
      "--numeric-owner",
      without,
      "-C",
      source,
      "-f",
      archive,
      ".",
    );
    const { stdout, stderr } = spawnSync("tar", ["--compare", "--numeric-owner", "-C", target, "-f", archive], {
      encoding: "latin1",
    });
    expect(stdout + stderr).toBe("");
  });

  test.runIf(has("bsdtar"))("bsdtar --format=mtree", () => {
    const list = (folder: string) => {
      const options = "!all,type,mode,uid,gid,size,sha256,time,link,device,nlink";
      return run(
        "bsdtar",
        "-c",
        "-f",
        "-",
        "--format=mtree",
        "--options",
        options,
        "--exclude",
        "socket",
        "-C",
        folder,
        ".",
      ).split("\n");
    };
    expect(list(target)).toEqual(list(source));
  });

  test.runIf(has("getfattr"))("getfattr -R", () => {
    const list = (folder: string) => {
      const { stdout } = spawnSync("getfattr", ["-R", "-P", "-h", "-d", "-m", "-", "-e", "hex", "."], {
        cwd: folder,
        encoding: "latin1",
      });
      return stdout.split("\n\n").sort();
    };
    expect(list(target)).toEqual(list(source));
  });
});

/** What somebody who is not root loses, and why; all else is the same. */
const takesPrivileges = [
  // The owner can be set by root alone, and set-id bits go with it.
  "modes of files and folders",
  "owners, of links too",
  "device nodes",
  // Nobody else sees or sets them.
  "extended attributes of links",
  "attributes of the system (trusted)",
  "capabilities",
  "inode flags (immutable, append only, no dump)",
];

describe.runIf(process.geteuid?.() === 0 && exactTimes)("to somebody who is not root", () => {
  test("comes back all that takes no privileges, and what does not is counted", () => {
    const home = join(scratch.path, "nobody");
    const back = join(home, "target");
    fs.mkdirSync(home);
    fs.chownSync(home, NOBODY, NOBODY);
    fs.chmodSync(scratch.path, 0o711);
    const env = {
      ...{ PATH: process.env.PATH, HOME: home, BCAT_PASSWORD: "passphrase" },
      ...{ BCAT_REPOSITORY: join(home, "repository"), BCAT_CACHE_DIR: join(home, "cache") },
    };
    const bcat = (...words: string[]) => {
      const become = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
      return spawnSync("setpriv", [...become, program, ...words], { encoding: "utf8", env, cwd: home });
    };
    // Files of mode 0400 are root's: they cannot be read, and that is said.
    expect(bcat("backup", "--init", source)).toMatchObject({ status: 3 });
    const { stderr } = bcat("restore", "latest", "all", back);
    expect(stderr).toContain("owners were not restored, that takes privileges");
    expect(stderr).toContain("device nodes were not restored, that takes privileges");
    const different = aspects.filter(({ name, ...aspect }) => {
      const folder = made.get(name);
      if (folder === undefined || notKept(name)) return false;
      return keeps({ name, ...aspect }, join(source, folder), join(back, folder)) !== true;
    });
    expect(different.map(({ name }) => name)).toEqual(takesPrivileges.filter((name) => made.has(name)));
  });
});

function skipFor(name: string, reason: string): void {
  process.stdout.write(`skipped: ${name}: ${reason}\n`);
}
