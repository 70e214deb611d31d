/** A proxy as companies have them: whole requests for http:, tunnels for https:. Notes what it was asked. */
import { createServer, request } from "node:http";
import { connect, type Socket } from "node:net";
import { type Listening, listen } from "./listen.js";

export interface ForwardProxy extends Listening {
  /** `GET http://…` and `CONNECT host:port`, in order. */
  readonly asked: readonly string[];
}

/** With `credentials` (`name:password`), it refuses those who do not send them. */
export async function startForwardProxy(credentials?: string): Promise<ForwardProxy> {
  const asked: string[] = [];
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    if (wanted !== undefined && incoming.headers["proxy-authorization"] !== wanted) {
      outgoing.writeHead(407).end();
      return;
    }
    const { method, headers } = incoming;
    const forwarded = request(incoming.url!, { method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.on("connect", (incoming, socket: Socket, head) => {
    asked.push(`CONNECT ${incoming.url}`);
    if (wanted !== undefined && incoming.headers["proxy-authorization"] !== wanted) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const { hostname, port } = new URL(`tcp://${incoming.url}`);
    const target = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      target.write(head);
      socket.pipe(target).pipe(socket);
    });
    target.on("error", () => socket.destroy());
    socket.on("error", () => target.destroy());
    socket.on("close", () => target.destroy());
  });
  return { ...(await listen(server)), asked };
}
