/** `bcat key passwd`: a new key in the place of the one that has opened the repository. */
import type { Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { requestsField } from "../requests.js";
import { prepareNewKey } from "./new-key.js";
import { openedByKey } from "./opened.js";

export async function changeKey(context: Context): Promise<number> {
  const { output, meter, signal } = context;
  const ask = prepareNewKey(context);
  await using opened = await openedByKey(context, "add a key to");
  const { addKeySlot, removeKeySlot } = await import("@bcat/repository");
  const { repository, slot: old } = opened;
  await repository.refresh();
  const wanted = await ask(repository, repository.history.keyChanges.additionOf(old.id)?.owner);
  signal.throwIfAborted();
  // From here on both open it, until the old one is gone: interrupted anywhere, one of them does.
  const added = await addKeySlot(repository, wanted);
  await removeKeySlot(repository, old.number, added);
  const numbers = { key: added.number, removed: old.number };
  if (output.json) output.message({ message_type: "summary", action: "changed", ...numbers, ...requestsField(meter) });
  else if (!output.quiet)
    output.print(`key ${added.number} is in the place of key ${old.number}, which opens nothing now`);
  return exitCodes.done;
}
