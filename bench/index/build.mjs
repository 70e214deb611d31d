/** Writes the runs of an index of so many chunks, each about half of the one before, as merging leaves them. */
import { createContext, writeRun } from "./runs.mjs";

const [folder, chunks, runs] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const context = await createContext();
let first = 0;
for (let i = 0; i < runs; i++) {
  const count = i === runs - 1 ? chunks - first : Math.round((chunks * 2 ** (runs - 1 - i)) / (2 ** runs - 1));
  writeRun(context, { folder, name: String(i), first, count });
  first += count;
}
