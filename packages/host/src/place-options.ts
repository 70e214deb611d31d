/** What a user can say about how a place is used, whatever its kind. */
import type { ConnectionChoice } from "./wire-options.js";

export interface PlaceOptions extends ConnectionChoice {
  /** How long (ms) a request that fails is tried again; 0: never. Not for folders. */
  readonly retryForMs?: number;
}
