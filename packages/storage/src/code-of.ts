/** For suites of tests, as this package's `conformance` is one. */
import { isBcatError } from "@bcat/errors";

/** The code of the BcatError that `promise` rejects with, or undefined when it does not reject. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (isBcatError(error)) return error.code;
    throw error;
  }
}
