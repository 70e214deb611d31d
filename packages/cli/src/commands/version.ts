/** `bcat version`: what runs here. */
import { acceleratorsOf, describeMissing, loadAccelerated, missingAccelerators } from "@bcat/host";
import type { Command } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { programVersion } from "../program-version.js";

export const version: Command = {
  name: "version",
  summary: "show the version, and which native parts are in use",
  operands: [],
  flags: {},
  examples: [
    ["version", "for people"],
    ["version --json", "for scripts"],
    ["--version", "the same as bcat version"],
  ],
  notes: ["BCAT_ACCELERATORS=off|auto|required: use no native parts, those that load, or fail without them."],
  interrupted: "interrupted",
  async run({ output, variables }) {
    const mode = acceleratorsOf(variables);
    const accelerated = await loadAccelerated(mode);
    const { zstd, blake3, gcm, posix } = accelerated;
    const names = { zstd: zstd.name, blake3: blake3.name, gcm: gcm.name, posix: posix.name };
    const missing = mode === "off" ? [] : missingAccelerators(accelerated);
    const own = programVersion();
    if (output.json) {
      output.message({
        message_type: "version",
        version: own,
        node_version: process.version,
        accelerators: mode,
        ...names,
        missing_accelerators: missing.map((one) => one.missing),
      });
    } else {
      output.print(`bcat ${own} on Node.js ${process.version}`);
      for (const [part, name] of Object.entries(names)) output.print(`${part.padEnd("blake3".length)}  ${name}`);
      if (missing.length > 0) output.print(`not installed: ${describeMissing(missing)}`);
    }
    return exitCodes.done;
  },
};
