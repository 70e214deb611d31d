import { BcatError } from "@bcat/errors";

/** The refusal of `putIfAbsent`: somebody, perhaps the caller itself, has decided this register. */
export function registerExists(name: string, location: string): BcatError {
  return new BcatError("exists", `Cannot decide register "${name}" in ${location}: it already has a value`);
}

/** The refusal of `put`: a name has one value for all time, and this one has another. */
export function objectExists(name: string, location: string): BcatError {
  return new BcatError("exists", `Cannot write "${name}" in ${location}: it already exists with other bytes`);
}
