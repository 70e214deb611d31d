/** Words, variables, passphrases and names that are wrong: each with its exit code, one line, and nothing changed. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, DeskWithSnapshot, noMessage, passphrase, program } from "./cli/desk.js";
import { expectClean, expectJsonRefusal, expectRefusal, expectWarnings } from "./cli/refusal.js";

const models = new DeskWithSnapshot();
/** With snapshot 1 of `source`; nobody here may change its repository. */
let desk: Desk;
/** With a repository that a passphrase opens: to try one takes longer than all else. */
let locked: Desk;
/** With a repository and no snapshot. */
let empty: Desk;

beforeAll(async () => {
  desk = await models.open();
  empty = new Desk();
  await empty.good(["init"]);
  desk.write({ "bad-excludes": "fine\n[z-a]\n", "a-file": "no folder\n" });
  locked = new Desk("passphrase");
  await locked.good(["init"]);
  locked.write({
    "source/a.txt": "alpha\n",
    "empty-file": "",
    newline: "\n",
    nul: "pass\0word",
    "wrong-password": "not the passphrase\n",
  });
  for (const one of [desk, locked]) writeFileSync(one.path("utf16"), Buffer.from("\ufeffpassword", "utf16le"));
  writeFileSync(locked.path("latin1"), Buffer.from("pa\xdfword", "latin1"));
  mkdirSync(desk.path("nothing-here"));
});

afterAll(() => {
  for (const one of [locked, empty, desk, models]) one[Symbol.dispose]();
});

interface Case {
  readonly words: readonly string[];
  readonly code: number;
  readonly says: RegExp;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

const noPassword = { BCAT_PASSWORD: undefined };
const long = "x".repeat(5000);

const commandLines: Record<string, Case> = {
  "an unknown command": {
    words: ["bakcup", "source"],
    code: 2,
    says: /unknown command "bakcup": did you mean bcat backup/,
  },
  "an unknown command with the name of a property": { words: ["constructor"], code: 2, says: /unknown command/ },
  "an unknown flag": { words: ["snapshots", "--bogus"], code: 2, says: /unknown flag --bogus.*help snapshots/ },
  "an unknown short flag": { words: ["snapshots", "-Z"], code: 2, says: /unknown flag -Z/ },
  "an unknown flag with the name of a property": {
    words: ["snapshots", "--__proto__=1"],
    code: 2,
    says: /unknown flag/,
  },
  "a flag of another command": { words: ["snapshots", "--read-data"], code: 2, says: /--read-data.*bcat snapshots/ },
  "a parent and none at once": {
    words: ["backup", "--parent", "1", "--force", "source"],
    code: 2,
    says: /both --parent and --force/,
  },
  "a shortened flag": { words: ["snapshots", "--rep", "x"], code: 2, says: /unknown flag --rep/ },
  "a negated switch": { words: ["snapshots", "--no-json"], code: 2, says: /unknown flag --no-json/ },
  "a scalar flag twice": { words: ["snapshots", "--repo", "a", "-r", "b"], code: 2, says: /--repository twice/ },
  "a flag without its value": { words: ["snapshots", "--repo"], code: 2, says: /--repo: it needs a value/ },
  "a flag for the value of another": {
    words: ["backup", "--tag", "--quiet", "source"],
    code: 2,
    says: /--tag.*--tag=--quiet/,
  },
  "a value that is none of the choices": {
    words: ["backup", "--compression", "ultra", "source"],
    code: 2,
    says: /"ultra".*off, fastest/,
  },
  "a switch neither on nor off": { words: ["snapshots", "--json=maybe"], code: 2, says: /"maybe"/ },
  "an empty tag": { words: ["backup", "--tag=", "source"], code: 2, says: /--tag.*empty/ },
  "an empty tag between commas": { words: ["backup", "--tag", "a,,b", "source"], code: 2, says: /--tag.*empty/ },
  "an empty host": { words: ["backup", "--host", "", "source"], code: 2, says: /--host.*empty/ },
  "an empty --repo": { words: ["snapshots", "--repo", ""], code: 2, says: /--repo.*empty/ },
  "an empty path": { words: ["backup", ""], code: 2, says: /empty/ },
  "no path": { words: ["backup"], code: 2, says: /missing path.*bcat backup/ },
  "no path after --tag": { words: ["backup", "--tag", "source"], code: 2, says: /missing path/ },
  "no path after --": { words: ["backup", "--"], code: 2, says: /missing path/ },
  "no snapshot to list": { words: ["ls"], code: 2, says: /missing <snapshot>.*bcat ls <snapshot>/ },
  "no target": { words: ["restore", "1", "all"], code: 2, says: /missing <target>.*bcat restore 1 all \/tmp/ },
  "a target without a path": {
    words: ["restore", "1", "out"],
    code: 2,
    says: /missing <target>.*for everything into "out": bcat restore 1 all out, or as with restic bcat restore 1 --target out$/m,
  },
  "no path and no target": {
    words: ["restore", "1"],
    code: 2,
    says: /missing <path> and <target>.*bcat restore 1 all/,
  },
  "all beside other paths": { words: ["restore", "1", "all", "a.txt", "out"], code: 2, says: /"all" beside other/ },
  "no folder after the colon": { words: ["restore", "1:", "out"], code: 2, says: /after the colon/ },
  "whose latest, with a number": {
    words: ["restore", "1", "all", "out", "--host", "mars"],
    code: 2,
    says: /--host with snapshot "1"/,
  },
  "an order that no entry has": { words: ["ls", "1", "--sort", "atime"], code: 2, says: /"atime" is not one of name/ },
  "words where none belong": { words: ["check", "1"], code: 2, says: /"1"/ },
  "a line of control characters": { words: ["\u001b[31mred\nline"], code: 2, says: /\\x1b\[31mred\\x0aline/ },
  "an exclude file that is missing": {
    words: ["backup", "--exclude-file", "gone", "source"],
    code: 2,
    says: /--exclude-file "gone"/,
  },
  "an exclude file of UTF-16": {
    words: ["backup", "--exclude-file", "utf16", "source"],
    code: 2,
    says: /it has NUL bytes, as UTF-16 has; write it in UTF-8/,
  },
  "an exclude pattern that is malformed": {
    words: ["backup", "--exclude", "[z-a]", "source"],
    code: 2,
    says: /\[z-a\]/,
  },
  "a malformed pattern in a file": {
    words: ["backup", "--exclude-file", "bad-excludes", "source"],
    code: 2,
    says: /\[z-a\]/,
  },
};

const variables: Record<string, Case> = {
  BCAT_ACCELERATORS: {
    words: ["snapshots"],
    env: { BCAT_ACCELERATORS: "bogus" },
    code: 2,
    says: /BCAT_ACCELERATORS.*"bogus".*off, auto, required/,
  },
  "BCAT_ACCELERATORS, for version": {
    words: ["version"],
    env: { BCAT_ACCELERATORS: "" },
    code: 2,
    says: /BCAT_ACCELERATORS/,
  },
  BCAT_JSON: { words: ["snapshots"], env: { BCAT_JSON: "perhaps" }, code: 2, says: /BCAT_JSON.*"perhaps"/ },
  BCAT_COMPRESSION: {
    words: ["backup", "source"],
    env: { BCAT_COMPRESSION: "9" },
    code: 2,
    says: /BCAT_COMPRESSION.*"9"/,
  },
  BCAT_PROGRESS_FPS: {
    words: ["backup", "source"],
    env: { BCAT_PROGRESS_FPS: "fast" },
    code: 2,
    says: /BCAT_PROGRESS_FPS.*"fast"/,
  },
  "an empty BCAT_REPOSITORY": {
    words: ["snapshots"],
    env: { BCAT_REPOSITORY: "" },
    code: 2,
    says: /BCAT_REPOSITORY.*empty/,
  },
  "BCAT_REPO beside BCAT_REPOSITORY": {
    words: ["snapshots"],
    env: { BCAT_REPO: "x" },
    code: 2,
    says: /both BCAT_REPOSITORY and BCAT_REPO/,
  },
  "no HOME and no repository named": {
    words: ["snapshots"],
    env: { HOME: undefined, BCAT_REPOSITORY: undefined },
    code: 2,
    says: /HOME is not set.*--repo/,
  },
};

const passphrases: Record<string, Case> = {
  "the variable of a file beside it": {
    words: ["snapshots"],
    env: { BCAT_PASSWORD_FILE: "newline" },
    code: 2,
    says: /two passphrase sources.*--password-file.*BCAT_PASSWORD/,
  },
  "a file and a command": {
    words: ["snapshots", "-p", "newline", "--password-command", "echo x"],
    env: noPassword,
    code: 2,
    says: /two passphrase sources/,
  },
  "two other variables": {
    words: ["snapshots"],
    env: { BCAT_PASSWORD_COMMAND: "echo x" },
    code: 2,
    says: /two passphrase sources/,
  },
  "an empty variable": { words: ["snapshots"], env: { BCAT_PASSWORD: "" }, code: 2, says: /BCAT_PASSWORD.*empty/ },
  "the wrong one": {
    words: ["snapshots"],
    env: { BCAT_PASSWORD: "guess" },
    code: 12,
    says: /wrong passphrase (in|from) /,
  },
  "the wrong one, for init where a repository is": {
    words: ["init"],
    env: { BCAT_PASSWORD: "guess" },
    code: 1,
    says: /already/,
  },
  "the wrong one in a file": {
    words: ["backup", "-p", "wrong-password", "source"],
    env: noPassword,
    code: 12,
    says: /wrong passphrase/,
  },
  "an empty file": {
    words: ["snapshots", "-p", "empty-file"],
    env: noPassword,
    code: 12,
    says: /passphrase in file "empty-file" is empty/,
  },
  "none, and no terminal": {
    words: ["snapshots"],
    env: noPassword,
    code: 12,
    says: /no terminal; give --password-file, --password-command, --key-file or BCAT_PASSWORD/,
  },
  "none for init, and no terminal": { words: ["init", "-r", "new"], env: noPassword, code: 12, says: /no terminal/ },
  "an empty file for init": {
    words: ["init", "-r", "new", "-p", "empty-file"],
    env: noPassword,
    code: 2,
    says: /passphrase in file "empty-file" is empty/,
  },
  "a newline for init": {
    words: ["init", "-r", "new", "-p", "newline"],
    env: noPassword,
    code: 2,
    says: /passphrase in file "newline" is empty/,
  },
  "an empty output for init": {
    words: ["init", "-r", "new", "--password-command", "true"],
    env: noPassword,
    code: 2,
    says: /passphrase from the password command is empty/,
  },
  "a file that is missing": {
    words: ["snapshots", "-p", "gone"],
    env: noPassword,
    code: 12,
    says: /password file "gone": no such file/,
  },
  "a folder for a file": {
    words: ["snapshots", "-p", "source"],
    env: noPassword,
    code: 12,
    says: /password file "source": it is a folder/,
  },
  "a file of UTF-16": {
    words: ["snapshots", "-p", "utf16"],
    env: noPassword,
    code: 2,
    says: /"utf16": it is UTF-16.*UTF-8/,
  },
  "a file with a NUL": {
    words: ["snapshots", "-p", "nul"],
    env: noPassword,
    code: 2,
    says: /"nul": it holds a NUL byte/,
  },
  "a file of Latin-1": {
    words: ["snapshots", "-p", "latin1"],
    env: noPassword,
    code: 2,
    says: /"latin1": it is not UTF-8/,
  },
  "a file without end": {
    words: ["snapshots", "-p", "/dev/zero"],
    env: noPassword,
    code: 2,
    says: /longer than 65536 bytes/,
  },
  "a command that fails": {
    words: ["snapshots", "--password-command", `echo ${passphrase}; exit 3`],
    env: noPassword,
    code: 12,
    says: /password command ended with status 3/,
  },
  "a command that is unknown": {
    words: ["snapshots", "--password-command", "exec 2>/dev/null; bogus-command"],
    env: noPassword,
    code: 12,
    says: /status 127/,
  },
  "a command that dies": {
    words: ["snapshots", "--password-command", "kill -9 $$"],
    env: noPassword,
    code: 12,
    says: /killed by SIGKILL/,
  },
};

const repositories: Record<string, Case> = {
  "a server of SFTP": {
    words: ["snapshots", "--repo", "sftp:me@host:/backups"],
    code: 2,
    says: /"sftp:.*not supported by this version/,
  },
  "a bucket of S3 with its keys": {
    words: ["snapshots", "--repo", "s3:https://key:hush@host/bucket"],
    code: 2,
    says: /^(?!.*hush).*keys do not belong there/,
  },
  "an unknown scheme": { words: ["snapshots", "--repo", "gopher://x/y"], code: 2, says: /"gopher:/ },
  "a malformed URL": { words: ["snapshots", "--repo", "file://host/x"], code: 2, says: /file:\/\/\// },
  "an empty folder": {
    words: ["snapshots", "--repo", "nothing-here"],
    code: 10,
    says: /nothing-here.*there is none.*bcat init/,
  },
  nowhere: {
    words: ["snapshots"],
    env: { BCAT_REPOSITORY: "/nowhere/at/all" },
    code: 10,
    says: /\/nowhere\/at\/all.*bcat init/,
  },
  "nowhere, for a backup": { words: ["backup", "-r", "gone", "source"], code: 10, says: /bcat init/ },
  "nowhere, for a dry run": {
    words: ["backup", "--init", "--dry-run", "-r", "gone", "source"],
    code: 10,
    says: /bcat init/,
  },
  "a file": { words: ["snapshots", "--repo", "a-file"], code: 10, says: /a-file/ },
  "a file, for init": {
    words: ["init", "--repo", "a-file"],
    code: 11,
    says: /a-file.*(ENOTDIR|not a (folder|directory))/,
  },
  "below a file": { words: ["snapshots", "--repo", "a-file/x"], code: 10, says: /a-file/ },
  "one that is there, for init": { words: ["init"], code: 1, says: /there is one already/ },
  "a path longer than any system allows": {
    words: ["snapshots", "--repo", `/${long}`],
    code: 11,
    says: /ENAMETOOLONG|too long/,
  },
};

const selectors: Record<string, Case> = {
  "a number not given yet": { words: ["ls", "2"], code: 1, says: /snapshot 2: .*the newest is 1/ },
  "more back than there are": { words: ["ls", "latest~9"], code: 1, says: /"latest~9": the newest is 1/ },
  zero: { words: ["ls", "0"], code: 2, says: /"0": give a number, "latest"/ },
  "1e3": { words: ["ls", "1e3"], code: 2, says: /"1e3"/ },
  "01": { words: ["ls", "01"], code: 2, says: /"01"/ },
  "1.0": { words: ["ls", "1.0"], code: 2, says: /"1.0"/ },
  "-1": { words: ["ls", "-1"], code: 2, says: /unknown flag -1/ },
  "-1 after --": { words: ["ls", "--", "-1"], code: 2, says: /"-1": give a number/ },
  abc: { words: ["ls", "abc"], code: 2, says: /"abc"/ },
  "latest~": { words: ["ls", "latest~"], code: 2, says: /"latest~"/ },
  "latest~x": { words: ["restore", "latest~x", "all", "out"], code: 2, says: /"latest~x"/ },
  "a number beyond all": { words: ["ls", "9".repeat(30)], code: 2, says: /999/ },
  "the largest number": { words: ["ls", "9999999999"], code: 1, says: /9999999999/ },
  "an unknown path to list": {
    words: ["ls", "1", "gone"],
    code: 1,
    says: /"gone" in snapshot 1, which has "\/.*source"/,
  },
  "a snapshot of an unknown host": {
    words: ["ls", "latest", "--host", "mars"],
    code: 1,
    says: /"latest": none is of host "mars"; bcat snapshots lists them/,
  },
  "the latest of a host and two tags, of which there is none": {
    words: ["restore", "latest", "all", "out", "--host", "mars", "--tag", "a,b", "--tag", "c"],
    code: 1,
    says: /none is of host "mars", tag "a,b", tag "c"; /,
  },
  "a path that is nearly right": {
    words: ["restore", "1", "flder/b.bin", "out"],
    code: 1,
    says: /"flder\/b.bin" in snapshot 1.*did you mean ".*\/source\/folder"\?/,
  },
  "one path twice": { words: ["restore", "1", "a.txt", "./a.txt", "out"], code: 2, says: /a\.txt" twice/ },
  "a file after the colon": {
    words: ["restore", "1:a.txt", "out"],
    code: 2,
    says: /a\.txt" of snapshot 1: it is no folder/,
  },
  "an unknown path to restore": { words: ["restore", "1", "/etc", "out"], code: 1, says: /\/etc.*snapshot 1/ },
  "a path below a file": { words: ["restore", "1", "a.txt/x", "out"], code: 1, says: /a\.txt\/x/ },
  "./all, when no file is called so": { words: ["restore", "1", "./all", "out"], code: 1, says: /all/ },
  "a path that climbs out": { words: ["restore", "1", "../../etc", "out"], code: 1, says: /etc/ },
};

const sources: Record<string, Case> = {
  "one that is missing": { words: ["backup", "gone"], code: 1, says: /gone/ },
  "all of several missing": { words: ["backup", "gone", "away"], code: 1, says: /gone/ },
  "one below a file": { words: ["backup", "a-file/x"], code: 1, says: /a-file\/x/ },
  "a path longer than any system allows": { words: ["backup", `/${long}`], code: 1, says: /ENAMETOOLONG|too long/ },
  "a name longer than any system allows": {
    words: ["backup", `/tmp/${"n".repeat(300)}`],
    code: 1,
    says: /ENAMETOOLONG|too long/,
  },
};

/** Where a passphrase is the subject, there is one. */
const deskFor = (cases: Record<string, Case>) => (cases === passphrases ? locked : desk);

function refusesEach(cases: Record<string, Case>): void {
  test.concurrent.each(Object.entries(cases))("%s", async (_name, { words, code, says, env, cwd }) => {
    const desk = deskFor(cases);
    const before = desk.list();
    expectRefusal(await desk.bcat(words, { ...(env && { env }), ...(cwd && { cwd }) }), { code, says });
    expect(desk.list()).toEqual(before);
    expect(desk.list(desk.path("new"))).toEqual([]);
  });
}

describe.concurrent("bcat refuses", () => {
  describe("a command line with", () => refusesEach(commandLines));
  describe("an invalid variable:", () => refusesEach(variables));
  describe("a passphrase:", () => refusesEach(passphrases));
  describe("a repository at", () => refusesEach(repositories));
  describe("a snapshot or path:", () => refusesEach(selectors));
  describe("a source:", () => refusesEach(sources));

  test.concurrent.each([
    ["ls", "latest"],
    ["ls", "latest~9"],
    ["restore", "1", "all", "out"],
  ])("%s %s of a repository without snapshots", async (...words) => {
    expectRefusal(await empty.bcat(words), { code: 1, says: /there are no snapshots/ });
  });
});

describe.concurrent("bcat --json refuses with one object", () => {
  const some = [commandLines, variables, passphrases, repositories, selectors, sources].flatMap((cases) =>
    Object.entries(cases)
      .filter((_, index) => index % 9 === 1)
      .map(([name, refused]) => ({ name, cases, ...refused })),
  );

  test.concurrent.each(some)("$name", async ({ cases, words, code, says, env }) => {
    const run = await deskFor(cases).bcat(["--json", ...words], { ...(env && { env }) });
    // In JSON the message is a sentence of its own.
    expectJsonRefusal(run, { code, says: new RegExp(says.source, "i") });
  });

  test("when a variable asks for it", async () => {
    const run = await desk.bcat(["backup", "--bogus"], { env: { BCAT_JSON: "1" } });
    expectJsonRefusal(run, { code: 2, says: /--bogus/ });
  });

  test("not when it stands after --", async () => {
    expectRefusal(await desk.bcat(["ls", "abc", "--", "--json"]), { code: 2, says: /"abc"/ });
  });
});

describe.concurrent("bcat goes on", () => {
  let other: Desk;

  beforeAll(async () => {
    other = await models.open();
  });
  afterAll(() => other[Symbol.dispose]());

  test("without a command, to show the help, and fails", async () => {
    const run = await desk.bcat([]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain("bcat backup");
    expect(run.stderr).toMatch(/\nbcat: missing command: .*\n$/);
  });

  test("with --init where a repository is", async () => {
    expect((await other.bcat(["backup", "--init", "source"])).code).toBe(0);
  });

  test("without one of several sources, and says so by its exit code", async () => {
    const run = await other.bcat(["backup", "--host", "several", "source", "gone"]);
    expectWarnings(run, 3, [/gone/]);
    expect(run.stdout).toMatch(/^(?:no parent[^\n]*\n)?snapshot \d+: 2 files/);
    expect((await other.bcat(["backup", "--host", "several", "source", "gone"])).code).toBe(3);
  });

  test("without a cache where none can be, and warns once", async () => {
    const run = await desk.bcat(["ls", "1", "a.txt", "--cache-dir", "a-file/cache"]);
    expectWarnings(run, 0, [/cache.*ENOTDIR.*going on without/]);
    expect(run.stdout).toBe(`${desk.root}/a.txt\n`);
  });

  test("without a cache in a folder that cannot be written, and warns once", async () => {
    mkdirSync(desk.path("no-cache-here"), { mode: 0o500 });
    const run = await desk.bcat(["ls", "1", "a.txt", "--cache-dir", "no-cache-here"], { unprivileged: true });
    expectWarnings(run, 0, [/cache.*going on without/]);
  });

  test.skipIf(!existsSync("/proc/self"))(
    "without a cache below /proc, where Node's own mkdir never returns",
    async () => {
      const run = await desk.bcat(["ls", "1", "a.txt", "--cache-dir", "/proc/nowhere/cache"]);
      expectWarnings(run, 0, [/cache.*going on without/]);
    },
  );

  test("without HOME when a repository is named, and warns once", async () => {
    expectWarnings(await desk.bcat(["snapshots"], { env: { HOME: undefined } }), 0, [/HOME.*--cache-dir/]);
  });

  test("with --no-cache, and leaves none", async () => {
    expectWarnings(
      await empty.bcat(["snapshots", "--no-cache", "-q"], { env: { HOME: empty.path("nowhere") } }),
      0,
      [],
    );
    expect(empty.list(empty.path("nowhere"))).toEqual([]);
  });

  test("quietly when nobody reads what it prints", async () => {
    for (const line of ["ls 1", "snapshots", "--help", "check", "ls 1 --json"]) {
      const run = await desk.run(["bash", "-c", `"$0" ${line} | head -c0; exit \${PIPESTATUS[0]}`, program]);
      expectClean(run);
      expect(run).toMatchObject({ code: 0, stderr: noMessage });
    }
  });

  test("not when what it prints cannot be written", async () => {
    const run = await desk.run(["bash", "-c", '"$0" ls 1 > /dev/full', program]);
    expectRefusal(run, { code: 1, says: /cannot write to stdout: no space left \(ENOSPC\)$/m });
  });
});

test("a repository that has lost its config is damaged, and init makes no second one in it", async () => {
  using broken = await models.open();
  rmSync(broken.path("repository/config"));
  expectRefusal(await broken.bcat(["snapshots"]), { code: 1, says: /"config" is missing/ });
  expectRefusal(await broken.bcat(["check"]), { code: 21, says: /"config" is missing/ });
  expectRefusal(await broken.bcat(["init"]), { code: 1, says: /there is one already/ });
});
