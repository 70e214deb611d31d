/** Many machines at once into a Tahoe-LAFS grid, through one gateway, with registers in PostgreSQL. */
import { expect, test } from "vitest";
import { Desk } from "./cli/desk.js";
import { isLongRun } from "./kit/long-run.js";
import { expectManyWriters } from "./kit/many-writers.js";
import { missingPostgres, PostgresServer } from "./servers/postgres.js";
import { startTahoeServer } from "./servers/tahoe-server.js";

const count = isLongRun ? 8 : 2;

if (missingPostgres !== undefined) test.skip(`skipped: ${missingPostgres}`);

test.skipIf(missingPostgres !== undefined)(
  `${count} backups at once into a small gateway get as many dense numbers, and all come back`,
  async () => {
    using desk = new Desk();
    using database = await PostgresServer.start();
    await using gateway = await startTahoeServer();
    const env = { BCAT_REPOSITORY: `tahoe:${gateway.url}`, BCAT_REGISTERS: database.url() };
    await expectManyWriters(desk, { count, env, forWriters: ["BCAT_REGISTERS"] });
    expect(gateway.requests.filter((request) => /^PUT (sessions|outcomes|log)/.test(request))).toEqual([]);
  },
);
