/** The repository and the key that opens it, for what is done with keys. */
import { refuseReadOnly, type UnlockedSite, unlockSite } from "@bcat/host";
import type { Context } from "../command.js";
import { siteOf, tellStanding } from "../site.js";

/** @param action what is to be done to the keys of the repository; undefined to look at them only */
export async function openedByKey(
  context: Context,
  action?: "add a key to" | "remove a key of",
): Promise<UnlockedSite> {
  const { signal, waiting } = context;
  const site = await siteOf(context);
  if (action !== undefined) refuseReadOnly(site, action);
  const unlock = () => unlockSite(site, { signal, writes: action !== undefined });
  const opened = await waiting.during("opening the repository", unlock);
  await tellStanding(opened.repository, context);
  return opened;
}
