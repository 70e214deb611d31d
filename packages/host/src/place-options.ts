/** What a user can say about how a place is used, whatever its kind. */
export interface PlaceOptions {
  /** How long (ms) a request that fails is tried again; 0: never. Not for folders. */
  readonly retryForMs?: number;
}
