import { createMemoryStorage, MemoryDatabase, openStorageTable, type RegisterTable, type Storage } from "@bcat/storage";
import { describeStorage } from "@bcat/storage/conformance";
import { openRegistersElsewhere } from "./registers-elsewhere.js";
import { hash, id } from "./test-world.js";

async function elsewhere(table: RegisterTable): Promise<{ storage: Storage; dispose: () => Promise<void> }> {
  await table.create();
  const storage = await openRegistersElsewhere({ objects: createMemoryStorage(), table, id, hash });
  return { storage, dispose: async () => {} };
}

describeStorage("objects here, registers in a database", () => elsewhere(new MemoryDatabase().open(id)));
describeStorage("objects here, registers in another storage", () =>
  elsewhere(openStorageTable(createMemoryStorage(), id)),
);
