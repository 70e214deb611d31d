/** `bcat repair`: puts right what is damaged. It only adds: nothing is deleted, nothing overwritten. */
import type { Command } from "../command.js";
import { dataFlags } from "../data-subset.js";
import { repairIndex } from "../repair/index-segments.js";
import { repairPacks } from "../repair/packs.js";
import { repairRegisters } from "../repair/registers.js";
import { usageError } from "../usage.js";

export const repair: Command = {
  name: "repair",
  summary: "put right what bcat check has found, as far as that can be done",
  operands: [
    { name: "what", count: "one", shown: "index|packs|registers" },
    { name: "object", count: "many" },
  ],
  flags: {
    "dry-run": { kind: "switch", short: "n", description: "change nothing: say what would be done" },
    ...dataFlags,
  },
  examples: [
    ["repair index", "make missing and damaged segments of the index anew, out of the packs"],
    ["repair packs", "condemn packs that are missing, or damaged where check looks; the next backup heals them"],
    ["repair packs --read-data", "the same, after reading every pack"],
    ["repair packs packs/3f/0000000012-3fa9…", "only these packs, as bcat check names them"],
    ["repair registers --registers postgres://bcat@db/bcat", "registers that live elsewhere, after these were lost"],
  ],
  notes: [
    "Nothing is deleted. The order is: index, packs, then a backup of what the packs came from. Of packs",
    "that are damaged, chunks that still open are saved first. repair registers loses nothing that was",
    "ever reported as done; backups that run meanwhile end with exit code 14: run them again.",
  ],
  interrupted: "interrupted; what was done so far is good, run the same repair again",
  async run(context) {
    const [what = "", ...names] = context.operands;
    if (what === "packs") return await repairPacks(context, names);
    if (names.length > 0) throw usageError(`Cannot repair "${names[0]}": only packs are repaired by name`);
    if (what === "index") return await repairIndex(context);
    if (what === "registers") return await repairRegisters(context);
    throw usageError(`Cannot repair "${what}": say index, packs or registers`);
  },
};
