/** Where the processes of a torture work: one repository, and machines with a cache and a source each. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Running, type Site, startBcat } from "../crash/processes.js";
import { findServer, key, secret, serverFolders, startServer } from "../servers/real-servers.mjs";
import type { S3User } from "../servers/s3-authorize.js";
import { startS3Server, testUser } from "../servers/s3-server.js";

const KEY_FILE = join(import.meta.dirname, "../cli/desk.key");

export interface Place extends AsyncDisposable {
  readonly name: string;
  /** As `--repo` takes it. */
  readonly repository: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts bcat on the machine that has this cache. */
export function startOn(place: Place, cache: string, words: readonly string[]): Running {
  const site: Site = { repository: place.repository, cache, keyFile: KEY_FILE };
  return startBcat(site, words, { env: place.env });
}

export async function folderPlace(folder: string): Promise<Place> {
  mkdirSync(folder, { recursive: true });
  return { name: "folder", repository: join(folder, "repository"), env: {}, [Symbol.asyncDispose]: async () => {} };
}

/** gofakes3 where it is installed, else the server of the tests; on loopback, with all in memory. */
export async function s3Place(folder: string): Promise<Place> {
  const path = findServer("gofakes3", serverFolders(undefined));
  if (path === undefined) {
    const server = await startS3Server({ users: [testUser] });
    return s3At("S3 server of the tests", server.url, testUser, async () => {
      await server[Symbol.asyncDispose]();
    });
  }
  mkdirSync(folder, { recursive: true });
  const server = await startServer("gofakes3", { path, folder });
  return s3At("gofakes3", `http://127.0.0.1:${server.port}`, { accessKey: key, secretKey: secret }, server.stop);
}

function s3At(name: string, url: string, user: S3User, stop: () => Promise<void>): Place {
  const keys = { AWS_ACCESS_KEY_ID: user.accessKey, AWS_SECRET_ACCESS_KEY: user.secretKey };
  return {
    name,
    repository: `s3:${url}/bucket/torture`,
    env: { ...keys, AWS_EC2_METADATA_DISABLED: "true", AWS_REGION: "us-east-1" },
    [Symbol.asyncDispose]: stop,
  };
}
