/** Going on with a repository that is not what this client has seen. */
import type { Flags } from "./options.js";

export const acceptRollbackFlag: Flags = {
  "accept-rollback": {
    kind: "switch",
    isOnlyTyped: true,
    description:
      "go on with a repository that is older than it was, or than another copy of it (its history forks), or another one",
  },
};
