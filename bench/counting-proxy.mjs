/** A proxy on loopback before a server of S3 that passes everything on as it is, and counts requests and bytes of bodies. */
import { Agent, createServer, request } from "node:http";
import { pipeline } from "node:stream";

/** Kinds of requests, as they are paid for: a listing costs what a put does. */
export const kinds = ["put", "get", "head", "list", "delete", "other"];

export async function startCountingProxy(port) {
  const agent = new Agent({ keepAlive: true });
  let counts = noCounts();
  const server = createServer((incoming, outgoing) => {
    counts[kindOf(incoming)]++;
    incoming.on("data", (piece) => {
      counts.sent += piece.length;
    });
    const { method, url: path, headers } = incoming;
    const onward = request({ host: "127.0.0.1", port, method, path, headers, agent }, (answer) => {
      answer.on("data", (piece) => {
        counts.received += piece.length;
      });
      outgoing.writeHead(answer.statusCode, answer.headers);
      pipeline(answer, outgoing, () => {});
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    /** Counts since the last call. */
    take() {
      const taken = counts;
      counts = noCounts();
      const total = kinds.reduce((sum, kind) => sum + taken[kind], 0);
      return { ...taken, total };
    },
    stop() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

function noCounts() {
  return Object.fromEntries([...kinds, "sent", "received"].map((kind) => [kind, 0]));
}

function kindOf({ method, url }) {
  const { pathname, searchParams } = new URL(url, "http://host");
  const isBucket = pathname.replaceAll(/^\/|\/$/g, "").split("/").length < 2;
  if (method === "GET" && isBucket) return searchParams.has("location") ? "other" : "list";
  if (method === "PUT" && isBucket) return "other";
  return { PUT: "put", GET: "get", HEAD: "head", DELETE: "delete" }[method] ?? "other";
}
