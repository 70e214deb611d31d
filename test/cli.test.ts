/** The built program as its users meet it: every command, in text and in JSON. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, DeskWithSnapshot, isIncidental, jsonLines, linesOf, noMessage, passphrase } from "./cli/desk.js";

const models = new DeskWithSnapshot();
/** With snapshot 1 of `source`, and nobody changes its repository. */
let desk: Desk;
beforeAll(async () => {
  desk = await models.open();
});
afterAll(() => {
  desk[Symbol.dispose]();
  models[Symbol.dispose]();
});

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);
const count = expect.any(Number);
const requests = {
  ...{ get: count, put: count, put_if_absent: count, list: count, delete: count, registers: count },
  ...{ retries: 0, bytes_sent: count, bytes_received: count },
};

describe.concurrent("bcat init", () => {
  test("creates a repository in the default folder, which only the owner can read", async () => {
    using own = new Desk();
    const home = { BCAT_REPOSITORY: undefined };
    expect(await own.good(["init"], { env: home })).toMatch(
      /^created repository [0-9a-f]{10} in .*home\/\.local\/share\/bcat\n$/,
    );
    const named = { ...home, XDG_DATA_HOME: own.path("data") };
    await own.good(["init"], { env: named });
    expect(readdirSync(own.path("data/bcat"))).toContain("config");
    expect(readdirSync(own.path("home/.local/share/bcat"))).toContain("config");
  });

  test("takes the chunker of the repository, for good", async () => {
    using own = new Desk();
    own.write({ "source/image": 5_000_000 });
    for (const chunker of ["cdc", "fixed"]) {
      await own.good(["init", "--repo", chunker, "--chunker", chunker]);
      const summary = jsonLines(await own.good(["backup", "--repo", chunker, "--json", "source"])).at(-1);
      expect(summary).toMatchObject({ data_blobs: chunker === "fixed" ? 1 : expect.toSatisfy((blobs) => blobs > 2) });
      await own.good(["restore", "--repo", chunker, "latest", "all", `from ${chunker}`]);
      expect(own.read(`from ${chunker}/image`)).toBe(own.read("source/image"));
    }
  });

  test("takes the repository from --repo, --repository, -r, file:/// and BCAT_REPO alike", async () => {
    using own = new Desk();
    const env = { BCAT_REPOSITORY: undefined };
    await own.good(["init", "--repo", "re po"], { env });
    for (const words of [
      ["--repository=re po"],
      ["-r", "re po"],
      ["-rre po"],
      ["--repo", `file://${own.path("re%20po")}`],
    ])
      expect(await own.bcat(["snapshots", ...words], { env })).toMatchObject({ code: 0, stderr: "no snapshots\n" });
    expect((await own.bcat(["snapshots"], { env: { ...env, BCAT_REPO: "re po" } })).code).toBe(0);
  });
});

describe.concurrent("a backup of a folder above its own repository", () => {
  test("leaves out the repository and the cache, by whatever path they are named, and does not grow", async () => {
    using own = new Desk();
    own.write({ "source/file": 200_000 });
    symlinkSync(own.repository, own.path("link"));
    await own.good(["init"]);
    for (const [number, repository] of [
      [1, own.repository],
      [2, own.path("link")],
    ] as const) {
      const run = await own.bcat(["backup", own.path(".")], { env: { BCAT_REPOSITORY: repository } });
      expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining(`snapshot ${number}: 1 file,`) });
      const lines = linesOf(run.stderr).filter((line) => !isIncidental(line));
      expect(lines).toEqual([
        `bcat: skipped "${own.repository}": it belongs to the repository this backup goes to, or to its cache`,
        `bcat: skipped "${own.path("home/.cache/bcat")}": it belongs to the repository this backup goes to, or to its cache`,
      ]);
      if (number === 2) expect(run.stdout).toContain("added: 0 B");
    }
  });
});

describe.concurrent("a passphrase", () => {
  test("comes from a file, a command or the environment, by flag or variable", async () => {
    using own = new Desk("passphrase");
    // One newline at the end is not part of it, nor is a byte order mark.
    own.write({ lf: `${passphrase}\n`, crlf: `${passphrase}\r\n`, none: passphrase });
    await own.good(["init", "--password-file", "lf"], { env: { BCAT_PASSWORD: undefined } });
    const sources: [string[], Record<string, string>][] = [
      [["-p", "crlf"], {}],
      [["--password-command", "cat none"], {}],
      [[], { BCAT_PASSWORD_FILE: "none" }],
      [[], { BCAT_PASSWORD_COMMAND: "cat lf" }],
      [[], { BCAT_PASSWORD: passphrase }],
    ];
    for (const [words, env] of sources) {
      const run = await own.bcat(["snapshots", ...words], { env: { BCAT_PASSWORD: undefined, ...env } });
      expect(run).toMatchObject({ code: 0, stdout: "", stderr: "no snapshots\n" });
    }
  });
});

test("a key file opens a repository that was made with it, and no other does", async () => {
  using own = new Desk("passphrase");
  own.write({ key: 32, other: 4_096, short: 31 });
  const run = (words: string[], env = {}) => own.bcat(words, { env: { BCAT_PASSWORD: undefined, ...env } });
  expect(await run(["init", "--key-file", "short"])).toMatchObject({ code: 2 });
  expect(await run(["init", "--key-file", "key"])).toMatchObject({ code: 0, stderr: "" });
  expect(await run(["snapshots"], { BCAT_KEY_FILE: "key" })).toMatchObject({ code: 0, stderr: "no snapshots\n" });
  const refused = await run(["snapshots", "--key-file", "other"]);
  expect(refused).toMatchObject({ code: 12, stderr: expect.stringContaining('wrong key file "other"') });
  const passphrase = await run(["snapshots"], { BCAT_PASSWORD: "x" });
  expect(passphrase).toMatchObject({
    code: 12,
    stderr: expect.stringMatching(/it opens with a key file: give --key-file/),
  });
});

test("a repository of a passphrase says so to a key file", async () => {
  using own = new Desk("passphrase");
  own.write({ key: 32 });
  await own.good(["init"]);
  const refused = await own.bcat(["snapshots", "--key-file", "key"], { env: { BCAT_PASSWORD: undefined } });
  expect(refused).toMatchObject({
    code: 12,
    stderr: expect.stringMatching(/it opens with a passphrase, not a key file\n/),
  });
});

describe.concurrent("bcat backup", () => {
  test("with --init makes a repository, and without a change stores nothing again", async () => {
    using own = new Desk();
    own.write({ "source/a": 300_000 });
    const first = await own.bcat(["backup", "--init", "source"]);
    expect(first).toMatchObject({ code: 0, stderr: noMessage });
    expect(first.stdout).toMatch(
      /^created repository [0-9a-f]{10} in .*\nno parent snapshot: reading all files\nsnapshot 1: 1 file, 293 KiB\nfiles: 1 new, 0 changed, 0 unmodified\nfolders: 1 new, /,
    );
    const packs = own.list(own.path("repository/packs"));
    expect(await own.good(["backup", "source"])).toMatch(/\nadded: 0 B, stored as 0 B\n/);
    expect(own.list(own.path("repository/packs"))).toEqual(packs);
  });

  test("says which sources have no parent, and nothing when all have one or it is to be quiet", async () => {
    using own = new Desk();
    own.write({ "a/file": 1_000, "b/file": 2_000 });
    expect(await own.good(["backup", "--init", "-q", "a"])).toBe("");
    expect(await own.good(["backup", "a", "b"])).toMatch(/^no parent snapshot for ".*\/b": reading all files there\n/);
    expect(await own.good(["backup", "a", "b"])).toMatch(/^snapshot 3: /);
    expect(await own.good(["backup", "--force", "a", "b"])).toMatch(/^no parent snapshot: reading all files\n/);
    const [parents] = jsonLines(await own.good(["backup", "--json", "a"]));
    expect(parents).toEqual({ message_type: "parents", sources: [{ path: own.path("a"), parent: "4" }] });
  });

  test("compares with the snapshot of --parent, and with what --ignore-ctime and --ignore-inode leave", async () => {
    using own = new Desk();
    own.write({ "a/file": 1_000 });
    await own.good(["backup", "--init", "a"]);
    const changed = async (...words: string[]) => jsonLines(await own.good(["backup", "-n", "--json", ...words, "a"]));
    expect((await changed("--parent", "latest")).at(-1)).toMatchObject({ parent: "1" });
    expect((await changed("--host", "another", "--parent", "1")).at(-1)).toMatchObject({ parent: "1" });
    expect((await changed("--host", "another")).at(-1)).toMatchObject({ parent: "1" });
    expect((await changed("--host", "another", "--force")).at(-1)).not.toHaveProperty("parent");
    const missing = await own.bcat(["backup", "--parent", "9", "a"]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("Cannot find snapshot 9".slice(1)) });
    expect(await own.bcat(["backup", "--parent", "x", "a"])).toMatchObject({ code: 2 });
    for (const flag of ["--ignore-ctime", "--ignore-inode"])
      expect((await changed(flag)).at(-1)).toMatchObject({ files_unmodified: 1 });
  });

  test("with --dry-run writes nothing at all", async () => {
    using own = await models.open();
    own.write({ "source/new": 100_000 });
    const before = own.list();
    const run = await own.bcat(["backup", "--dry-run", "source"]);
    expect(run).toMatchObject({ code: 0, stderr: noMessage });
    expect(run.stdout).toMatch(
      /^(?:no parent .*\n)?dry run: 3 files, .*; nothing was stored\n(.*\n)*would add: 9[78]\.\d+ KiB/,
    );
    const message = jsonLines(await own.good(["backup", "-n", "--json", "source"])).at(-1);
    expect(message).toMatchObject({ dry_run: true });
    expect(message).not.toHaveProperty("snapshot_id");
    expect(own.list()).toEqual(before);
  });

  test("leaves out what --exclude and --exclude-file say, but never a named source", async () => {
    using own = new Desk();
    own.write({
      "source/a.txt": "a",
      "source/b.log": "b",
      "source/keep.log": "k",
      "source/cache/x": "x",
      "source/deep/er/b.log": "b",
      "one.log": "1",
      excludes: "# a comment\n\n  cache/  \n!keep.log\n",
    });
    await own.good(["backup", "--init", "-e", "*.log", "--exclude-file", "excludes", "source", "one.log"]);
    const paths = (await own.good(["ls", "latest"])).trimEnd().split("\n");
    expect(paths.map((path) => path.slice(own.folder.length + 1))).toEqual([
      "one.log",
      "source",
      "source/a.txt",
      "source/deep",
      "source/deep/er",
      "source/keep.log",
    ]);
  });

  test("with --tag, --host and BCAT_TAG marks the snapshot, and bcat snapshots finds it by them", async () => {
    using own = new Desk();
    own.write({ "x/a": "a", "y/a": "b" });
    await own.good(["backup", "--init", "--tag", "daily,home", "--host", "mars", "x"]);
    await own.good(["backup", "y"], { env: { BCAT_TAG: "weekly" } });
    const all = (await own.json(["snapshots"])) as Record<string, unknown>[];
    expect(all).toMatchObject([
      { id: "1", hostname: "mars", tags: ["daily", "home"], paths: [own.path("x")] },
      { id: "2", hostname: hostname(), tags: ["weekly"], paths: [own.path("y")] },
    ]);
    const ids = async (...words: string[]) =>
      ((await own.json(["snapshots", ...words])) as { id: string }[]).map(({ id }) => id).join();
    expect(await ids("--tag", "home,daily")).toBe("1");
    expect(await ids("--tag", "home", "--tag", "weekly")).toBe("1,2");
    expect(await ids("--host", "mars")).toBe("1");
    expect(await ids("--path", "y")).toBe("2");
    expect(await ids("--tag", "none")).toBe("");
  });

  test("with --quiet prints nothing", async () => {
    using own = await models.open();
    expect(await own.bcat(["backup", "-q", "source"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });
});

describe.concurrent("a snapshot", () => {
  test("is a number, latest or latest~1", async () => {
    using own = await models.open();
    own.write({ "source/new": "new" });
    await own.good(["backup", "source"]);
    const files = async (selector: string) =>
      (await own.good(["ls", selector]))
        .trimEnd()
        .split("\n")
        .map((path) => basename(path));
    expect(await files("latest")).toContain("new");
    expect(await files("latest~0")).toContain("new");
    expect(await files("2")).toContain("new");
    expect(await files("latest~1")).not.toContain("new");
    expect(await files("1")).not.toContain("new");
  });

  test("is a row in the table of bcat snapshots", async () => {
    const [head, row, ...more] = (await desk.good(["snapshots"])).trimEnd().split("\n");
    expect(head).toMatch(/^# +date & time +host +paths +files +size +added$/);
    expect(row).toMatch(/^1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\S+ +\S+\/source +2 +293 KiB +\S+ KiB$/);
    expect(more).toEqual([]);
  });

  test("is listed by bcat ls, whole or from a path", async () => {
    const whole = ["", "/a.txt", "/folder", "/folder/b.bin"].map((path) => `${desk.root}${path}\n`).join("");
    expect(await desk.good(["ls", "1"])).toBe(whole);
    const part = ["/folder", "/folder/b.bin"].map((path) => `${desk.root}${path}\n`).join("");
    for (const path of ["folder", "folder/", "./folder", `${desk.root}/folder`])
      expect(await desk.good(["ls", "1", path])).toBe(part);
    expect(await desk.good(["ls", "-l", "1", "a.txt"])).toMatch(/^-rw-r--r-- \S+ +\S+ +6 \d{4}-.* \S+\/a\.txt\n$/);
  });

  test("is restored whole, or one item of it by name", async () => {
    const same = (target: string, name: string) =>
      readFileSync(desk.path(target)).equals(readFileSync(desk.path(name)));
    expect(await desk.good(["restore", "latest", "all", "whole"])).toMatch(
      /^restored from snapshot 1 \(.+, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\) to .*whole\n2 files, 1 folder, 0 symlinks, 293 KiB\n/,
    );
    expect(same("whole/a.txt", "source/a.txt") && same("whole/folder/b.bin", "source/folder/b.bin")).toBe(true);
    mkdirSync(desk.path("items"));
    await desk.good(["restore", "1", "folder", "items"]);
    await desk.good(["restore", "1", `${desk.root}/a.txt`, desk.path("items")]);
    expect(desk.list(desk.path("items"))).toEqual(["a.txt 6", "folder/b.bin 300000"]);
  });

  test("of several roots is restored under their full paths", async () => {
    using own = new Desk();
    own.write({ "x/a": "a", "y/b": "b" });
    await own.good(["backup", "--init", "x", "y"]);
    await own.good(["restore", "1", "all", "out"]);
    expect(existsSync(own.path("out", own.path("x/a"))) && existsSync(own.path("out", own.path("y/b")))).toBe(true);
  });
});

describe.concurrent("bcat check", () => {
  test("finds no damage in a whole repository", async () => {
    expect(await desk.good(["check"])).toMatch(
      /^checked 1 snapshot, 2 packs, \d+ chunks?; read .*\nno damage found\n$/,
    );
    expect(await desk.good(["check", "--read-data"])).toMatch(/\nno damage found\n$/);
  });

  test("notes what a killed backup left, and names what needs a pack that is gone", async () => {
    using own = await models.open();
    own.write({ "repository/packs/ab/.tmp-1": 100 });
    expect(await own.good(["check"])).toContain('note: 1 temporary file (100 bytes), "packs/ab/.tmp-1", is');
    const packs = own.list().filter((line) => /^packs\/..\/[0-9]/.test(line));
    for (const line of packs) rmSync(own.path("repository", line.split(" ")[0]!));
    const { code, stdout } = await own.bcat(["check"]);
    expect(code).toBe(21);
    expect(
      stdout.match(
        /^damage: cannot read pack ".*": it is missing; needed by ".*" \(snapshot 1\); to heal it: bcat repair packs packs\/.*$/gm,
      ),
    ).toHaveLength(1);
    expect(stdout.match(/^damage: /gm)).toHaveLength(packs.length);
  });
});

describe.concurrent("bcat --json", () => {
  test("of init", async () => {
    using own = new Desk();
    expect(jsonLines(await own.good(["init", "--json"]))).toEqual([
      {
        message_type: "initialized",
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        repository: own.repository,
        requests,
      },
    ]);
  });

  test("of backup: status lines and a summary", async () => {
    using own = new Desk();
    own.write({ "source/a": 30_000_000 });
    const env = { BCAT_PROGRESS_FPS: "60" };
    const messages = jsonLines(await own.good(["backup", "--init", "--json", "source"], { env }));
    expect(messages.shift()).toMatchObject({ message_type: "initialized", repository: own.repository });
    expect(messages.shift()).toMatchObject({ message_type: "parents" });
    for (const status of messages.slice(0, -1)) {
      expect(status).toMatchObject({
        message_type: "status",
        seconds_elapsed: count,
        files_done: count,
        bytes_done: count,
        error_count: 0,
        current_files: expect.any(Array),
      });
    }
    expect(messages.length).toBeGreaterThan(1);
    expect(messages.at(-1)).toEqual({
      message_type: "summary",
      files_changed_while_read: 0,
      files_new: 1,
      files_changed: 0,
      files_unmodified: 0,
      dirs_new: 1,
      dirs_changed: 0,
      dirs_unmodified: 0,
      data_blobs: count,
      tree_blobs: count,
      data_added: count,
      data_added_packed: count,
      total_files_processed: 1,
      total_symlinks: 0,
      total_others: 0,
      total_bytes_processed: 30_000_000,
      backup_start: time,
      backup_end: time,
      total_duration: count,
      error_count: 0,
      snapshot_id: "1",
      snapshot_number: 1,
      requests,
    });
  });

  test("of snapshots", async () => {
    expect(await desk.json(["snapshots"])).toEqual([
      {
        has_flaws: false,
        time,
        paths: [desk.root],
        hostname: hostname(),
        username: expect.any(String),
        program_version: expect.stringMatching(/^bcat \d/),
        summary: expect.objectContaining({
          backup_start: time,
          backup_end: time,
          files_new: 2,
          total_files_processed: 2,
        }),
        id: "1",
        short_id: "1",
        number: 1,
        complete: true,
      },
    ]);
    using own = new Desk();
    await own.good(["init"]);
    expect(await own.json(["snapshots"])).toEqual([]);
  });

  test("of ls", async () => {
    const entries = (await desk.json(["ls", "1"])) as object[];
    const owner = { uid: count, gid: count, mode: count, mtime: time };
    expect(entries).toMatchObject([
      { name: "source", type: "dir", path: desk.root, permissions: "drwxr-xr-x", ...owner },
      { name: "a.txt", type: "file", path: `${desk.root}/a.txt`, size: 6, permissions: "-rw-r--r--", ...owner },
      { name: "folder", type: "dir", ...owner },
      { name: "b.bin", type: "file", size: 300_000, ...owner },
    ]);
    expect(entries).toHaveLength(4);
  });

  test("of restore", async () => {
    const messages = jsonLines(await desk.good(["restore", "1", "all", "json-out", "--json"]));
    expect(messages.at(-1)).toEqual({
      message_type: "summary",
      files_deleted: 0,
      files_verified: 0,
      files_unchanged: 0,
      bytes_unchanged: 0,
      seconds_elapsed: count,
      snapshot_number: 1,
      hostname: expect.any(String),
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      total_files: 3,
      files_restored: 2,
      directories_restored: 1,
      symlinks_restored: 0,
      others_restored: 0,
      files_skipped: 0,
      total_bytes: 300_006,
      bytes_restored: 300_006,
      error_count: 0,
      requests,
    });
  });

  test("of check and version", async () => {
    expect(jsonLines(await desk.good(["check", "--json"])).at(-1)).toMatchObject({
      message_type: "summary",
      num_errors: 0,
      snapshots: 1,
      packs: 2,
      seconds_elapsed: count,
    });
    expect(jsonLines(await desk.good(["version", "--json"]))).toEqual([
      {
        message_type: "version",
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
        node_version: process.version,
        accelerators: desk.environment.BCAT_ACCELERATORS ?? "auto",
        zstd: expect.any(String),
        blake3: expect.any(String),
        gcm: expect.any(String),
        posix: expect.any(String),
        missing_accelerators: expect.any(Array),
      },
    ]);
  });

  test("is also BCAT_JSON", async () => {
    expect(JSON.parse(await desk.good(["snapshots"], { env: { BCAT_JSON: "true" } }))).toHaveLength(1);
    expect(await desk.good(["snapshots", "--json=false"], { env: { BCAT_JSON: "true" } })).toMatch(/^#/);
  });
});

describe.concurrent("bcat version and --help", () => {
  test("version names the parts in use, and all are portable with BCAT_ACCELERATORS=off", async () => {
    expect(await desk.good(["version"])).toMatch(
      /^bcat \d+\.\d+\.\d+ on Node\.js v\d+.*\nzstd +\S.*\nblake3 +\S.*\ngcm +\S.*\nposix +\S.*\n(not installed: .*\n)?$/,
    );
    expect(await desk.good(["--version"])).toBe(await desk.good(["version"]));
    const off = await desk.good(["version"], { env: { BCAT_ACCELERATORS: "off" } });
    expect(off).not.toMatch(/napi|koffi|blake-hash/);
  });

  test("version and npm ci name the same accelerators as not installed, in one line", async () => {
    const script = resolve(import.meta.dirname, "../packages/host/missing-accelerators.mjs");
    const env = { BCAT_ACCELERATORS: "auto" };
    const { stdout } = await desk.run([process.execPath, script]);
    const [line = ""] = /not installed: .*\n/.exec(await desk.good(["version"], { env })) ?? [];
    expect(stdout).toBe(line === "" ? "" : `bcat: accelerators ${line}`);
    const { missing_accelerators: missing } = jsonLines(await desk.good(["version", "--json"], { env }))[0]!;
    for (const name of missing as string[]) expect(line).toContain(`${name} (`);
    expect((missing as string[]).length).toBe(line.split(",").length - (line === "" ? 1 : 0));
  });

  test("--help names all commands and exit codes, and needs no repository", async () => {
    const help = await desk.good(["--help"], { env: { BCAT_REPOSITORY: undefined, HOME: undefined } });
    for (const command of ["init", "backup", "snapshots", "ls", "restore", "check", "version"])
      expect(help).toMatch(new RegExp(`^ +bcat ${command} `, "m"));
    for (const code of [0, 1, 2, 3, 10, 11, 12, 13, 14, 21, 130])
      expect(help).toMatch(new RegExp(`^ +${code}  \\S`, "m"));
    expect(await desk.good(["-h"])).toBe(help);
  });

  test("help is as wide as COLUMNS says", async () => {
    const lines = (await desk.good(["help", "ls"], { env: { COLUMNS: "44" } })).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(44);
  });

  test.each(["init", "backup", "snapshots", "ls", "restore", "check", "version"])(
    "%s --help has examples",
    async (command) => {
      const help = await desk.good([command, "--help"]);
      expect(help).toMatch(new RegExp(`^bcat ${command}.* \\[flags\\]\\n`));
      expect(help).toMatch(/^Examples:\n +bcat /m);
      expect(help).toContain("--repository");
    },
  );
});
