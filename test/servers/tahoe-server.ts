/**
 * The part of a Tahoe-LAFS gateway's web API that a repository needs, in memory: one directory under a cap, files below
 * it with ranges, `replace=false`, directories and their JSON. As in the real one, a PUT makes missing directories on its
 * way and thereby replaces what another PUT makes at the same moment; and a status 410 is no absence, but a fault.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Listening, listen } from "./listen.js";

export interface TahoeServer extends Listening {
  /** Of the directory, with its cap. */
  readonly url: string;
  /** What the URL holds and nobody may see. */
  readonly secret: string;
  /** Method and path below the directory, in order. */
  readonly requests: string[];
  /** The next requests fail so, one after the other. */
  readonly faults: { readonly status: number; readonly text: string }[];
}

type Directory = Map<string, Directory | Uint8Array>;

export async function startTahoeServer(): Promise<TahoeServer> {
  const secret = `${"secret".repeat(4)}ab`;
  const root = `/uri/URI:DIR2:${secret}:${"b".repeat(52)}`;
  const top: Directory = new Map();
  const requests: string[] = [];
  const faults: TahoeServer["faults"] = [];
  const server = createServer((incoming, outgoing) => {
    bodyOf(incoming)
      .then(async (body) => {
        const { pathname, searchParams } = new URL(incoming.url!, "http://x");
        const path = decodeURIComponent(pathname);
        if (!path.startsWith(root)) return reply(outgoing, 400, "BadURIError");
        const names = path
          .slice(root.length)
          .split("/")
          .filter((name) => name !== "");
        requests.push(`${incoming.method} ${names.join("/")}`);
        const fault = faults.shift();
        if (fault !== undefined) return reply(outgoing, fault.status, fault.text);
        await answer({ incoming, outgoing, body, names, query: searchParams }, top);
      })
      .catch(() => outgoing.destroy());
  });
  const listening = await listen(server);
  return { ...listening, url: `http://127.0.0.1:${listening.port}${root}`, secret, requests, faults };
}

interface Asked {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: Uint8Array;
  readonly names: readonly string[];
  readonly query: URLSearchParams;
}

async function answer({ incoming, outgoing, body, names, query }: Asked, top: Directory): Promise<void> {
  const { method } = incoming;
  const makes = method === "PUT" || method === "POST";
  const last = method === "POST" ? undefined : names.at(-1);
  const parents = last === undefined ? names : names.slice(0, -1);
  const directory = await find(top, parents, makes);
  if (directory === undefined) return reply(outgoing, 404, "No such child");
  if (!(directory instanceof Map)) return reply(outgoing, makes ? 409 : 400, "Files have no children named x");
  const child = last === undefined ? directory : directory.get(last);
  if (method === "POST") {
    const name = query.get("name")!;
    if (directory.has(name)) return reply(outgoing, 409, "There was already a child by that name");
    directory.set(name, new Map());
    return reply(outgoing, 200, "URI:DIR2:…");
  }
  if (method === "PUT") {
    if (child !== undefined) return reply(outgoing, 409, "There was already a child by that name");
    directory.set(last!, body);
    return reply(outgoing, 201, "URI:CHK:…");
  }
  if (child === undefined) return reply(outgoing, 404, `No such child: ${last}`);
  if (method === "DELETE") {
    directory.delete(last!);
    return reply(outgoing, 200, "");
  }
  if (query.get("t") === "json") return reply(outgoing, 200, JSON.stringify(describeNode(child), null, 1));
  if (child instanceof Map) {
    outgoing.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!DOCTYPE html>\n<html></html>");
    return;
  }
  sendFile(incoming.headers.range, outgoing, child);
}

/** Makes what is missing, if asked, with a moment between looking and writing. */
async function find(
  top: Directory,
  names: readonly string[],
  makes: boolean,
): Promise<Directory | Uint8Array | undefined> {
  let at: Directory | Uint8Array = top;
  for (const name of names) {
    if (!(at instanceof Map)) return at;
    const next: Directory | Uint8Array | undefined = at.get(name);
    if (next !== undefined) {
      at = next;
      continue;
    }
    if (!makes) return undefined;
    await new Promise((resolve) => setImmediate(resolve));
    const made: Directory = new Map();
    at.set(name, made);
    at = made;
  }
  return at;
}

function describeNode(node: Directory | Uint8Array): unknown {
  if (!(node instanceof Map)) return ["filenode", { size: node.length, ro_uri: "URI:CHK:…" }];
  const children = Object.fromEntries([...node].map(([name, child]) => [name, shallow(child)]));
  return ["dirnode", { children, rw_uri: "URI:DIR2:…" }];
}

function shallow(node: Directory | Uint8Array): unknown {
  return node instanceof Map ? ["dirnode", { rw_uri: "URI:DIR2:…" }] : describeNode(node);
}

function sendFile(range: string | undefined, outgoing: ServerResponse, bytes: Uint8Array): void {
  const etag = '"x"';
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (from === undefined) {
    outgoing.writeHead(200, { etag, "content-length": bytes.length }).end(bytes);
    return;
  }
  const first = Number(from);
  if (first >= bytes.length) {
    outgoing.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  const last = Math.min(to === "" ? Number.POSITIVE_INFINITY : Number(to), bytes.length - 1);
  outgoing.writeHead(206, { etag, "content-range": `bytes ${first}-${last}/${bytes.length}` });
  outgoing.end(bytes.subarray(first, last + 1));
}

function reply(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { "content-type": "text/plain" }).end(text);
}

async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}
