import { expect, test } from "vitest";
import { timeZone, zoneOfPath } from "./time-zone.js";

test.each([
  ["/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"],
  ["../usr/share/zoneinfo/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"],
  ["/usr/share/zoneinfo/posix/Etc/GMT+5", "Etc/GMT+5"],
  ["/var/db/timezone/zoneinfo/UTC", "UTC"],
  ["/usr/share/zoneinfo/localtime", undefined],
  ["/etc/zone", undefined],
])("zoneOfPath() of %s is %s", (path, zone) => {
  expect(zoneOfPath(path)).toBe(zone);
});

test("timeZone() is one that Intl knows, whether TZ is set or not", () => {
  for (const variables of [{}, { TZ: "Asia/Tokyo" }])
    expect(() => Intl.DateTimeFormat("en", { timeZone: timeZone(variables) })).not.toThrow();
});
