import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parsePostgresUrl } from "./url.js";

const folder = mkdtempSync(join(tmpdir(), "bcat-url-"));
afterAll(() => rmSync(folder, { recursive: true }));
const pem = join(folder, "ca.pem");
writeFileSync(pem, "a certificate");

test("host, port, user, password and database are those of the URL, unescaped", () => {
  const { config } = parsePostgresUrl("postgresql://us%40er:p%2Fw%20@db.example:6543/da%20ta");
  expect(config).toMatchObject({ host: "db.example", port: 6543, user: "us@er", password: "p/w ", database: "da ta" });
});

test("what is left out is left to the client", () => {
  const { config } = parsePostgresUrl("postgres:///");
  for (const name of ["host", "port", "user", "password", "database"]) expect(config).not.toHaveProperty(name);
  expect(parsePostgresUrl("postgres:///d?host=/run/postgresql").config).toMatchObject({ host: "/run/postgresql" });
  expect(parsePostgresUrl("postgres://[::1]:5/d").config).toMatchObject({ host: "::1", port: 5 });
});

test.each([
  ["postgres://user:secret@h:5/d?sslmode=disable", "postgres://user@h:5/d"],
  ["postgres://:secret@h/d", "postgres://h/d"],
  ["postgres://u:secret@/d?host=/run/pg", "postgres://u@/d?host=/run/pg"],
  ["postgres://u:secret@[::1]/d", "postgres://u@[::1]/d"],
])("the location of %s is %s", (url, location) => {
  expect(parsePostgresUrl(url).location).toBe(location);
});

test.each<[string, boolean, boolean, boolean, boolean]>([
  // sslmode, TLS, may do without, certificate verified, name verified
  ["disable", false, false, false, false],
  ["allow", true, true, false, false],
  ["prefer", true, true, false, false],
  ["require", true, false, false, false],
  ["verify-ca", true, false, true, false],
  ["verify-full", true, false, true, true],
])("sslmode %s is as libpq has it", (mode, hasTls, isOptional, verifies, verifiesName) => {
  const { config, isTlsOptional } = parsePostgresUrl(`postgres://h/d?sslmode=${mode}`);
  expect([config.ssl !== false, isTlsOptional]).toEqual([hasTls, isOptional]);
  if (!hasTls) return;
  expect(config.ssl).toMatchObject({ rejectUnauthorized: verifies });
  expect(Object.hasOwn(config.ssl as object, "checkServerIdentity")).toBe(!verifiesName);
});

test("a root certificate is read, and makes require verify; the variables of libpq count", () => {
  const { config } = parsePostgresUrl(`postgres://h/d?sslmode=require&sslrootcert=${pem}`);
  expect(config.ssl).toMatchObject({ rejectUnauthorized: true, ca: "a certificate" });
  const variables = { PGSSLMODE: "verify-full", PGSSLROOTCERT: pem };
  expect(parsePostgresUrl("postgres://h/d", variables).config.ssl).toMatchObject({
    rejectUnauthorized: true,
    ca: "a certificate",
  });
  expect(parsePostgresUrl("postgres://h/d?sslmode=disable", variables).config.ssl).toBe(false);
});

test.each([
  ["postgres://u:secret@h:99999/d", "it is no URL"],
  ["postgres://u:secret%@h/d", "it is no URL"],
  ["postgres://u:secret@h/d?sslmod=require", 'parameter "sslmod" is not known'],
  ["postgres://u:secret@h/d?sslmode=disable&sslmode=require", 'parameter "sslmode" is given twice'],
  ["postgres://u:secret@h/d?sslmode=on", 'sslmode "on" is not one of'],
  ["postgres://u:secret@h/d?sslrootcert=/nowhere.pem", 'cannot read sslrootcert "/nowhere.pem": no such'],
  ["postgres://u:secret@h/d?connect_timeout=0", 'connect_timeout "0" is not'],
  ["postgres://u:secret@h/d#x", 'write "#" as %23'],
])("%s is refused, and the password is not told", (url, message) => {
  const parse = () => parsePostgresUrl(url);
  expect(parse).toThrow(expect.objectContaining({ code: "usage", message: expect.stringContaining(message) }));
  expect(parse).toThrow(expect.objectContaining({ message: expect.not.stringContaining("secret") }));
});
