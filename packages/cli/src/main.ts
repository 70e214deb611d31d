/** The program: runs the command line of this process. */
import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { Inquiry } from "./inquiry.js";
import { Interruption } from "./interruption.js";
import { switchValue } from "./options.js";
import { Output } from "./output.js";
import { passphraseInput } from "./passphrase-input.js";
import { run } from "./run.js";
import { wantsColor } from "./settings.js";

// Node ends with code 13 when a promise is never settled, unless a code is set.
process.exitCode = 1;
const words = process.argv.slice(2);
const { stdout, stderr, env } = process;
const output = new Output({ stdout, stderr, json: wantsJson(words, env.BCAT_JSON), color: wantsColor(env) });
const inquiry = new Inquiry();
const isInPipeline = [0, 1].some(isPipe);
const interruption = new Interruption([0, 1, 2].some(isatty));
let hasEnded = false;
process.on("exit", () => {
  if (!hasEnded) process.stderr.write("bcat: unexpected end of the program before its work was done\n");
});

const input = passphraseInput(
  {
    write: (text) => stderr.write(text),
    interrupt: () => interruption.interrupt("SIGINT"),
    signal: interruption.signal,
  },
  () => {
    if (!output.quiet && !output.json) output.note("reading the passphrase from standard input");
  },
);

/** The exit code. Exported for those who run the program inside of theirs. */
export const ended = run(words, { variables: env, output, interruption, inquiry, isInPipeline, input }).then(
  (exitCode) => {
    process.exitCode = exitCode;
    hasEnded = true;
    interruption[Symbol.dispose]();
    inquiry[Symbol.dispose]();
    return exitCode;
  },
);

function isPipe(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

/** Looked for by hand, so that also an error in the command line itself is told in JSON. */
function wantsJson(words: readonly string[], variable: string | undefined): boolean {
  const end = words.indexOf("--");
  const flags = end < 0 ? words : words.slice(0, end);
  if (flags.includes("--json") || flags.includes("--json=true")) return true;
  try {
    return variable !== undefined && !flags.includes("--json=false") && switchValue("BCAT_JSON", variable) === "true";
  } catch {
    return false;
  }
}
