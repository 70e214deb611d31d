/** What can only be read in the target: a file system that is mounted there, or all of it. */
import { expect, test } from "vitest";
import { canMount, Desk } from "./cli/desk.js";
import { expectRefusal, expectWarnings } from "./cli/refusal.js";

const mounting = canMount();

/** A snapshot of `t` with a file system in it, of which everything has changed since. */
async function changedDesk(): Promise<Desk> {
  const desk = new Desk();
  desk.mount("t", "-t", "tmpfs", "tmpfs");
  desk.mount("t/m", "-t", "tmpfs", "tmpfs");
  const names = ["t/a/f", "t/m/f", "t/m/same", "t/z/f"];
  desk.write(Object.fromEntries(names.map((name) => [name, "old"])));
  // Where the system lets a file system in memory have some.
  await desk.run(["setfattr", "-n", "user.note", "-v", "kept", desk.path("t/m")]);
  await desk.good(["backup", "--init", "-q", "t"]);
  desk.write(Object.fromEntries(names.filter((name) => !name.endsWith("same")).map((name) => [name, "new"])));
  return desk;
}

test.skipIf(!mounting).each(["1", "4"])(
  "one in the target costs its own entries alone, with %s threads",
  async (threads) => {
    using desk = await changedDesk();
    await desk.run(["mount", "-o", "remount,ro", desk.path("t/m")]);
    const words = ["restore", "latest", "all", "t", "--overwrite", "always", "--no-undo", "--threads", threads];
    expectWarnings(await desk.bcat(words), 1, [/t\/m\/f".*\(EROFS\)/]);
    expect(["a", "m", "z"].map((name) => desk.read(`t/${name}/f`))).toEqual(["old", "new", "old"]);
    // And of folders that are as the snapshot has them nothing is set.
    await desk.run(["rm", desk.path("t/a/f")]);
    expectWarnings(await desk.bcat([...words, "--exclude", "m/f"]), 0, []);
  },
);

test.skipIf(!mounting)("of a target that is itself read-only it is said once", async () => {
  using desk = await changedDesk();
  await desk.run(["mount", "-o", "remount,ro", desk.path("t")]);
  const words = ["restore", "latest", "all", "t", "--overwrite", "always", "--no-undo"];
  expectRefusal(await desk.bcat(words), { code: 1, says: /the target is read-only \(EROFS\)/ });
});
