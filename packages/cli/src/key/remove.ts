/** `bcat key remove`. */
import type { Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { parseKeyNumber } from "../key-hint.js";
import { requestsField } from "../requests.js";
import { usageError } from "../usage.js";
import { openedByKey } from "./opened.js";

export async function removeKey(context: Context): Promise<number> {
  const { operands, output, meter, signal } = context;
  const word = operands[1];
  if (word === undefined)
    throw usageError("Missing <number>: write bcat key remove 2; bcat key list shows the numbers");
  const number = parseKeyNumber(word, "key");
  await using opened = await openedByKey(context, "remove a key of");
  const { removeKeySlot } = await import("@bcat/repository");
  signal.throwIfAborted();
  const [, ...copies] = await removeKeySlot(opened.repository, number, opened.slot);
  if (output.json) {
    const also = copies.length > 0 && { copies };
    output.message({ message_type: "summary", action: "removed", key: number, ...also, ...requestsField(meter) });
  } else if (!output.quiet)
    output.print(`removed key ${[number, ...copies.map((copy) => `its copy ${copy}`)].join(" and ")}`);
  return exitCodes.done;
}
