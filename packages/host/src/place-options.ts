/** What a user can say about how a place is used, whatever its kind. */
import type { ConnectionChoice } from "./wire-options.js";

export interface PlaceOptions extends ConnectionChoice {}
