/** Runs of bcat in processes that stay for the next one; standby.cjs says how a run begins and ends there. */
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { resolve } from "node:path";

export interface Call {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const script = resolve(import.meta.dirname, "standby.cjs");

/** No threads of V8 beside the one that runs: every core has a test of its own. standby.cjs sets more. */
const execArgv = ["--single-threaded-gc", "--v8-pool-size=0"];

/** Those in which nothing runs, of some 150 MB each; what was needed by more runs at the same time ends. */
const idle: Standby[] = [];
const IDLE_MAX = 3;

/** Runs at the same time have a process each. */
export async function runInStandby(call: Call): Promise<Run> {
  const standby = idle.pop() ?? new Standby();
  const run = await standby.run(call);
  if (idle.length === IDLE_MAX) standby.end();
  else if (standby.isAlive) idle.push(standby);
  return run;
}

/** Ends with this process. */
class Standby {
  isAlive = true;
  readonly #child: ChildProcess;
  readonly #streams: readonly Socket[];
  readonly #ended: Promise<Pick<Run, "code" | "signal">>;

  constructor() {
    const child = fork(script, { stdio: ["ignore", "pipe", "pipe", "ipc"], env: {}, execArgv });
    this.#child = child;
    this.#streams = [child.stdout as Socket, child.stderr as Socket];
    this.#ended = new Promise((settle, reject) => {
      child.once("error", reject).once("close", (code, signal) => {
        this.isAlive = false;
        settle({ code, signal });
      });
    });
    for (const handle of [child, child.channel!, ...this.#streams]) handle.unref();
  }

  async run(call: Call): Promise<Run> {
    const endLine = randomUUID();
    const texts = Promise.all(this.#streams.map((stream) => this.#textUntil(endLine, stream)));
    this.#child.send({ ...call, endLine });
    const [stdout, stderr] = (await texts) as [string, string];
    const end = new RegExp(`${endLine} (\\d+)\n$`);
    const code = end.exec(stderr)?.[1];
    const ended = code === undefined ? await this.#ended : { code: Number(code), signal: null };
    return { ...ended, stdout: stdout.replace(end, ""), stderr: stderr.replace(end, "") };
  }

  end(): void {
    if (this.isAlive) this.#child.disconnect();
  }

  /** What a stream says up to the line that ends the run, or until the process ends. */
  async #textUntil(endLine: string, stream: Socket): Promise<string> {
    let text = "";
    let hear = (_part: string) => {};
    const whole = new Promise<void>((settle) => {
      hear = (part) => {
        text += part;
        if (text.endsWith("\n") && text.lastIndexOf(endLine) >= 0) settle();
      };
    });
    stream.setEncoding("utf8").on("data", hear);
    await Promise.race([whole, this.#ended]);
    stream.off("data", hear);
    return text;
  }
}
