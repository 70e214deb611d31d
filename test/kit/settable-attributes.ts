/** Whether extended attributes can be set here and are seen by bcat, for tests that skip without them. */
import { execFileSync } from "node:child_process";
import { createMemoryStorage } from "@bcat/storage";
import { openClient } from "./client.js";
import { makeScratch, type ScratchOptions } from "./scratch.js";

/** False, which is said, where `what` has to be skipped. @param options of the scratch folder that the tests use */
export async function canSetAttributes(what: string, options: ScratchOptions = {}): Promise<boolean> {
  await using place = makeScratch(2 ** 20, options)!;
  await using client = await openClient(createMemoryStorage());
  try {
    execFileSync("setfattr", ["-n", "user.bcat", "-v", "x", place.path], { stdio: "ignore" });
    if (client.posix.attributes !== undefined) return true;
  } catch {
    // There is no setfattr, or the file system has no attributes.
  }
  process.stdout.write(`${what}: skipped, that takes koffi, setfattr and a file system with extended attributes\n`);
  return false;
}
