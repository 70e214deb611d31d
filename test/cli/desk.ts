/** A desk at which somebody uses bcat: a folder of its own with a home, a cache and a repository, and nothing of ours. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect } from "vitest";
import { inexactTimes, usesKoffi } from "../kit/exact-times.js";
import { soonAs } from "../kit/soon-as.js";
import { type Run, runInStandby } from "./standby.js";

export type { Run };

/** Not `npx`, which would ask the registry for a bcat that is not linked. */
export const program = resolve(import.meta.dirname, "../../node_modules/.bin/bcat");

/**
 * A line on stderr that depends on the machine: of progress, which begins with a count, or with what is checked, and
 * comes every ten seconds, or what a restore says without koffi.
 */
export const isIncidental = (line: string): boolean =>
  /^(\d|checking )/.test(line) || (!usesKoffi && inexactTimes.test(line));

/** No line on stderr but incidental ones. */
export const noMessage: unknown = expect.toSatisfy((text: string) => linesOf(text).every(isIncidental));

/** The lines on stderr without incidental ones. */
export function messagesOf(text: string): string[] {
  return linesOf(text).filter((line) => !isIncidental(line));
}

/** Lines of text that ends with a line break, or is empty. */
export function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

/** Appears in no output, ever. */
export const passphrase = "correct-horse-battery";

/** Holds a key. What cannot be guessed need not be slow to try: with it, a short command takes half the time. */
export const deskKeyFile = join(import.meta.dirname, "desk.key");

/** What opens the repository of a desk, and the variable that says so. */
const secrets = {
  passphrase: { secret: { passphrase }, variables: { BCAT_PASSWORD: passphrase } },
  "key file": {
    secret: { keyFile: new Uint8Array(fs.readFileSync(deskKeyFile)) },
    variables: { BCAT_KEY_FILE: deskKeyFile },
  },
} as const;

/** Root without the right to pass over permissions, so that they can be tested as root too. */
const withoutPrivileges = [
  "setpriv",
  "--bounding-set=-dac_override,-dac_read_search",
  "--inh-caps=-dac_override,-dac_read_search",
];
const isRoot = process.getuid?.() === 0;

export interface RunOptions {
  /** Set on top of the desk's own; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The desk's folder by default. */
  readonly cwd?: string;
  readonly unprivileged?: boolean;
  /** Disturbs the program, as soon as a file that matches is below a folder. */
  readonly disturb?: Disturbance;
}

export interface Disturbance {
  readonly below: string;
  readonly file: RegExp;
  readonly act: (child: Child) => void;
}

export type Child = Pick<ChildProcess, "kill">;

export class Desk implements Disposable {
  readonly folder: string;
  /** The root of snapshot 1, when the desk came with one. */
  root = "";
  readonly #opensWith: keyof typeof secrets;
  readonly #mounted: string[] = [];

  /** `opensWith`: a passphrase where passphrases matter. */
  constructor(opensWith: keyof typeof secrets = "key file") {
    this.#opensWith = opensWith;
    this.folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "bcat-cli-")));
    fs.mkdirSync(this.path("home"));
  }

  /** Inside the desk's folder. */
  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  get repository(): string {
    return this.path("repository");
  }

  get secret() {
    return secrets[this.#opensWith].secret;
  }

  /** Writes files, and the folders they are in; a number is that many random bytes. */
  write(files: Readonly<Record<string, string | number>>): void {
    for (const [name, content] of Object.entries(files)) {
      fs.mkdirSync(dirname(this.path(name)), { recursive: true });
      fs.writeFileSync(this.path(name), typeof content === "number" ? randomFillSync(Buffer.alloc(content)) : content);
    }
  }

  read(name: string): string {
    return fs.readFileSync(this.path(name), "latin1");
  }

  /** Names and sizes of all files below a folder, the repository by default. */
  list(folder = this.repository): string[] {
    if (!fs.existsSync(folder)) return [];
    const names = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
    const files = names.map((name) => ({ name, stat: fs.lstatSync(join(folder, name)) }));
    return files
      .filter(({ stat }) => !stat.isDirectory())
      .map(({ name, stat }) => `${name} ${stat.size}`)
      .sort();
  }

  /** The snapshots that were committed, as lines of {@link list}: an outcome of the least size says that there is none. */
  committed = (): string[] => this.list().filter((line) => line.startsWith("outcomes/") && !line.endsWith(" 272"));
  begun = (): string[] => this.list().filter((line) => line.startsWith("sessions/"));

  async bcat(words: readonly string[], options: RunOptions = {}): Promise<Run> {
    if (!needsOwnProcess(options)) {
      const { cwd = this.folder } = options;
      return await runInStandby({ words, cwd, env: { ...this.environment, ...options.env } });
    }
    const drop = options.unprivileged === true && isRoot ? withoutPrivileges : [];
    return await this.run([...drop, program, ...words], options);
  }

  /** {@link bcat} that must succeed; what it printed on stdout. */
  async good(words: readonly string[], options: RunOptions = {}): Promise<string> {
    const run = await this.bcat(words, options);
    if (run.code !== 0) throw new Error(`bcat ${words.join(" ")} ended with ${run.code}: ${run.stderr}`);
    return run.stdout;
  }

  /** The same for `--json`. */
  async json(words: readonly string[], options: RunOptions = {}): Promise<unknown> {
    return JSON.parse(await this.good([...words, "--json"], options));
  }

  /** Any program, in the environment of the desk. */
  run(line: readonly string[], options: RunOptions = {}): Promise<Run> {
    const [command, ...words] = line as [string, ...string[]];
    const child = spawn(command, words, {
      cwd: options.cwd ?? this.folder,
      env: { ...this.environment, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      output.stderr += text;
    });
    const { disturb } = options;
    const stop =
      disturb === undefined
        ? undefined
        : soonAs(
            () => pathsBelow(disturb.below).some((path) => disturb.file.test(path)),
            () => disturb.act(child),
          );
    return new Promise((settle, reject) => {
      child.on("exit", () => stop?.());
      child.on("error", reject).on("close", (code, signal) => settle({ code, signal, ...output }));
    });
  }

  get environment(): Readonly<Record<string, string | undefined>> {
    const { env } = process;
    return {
      PATH: env.PATH,
      HOME: this.path("home"),
      TMPDIR: this.folder,
      LANG: "C.UTF-8",
      BCAT_ACCELERATORS: env.BCAT_ACCELERATORS,
      // At 60, every test sees what it would see on a very slow machine.
      BCAT_PROGRESS_FPS: env.BCAT_PROGRESS_FPS,
      BCAT_REPOSITORY: this.repository,
      ...secrets[this.#opensWith].variables,
    };
  }

  /** Mounts on a new folder of this name, until the desk is cleared. */
  mount(name: string, ...words: readonly string[]): string {
    fs.mkdirSync(this.path(name), { recursive: true });
    execFileSync("mount", [...words, this.path(name)], { stdio: "pipe" });
    this.#mounted.push(this.path(name));
    return this.path(name);
  }

  [Symbol.dispose](): void {
    for (const folder of this.#mounted.reverse()) execFileSync("umount", ["--lazy", folder]);
    try {
      fs.rmSync(this.folder, { recursive: true, force: true });
    } catch {
      execFileSync("chmod", ["-R", "u+rwX", this.folder]);
      fs.rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

/** A desk whose repository, with one snapshot of `source/` in it, is made once and then copied. */
export class DeskWithSnapshot {
  readonly #opensWith: keyof typeof secrets;
  readonly #model: Desk;
  #made: Promise<unknown> | undefined;

  constructor(opensWith: keyof typeof secrets = "key file") {
    this.#opensWith = opensWith;
    this.#model = new Desk(opensWith);
  }

  async open(): Promise<Desk> {
    const model = this.#model;
    this.#made ??= this.#make(model);
    await this.#made;
    const desk = new Desk(this.#opensWith);
    desk.root = model.path("source");
    for (const name of ["repository", "source"]) fs.cpSync(model.path(name), desk.path(name), { recursive: true });
    return desk;
  }

  [Symbol.dispose](): void {
    this.#model[Symbol.dispose]();
  }

  async #make(model: Desk): Promise<void> {
    model.write({ "source/a.txt": "alpha\n", "source/folder/b.bin": 300_000 });
    await model.good(["backup", "--init", "source"]);
  }
}

/** What is settled when a process starts, or ends with it. `BCAT_TEST_PROCESSES=own` says that all need one. */
function needsOwnProcess({ unprivileged, disturb, env = {} }: RunOptions): boolean {
  if (process.env.BCAT_TEST_PROCESSES === "own" || unprivileged === true || disturb !== undefined) return true;
  return Object.keys(env).some((name) => /^(NODE_|LANG$|LC_|SSL_|BCAT_DEBUG$)/.test(name));
}

/** Whether a file system of this size can be mounted here; says so where it cannot. */
export function canMount(): boolean {
  const folder = fs.mkdtempSync(join(tmpdir(), "bcat-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "pipe" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    process.stdout.write("cli: skipped what needs a full or read-only file system: this user cannot mount\n");
    return false;
  } finally {
    fs.rmdirSync(folder);
  }
}

/** Full paths of what is below a folder, which may not exist, or change at this moment. */
function pathsBelow(folder: string): string[] {
  try {
    return fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Each line of text as JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
