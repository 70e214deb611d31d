/** Real servers of S3, run on loopback out of programs that are there already: nothing is fetched or built here. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";

/** For a server to answer (ms), on a machine that has other things to do. */
const startMax = 120_000;
const pollEvery = 100;

export const key = "testtest";
export const secret = "testtest-secret";

/**
 * By name: the program, and how it is run. `ports` beyond the first that it needs; `keys` where it has its own;
 * `isReady` where an answer to the first request is not yet the end of its start.
 */
const servers = {
  gofakes3: {
    program: "gofakes3",
    words: ({ port }) => ["-backend", "memory", "-host", `127.0.0.1:${port}`],
  },
  versitygw: {
    program: "versitygw",
    words: ({ port, data }) => ["--quiet", "--port", `127.0.0.1:${port}`, "posix", data],
    env: { ROOT_ACCESS_KEY: key, ROOT_SECRET_KEY: secret },
  },
  minio: {
    program: "minio",
    words: ({ port, data }) => ["server", "--quiet", "--address", `127.0.0.1:${port}`, data],
    env: { MINIO_ROOT_USER: key, MINIO_ROOT_PASSWORD: secret, MINIO_CI_CD: "1", MINIO_BROWSER: "off" },
  },
  seaweedfs: {
    program: "weed",
    ports: 7,
    words: ({ port, more: [master, masterRpc, volume, volumeRpc, filer, filerRpc, rpc], data }) => [
      ...["server", `-dir=${data}`, "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=100"],
      ...[`-master.port=${master}`, `-master.port.grpc=${masterRpc}`, "-master.volumeSizeLimitMB=256"],
      ...[`-volume.port=${volume}`, `-volume.port.grpc=${volumeRpc}`],
      ...["-filer", `-filer.port=${filer}`, `-filer.port.grpc=${filerRpc}`],
      ...["-s3", `-s3.port=${port}`, `-s3.port.grpc=${rpc}`],
    ],
    env: { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret },
    isReady: async ({ more: [master] }) =>
      (await (await fetch(`http://127.0.0.1:${master}/dir/assign`)).text()).includes('"fid"'),
  },
  rclone: {
    program: "rclone",
    words: ({ port, data }) => [
      ...["serve", "s3", "--addr", `127.0.0.1:${port}`, "--auth-key", `${key},${secret}`],
      ...["--vfs-cache-mode", "off", "--config", "", data],
    ],
  },
  moto: {
    program: "moto_server",
    words: ({ port }) => ["-H", "127.0.0.1", "-p", String(port)],
  },
  "s3s-fs": {
    program: "s3s-fs",
    words: ({ port, data }) => [
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--access-key",
      key,
      "--secret-key",
      secret,
      data,
    ],
    env: { RUST_LOG: "warn" },
  },
  s3rver: {
    program: "s3rver",
    words: ({ port, data }) => ["-a", "127.0.0.1", "-p", String(port), "-d", data, "--silent", "--no-vhost-buckets"],
    // It pages its listings with a cipher that OpenSSL 3 has put aside.
    env: { NODE_OPTIONS: "--openssl-legacy-provider" },
    keys: ["S3RVER", "S3RVER"],
  },
};

export const serverNames = Object.keys(servers);

/** Where the program of a server is: in one of the folders, the first before the others. */
export function findServer(name, folders) {
  return folders.map((folder) => join(folder, servers[name].program)).find((path) => existsSync(path));
}

/** Folders to look into: the one given, that of BCAT_S3_SERVERS_DIR, those of PATH. */
export function serverFolders(given) {
  const { BCAT_S3_SERVERS_DIR: cached, PATH = "" } = process.env;
  return [given, cached, ...PATH.split(delimiter)].filter((folder) => folder !== undefined && folder !== "");
}

/**
 * Starts a server with its data and its log below `folder`, and returns when it answers: `url`, which has the keys in it,
 * and `stop()`, after which nothing of it runs.
 */
export async function startServer(name, { path, folder }) {
  const { words, ports = 0, env = {}, keys = [key, secret], isReady = async () => true } = servers[name];
  const data = join(folder, name);
  mkdirSync(data, { recursive: true });
  const [port, ...more] = await freePorts(1 + ports);
  const log = join(folder, `${name}.log`);
  const output = openSync(log, "a");
  const place = { port, more, data };
  const child = spawn(path, words(place), {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: process.env.TMPDIR, ...env },
    stdio: ["ignore", output, output],
  });
  const ended = new Promise((resolve) => {
    child.once("error", resolve).once("exit", resolve);
  });
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  const until = Date.now() + startMax;
  while (
    !(await answers(port)
      .then((is) => is && isReady(place))
      .catch(() => false))
  ) {
    if (isOver || Date.now() > until) {
      await stop();
      throw new Error(`${name} does not start; the end of its log:\n${readFileSync(log, "utf8").slice(-2_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollEvery));
  }
  return { name, port, url: `http://${keys.join(":")}@127.0.0.1:${port}`, log, stop };
}

async function answers(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) });
  await answer.arrayBuffer();
  return answer.status < 500;
}

/** Held all at once, so that they differ. */
async function freePorts(count) {
  const holders = Array.from({ length: count }, () => createServer());
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.listen(0, "127.0.0.1", resolve))));
  const ports = holders.map((holder) => holder.address().port);
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}
