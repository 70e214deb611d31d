/** The id of a snapshot's tree, which the command line does not print. */
import { readFileSync } from "node:fs";
import { createEnvironment, loadAccelerated } from "@bcat/host";
import { openRepository, unlockRepository } from "@bcat/repository";
import { findSnapshot } from "@bcat/snapshot";
import { openLocalStorage } from "@bcat/storage";

/** Of its only root, in hex; `keyFile` opens the repository in the folder `location`. */
export async function rootId(location, { keyFile, number }) {
  const storage = openLocalStorage(location, { suffix: () => "reading" });
  const options = { program: "bench", location, cache: undefined, variables: {} };
  const environment = await createEnvironment(options, await loadAccelerated("auto"));
  const { rootKey } = await unlockRepository(storage, { keyFile: readFileSync(keyFile) }, environment);
  const repository = await openRepository(storage, rootKey, environment);
  const { snapshot } = await findSnapshot(repository, String(number));
  return Buffer.from(snapshot.roots[0].node).toString("hex");
}
