/** Which errors a process may end with: those that tell of the weather, of others, or of a place for one writer. */
import { isBcatError } from "@bcat/errors";
import { isElsewhere, type Knobs } from "./knobs.js";

const EXPECTED = ["storage-failed", "refused", "interrupted", "conditions-not-met"] as const;

export function isExpected(
  error: unknown,
  { weather, kind, rollback, repairsRegisters, rot, packRot }: Knobs,
): boolean {
  // What has arrived cut short may have been what is read once only.
  if (weather.shortBodies > 0 && isBcatError(error, "corrupt") && !/is missing/.test(error.message)) return true;
  if (rot && isBcatError(error, "corrupt") && /index\//.test(error.message)) return true;
  // What a storage that answers does not give is damaged for who copies it.
  const isUnread = weather.errors > 0 || weather.lostAnswers > 0 || rot || packRot;
  if (isUnread && isBcatError(error, "corrupt") && /^Cannot copy snapshot/.test(error.message)) return true;
  // Nobody deletes or takes over what cannot be read.
  if (packRot && isBcatError(error, "corrupt") && /"packs\/|damaged/.test(error.message)) return true;
  // Its generation is announced in an object that is read once.
  const isUnsure = isElsewhere({ kind }) && (rollback || repairsRegisters || weather.shortBodies > 0);
  if (isUnsure && isBcatError(error, "identity-changed")) return true;
  return EXPECTED.some((code) => isBcatError(error, code));
}
