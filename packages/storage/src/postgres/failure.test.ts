import { expect, test } from "vitest";
import { databaseFailure } from "./failure.js";

const failure = (code: string | undefined, message: string) =>
  databaseFailure(Object.assign(new Error(message), code && { code }), "reach", "postgres://db/bcat");

test.each([
  ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:5432", "nothing listens there (ECONNREFUSED)", false],
  ["EPIPE", "write EPIPE", "the connection was lost (EPIPE)", false],
  ["ENOTFOUND", "getaddrinfo ENOTFOUND db", "there is no host of that name (ENOTFOUND)", true],
  [
    undefined,
    "SASL: client password must be a non-empty string",
    /it asks for a password: give one with PGPASSWORD/,
    true,
  ],
  [undefined, "The server does not support SSL connections", "it has no TLS, which sslmode asks for", true],
  ["28P01", 'authentication failed for user "b"', /the password was refused: authentication failed/, true],
  ["57P03", "the database system is starting up", "the database system is starting up", false],
])("databaseFailure() has words for %s, and knows whether it stays", (code, message, found, isFinal) => {
  const error = failure(code, message);
  expect(error).toMatchObject({ code: "storage-failed", isFinal });
  expect(error.message).toMatch(/^Cannot reach the registers in "postgres:\/\/db\/bcat": /);
  const words = error.message.slice('Cannot reach the registers in "postgres://db/bcat": '.length);
  if (typeof found === "string") expect(words).toBe(found);
  else expect(words).toMatch(found);
});
