/** From one look to the next, milliseconds; far less than what is looked at takes. */
const LOOK_MS = 2;

/**
 * Calls `act` once, as soon as `isThere`, which it asks again and again: fs.watch misses files in folders that are new.
 * Returns what ends the looking.
 */
export function soonAs(isThere: () => boolean, act: () => void): () => void {
  // Not at every turn of the event loop, which would take a core from the program that is looked at.
  let pending: NodeJS.Timeout | undefined = setTimeout(function look() {
    pending = undefined;
    if (isThere()) act();
    else pending = setTimeout(look, LOOK_MS);
  }, LOOK_MS);
  return () => clearTimeout(pending);
}
