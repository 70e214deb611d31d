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
    expect(proxies).toEqual({ https: new URL("http://lower:2/"), http: new URL("http://all:3/"), except: "x" });
    expect(proxiesOf({ HTTPS_PROXY: "" })).toEqual({ http: undefined, https: undefined, except: undefined });
  });

  test.each(["socks5://me:secret@host:1", "http://", "http://me:secret@:1", "http://%zz:secret@host"])(
    "refuses %s without repeating it, where it would be used",
    (value) => {
      const message = "Cannot use https_proxy: its value is no proxy of the form http://host:port";
      expect(proxiesOf({ https_proxy: value })).toMatchObject({ http: undefined, https: { code: "usage", message } });
    },
  );
});
