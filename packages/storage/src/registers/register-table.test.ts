import { createMemoryStorage } from "../memory.js";
import { MemoryDatabase } from "./memory-table.js";
import { createRetryingTable } from "./retrying-table.js";
import { openStorageTable } from "./storage-table.js";
import { describeRegisterTable } from "./table-conformance.js";

describeRegisterTable("registers in memory, as a database has them", async () => {
  const database = new MemoryDatabase();
  return { open: (id) => database.open(id), dispose: async () => {} };
});

describeRegisterTable("registers in another storage", async () => {
  const storage = createMemoryStorage();
  return { open: (id) => openStorageTable(storage, id), dispose: async () => {} };
});

describeRegisterTable("registers that are asked again", async () => {
  const database = new MemoryDatabase();
  const options = { now: () => 0, sleep: async () => {}, random: () => 0, retryForMs: 1 };
  return { open: (id) => createRetryingTable(database.open(id), options), dispose: async () => {} };
});
