/** Folders that more than one person uses: who may read and write what a backup leaves there. */
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { anna, bert, canRunIt, carl, GROUP, root, rsync, SharedDesk } from "./cli/shared-desk.js";
import { isLongRun } from "./kit/long-run.js";

describe.skipIf(!canRunIt).concurrent("a repository in a folder", () => {
  test("of a group is used by two of its users in turn, whatever their umask", async () => {
    using desk = new SharedDesk();
    desk.folderOf(anna, { gid: GROUP, mode: 0o2770 });
    await desk.goodAs(anna, ["init"]);
    for (const user of [anna, { ...bert, umask: "077" }, { ...anna, umask: "077" }, bert]) await desk.backUpAs(user);
    expect(desk.modes()).toEqual({
      files: new Set([`440 ${GROUP}`]),
      directories: new Set([`2770 ${GROUP}`]),
    });
    for (const user of [anna, bert]) await desk.readAllAs(user);
    expect((await desk.as(carl, ["snapshots"])).code).toBe(11);
  });

  test.runIf(isLongRun)(
    "of a group is used by two of its users in turn also where new files do not get its group by themselves",
    async () => {
      using desk = new SharedDesk();
      desk.folderOf(anna, { gid: GROUP, mode: 0o770 });
      await desk.goodAs(anna, ["init"]);
      for (const user of [anna, bert, anna, bert]) await desk.backUpAs(user);
      expect(desk.modes()).toEqual({ files: new Set([`440 ${GROUP}`]), directories: new Set([`770 ${GROUP}`]) });
      for (const user of [anna, bert]) await desk.readAllAs(user);
    },
  );

  test("that a group may look into is read by an account of the group, which cannot write", async () => {
    using desk = new SharedDesk();
    desk.folderOf(anna, { gid: GROUP, mode: 0o750 });
    await desk.goodAs(anna, ["backup", "--init", "source"]);
    await desk.backUpAs(anna);
    expect(desk.modes()).toEqual({ files: new Set([`440 ${GROUP}`]), directories: new Set([`750 ${GROUP}`]) });
    await desk.readAllAs(rsync);
    expect((await desk.as(rsync, ["backup", "source"])).code).toBe(11);
  });

  test.runIf(isLongRun)("is opened to a group later by chgrp and chmod", async () => {
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
      if (!isLongRun && at % 2 === 1) continue;
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
    for (const umask of isLongRun ? ["022", "077"] : ["077"]) {
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

  test.runIf(isLongRun)("of a user, which root has made, is the user's", async () => {
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
