/** A second repository, which snapshots are copied from or to. It begins as another world left it, and has a place of its own. */
import type { Oracle } from "./oracle/oracle.js";
import type { Owners } from "./owners.js";
import { Place } from "./place.js";
import type { WorldState } from "./world.js";

/** What a snapshot is to be compared with is found by this. */
export interface Home {
  /** Of the repository, in hexadecimal digits. */
  readonly id: string;
  readonly oracle: Oracle;
  readonly owners: Owners;
}

export class SecondRepository implements Home {
  readonly id: string;
  readonly rootKey: Uint8Array;
  readonly place = new Place(false);
  readonly oracle: Oracle;
  /** Those of the world that it comes from. */
  readonly owners: Owners;
  /** Names that have arrived cut short. */
  readonly shortened = new Set<string>();

  constructor({ rootKey, repositoryId, objects, oracle, owners }: WorldState) {
    this.id = Buffer.from(repositoryId).toString("hex");
    this.rootKey = rootKey;
    this.owners = owners;
    this.place.furnish(objects);
    this.oracle = oracle.copy(this.place);
  }
}
