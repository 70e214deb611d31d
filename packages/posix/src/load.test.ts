import { describe, expect, test } from "vitest";
import { koffiPosix } from "./koffi.js";
import { assertSame, loadPosix } from "./load.js";
import { nodePosix } from "./node.js";
import type { Directory, Posix } from "./posix.js";
import type { Stat } from "./stat.js";

const isInstalled = loadPosix("auto").name === "koffi";

describe("loadPosix()", () => {
  test("keeps to node:fs when off, and takes koffi when required, or says that it cannot", () => {
    expect(loadPosix("off").name).toBe("node");
    if (isInstalled) expect(loadPosix("required").name).toBe("koffi");
    else expect(() => loadPosix("required")).toThrow("Cannot load posix accelerator koffi");
  });
});

describe.skipIf(!isInstalled)("assertSame()", () => {
  /** The real calls with some replaced; methods are bound, since they have private fields. */
  const withFault = (fault: Partial<Posix>): Posix => {
    const posix = koffiPosix();
    return new Proxy(posix, {
      get(target, key: keyof Posix) {
        const found = fault[key] ?? target[key];
        return typeof found === "function" ? found.bind(target) : found;
      },
    });
  };

  test("accepts calls that see what node:fs sees", () => {
    expect(() => assertSame(koffiPosix(), nodePosix())).not.toThrow();
  });

  test.each(["inodeLow", "mode", "mtimeNanoseconds", "deviceMinor", "links"] as const)(
    "refuses a wrong %s",
    (field) => {
      const posix = withFault({
        statFile(this: Posix, fd: number, into: Stat) {
          Object.getPrototypeOf(this).statFile.call(this, fd, into);
          into[field]++;
        },
      });
      expect(() => assertSame(posix, nodePosix())).toThrow(`self-test differs from node:fs: ${field} of "/"`);
    },
  );

  test("refuses calls that find what does not exist", () => {
    const posix = withFault({ statAt: (_directory: Directory, _name: Uint8Array, _into: Stat) => {} });
    expect(() => assertSame(posix, nodePosix())).toThrow("does not exist");
  });
});
