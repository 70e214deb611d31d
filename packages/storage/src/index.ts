export { createAbortableStorage, untilAborted } from "./abortable.js";
export { ArchivedObjects } from "./archived.js";
export type { FaultPlan, FaultWay, FaultyStorage, Operation, OperationKind } from "./faulty.js";
export { createFaultyStorage } from "./faulty.js";
export type { LocalEntry, LocalFile, LocalFileSystem, LocalStatus } from "./local/file-system.js";
export type { LocalStorage, LocalStorageOptions } from "./local.js";
export { openLocalStorage } from "./local.js";
export type { MemoryStorage } from "./memory.js";
export { createMemoryStorage } from "./memory.js";
export { countingAs, Meter, type RequestCounter, type RequestKind, requestKinds } from "./meter.js";
export { createMeteredStorage } from "./metered.js";
export { createMulberry32 } from "./mulberry32.js";
export { createOneWriterStorage } from "./one-writer.js";
export { type ProbeOptions, probeRegisters, probeStorage } from "./probe/probe.js";
export type { ProbeCheck, ProbeFinding, ProbeReport, ProbeSpeed, RegistersReport } from "./probe/report.js";
export { MemoryDatabase } from "./registers/memory-table.js";
export {
  type RegisterRow,
  type RegistersKind,
  type RegisterTable,
  registersChanged,
  registersIdSize,
  repairOvertaken,
  type TableState,
} from "./registers/register-table.js";
export type { RegistersProbe } from "./registers/registers-probe.js";
export { createRetryingTable } from "./registers/retrying-table.js";
export { openStorageTable } from "./registers/storage-table.js";
export type { RetryOptions } from "./retrying.js";
export { createRetryingStorage, Retries } from "./retrying.js";
export type {
  ByteRange,
  GetOptions,
  ListedObject,
  Objects,
  PutOptions,
  Registers,
  Storage,
} from "./storage.js";
export type { Trouble } from "./trouble.js";
