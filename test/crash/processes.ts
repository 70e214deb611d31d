/** The program as users run it: real processes, a real folder, a real kill. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unlockRepository } from "@bcat/repository";
import { type LocalStorage, openLocalStorage } from "@bcat/storage";
import { createEnvironment } from "./client.js";

const BCAT = fileURLToPath(new URL("../../node_modules/.bin/bcat", import.meta.url));
const PASSPHRASE = "correct horse battery staple";

/** A repository in a folder, and the cache of those who use it. */
export interface Site {
  readonly repository: string;
  readonly cache: string;
  /** What opens it; a passphrase, which takes a while to try, if not given. */
  readonly keyFile?: string;
}

export interface StartOptions {
  /** A program and its words, to which those of bcat are given. */
  readonly through?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface Ended {
  /** Undefined when it was killed. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export function startBcat(
  site: Site,
  args: readonly string[],
  { through = [], env: more }: StartOptions = {},
): Running {
  const env = {
    PATH: process.env.PATH,
    HOME: site.cache,
    BCAT_ACCELERATORS: process.env.BCAT_ACCELERATORS,
    BCAT_REPOSITORY: site.repository,
    ...(site.keyFile === undefined ? { BCAT_PASSWORD: PASSPHRASE } : { BCAT_KEY_FILE: site.keyFile }),
    BCAT_CACHE_DIR: site.cache,
    ...more,
  };
  const [program, ...words] = [...through, BCAT, ...args];
  const child = spawn(program!, words, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? undefined, signal, output }));
  });
  return { child, ended };
}

/** Runs bcat to its end. @throws Error with what it printed, unless it exits with 0 */
export async function runBcat(site: Site, args: readonly string[]): Promise<string> {
  const { code, signal, output } = await startBcat(site, args).ended;
  if (code === 0) return output;
  throw new Error(`bcat ${args.join(" ")} ended with ${code ?? signal}:\n${output}`);
}

/** The number that `bcat backup --json` says its snapshot has; undefined when it has not got so far. */
export function reportedNumber(output: string): number | undefined {
  const found = /"snapshot_number":(\d+)/.exec(output);
  return found === null ? undefined : Number(found[1]);
}

export function openSiteStorage(site: Site): LocalStorage {
  return openLocalStorage(site.repository, { suffix: () => randomBytes(8).toString("hex") });
}

/** The root key, so that the tests derive the passphrase once. */
export async function unlockSite(site: Site): Promise<Uint8Array> {
  const environment = createEnvironment({ label: "unlock", cache: undefined, location: site.repository });
  const { keyFile } = site;
  const secret = keyFile === undefined ? { passphrase: PASSPHRASE } : { keyFile: readFileSync(keyFile) };
  return (await unlockRepository(openSiteStorage(site), secret, environment)).rootKey;
}

/** All files below a folder and their sizes, also those that come and go while one looks. */
export function listFiles(folder: string): Map<string, number> {
  const files = new Map<string, number>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined) files.set(path, stat.size);
  }
  return files;
}
