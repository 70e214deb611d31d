/** Deletes objects, several at a time. */
import type { Storage } from "@bcat/storage";

/** Requests on their way at once. */
const WIDTH = 16;

/** Where the storage can delete. @param step is called after each. @throws StorageError, after what is on its way has ended */
export async function deleteObjects(
  storage: Storage,
  names: readonly string[],
  step: (done: number) => Promise<void> | void,
): Promise<void> {
  let next = 0;
  let done = 0;
  const lanes = Array.from({ length: Math.min(WIDTH, names.length) }, async () => {
    while (next < names.length) {
      await storage.delete!(names[next++]!);
      await step(++done);
    }
  });
  const ends = await Promise.allSettled(lanes);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
