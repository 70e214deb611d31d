/** Runs the built command line as a process of its own, with a repository, key and cache in one folder. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const bcat = fileURLToPath(new URL("../../node_modules/.bin/bcat", import.meta.url));
/** Not a passphrase: that one takes half the time of a short command to try. */
const keyFile = fileURLToPath(new URL("../cli/desk.key", import.meta.url));
const peakMemory = pathToFileURL(fileURLToPath(new URL("peak-memory.mjs", import.meta.url))).href;

export interface Result {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
  readonly seconds: number;
  /** Largest resident size of the process in bytes, as the kernel counts it. */
  readonly peakBytes: number;
  /** The message `summary` of `--json`. */
  readonly summary: Readonly<Record<string, number>>;
}

export interface CommandOptions {
  /** What the process is started with instead of by itself, such as strace and its arguments. */
  readonly through?: readonly string[];
}

/** A repository in `folder`, which is made, and the commands that are run on it. */
export function makeCommands(folder: string) {
  mkdirSync(folder, { recursive: true });
  const repository = join(folder, "repository");
  const run = async (words: readonly string[], { through = [] }: CommandOptions = {}): Promise<Result> => {
    const peakFile = join(folder, "peak");
    const { PATH, BCAT_ACCELERATORS } = process.env;
    const env = {
      PATH,
      HOME: folder,
      BCAT_REPOSITORY: repository,
      BCAT_KEY_FILE: keyFile,
      BCAT_CACHE_DIR: join(folder, "cache"),
      BCAT_TEST_PEAK_FILE: peakFile,
      NODE_OPTIONS: `--import ${peakMemory}`,
      ...(BCAT_ACCELERATORS === undefined ? {} : { BCAT_ACCELERATORS }),
    };
    const [program, ...given] = [...through, bcat, ...words];
    const start = performance.now();
    const { exitCode, output, errors } = await collect(program!, given, env);
    const seconds = (performance.now() - start) / 1_000;
    const peakBytes = Number(readFileSync(peakFile, "latin1"));
    return { exitCode, output, errors, seconds, peakBytes, summary: summaryOf(output) };
  };
  return { repository, run };
}

async function collect(program: string, words: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(program, words, { env, stdio: ["ignore", "pipe", "pipe"] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on("data", (bytes: Buffer) => output.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => errors.push(bytes));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { exitCode, output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() };
}

function summaryOf(output: string): Readonly<Record<string, number>> {
  const line = output.split("\n").find((text) => text.includes('"message_type":"summary"'));
  return line === undefined ? {} : (JSON.parse(line) as Record<string, number>);
}
