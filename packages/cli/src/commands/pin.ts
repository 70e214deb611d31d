/** `bcat pin` and `bcat unpin`: snapshots that nobody forgets by mistake. */
import type { Repository } from "@bcat/repository";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatItems } from "../format.js";
import { withRepository } from "../site.js";
import { findNumbers, formatNumbers, parseNumberWords } from "../snapshot-numbers.js";

export const pin: Command = {
  name: "pin",
  summary: "keep snapshots whatever a policy says, until they are unpinned",
  operands: [
    { name: "snapshot", count: "one" },
    { name: "snapshot", count: "many" },
  ],
  flags: { note: { kind: "text", description: "why, to be shown with them" } },
  examples: [
    ["pin 12", "snapshot 12"],
    ["pin 3 5-9 --note 'before the move'", "these, and why"],
  ],
  notes: ["bcat forget refuses a pinned snapshot also by its number."],
  interrupted: "interrupted; bcat snapshots shows what is pinned",
  async run(context) {
    const { pinSnapshots } = await import("@bcat/snapshot");
    const note = context.options.text("note");
    return await change(context, "pinned", (repository, numbers) => pinSnapshots(repository, numbers, { note }));
  },
};

export const unpin: Command = {
  name: "unpin",
  summary: "let pinned snapshots be forgotten again",
  operands: pin.operands,
  flags: {},
  examples: [
    ["unpin 12", "snapshot 12"],
    ["unpin 3 5-9", "these"],
  ],
  interrupted: "interrupted; bcat snapshots shows what is pinned",
  async run(context) {
    const { unpinSnapshots } = await import("@bcat/snapshot");
    return await change(context, "unpinned", unpinSnapshots);
  },
};

async function change(
  context: Context,
  done: "pinned" | "unpinned",
  act: (repository: Repository, numbers: readonly number[]) => Promise<void>,
): Promise<number> {
  const { operands, output, signal } = context;
  const { keptSnapshots } = await import("@bcat/snapshot");
  const words = parseNumberWords(operands);
  const use = async (repository: Repository) => {
    await repository.refresh();
    const known = keptSnapshots(repository).map(({ number }) => number);
    const numbers = await findNumbers(repository, words, known);
    signal.throwIfAborted();
    await act(repository.withSignal(signal), numbers);
    if (output.json) output.message({ message_type: "summary", action: done, snapshots: numbers });
    else if (!output.quiet)
      output.print(`${done} ${formatItems(numbers.length, "snapshot")}: ${formatNumbers(numbers)}`);
    return exitCodes.done;
  };
  return await withRepository(context, use, {
    writes: true,
    change: `${done === "pinned" ? "pin" : "unpin"} snapshots of`,
  });
}
