/** `bcat key add`. */
import type { Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { requestsField } from "../requests.js";
import { prepareNewKey } from "./new-key.js";
import { openedByKey } from "./opened.js";

export async function addKey(context: Context): Promise<number> {
  const { output, meter, signal } = context;
  const ask = prepareNewKey(context);
  await using opened = await openedByKey(context, "add a key to");
  const { addKeySlot } = await import("@bcat/repository");
  const added = await ask(opened.repository);
  signal.throwIfAborted();
  const { number } = await addKeySlot(opened.repository, added);
  if (output.json) output.message({ message_type: "summary", action: "added", key: number, ...requestsField(meter) });
  else if (!output.quiet) output.print(`added key ${number}`);
  return exitCodes.done;
}
