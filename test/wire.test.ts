/** The connections that storages share, against real servers on loopback. */
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import {
  createAgents,
  describeNetworkError,
  request,
  type WireClock,
  type WireOptions,
  type WireRequest,
} from "@bcat/storage/wire";
import { afterEach, describe, expect, test } from "vitest";
import { patience } from "./kit/patience.js";
import { certificate, certificateKey, issuedCertificate, issuedCertificateKey } from "./servers/certificate.js";
import { startForwardProxy } from "./servers/forward-proxy.js";
import { type Listening, listen } from "./servers/listen.js";

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function kept<T extends Listening>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  toClose.push(() => server[Symbol.asyncDispose]());
  return server;
}

const startHttp = (listener: RequestListener) => kept(listen(createServer(listener)));
const startTls = (listener: RequestListener) =>
  kept(listen(createTlsServer({ cert: certificate, key: certificateKey }, listener)));
const startTcp = (listener: (socket: Socket) => void) => kept(listen(createTcpServer(listener)));

/** A clock that is moved by those who wait for it. */
function createClock(): WireClock & { waited: number; minute: number } {
  const clock = {
    waited: 0,
    minute: 0,
    now: () => clock.waited,
    minuteOfDay: () => clock.minute,
    wait: async (milliseconds: number) => {
      clock.waited += milliseconds;
    },
  };
  return clock;
}

function createClient(options: Partial<WireOptions> = {}) {
  const agents = createAgents({ clock: createClock(), ...options });
  toClose.push(() => agents.close());
  return (url: string, more: Partial<WireRequest> = {}) =>
    request({ agents, url: new URL(url), method: "GET", sizeMax: 2 ** 20, ...more });
}

/** What a user would be told. */
async function faultOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return "no fault";
  } catch (error) {
    const { words, isFinal } = describeNetworkError(error);
    return isFinal ? `${words}, final` : words;
  }
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe("createAgents()", () => {
  test("keeps at most so many connections, and uses them again", async () => {
    const sockets = new Set<unknown>();
    const { port } = await startHttp((incoming, outgoing) => {
      sockets.add(incoming.socket);
      setImmediate(() => outgoing.end());
    });
    for (const limits of [{}, { download: [{ minute: 0, bytesPerSecond: 2 ** 30 }] }]) {
      sockets.clear();
      const get = createClient({ connectionsMax: 2, limits });
      await Promise.all(Array.from({ length: 20 }, () => get(`http://127.0.0.1:${port}/`)));
      expect(sockets.size).toBe(2);
    }
  });

  test("trusts the certificates it is given, and no others", async () => {
    const { port } = await startTls((_, outgoing) => outgoing.end("secret"));
    const url = `https://localhost:${port}/`;
    expect(await faultOf(createClient()(url))).toMatch(/^its certificate is signed by itself; --cacert .*, final$/);
    expect(text((await createClient({ ca: certificate })(url)).body)).toBe("secret");
  });

  test("trusts a certificate whose issuer is not known", async () => {
    const tls = { cert: issuedCertificate, key: issuedCertificateKey };
    const { port } = await kept(listen(createTlsServer(tls, (_, outgoing) => outgoing.end("secret"))));
    const url = `https://localhost:${port}/`;
    expect(await faultOf(createClient({ ca: certificate })(url))).toMatch(/^nobody known has signed .*, final$/);
    expect(text((await createClient({ ca: issuedCertificate })(url)).body)).toBe("secret");
  });

  test("trusts a proxy by the certificates it is given", async () => {
    const { port } = await startHttp((_, outgoing) => outgoing.end("beyond"));
    const server = createTlsServer({ cert: certificate, key: certificateKey });
    server.on("connect", (_, socket: Socket) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(connect(port, "127.0.0.1")).pipe(socket);
    });
    const proxy = await kept(listen(server));
    const http = new URL(`https://127.0.0.1:${proxy.port}`);
    const url = `http://localhost:${port}/`;
    expect(await faultOf(createClient({ proxies: { http } })(url))).toMatch(
      /^the proxy 127\.0\.0\.1:\d+ cannot be used: its certificate is signed by itself; .*, final$/,
    );
    expect(text((await createClient({ proxies: { http }, ca: certificate })(url)).body)).toBe("beyond");
  });

  test.each([{}, { upload: [{ minute: 0, bytesPerSecond: 2 ** 30 }] }])(
    "goes through a proxy, with whole requests or tunnels (%o)",
    async (limits) => {
      const echo: RequestListener = (incoming, outgoing) => incoming.pipe(outgoing);
      const [plain, secure] = [await startHttp(echo), await startTls(echo)];
      const proxy = await kept(startForwardProxy("me:pass word"));
      const through = new URL(`http://me:pass%20word@127.0.0.1:${proxy.port}`);
      const send = createClient({ proxies: { http: through, https: through }, ca: certificate, limits });
      const body = Buffer.alloc(300_000, "b");
      for (let times = 0; times < 2; times++) {
        const put = { method: "PUT", body } as const;
        expect(body.equals((await send(`http://localhost:${plain.port}/p`, put)).body)).toBe(true);
        expect(body.equals((await send(`https://localhost:${secure.port}/s`, put)).body)).toBe(true);
      }
      const whole = `PUT http://localhost:${plain.port}/p`;
      expect(proxy.asked).toEqual([whole, `CONNECT localhost:${secure.port}`, whole]);
    },
  );

  test("goes around the proxy for hosts that are excepted", async () => {
    const { port } = await startHttp((_, outgoing) => outgoing.end("direct"));
    const proxy = await kept(startForwardProxy());
    const http = new URL(`http://127.0.0.1:${proxy.port}`);
    const get = createClient({ proxies: { http, except: "example.org, localhost" } });
    expect(text((await get(`http://localhost:${port}/`)).body)).toBe("direct");
    expect(proxy.asked).toEqual([]);
  });

  test("says that a proxy refuses, without the password", async () => {
    const proxy = await kept(startForwardProxy("me:right"));
    const https = new URL(`http://me:wrong@127.0.0.1:${proxy.port}`);
    expect(await faultOf(createClient({ proxies: { https } })("https://localhost:1/"))).toBe(
      `the proxy 127.0.0.1:${proxy.port} cannot be used: it wants a name and a password, or others, final`,
    );
    await proxy[Symbol.asyncDispose]();
    expect(await faultOf(createClient({ proxies: { https } })("https://localhost:1/"))).toMatch(
      /^the proxy 127\.0\.0\.1:\d+ cannot be used: connect ECONNREFUSED/,
    );
  });

  test("lets only so many bytes a second pass, on all connections together", async () => {
    const { port } = await startHttp((incoming, outgoing) => incoming.pipe(outgoing));
    const clock = createClock();
    const limits = {
      upload: [{ minute: 0, bytesPerSecond: 10_000 }],
      download: [{ minute: 0, bytesPerSecond: 20_000 }],
    };
    const send = createClient({ clock, limits });
    const body = Buffer.alloc(50_000, "b");
    const answers = await Promise.all([1, 2].map(() => send(`http://127.0.0.1:${port}/`, { method: "PUT", body })));
    for (const answer of answers) expect(body.equals(answer.body)).toBe(true);
    // Both directions wait on the same clock here, so the sum of both is between one and both times.
    expect(clock.waited).toBeGreaterThan(9_900);
    expect(clock.waited).toBeLessThan(16_500);
  });

  test("limits by the time of day, as it passes", async () => {
    const { port } = await startHttp((incoming, outgoing) => incoming.resume().on("end", () => outgoing.end()));
    const clock = createClock();
    const upload = [
      { minute: 8 * 60, bytesPerSecond: 1_000 },
      { minute: 23 * 60, bytesPerSecond: undefined },
    ];
    const send = createClient({ clock, limits: { upload } });
    const body = Buffer.alloc(10_000);
    const waitedAt = async (minute: number) => {
      clock.minute = minute;
      const before = clock.waited;
      await send(`http://127.0.0.1:${port}/`, { method: "PUT", body });
      return clock.waited - before;
    };
    expect(await waitedAt(7 * 60 + 59)).toBe(0);
    expect(await waitedAt(8 * 60)).toBeGreaterThan(9_000);
    expect(await waitedAt(22 * 60 + 59)).toBeGreaterThan(9_000);
    expect(await waitedAt(23 * 60)).toBe(0);
  });

  test.each([{}, { download: [{ minute: 0, bytesPerSecond: 2 ** 30 }] }])(
    "ends a connection on which nothing moves (%o)",
    async (limits) => {
      const silent = await startTcp((socket) => socket.resume());
      const stuck = await startHttp((_, outgoing) => outgoing.writeHead(200, { "content-length": 10 }).write("half"));
      for (const { port } of [silent, stuck]) {
        const get = createClient({ idleTimeoutMs: 50, limits });
        expect(await faultOf(get(`http://127.0.0.1:${port}/`))).toBe("no answer in time (ETIMEDOUT)");
      }
      const get = createClient({ connectTimeoutMs: 50, limits });
      expect(await faultOf(get(`https://127.0.0.1:${silent.port}/`))).toBe("no answer in time (ETIMEDOUT)");
    },
  );

  test("does not take the wait for a limit for silence", async () => {
    const { port } = await startHttp((incoming, outgoing) => incoming.pipe(outgoing));
    const slow = [{ minute: 0, bytesPerSecond: 1 }];
    for (const limits of [{ upload: slow }, { download: slow }]) {
      const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 500 * patience));
      const send = createClient({ clock: { ...createClock(), wait }, idleTimeoutMs: 200 * patience, limits });
      const { body } = await send(`http://127.0.0.1:${port}/`, { method: "PUT", body: Buffer.alloc(300) });
      expect(body).toHaveLength(300);
    }
  });

  test("says that nothing listens, and that a connection was lost", async () => {
    const gone = await startTcp(() => undefined);
    await gone[Symbol.asyncDispose]();
    const rude = await startTcp((socket) => socket.resume().resetAndDestroy());
    const get = createClient();
    expect(await faultOf(get(`http://127.0.0.1:${gone.port}/`))).toBe("nothing listens there (ECONNREFUSED)");
    expect(await faultOf(get(`http://127.0.0.1:${rude.port}/`))).toBe("the connection was lost (ECONNRESET)");
  });

  test("takes a host that nobody knows for mistyped, unless it was there before", async () => {
    const { port } = await startHttp((_, outgoing) => outgoing.end());
    const lookup: NonNullable<WireOptions["lookup"]> = (name, options, done) => {
      const found = name === "known" ? null : Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" });
      if (options.all === true) done(found, [{ address: "127.0.0.1", family: 4 }]);
      else done(found, "127.0.0.1", 4);
    };
    const get = createClient({ lookup });
    expect(await faultOf(get(`http://unknown:${port}/`))).toBe("there is no host of that name (ENOTFOUND), final");
    await get(`http://known:${port}/`);
    expect(await faultOf(get(`http://unknown:${port}/`))).toBe("there is no host of that name (ENOTFOUND)");
  });
});

describe("request()", () => {
  test("follows a GET within its origin only", async () => {
    const { port } = await startHttp(({ url }, outgoing) => {
      if (url === "/there") outgoing.end("there");
      else
        outgoing
          .writeHead(302, { location: url === "/away" ? "http://127.0.0.2:1/" : url === "/loop" ? "/loop" : "/there" })
          .end();
    });
    const get = createClient();
    const at = `http://127.0.0.1:${port}`;
    expect(text((await get(`${at}/here`)).body)).toBe("there");
    expect((await get(`${at}/away`)).status).toBe(302);
    expect((await get(`${at}/here`, { method: "DELETE" })).status).toBe(302);
    expect(await faultOf(get(`${at}/loop`))).toBe("it redirects more than 3 times, final");
  });

  test("refuses a body that is longer than allowed, announced or not", async () => {
    const { port } = await startHttp(({ url }, outgoing) => {
      if (url === "/announced") outgoing.end("12345678901");
      else outgoing.write("123456", () => outgoing.end("78901"));
    });
    const get = createClient();
    for (const path of ["announced", "not"]) {
      expect(await faultOf(get(`http://127.0.0.1:${port}/${path}`, { sizeMax: 10 }))).toBe(
        "it answers with 11 bytes or more, above the maximum 10, final",
      );
      const { body } = await get(`http://127.0.0.1:${port}/${path}`, { sizeMax: 11 });
      expect([body.length, body.constructor]).toEqual([11, Uint8Array]);
    }
  });

  test("refuses a body that was cut short, and reads into memory that has room", async () => {
    const { port } = await startHttp(({ url }, outgoing) => {
      outgoing.writeHead(200, { "content-length": 10 });
      if (url === "/short") outgoing.write("half", () => outgoing.destroy());
      else outgoing.end("1234567890");
    });
    const get = createClient();
    expect(await faultOf(get(`http://127.0.0.1:${port}/short`))).toBe("the connection was lost (ECONNRESET)");
    for (const size of [9, 10, 11]) {
      const into = new Uint8Array(size);
      const { body } = await get(`http://127.0.0.1:${port}/`, { into });
      expect(text(body)).toBe("1234567890");
      expect(body.buffer === into.buffer).toBe(size >= 10);
    }
  });

  test("ends with the reason of its signal, before and while it waits", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const { port } = await startHttp(() => controller.abort(reason));
    const get = createClient();
    await expect(get(`http://127.0.0.1:${port}/`, { signal: controller.signal })).rejects.toBe(reason);
    await expect(get(`http://127.0.0.1:${port}/`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
