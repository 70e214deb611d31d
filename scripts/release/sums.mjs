/** SHA256SUMS, as `sha256sum --check` reads it, and its signature. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../packages/run.mjs";

export function writeSums(folder, names) {
  const sumOf = (name) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  const lines = [...names].sort().map((name) => `${sumOf(name)}  ${name}\n`);
  writeFileSync(join(folder, "SHA256SUMS"), lines.join(""));
}

/** Writes SHA256SUMS.sig. @param key path of a private key of ssh */
export function signSums(folder, key) {
  run("ssh-keygen", ["-Y", "sign", "-q", "-f", key, "-n", "file", join(folder, "SHA256SUMS")]);
}
