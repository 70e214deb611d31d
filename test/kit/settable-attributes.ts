/** Whether extended attributes and inode flags can be set here and are seen by bcat, for tests that skip without them. */
import { execFileSync } from "node:child_process";
import { createMemoryStorage } from "@bcat/storage";
import { openClient } from "./client.js";
import { makeScratch, type ScratchOptions } from "./scratch.js";

/** False, which is said, where `what` has to be skipped. @param options of the scratch folder that the tests use */
export async function canSetAttributes(what: string, options: ScratchOptions = {}): Promise<boolean> {
  return await canRun(what, ["setfattr", "-n", "user.bcat", "-v", "x"], options);
}

/** As {@link canSetAttributes}, of access control lists. */
export async function canSetLists(what: string): Promise<boolean> {
  return await canRun(what, ["setfacl", "-d", "-m", "u:7:rwx"], {});
}

/** As {@link canSetAttributes}, of inode flags that protect, on a disk: memory may not know them. */
export async function canSetFlags(what: string): Promise<boolean> {
  const options = { onDisk: true };
  // Set, it would keep its folder from being removed.
  const set = ["sh", "-c", 'chattr +i "$0" && chattr -i "$0"'] as [string, ...string[]];
  return await canRun(what, set, options, "chattr, root");
}

/** @param command that is given a folder to set something of */
async function canRun(
  what: string,
  [name, ...words]: [string, ...string[]],
  options: ScratchOptions,
  needed = name,
): Promise<boolean> {
  await using place = makeScratch(2 ** 20, options)!;
  await using client = await openClient(createMemoryStorage());
  try {
    execFileSync(name, [...words, place.path], { stdio: "ignore" });
    if (client.posix.attributes !== undefined) return true;
  } catch {
    // There is no such program, or the file system has none of these.
  }
  process.stdout.write(`${what}: skipped, that takes koffi, ${needed} and a file system that knows what it sets\n`);
  return false;
}
