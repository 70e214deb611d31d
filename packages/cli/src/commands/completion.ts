/** `bcat completion`: what makes a shell complete commands, flags, values, snapshots and paths. */
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { globalFlags, Options } from "../options.js";
import type { Term } from "../paragraphs.js";
import { usageError } from "../usage.js";

export const completion: Command = {
  name: "completion",
  summary: "print what makes a shell complete commands, flags, snapshots and paths",
  operands: [
    { name: "shell", count: "word", shown: "bash|zsh|fish" },
    { name: "word", count: "many", shown: "", mayBeEmpty: true },
  ],
  flags: {},
  examples: [
    ["completion bash > ~/.local/share/bash-completion/completions/bcat", "for bash"],
    ["completion zsh > ~/.zfunc/_bcat", "for zsh, in a folder of fpath"],
    ["completion fish > ~/.config/fish/completions/bcat.fish", "for fish"],
  ],
  notes: [
    "Snapshots and paths inside them are completed where a key file, a password file or BCAT_PASSWORD opens the repository without asking.",
  ],
  // Shells ask it where nobody reads an error, and at their start.
  ignoresVariables: true,
  interrupted: "interrupted",
  async run(context) {
    const { operands, output } = context;
    const [shell, ...words] = operands;
    const { scripts, shells } = await import("../completion/scripts.js");
    const known = shells.find((name) => name === shell);
    if (known !== undefined && words.length === 0) output.print(scripts[known]);
    else if (shell === "words") await printWords(words, context);
    else throw usageError(`Cannot use "${operands.at(-1)}": write bcat completion ${shells.join(", ")}`);
    return exitCodes.done;
  },
};

/** For the scripts: the kind of what follows, and a word a line. */
async function printWords(words: readonly string[], context: Context): Promise<void> {
  const { output } = context;
  const { commands } = await import("../commands.js");
  const { candidates } = await import("../completion/candidates.js");
  const found = candidates(words, commands);
  output.print(found.kind === "snapshots" ? "words" : found.kind);
  if (found.kind === "files") return;
  const current = words.at(-1) ?? "";
  for (const { term, meaning } of await wordsOf(found, words, context))
    if (term.startsWith(current) && !/[\n\t]/.test(term)) output.print(`${term}\t${meaning.replaceAll(/\s+/g, " ")}`);
}

async function wordsOf(
  found: Exclude<import("../completion/candidates.js").Candidates, { kind: "files" }>,
  words: readonly string[],
  context: Context,
): Promise<readonly Term[]> {
  if (found.kind === "words") return found.words;
  const { pathWords, snapshotWords } = await import("../completion/found.js");
  const there = { ...context, options: await typedOptions(words, context) };
  if (found.kind === "snapshots") return await snapshotWords(there);
  return await pathWords(there, found.snapshot, words.at(-1) ?? "");
}

/** Those for all commands, of the line that is typed. */
async function typedOptions(words: readonly string[], { variables }: Context): Promise<Options> {
  const { readWords } = await import("../words.js");
  for (let end = words.length - 1; end >= 0; end--) {
    try {
      const { given } = readWords(words.slice(0, end), globalFlags, (typed) => usageError(typed));
      return new Options(globalFlags, given, variables);
    } catch {
      // Flags of the command are none of these: what stands before them counts.
    }
  }
  return new Options(globalFlags, new Map(), variables);
}
