/** A folder of registers that more than one person uses: whoever may use the folder may use what is made in it. */
import { chmodSync, rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { anna, bert, canRunIt, type FolderRights, GROUP, root, SharedDesk, type User } from "./cli/shared-desk.js";

class RegistersDesk extends SharedDesk {
  readonly registers = this.path("registers");

  /** A repository of the user with registers in a folder with the same rights. */
  async make(user: User, rights: FolderRights): Promise<void> {
    for (const folder of [this.repository, this.registers]) this.folderOf(user, rights, folder);
    await this.goodAs(user, ["init", "--registers", this.registers]);
  }

  async backUp(user: User): Promise<void> {
    await this.goodAs(user, ["backup", "source", "--registers", this.registers]);
  }
}

describe.skipIf(!canRunIt).concurrent("registers in a folder", () => {
  test("of a group are used by two of its users in turn, whatever their umask", async () => {
    using desk = new RegistersDesk();
    await desk.make({ ...anna, umask: "027" }, { gid: GROUP, mode: 0o2770 });
    for (const user of [{ ...bert, umask: "077" }, anna]) await desk.backUp(user);
    expect(desk.modes(desk.registers)).toEqual({
      files: new Set([`440 ${GROUP}`]),
      directories: new Set([`2770 ${GROUP}`]),
    });
  });

  test("that are private stay so, whatever the umask, and nobody else gets anything", async () => {
    using desk = new RegistersDesk();
    await desk.make({ ...anna, umask: "000" }, { mode: 0o707 });
    expect(desk.modes(desk.registers)).toEqual({
      files: new Set([`400 ${anna.uid}`]),
      directories: new Set([`700 ${anna.uid}`]),
    });
  });

  test("of a user, into which root has backed up, are still the user's", async () => {
    using desk = new RegistersDesk();
    await desk.make(anna, { mode: 0o700 });
    await desk.backUp({ ...root, umask: "077" });
    expect(desk.owners(desk.registers)).toEqual(new Set([anna.uid]));
    await desk.goodAs(root, ["repair", "registers", "--registers", desk.registers]);
    expect(desk.owners(desk.registers)).toEqual(new Set([anna.uid]));
    await desk.backUp(anna);
  });

  test("of another owner are written by root as their folder says, not a file called config in it", async () => {
    using desk = new RegistersDesk();
    desk.folderOf(anna, { mode: 0o700 });
    desk.folderOf(bert, { gid: GROUP, mode: 0o2750 }, desk.registers);
    desk.write({ "registers/config": "of something else" });
    chmodSync(desk.path("registers/config"), 0o600);
    await desk.goodAs(root, ["init", "--registers", desk.registers]);
    expect(desk.owners()).toEqual(new Set([anna.uid]));
    rmSync(desk.path("registers/config"));
    expect(desk.owners(desk.registers)).toEqual(new Set([bert.uid]));
    expect(desk.modes(desk.registers).directories).toEqual(new Set([`2750 ${GROUP}`]));
  });
});
