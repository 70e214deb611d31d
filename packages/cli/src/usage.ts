/** Wrong usage: what the user typed or set in the environment, refused before any effect. */
import { BcatError } from "@bcat/errors";

/** An error that ends the run with exit code 2. The message says what to do. */
export function usageError(message: string, options?: { cause?: unknown }): BcatError {
  return new BcatError("usage", message, options);
}
