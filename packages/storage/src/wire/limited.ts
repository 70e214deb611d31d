/** A storage whose bytes pass only so fast: for those that have no connections of ours to be limited, such as folders. */
import type { GetOptions, PutOptions, Storage } from "../storage.js";
import { type RateSchedule, Throttle, type WireClock } from "./throttle.js";

export interface StorageLimits {
  readonly clock: WireClock;
  readonly upload?: RateSchedule | undefined;
  readonly download?: RateSchedule | undefined;
}

/** Wraps `inner`: what is written waits before, what was read waits after. Names and listings pass uncounted. */
export function createLimitedStorage(inner: Storage, { clock, upload, download }: StorageLimits): Storage {
  const up = upload && new Throttle(upload, clock);
  const down = download && new Throttle(download, clock);
  return {
    location: inner.location,
    ...(inner.uploads !== undefined && { uploads: inner.uploads }),
    get: async (name: string, options?: GetOptions) => {
      const bytes = await inner.get(name, options);
      await pass(down, bytes?.length ?? 0, options?.signal);
      return bytes;
    },
    put: async (name: string, bytes: Uint8Array, options?: PutOptions) => {
      await pass(up, bytes.length, options?.signal);
      await inner.put(name, bytes, options);
    },
    putIfAbsent: async (name: string, bytes: Uint8Array, options?: PutOptions) => {
      await pass(up, bytes.length, options?.signal);
      await inner.putIfAbsent(name, bytes, options);
    },
    ...(inner.list && { list: (prefix: string) => inner.list!(prefix) }),
    ...(inner.listTemporary && { listTemporary: () => inner.listTemporary!() }),
    ...(inner.deleteTemporary && { deleteTemporary: (name: string) => inner.deleteTemporary!(name) }),
    ...(inner.delete && { delete: (name: string) => inner.delete!(name) }),
  };
}

/** In slices, so that a change of the rate counts at once and several calls share the line. */
async function pass(throttle: Throttle | undefined, length: number, signal: AbortSignal | undefined): Promise<void> {
  if (throttle === undefined) return;
  for (let left = length; left > 0; ) {
    signal?.throwIfAborted();
    const slice = Math.min(left, throttle.sliceSize);
    await throttle.pass(slice);
    left -= slice;
  }
}
