/**
 * The descriptors that a thread has open, in memory that outlives it. A thread is ended wherever it is, and closes nothing
 * then: who ends it does. One is noted after it was opened and struck out before it is closed, so that none is ever closed
 * twice: another thread may have its number by then.
 */
import { closeSync } from "node:fs";

/** Of one thread: a file that it reads, and run files of two indexes. */
const DESCRIPTORS_MAX = 16;

export class OpenDescriptors {
  /** A descriptor and 1 in each slot, 0 in one that is free. */
  readonly slots: Int32Array;

  constructor(slots: Int32Array = new Int32Array(new SharedArrayBuffer(DESCRIPTORS_MAX * 4))) {
    this.slots = slots;
  }

  /** What finds no slot stays open until the process ends, if the thread does not close it. */
  add(descriptor: number): void {
    const free = this.slots.indexOf(0);
    if (free >= 0) Atomics.store(this.slots, free, descriptor + 1);
  }

  remove(descriptor: number): void {
    const slot = this.slots.indexOf(descriptor + 1);
    if (slot >= 0) Atomics.store(this.slots, slot, 0);
  }

  /** Closes what a thread that has ended left open. */
  closeAll(): void {
    for (const noted of this.slots) if (noted > 0) closeQuietly(noted - 1);
    this.slots.fill(0);
  }
}

/** It was only read: that it cannot be closed well says nothing. */
function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // It is closed all the same.
  }
}
