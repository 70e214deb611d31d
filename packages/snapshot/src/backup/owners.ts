/** Names of users and groups, read once from the system's files. What those do not list stays unnamed. */
import { readFileSync } from "node:fs";

export class OwnerNames {
  readonly #users = readNames("/etc/passwd");
  readonly #groups = readNames("/etc/group");

  /** Empty when unknown. */
  user(uid: number): string {
    return this.#users.get(uid) ?? "";
  }

  group(gid: number): string {
    return this.#groups.get(gid) ?? "";
  }
}

/** Longest name that is kept, bytes (docs/format.md section 12.1). */
const NAME_MAX = 256;

function readNames(path: string): Map<number, string> {
  const names = new Map<number, string>();
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return names;
  }
  for (const line of text.split("\n")) {
    const [name, , number] = line.split(":");
    if (!name || number === undefined || !/^\d+$/.test(number) || Buffer.byteLength(name) > NAME_MAX) continue;
    if (!names.has(Number(number))) names.set(Number(number), name);
  }
  return names;
}
