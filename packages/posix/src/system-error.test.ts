import { describe, expect, test } from "vitest";
import { placed, systemError } from "./system-error.js";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

describe("systemError()", () => {
  test.each([
    [1, "EPERM"],
    [2, "ENOENT"],
    [5, "EIO"],
    [13, "EACCES"],
    [28, "ENOSPC"],
    [75, "EOVERFLOW"],
    [116, "ESTALE"],
    [117, "EUCLEAN"],
    [122, "EDQUOT"],
  ])("names %d %s", (errno, code) => {
    const error = systemError(errno, "statx");
    expect([error.code, error.errno, error.syscall]).toEqual([code, -errno, "statx"]);
  });

  test("has the message of node:fs, with the path where one is known", () => {
    const directory = { fd: -1, path: bytes("/a") };
    expect(systemError(2, "openat", { directory, name: bytes("b") })).toMatchObject({
      message: "ENOENT: no such file or directory, openat '/a/b'",
      path: "/a/b",
    });
    expect(systemError(2, "openat", { directory })).toMatchObject({ path: "/a" });
    expect(systemError(2, "openat", { name: bytes("/c") })).toMatchObject({ path: "/c" });
    expect(systemError(9, "close").message).toBe("EBADF: bad file descriptor, close");
    expect(systemError(9, "close")).not.toHaveProperty("path");
  });

  test("gives an unknown number a code of its own", () => {
    expect(systemError(4_000, "statx").code).toBe("E4000");
  });
});

describe("placed()", () => {
  test("keeps an error that is not of the system", () => {
    const error = new TypeError("misuse");
    expect(placed(error, {})).toBe(error);
  });

  test("names what libuv does not know", () => {
    const error = Object.assign(new Error("Unknown system error -122"), { errno: -122, syscall: "mkdir" });
    expect(placed(error, { name: bytes("/a") })).toMatchObject({ code: "EDQUOT", errno: -122, syscall: "mkdir" });
  });
});
