import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { baseDirectory, locateRepository } from "./location.js";

describe("locateRepository()", () => {
  const here = process.cwd();

  test.each([
    ["/a/b/../c/", "/a/c"],
    ["/a:b/c", "/a:b/c"],
    ["/a\\b", "/a\\b"],
    [".", here],
    ["..", dirname(here)],
    ["../x", join(dirname(here), "x")],
    ["x", join(here, "x")],
    ["x/y:z", join(here, "x/y:z")],
    ["x/~/$y", join(here, "x/~/$y")],
    ["x~", join(here, "x~")],
    ["./s3:x", join(here, "s3:x")],
    ["./photos:2026", join(here, "photos:2026")],
    ["./~/x", join(here, "~/x")],
    ["./a\\b", join(here, "a\\b")],
    ["s3-old/b.c", join(here, "s3-old/b.c")],
    ["./s3.amazonaws.com", join(here, "s3.amazonaws.com")],
    ["local:/a", "/a"],
    ["local:photos:2026", join(here, "photos:2026")],
    ["file:///a%20b", "/a b"],
    ["file:///a:b", "/a:b"],
    ["FILE://localhost/a", "/a"],
  ])("takes %s for the folder %s", (given, folder) => {
    expect(locateRepository(given, {})).toEqual({ kind: "folder", location: folder, path: folder });
  });

  test.each([
    ["https://host/path", "https://host/path", undefined],
    ["HTTPS://Host:443/a%20b/", "https://host/a%20b", undefined],
    ["http://host", "http://host", undefined],
    ["http://[::1]:8080//", "http://[::1]:8080", undefined],
    ["https://me:p%40ss@host/path/", "https://host/path", "me:p@ss"],
    ["https://me@host/path", "https://host/path", "me:"],
  ])("takes %s for the web server at %s", (given, location, credentials) => {
    const place = locateRepository(given, {});
    expect(place).toMatchObject({ kind: "http", location, credentials });
    expect(place.kind === "http" && place.url.href.replace(/\/$/, "")).toBe(location);
  });

  test.each([
    "https://",
    "http://me:secret@",
    "https://h/?secret",
    "https://h/#x",
    "https://me:sec%ret@h/",
    "http://h:x/",
  ])("refuses %s, and does not repeat it", (given) => {
    expect(() => locateRepository(given, {})).toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringMatching(/^Cannot use the repository in "https?:\/\/…": ((?!sec).)*$/),
      }),
    );
  });

  const cap = `URI:DIR2:${"a".repeat(26)}:${"b".repeat(52)}`;
  test.each([
    [`tahoe:http://127.0.0.1:3456/uri/${cap}`, cap],
    [`tahoe:http://127.0.0.1:3456/uri/${cap}/`, cap],
    [`TAHOE:HTTP://127.0.0.1:3456/uri/${cap.replaceAll(":", "%3A")}`, cap],
    [`tahoe:http://127.0.0.1:3456/uri/${cap.replace("DIR2", "DIR2-MDMF-RO")}`, cap.replace("DIR2", "DIR2-MDMF-RO")],
    [`tahoe:http://127.0.0.1:3456/uri/${cap}/back/ups/`, `${cap}/back/ups`],
  ])("takes %s for a directory of a grid, whose cap is not shown", (given, path) => {
    const place = locateRepository(given, {});
    expect(place).toMatchObject({
      kind: "tahoe",
      location: expect.stringMatching(/^tahoe:http:\/\/127\.0\.0\.1:3456 \(directory [0-9a-f]{8}\)$/),
    });
    expect(place.kind === "tahoe" && place.url.pathname).toBe(`/uri/${path}`);
  });

  test("tells directories of a grid apart", () => {
    const at = (path: string) => locateRepository(`tahoe:http://h:1/uri/${path}`, {}).location;
    expect(new Set([at(cap), at(`${cap}/`), at(cap.replace("aaa", "bbb")), at(`${cap}/x`)]).size).toBe(3);
  });

  test.each([
    "tahoe:",
    `tahoe:${cap}`,
    "tahoe:http://h:1/",
    "tahoe:http://h:1/uri/URI:CHK:aa:bb",
    `tahoe:http://h/uri/${cap}?t=json`,
  ])("refuses %s, says what to write, and does not repeat it", (given) => {
    expect(() => locateRepository(given, {})).toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringMatching(
          /^Cannot use the repository in "tahoe:…": ((?!aaa).)*write tahoe:http((?!aaa).)*$/,
        ),
      }),
    );
  });

  const bare = [
    cap,
    `${cap}/back/ups`,
    cap.replaceAll(":", "%3A"),
    cap.replace("DIR2", "DIR2-RO"),
    `uri/${cap}`,
    `/uri/${cap}`,
    `http://127.0.0.1:3456/uri/${cap}`,
    `HTTPS://h/uri/${cap.replaceAll(":", "%3a")}/`,
    `http://me:word@h/uri/${cap}?t=json`,
    `s3:http://127.0.0.1:3456/uri/${cap}`,
    `s3://uri/${cap}`,
    `127.0.0.1:3456/uri/${cap}`,
    `tahoe//127.0.0.1:3456/uri/${cap}`,
    `tahoe/${cap}`,
    `local:${cap}`,
    `rest:http://h/uri/${cap}`,
    "URI:CHK:aaaa:aaaa:1:3:5",
  ];
  test.each(bare)("takes %s for a cap that lacks its tahoe:, says what to write, and does not repeat it", (given) => {
    expect(() => locateRepository(given, {})).toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringMatching(
          /^Cannot use "URI:(DIR2|DIR2-RO|CHK):…" as the repository: ((?!aaa|word).)*secret((?!aaa|word).)*write tahoe:http((?!aaa|word).)*$/,
        ),
      }),
    );
  });

  test.each([`./${cap}`, `../${cap}`, `/mnt/${cap}`])("takes %s for the folder that it names", (given) => {
    expect(locateRepository(given, {}).kind).toBe("folder");
  });

  test.each([
    "S3:x",
    "sftp:me@host:/x",
    "rest:http://host/",
    "frob://x",
    "file:x",
    "file://host/x",
    "file:///a?b",
    "file:///a%00b",
    "file:///%zz",
    "local:",
  ])("refuses %s", (given) => {
    expect(() => locateRepository(given, {})).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test.each([
    ["photos:2026", /"photos:2026".*no kind of place.*or \.\/photos:2026 for one of that name$/],
    ["s3//bucket/x", /the colon is missing; write s3:\/\/…, or \.\/s3\/… /],
    ["https//host/x", /write https:\/\//],
    ["sftp:me@host:/x", /"sftp:….*not supported by this version; mount it \(sshfs\) and name the folder/],
    ["rclone:gdrive:b", /mount it \(rclone mount\) and name the folder/],
    ["b2:bucket:x", /S3 address, s3:https:\/\/host/],
    ["rest:https://host/x", /name a folder, or https:\/\/… to read/],
    ["gdrive:b", /"gdrive:b".*or \.\/gdrive:b /],
    ["user@nas:b", /no kind of place.*\.\/user@nas:b /],
    ["~/b", /no shell.*write \/home\/me\/b, or \.\/~\/b /],
    ["~", /no shell.*write \/home\/me, /],
    ["~you/b", /no shell.*write the whole path, or \.\/~you\/b /],
    ["local:~/b", /no shell.*\/home\/me\/b/],
    ["$HOME/b", /no shell.*variable/],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as a shell would have replaced it.
    ["${HOME}/b", /no shell.*variable/],
    ["C:\\b", /drives are of Windows.*\.\/C:\\b /],
    ["c:/b", /drives are of Windows/],
    ["\\\\server\\share", /backslash/],
    ["a\\b", /backslash.*\.\/a\\b /],
    ['"/srv/b"', /quotes.*write it without/],
    ["'b'", /quotes/],
    [" ", /blank/],
    [" /mnt/b", /begins or ends with a blank; write it without/],
    ["b ", /begins or ends with a blank/],
    [" s3://bucket/b", /begins or ends with a blank/],
    ["/mnt/b\r", /ends with a line break, as in a file of Windows.*file:\/\/\/…%0D/],
    ["./b\n", /ends with a line break/],
    ["local:/mnt/b\r", /ends with a line break/],
    ["postgres//h/b", /the colon is missing; write postgres:\/\/…/],
    ["postgresql//h/b", /write postgresql:\/\//],
    ["sftp//h/b", /write sftp:\/\//],
    [
      "s3.us-west-002.backblazeb2.com/b/x",
      /the address of a bucket; write s3:s3\.us-west-002\.backblazeb2\.com\/b\/x,/,
    ],
    ["b.s3-eu-west-1.amazonaws.com", /write s3:b\.s3-eu-west-1\.amazonaws\.com,/],
  ])("refuses %s, and says what to write", (given, says) => {
    const locate = () => locateRepository(given, { HOME: "/home/me" });
    expect(locate).toThrow(expect.objectContaining({ code: "usage" }));
    expect(locate).toThrow(says);
  });

  test.each(["rest:https://me:secret@host/", "me:secret@host/x", "frob:me:secret@host", "postgres//me:secret@host/b"])(
    "does not repeat what may hold a password: %s",
    (given) => {
      expect(() => locateRepository(given, {})).toThrow(/^((?!secret).)*$/s);
    },
  );

  test("has a default, by XDG_DATA_HOME or HOME", () => {
    const home = tmpdir();
    expect(locateRepository(undefined, { XDG_DATA_HOME: "/d", HOME: home }).location).toBe("/d/bcat");
    expect(locateRepository(undefined, { XDG_DATA_HOME: "relative", HOME: home }).location).toBe(
      `${home}/.local/share/bcat`,
    );
    expect(() => locateRepository(undefined, { HOME: "" })).toThrow(expect.objectContaining({ code: "usage" }));
    expect(() => locateRepository(undefined, { HOME: "/nonexistent" })).toThrow(
      /HOME is "\/nonexistent", .* not there/,
    );
  });
});

test.each([
  [{}, "HOME is not set"],
  [{ HOME: "me" }, 'HOME is "me", which is no absolute path'],
  [{ HOME: "/nonexistent/me" }, 'HOME is "/nonexistent/me", which is not there'],
])("baseDirectory() of %j says why there is no home", (variables, found) => {
  expect(baseDirectory("XDG_CACHE_HOME", ".cache", variables)).toEqual({ found });
});
