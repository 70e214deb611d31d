/** Paths of a snapshot in one line. */
import { formatList } from "./format.js";
import { quoteName } from "./quote.js";
import { cutStart } from "./text-width.js";

/** Wide enough for several paths, and not for all of a long list. */
const WIDTH_MAX = 60;

/** `/etc, /home and 2 more`, in at most so many columns. */
export function shortPaths(roots: readonly { readonly path: Uint8Array }[], columns: number): string {
  const paths = roots.map(({ path }) => quoteName(path));
  const list = formatList(paths, Math.min(columns, WIDTH_MAX));
  return cutStart(list, columns);
}
