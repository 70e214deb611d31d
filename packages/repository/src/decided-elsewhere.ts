/** Somebody has decided how a session ended that was still going on: it was taken for dead (rule 4b of docs/architecture.md). */
import { BcatError } from "@bcat/errors";
import { registerName } from "./registers.js";

export class DecidedElsewhereError extends BcatError {
  constructor(session: number) {
    const found = `"${registerName("outcomes", session)}" has been decided by somebody else`;
    super(
      "refused",
      `Cannot end session ${session}: ${found}, who took it for dead; nothing was committed, run it again`,
    );
    this.name = "DecidedElsewhereError";
  }
}
