/** Names of users and groups, read once from the system's files. What those do not list stays unnamed. */
import { readFileSync } from "node:fs";
import type { OwnerNames } from "@bcat/snapshot";

/** Longest name that is kept, bytes (docs/format.md section 12.1). */
const nameLengthMax = 256;

export function loadOwnerNames(): OwnerNames {
  const users = readNames("/etc/passwd");
  const groups = readNames("/etc/group");
  return { user: (uid) => users.get(uid) ?? "", group: (gid) => groups.get(gid) ?? "" };
}

function readNames(path: string): Map<number, string> {
  try {
    return parseNames(readFileSync(path, "utf8"));
  } catch {
    return new Map();
  }
}

/** Names by number of a file like passwd(5) and group(5): the first of several for one number. */
export function parseNames(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name, , number] = line.split(":");
    if (!name || number === undefined || !/^\d+$/.test(number) || Buffer.byteLength(name) > nameLengthMax) continue;
    if (!names.has(Number(number))) names.set(Number(number), name);
  }
  return names;
}
