/** A word to those who have set restic's variables, and not bcat's. */
import type { SecretSource } from "@bcat/host";
import type { Context } from "../command.js";
import { printNotice } from "../warning.js";

export interface Named {
  readonly repository: string | undefined;
  readonly secret: SecretSource;
}

const repositoryVariables = ["REPOSITORY", "REPOSITORY_FILE"];
const passwordVariables = ["PASSWORD", "PASSWORD_FILE", "PASSWORD_COMMAND"];

/** Says which of restic's variables are set in place of what nothing names. */
export function tellResticVariables({ repository, secret }: Named, { variables, output }: Context): void {
  if (output.quiet) return;
  const missing = [
    ...(repository === undefined ? repositoryVariables : []),
    ...(secret.kind === "ask" ? passwordVariables : []),
  ];
  const set = missing.filter((name) => variables[`RESTIC_${name}`] !== undefined);
  if (set.length === 0) return;
  const names = set.map((name) => `RESTIC_${name} (here BCAT_${name})`).join(" and ");
  printNotice(`not heeded: ${names}; docs/from-restic.md has all of restic's words`, "restic-variables", output);
}
