/** Names of users and groups, read once from the system's files. What those do not list stays unnamed. */
import { readFileSync } from "node:fs";
import type { KnownOwners, OwnerNames } from "@bcat/snapshot";

/** Longest name that is kept, bytes (docs/format.md section 12.1). */
const nameLengthMax = 256;

export function loadOwnerNames(): OwnerNames {
  const users = readNames("/etc/passwd");
  const groups = readNames("/etc/group");
  return { user: (uid) => users.get(uid) ?? "", group: (gid) => groups.get(gid) ?? "" };
}

/** The same, for a restore that asks for the numbers of names. */
export function loadKnownOwners(): { readonly users: KnownOwners; readonly groups: KnownOwners } {
  return { users: readOwners("/etc/passwd"), groups: readOwners("/etc/group") };
}

function readOwners(path: string): KnownOwners {
  const text = readText(path);
  const [names, numbers] = [parseNames(text), parseNumbers(text)];
  return { number: (name) => numbers.get(name), name: (number) => names.get(number) ?? "" };
}

function readNames(path: string): Map<number, string> {
  return parseNames(readText(path));
}

/** Empty for a file that cannot be read. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Names by number of a file like passwd(5) and group(5): the first of several for one number. */
export function parseNames(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const [name, number] of readLines(text)) if (!names.has(number)) names.set(number, name);
  return names;
}

/** Numbers by name: the first of several for one name. */
export function parseNumbers(text: string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const [name, number] of readLines(text)) if (!numbers.has(name)) numbers.set(name, number);
  return numbers;
}

function* readLines(text: string): Generator<[name: string, number: number]> {
  for (const line of text.split("\n")) {
    const [name, , number] = line.split(":");
    if (!name || number === undefined || !/^\d+$/.test(number) || Buffer.byteLength(name) > nameLengthMax) continue;
    yield [name, Number(number)];
  }
}
