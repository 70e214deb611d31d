/** Names of users and groups, kept in a snapshot beside their numbers. */
export interface OwnerNames {
  /** At most 256 bytes (docs/format.md section 12.1), empty when unknown. */
  user(uid: number): string;
  group(gid: number): string;
}

export const noOwnerNames: OwnerNames = { user: () => "", group: () => "" };
