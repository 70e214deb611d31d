/** A desk that several users of the system share; only root can be them all. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { Desk, program, type Run } from "./desk.js";

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly groups: readonly number[];
  readonly umask?: string;
}

/** Numbers that nobody has; a user's first group is its own. */
export const GROUP = 64_210;
export const anna: User = { name: "anna", uid: 64_201, groups: [GROUP] };
export const bert: User = { name: "bert", uid: 64_202, groups: [GROUP] };
export const rsync: User = { name: "rsync", uid: 64_203, groups: [GROUP] };
export const carl: User = { name: "carl", uid: 64_204, groups: [] };
export const root: User = { name: "root", uid: 0, groups: [] };

const canBeOthers = process.getuid?.() === 0 && works(["setpriv", "--version"]);
/** Others may be kept out of the folder that this program lies in, as they are of root's home. */
export const canRunIt =
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

export interface FolderRights {
  readonly gid?: number;
  readonly mode: number;
}

export class SharedDesk extends Desk {
  constructor() {
    super();
    chmodSync(this.folder, 0o755);
    this.write({ "source/a.txt": "alpha\n", "source/folder/b.bin": 300_000 });
    execFileSync("chmod", ["-R", "a+rX", this.path("source")]);
  }

  /** Makes the folder of the repository, or another one. */
  folderOf(user: User, { gid = user.uid, mode }: FolderRights, folder = this.repository): void {
    mkdirSync(folder);
    chownSync(folder, user.uid, gid);
    chmodSync(folder, mode);
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

  /** Each mode and group below the repository or another folder, of files and of directories. */
  modes(folder = this.repository): { files: Set<string>; directories: Set<string> } {
    const modes = { files: new Set<string>(), directories: new Set<string>() };
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      const { mode, gid, isDirectory } = statOf(join(folder, name));
      (isDirectory ? modes.directories : modes.files).add(`${(mode & 0o7777).toString(8)} ${gid}`);
    }
    return modes;
  }

  owners(folder = this.repository): Set<number> {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return new Set(names.map((name) => statSync(join(folder, name)).uid));
  }
}

function statOf(path: string) {
  const stat = statSync(path);
  return { mode: stat.mode, gid: stat.gid, isDirectory: stat.isDirectory() };
}
