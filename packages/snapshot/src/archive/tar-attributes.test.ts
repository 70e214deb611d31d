import { describe, expect, test } from "vitest";
import { aclBytes, aclText, decodeAttribute, encodeAttribute } from "./tar-attributes.js";

const owners = {
  userId: (name: string) => (name === "anna" ? 1000 : undefined),
  groupId: (name: string) => (name === "staff" ? 50 : undefined),
};
/** `user::rw-,user:1000:r--,group::r--,group:50:-w-,mask::rw-,other::---`, as `setfacl` makes it on Linux. */
const acl = Buffer.from(
  "02000000" +
    "01000600ffffffff" +
    "02000400e8030000" +
    "04000400ffffffff" +
    "0800020032000000" +
    "10000600ffffffff" +
    "20000000ffffffff",
  "hex",
);
const aclLine = "user::rw-,user:1000:r--,group::r--,group:50:-w-,mask::rw-,other::---";
const records = (name: string, value: Uint8Array) =>
  encodeAttribute({ name: Buffer.from(name), value }).map((bytes) => Buffer.from(bytes).toString("latin1"));

describe("attributes as records", () => {
  test.each(["user.x", "security.capability", "user.a=b%c%3D", "user.\xff"])("%s comes back as it was", (name) => {
    const attribute = { name: Buffer.from(name, "latin1"), value: Uint8Array.of(0, 10, 61, 255) };
    expect(decodeAttribute(encodeAttribute(attribute), owners)).toEqual(attribute);
  });

  test("have no = in their key", () => {
    expect(records("user.a=b%c", Uint8Array.of(65))).toEqual(["SCHILY.xattr.user.a%3Db%25c", "A"]);
  });

  test("are text for access control lists, and bytes for what only has the name of one", () => {
    expect(records("system.posix_acl_access", acl)).toEqual(["SCHILY.acl.access", aclLine]);
    expect(records("system.posix_acl_default", acl)).toEqual(["SCHILY.acl.default", aclLine]);
    expect(records("system.posix_acl_access", Uint8Array.of(1))[0]).toBe("SCHILY.xattr.system.posix_acl_access");
  });
});

describe("records of other programs", () => {
  const attributeOf = (key: string, value: string) => decodeAttribute([Buffer.from(key), Buffer.from(value)], owners);

  test("are labels of SELinux as GNU tar writes them", () => {
    const label = { name: Buffer.from("security.selinux"), value: Buffer.from("system_u:object_r:etc_t:s0\0") };
    expect(attributeOf("RHT.security.selinux", "system_u:object_r:etc_t:s0")).toEqual(label);
  });

  test("are refused when they are access control lists of another kind, and are none when nobody knows them", () => {
    expect(() => attributeOf("SCHILY.acl.ace", "owner@:rw-p--aARWcCos:-------:allow")).toThrow(/NFSv4/);
    expect(attributeOf("LIBARCHIVE.creationtime", "1")).toBeUndefined();
  });
});

describe("access control lists", () => {
  test("come back from text", () => {
    expect(aclText(acl)).toBe(aclLine);
    expect(Buffer.from(aclBytes(aclLine, owners)).equals(acl)).toBe(true);
  });

  test.each([
    "user::rw-,group::r--,mask::rw-,other::---,user:anna:r--,group:staff:-w-",
    "user::rw-\nuser:anna:r--:1000\ngroup::r--\ngroup:who:-w-:50\nmask::rw-\nother::---\n",
    "u::rw,u:1000:r,g::r,g:50:w,m:rw,o:",
    "user::rw-\nuser:anna:r--\t#effective:r--\ngroup::r--\ngroup:staff:-w-\nmask:rw-\nother:---",
  ])("are read in the form of other programs: %j", (text) => {
    expect(aclText(aclBytes(text, owners))).toBe(aclLine);
  });

  test.each(["user:nobody-here:r--", "them::r--", "user::rwq", "x"])("are refused: %s", (text) => {
    expect(() => aclBytes(text, owners)).toThrow(RangeError);
  });
});
