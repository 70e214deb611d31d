/** Other backup programs, where they are installed: in a folder of BCAT_PEERS, or on the PATH. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The program, or undefined, which is said, where there is none. */
export function findPeer(name: string): string | undefined {
  const { BCAT_PEERS = "", PATH = "" } = process.env;
  const folders = [...BCAT_PEERS.split(delimiter), ...PATH.split(delimiter)].filter((folder) => folder !== "");
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined) process.stdout.write(`skipped what is compared with ${name}: it is not installed\n`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
