/** A place of registers, opened to be tried out. */
import type { Storage } from "../storage.js";

/** To be disposed of, which removes what was put and closes its connections. */
export interface RegistersProbe extends AsyncDisposable {
  /** Whose `putIfAbsent` and `get` are those of registers there; undefined where nothing can be tried. */
  readonly storage: Storage | undefined;
  /** Why not: the end of a sentence. */
  readonly untried?: string;
}
