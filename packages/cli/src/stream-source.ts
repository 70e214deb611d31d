/** What to back up from standard input, or of what a command prints. */
import { posix } from "node:path";
import { hasBytes } from "@bcat/errors";
import type { Flags, Options } from "./options.js";
import { usageError } from "./usage.js";

export const streamFlags: Flags = {
  stdin: { kind: "switch", description: "back up standard input, as one file" },
  "stdin-filename": {
    kind: "text",
    value: "PATH",
    bytes: true,
    description: "path of that file in the snapshot (default: stdin)",
  },
  "stdin-from-command": {
    kind: "switch",
    description: "back up what a command prints: write it after --; if it fails, there is no snapshot",
  },
};

export interface StreamSource {
  /** Absolute. */
  readonly path: string;
  /** Program and arguments; without one it is standard input. */
  readonly command: readonly [string, ...string[]] | undefined;
}

/** What the flags ask for; undefined for a backup of files. @throws BcatError usage */
export function streamSourceOf(options: Options, operands: readonly string[]): StreamSource | undefined {
  const isStdin = options.switch("stdin");
  const isCommand = options.switch("stdin-from-command");
  const name = options.text("stdin-filename");
  if (!isStdin && !isCommand) {
    if (name !== undefined) throw usageError("Cannot use --stdin-filename without --stdin or --stdin-from-command");
    return undefined;
  }
  if (isStdin && isCommand) throw usageError("Cannot use both --stdin and --stdin-from-command");
  const list = ["files-from", "files-from-verbatim", "files-from-raw"].find((flag) => options.list(flag).length > 0);
  if (list !== undefined) throw usageError(`Cannot back up both a stream and files: --${list} is given`);
  const path = streamPath(name ?? "stdin");
  if (isStdin) {
    if (operands.length > 0) throw usageError("Cannot back up both --stdin and files: make two backups of it");
    return { path, command: undefined };
  }
  const [program, ...others] = operands;
  if (program === undefined)
    throw usageError("Missing command: write it after --, as in bcat backup --stdin-from-command -- pg_dump shop");
  const lossy = operands.find(hasBytes);
  if (lossy !== undefined) throw usageError(`Cannot start a command with "${lossy}": it is not UTF-8`);
  return { path, command: [program, ...others] };
}

function streamPath(name: string): string {
  const parts = name.split("/");
  const last = parts.at(-1);
  const refuse = (found: string) => usageError(`Cannot use --stdin-filename "${name}": ${found}`);
  if (parts.includes("..")) throw refuse('give a path without ".."');
  if (last === "" || last === ".") throw refuse("it is the path of a folder: give that of a file");
  return posix.resolve("/", name);
}
