/** Folders that more than one person uses: who may read and write what a backup leaves there. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Desk, program, type Run } from "./cli/desk.js";

interface User {
  readonly name: string;
  readonly uid: number;
  readonly groups: readonly number[];
  readonly umask?: string;
}

/** Numbers that nobody has; a user's first group is its own. */
const GROUP = 64_210;
const anna: User = { name: "anna", uid: 64_201, groups: [GROUP] };
const bert: User = { name: "bert", uid: 64_202, groups: [GROUP] };
const rsync: User = { name: "rsync", uid: 64_203, groups: [GROUP] };
const carl: User = { name: "carl", uid: 64_204, groups: [] };
const root: User = { name: "root", uid: 0, groups: [] };

const canBeOthers = process.getuid?.() === 0 && works(["setpriv", "--version"]);
/** Others may be kept out of the folder that this program lies in, as they are of root's home. */
const canRunIt =
  canBeOthers && works(["setpriv", "--reuid", `${anna.uid}`, "--clear-groups", "--", program, "version"]);
if (!canBeOthers) process.stdout.write("shared folders: skipped: only root, with setpriv, can be several users\n");
else if (!canRunIt) process.stdout.write("shared folders: skipped: other users cannot reach the program here\n");

function works([command = "", ...words]: readonly string[]): boolean {
  try {
    execFileSync(command, words, { stdio: "ignore", env: { ...process.env, HOME: "/nonexistent" } });
    return true;
  } catch {
    return false;
  }
}

class SharedDesk extends Desk {
  constructor() {
    super();
    chmodSync(this.folder, 0o755);
    this.write({ "source/a.txt": "alpha\n", "source/folder/b.bin": 300_000 });
    execFileSync("chmod", ["-R", "a+rX", this.path("source")]);
  }

  /** Makes the folder of the repository. */
  folderOf(user: User, { gid = user.uid, mode }: { readonly gid?: number; readonly mode: number }): void {
    mkdirSync(this.repository);
    chownSync(this.repository, user.uid, gid);
    chmodSync(this.repository, mode);
  }

  homeOf({ name, uid }: User): string {
    const home = this.path(`home-${name}`);
    if (!existsSync(home)) {
      mkdirSync(home, { mode: 0o700 });
      chownSync(home, uid, uid);
    }
    return home;
  }

  async as(user: User, words: readonly string[]): Promise<Run> {
    const { uid, groups, umask = "022" } = user;
    const others = groups.length === 0 ? ["--clear-groups"] : ["--groups", groups.join(",")];
    const change = ["setpriv", "--reuid", `${uid}`, "--regid", `${uid}`, ...others, "--"];
    const line = [...change, "sh", "-c", `umask ${umask}; exec "$@"`, "sh", program, ...words];
    return await this.run(line, { env: { HOME: this.homeOf(user) }, cwd: this.folder });
  }

  async goodAs(user: User, words: readonly string[]): Promise<void> {
    const { code, stderr } = await this.as(user, words);
    if (code !== 0) throw new Error(`bcat ${words.join(" ")} as ${user.name} ended with ${code}: ${stderr}`);
  }

  /** A new file in the source, so that a backup stores something. */
  async backUpAs(user: User): Promise<void> {
    const name = `source/new-${readdirSync(this.path("source")).length}.bin`;
    this.write({ [name]: 100_000 });
    chmodSync(this.path(name), 0o644);
    await this.goodAs(user, ["backup", "source"]);
  }

  async readAllAs(user: User): Promise<void> {
    await this.goodAs(user, ["check", "--read-data"]);
    const target = join(this.homeOf(user), `out-${readdirSync(this.homeOf(user)).length}`);
    await this.goodAs(user, ["restore", "latest", "all", target]);
    expect(readFileSync(join(target, "a.txt"), "latin1")).toBe("alpha\n");
  }

  /** Each mode and owner below the repository, of files and of directories. */
  modes(): { files: Set<string>; directories: Set<string> } {
    const modes = { files: new Set<string>(), directories: new Set<string>() };
    for (const name of readdirSync(this.repository, { recursive: true, encoding: "utf8" })) {
      const { mode, gid, isDirectory } = statOf(this.path("repository", name));
      (isDirectory ? modes.directories : modes.files).add(`${(mode & 0o7777).toString(8)} ${gid}`);
    }
    return modes;
  }

  owners(): Set<number> {
    const names = readdirSync(this.repository, { recursive: true, encoding: "utf8" });
    return new Set(names.map((name) => statSync(this.path("repository", name)).uid));
  }
}

function statOf(path: string) {
  const stat = statSync(path);
  return { mode: stat.mode, gid: stat.gid, isDirectory: stat.isDirectory() };
}

describe.skipIf(!canRunIt).concurrent("a repository in a folder", () => {
  test("of a group is used by two of its users in turn, whatever their umask", async () => {
    using desk = new SharedDesk();
    desk.folderOf(anna, { gid: GROUP, mode: 0o2770 });
    await desk.goodAs(anna, ["init"]);
    for (const user of [anna, bert, { ...anna, umask: "077" }, { ...bert, umask: "077" }, anna, bert])
      await desk.backUpAs(user);
    expect(desk.modes()).toEqual({
      files: new Set([`440 ${GROUP}`]),
      directories: new Set([`2770 ${GROUP}`]),
    });
    for (const user of [anna, bert]) await desk.readAllAs(user);
    expect((await desk.as(carl, ["snapshots"])).code).toBe(11);
  });

  test("of a group is used by two of its users in turn also where new files do not get its group by themselves", async () => {
    using desk = new SharedDesk();
    desk.folderOf(anna, { gid: GROUP, mode: 0o770 });
    await desk.goodAs(anna, ["init"]);
    for (const user of [anna, bert, anna, bert]) await desk.backUpAs(user);
    expect(desk.modes()).toEqual({ files: new Set([`440 ${GROUP}`]), directories: new Set([`770 ${GROUP}`]) });
    for (const user of [anna, bert]) await desk.readAllAs(user);
  });

  test("that a group may look into is read by an account of the group, which cannot write", async () => {
    using desk = new SharedDesk();
    desk.folderOf(anna, { gid: GROUP, mode: 0o750 });
    await desk.goodAs(anna, ["backup", "--init", "source"]);
    await desk.backUpAs(anna);
    expect(desk.modes()).toEqual({ files: new Set([`440 ${GROUP}`]), directories: new Set([`750 ${GROUP}`]) });
    await desk.readAllAs(rsync);
    expect((await desk.as(rsync, ["backup", "source"])).code).toBe(11);
  });

  test("is opened to a group later by chgrp and chmod", async () => {
    using desk = new SharedDesk();
    desk.folderOf(anna, { mode: 0o700 });
    await desk.goodAs(anna, ["backup", "--init", "source"]);
    execFileSync("chgrp", ["-R", `${GROUP}`, desk.repository]);
    execFileSync("chmod", ["-R", "g+rX", desk.repository]);
    await desk.backUpAs(anna);
    await desk.readAllAs(rsync);
    expect(desk.modes()).toEqual({ files: new Set([`440 ${GROUP}`]), directories: new Set([`750 ${GROUP}`]) });
  });

  test("is private when it is made under umask 077, in a folder of bcat's making, or in a private one", async () => {
    const isPrivate = { files: new Set([`400 ${anna.uid}`]), directories: new Set([`700 ${anna.uid}`]) };
    const made: ((desk: SharedDesk) => void)[] = [
      (desk) => desk.folderOf(anna, { mode: 0o755 }),
      (desk) => desk.folderOf(anna, { mode: 0o770 }),
      () => {},
      (desk) => desk.folderOf(anna, { mode: 0o700 }),
      (desk) => desk.folderOf(anna, { mode: 0o707 }),
    ];
    for (const [at, make] of made.entries()) {
      using desk = new SharedDesk();
      make(desk);
      if (!existsSync(desk.repository)) chownSync(desk.folder, anna.uid, anna.uid);
      await desk.goodAs({ ...anna, umask: at < 2 ? "077" : "022" }, ["init"]);
      // The next writer has another umask.
      await desk.backUpAs({ ...anna, umask: "000" });
      expect(desk.modes(), `case ${at}`).toEqual(isPrivate);
    }
  });

  test("never gives others what config does not, nor lets them write", async () => {
    using desk = new SharedDesk();
    desk.folderOf(anna, { mode: 0o777 });
    await desk.goodAs(anna, ["backup", "--init", "source"]);
    expect(desk.modes().files).toEqual(new Set([`440 ${anna.uid}`]));
    expect(desk.modes().directories).toEqual(new Set([`770 ${anna.uid}`]));
    execFileSync("chmod", ["-R", "o+rX", desk.repository]);
    await desk.backUpAs(anna);
    expect(desk.modes().files).toEqual(new Set([`444 ${anna.uid}`]));
    expect(desk.modes().directories).toEqual(new Set([`775 ${anna.uid}`]));
    await desk.goodAs(carl, ["snapshots"]);
  });

  test("of a user, into which root has backed up, is still the user's: to back up, restore and check", async () => {
    for (const umask of ["022", "077"]) {
      using desk = new SharedDesk();
      desk.folderOf(anna, { mode: 0o700 });
      await desk.goodAs(anna, ["backup", "--init", "source"]);
      await desk.backUpAs({ ...root, umask });
      expect(desk.owners()).toEqual(new Set([anna.uid]));
      await desk.readAllAs(anna);
      await desk.backUpAs(anna);
      await desk.readAllAs(root);
    }
  });

  test("of a user, which root has made, is the user's", async () => {
    using desk = new SharedDesk();
    desk.folderOf(anna, { mode: 0o700 });
    await desk.goodAs(root, ["backup", "--init", "source"]);
    expect(desk.owners()).toEqual(new Set([anna.uid]));
    await desk.backUpAs(anna);
  });

  test("gives nobody a file of root's in a folder that a link leads to", async () => {
    using desk = new SharedDesk();
    desk.folderOf(anna, { mode: 0o700 });
    await desk.goodAs(anna, ["init"]);
    const victim = desk.path("victim");
    mkdirSync(victim, { mode: 0o755 });
    symlinkSync(victim, desk.path("repository/sessions"));
    await desk.backUpAs(root);
    const found = readdirSync(victim).map((name) => statSync(join(victim, name)).uid);
    expect(found).toEqual([0]);
  });
});
