/**
 * All workloads in the order they are run. `prepare(folder, scale)` writes the source below `folder`, always the same
 * bytes, and returns the paths to back up; `title(scale)` says how much that is.
 */
import { randomFile, randomFiles } from "./random.mjs";
import { smallRandom, smallText, tiny } from "./small.mjs";
import { startUp } from "./start-up.mjs";
import { system } from "./system.mjs";

export const workloads = [startUp, randomFiles, randomFile, smallRandom, smallText, system, tiny];
