/** `bcat repair`: puts right what is damaged. It only adds: nothing is deleted, nothing overwritten. */
import { acceptRollbackFlag } from "../accept-rollback.js";
import type { Command } from "../command.js";
import { dataFlags } from "../data-subset.js";
import { fromFlags } from "../from-repository.js";
import { repairFrom } from "../repair/from.js";
import { repairIndex } from "../repair/index-segments.js";
import { repairPacks } from "../repair/packs.js";
import { repairParity } from "../repair/parity.js";
import { repairRegisters } from "../repair/registers.js";
import { repairSnapshots } from "../repair/snapshots.js";
import { usageError } from "../usage.js";

const { "from-repository": _name, "from-repository-file": _file, ...secretOfFrom } = fromFlags;

export const repair: Command = {
  name: "repair",
  summary: "put right what bcat check has found, as far as that can be done",
  operands: [
    { name: "what", count: "optional", shown: "index|packs|snapshots|parity|registers|--from REPO" },
    { name: "object", count: "many" },
  ],
  flags: {
    "dry-run": { kind: "switch", short: "n", description: "change nothing: say what would be done" },
    ...dataFlags,
    from: {
      kind: "text",
      value: "REPO",
      description: "another repository that has the files concerned: read them there",
    },
    ...secretOfFrom,
    ...acceptRollbackFlag,
    forget: { kind: "switch", description: "snapshots: forget the old ones, of which new ones were made" },
  },
  examples: [
    ["repair index", "make missing and damaged segments of the index anew, out of the packs"],
    ["repair packs --read-data", "condemn packs that are missing or damaged; the next backup heals them"],
    ["repair snapshots", "make new snapshots without what is lost for good, and list that"],
    ["repair --from /mnt/other --from-key-file k", "read the files concerned in another repository"],
    ["repair registers --registers postgres://bcat@db/bcat", "registers that live elsewhere, after these were lost"],
  ],
  notes: [
    "Nothing is deleted but damaged parity, which is made anew. The order is: index, packs, then a backup of what",
    "the packs came from, then snapshots. Chunks of bad packs that still open, or that parity brings back, are",
    "saved first. repair registers loses nothing that was ever reported as done; backups that run meanwhile end",
    "with exit code 14: run them again. repair parity --parity 5% writes parity beside packs that have none.",
  ],
  interrupted: "interrupted; what was done so far is good, run the same repair again",
  async run(context) {
    const [what = "", ...names] = context.operands;
    const from = context.options.text("from");
    if (from !== undefined) {
      if (what !== "") throw usageError(`Cannot use --from and "${what}": --from heals what files of the other have`);
      return await repairFrom(context, from);
    }
    if (what === "packs") return await repairPacks(context, names);
    if (what === "snapshots") return await repairSnapshots(context, names);
    if (what === "parity") return await repairParity(context, names);
    if (names.length > 0)
      throw usageError(`Cannot repair "${names[0]}": only packs and parity are repaired by name, snapshots by number`);
    if (what === "index") return await repairIndex(context);
    if (what === "registers") return await repairRegisters(context);
    if (what === "")
      throw usageError("Missing what to repair: say index, packs, snapshots, parity or registers, or --from REPO");
    throw usageError(`Cannot repair "${what}": say index, packs, snapshots, parity or registers`);
  },
};
