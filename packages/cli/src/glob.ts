/**
 * Paths that match a pattern, as restic finds them for `--files-from` (Go's `filepath.Glob`): `*`, `?`, `[a-z]` and `\`
 * in any name, hidden files included. A pattern without any of these is the path it says, there or not.
 */
import { lstatSync, readdirSync, statSync } from "node:fs";
import { bytesOfText, textOfBytes } from "@bcat/errors";
import { usageError } from "./usage.js";

type NamePattern = ReturnType<typeof import("@bcat/snapshot")["parseName"]>;

/** @throws {BcatError} with code "usage" for a malformed pattern */
export async function expandGlob(pattern: Uint8Array): Promise<Uint8Array[]> {
  const text = textOfBytes(pattern);
  if (!/[*?[\\]/.test(text)) return [pattern];
  const { nameMatches, parseName } = await import("@bcat/snapshot");
  const malformed = (found: string) => usageError(`Cannot use the pattern "${text}" of a list: ${found}`);
  const [first, ...names] = text.split(/\/+/);
  let found: Buffer[] = first === "" ? [Buffer.from("/")] : [Buffer.from("")];
  const matches = (name: Uint8Array, parsed: NamePattern) => nameMatches(parsed, name, 0, name.length);
  for (const name of first === "" ? names : [first!, ...names]) {
    if (name === "") found = found.filter(isFolder).map((path) => Buffer.concat([path, Buffer.from("/")]));
    else if (!/[*?[\\]/.test(name)) found = found.map((folder) => join(folder, bytesOfText(name)));
    else {
      const parsed = parseName(oneRun(name), { isGit: false, bangNegates: false, malformed });
      found = found.flatMap((folder) =>
        namesIn(folder)
          .filter((each) => matches(each, parsed))
          .map((each) => join(folder, each)),
      );
    }
  }
  return found.filter(isThere);
}

/** With `*` for each run of them, which is what it means. */
function oneRun(name: string): string {
  return name.replaceAll(/\\.|\*+/gs, (found) => (found.startsWith("*") ? "*" : found));
}

function join(folder: Buffer, name: Uint8Array): Buffer {
  const isBare = folder.length === 0 || folder.at(-1) === 0x2f;
  return Buffer.concat(isBare ? [folder, name] : [folder, Buffer.from("/"), name]);
}

/** In order; none where it cannot be listed. */
function namesIn(folder: Buffer): Buffer[] {
  try {
    const entries = readdirSync(folder.length === 0 ? "." : folder, { encoding: "buffer" });
    return entries.sort(Buffer.compare);
  } catch {
    return [];
  }
}

function isFolder(path: Buffer): boolean {
  return answers(() => statSync(path).isDirectory());
}

function isThere(path: Buffer): boolean {
  return answers(() => lstatSync(path) !== undefined);
}

function answers(ask: () => boolean): boolean {
  try {
    return ask();
  } catch {
    return false;
  }
}
