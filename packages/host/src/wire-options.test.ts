import { describe, expect, test } from "vitest";
import { proxiesOf } from "./wire-options.js";

describe("proxiesOf()", () => {
  test("knows both cases, ALL_PROXY for what is not set, and addresses without a protocol", () => {
    const proxies = proxiesOf({
      HTTPS_PROXY: "upper:1",
      https_proxy: "http://lower:2",
      ALL_PROXY: "all:3",
      NO_PROXY: "x",
    });
    expect([proxies.https?.href, proxies.http?.href, proxies.except]).toEqual([
      "http://lower:2/",
      "http://all:3/",
      "x",
    ]);
    expect(proxiesOf({ HTTPS_PROXY: "" })).toEqual({ http: undefined, https: undefined, except: undefined });
  });

  test.each(["socks5://me:secret@host:1", "http://", "http://me:secret@:1", "http://%zz:secret@host"])(
    "refuses %s without repeating it",
    (value) => {
      expect(() => proxiesOf({ https_proxy: value })).toThrow(
        "Cannot use https_proxy: its value is no proxy of the form http://host:port",
      );
    },
  );
});
