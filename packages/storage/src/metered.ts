/** A storage whose requests are counted. It lies directly on the one that makes them, below all that asks again. */
import type { RequestCounter } from "./meter.js";
import type { GetOptions, ListedObject, PutOptions, Storage } from "./storage.js";

/** Wraps `inner`: each call is one request of `meter`, whatever becomes of it. */
export function createMeteredStorage(inner: Storage, meter: RequestCounter): Storage {
  const send = (kind: "put" | "putIfAbsent") => async (name: string, bytes: Uint8Array, options?: PutOptions) => {
    meter.count(kind);
    meter.sent(bytes.length);
    await inner[kind](name, bytes, options);
  };
  return {
    location: inner.location,
    ...(inner.uploads !== undefined && { uploads: inner.uploads }),
    async get(name: string, options?: GetOptions) {
      meter.count("get");
      const bytes = await inner.get(name, options);
      meter.received(bytes?.length ?? 0);
      return bytes;
    },
    put: send("put"),
    putIfAbsent: send("putIfAbsent"),
    ...(inner.list && { list: (prefix: string) => counted(() => inner.list!(prefix), meter) }),
    ...(inner.listTemporary && { listTemporary: () => counted(() => inner.listTemporary!(), meter) }),
    ...(inner.deleteTemporary && {
      async deleteTemporary(name: string) {
        meter.count("delete");
        await inner.deleteTemporary!(name);
      },
    }),
    ...(inner.delete && {
      async delete(name: string) {
        meter.count("delete");
        await inner.delete!(name);
      },
    }),
  };
}

async function* counted(list: () => AsyncIterable<ListedObject>, meter: RequestCounter): AsyncGenerator<ListedObject> {
  meter.count("list");
  yield* list();
}
