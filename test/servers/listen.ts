/** Servers on loopback, each on a port that the system chooses. */
import type { AddressInfo, Server, Socket } from "node:net";

export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/** Returns when `server` listens; disposing of the answer ends it with all its connections. */
export async function listen(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  const note = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  };
  server.on("connection", note);
  server.on("secureConnection", note);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
