/** The key that is to be added, as flags, variables and the terminal say it. */
import { getSecret } from "@bcat/host";
import type { KeyOwner, NewKey, Repository } from "@bcat/repository";
import type { Context } from "../command.js";
import { chooseSecretSource } from "../passphrase.js";
import { quoteText } from "../quote.js";
import { usageError } from "../usage.js";

/** Asks for the secret when the repository is open; the owner is `before`, or else this user at this host, unless said. */
export type AskForKey = (repository: Repository, before?: KeyOwner) => Promise<NewKey>;

/** Everything that can be wrong with it is looked at before the repository is. */
export function prepareNewKey(context: Context): AskForKey {
  const { options, signal, waiting } = context;
  const source = chooseSecretSource(context, "new-");
  const cost = costOption(context);
  if (cost !== undefined && source.kind === "key-file")
    throw usageError("Cannot use --work-factor with a key file, which is not tried: leave one of the two out");
  return async ({ environment }, before = environment) => {
    const owner = { user: options.text("user") ?? before.user, host: options.text("host") ?? before.host };
    const secret = await waiting.silently(() => getSecret(source, { isNew: true, signal, purpose: "add a key" }));
    return { secret, owner, cost };
  };
}

function costOption({ options }: Context): NewKey["cost"] {
  const text = options.text("work-factor");
  if (text === undefined) return undefined;
  if (/^(1[5-9]|20)$/.test(text)) return { log2N: Number(text), parallelism: 1 };
  throw usageError(`Cannot use --work-factor ${quoteText(text)}: give a number from 15 to 20`);
}
