/** For imports of small archives into `/archive`, on a machine that knows nobody by name. */
import type { ImportOptions } from "@bcat/snapshot";

export const importOptions = {
  root: Buffer.from("/archive"),
  scratch: { append: () => Promise.reject(new Error("full")), read: () => Promise.reject(new Error("empty")) },
  owners: { userId: () => undefined, groupId: () => undefined },
} satisfies ImportOptions;
