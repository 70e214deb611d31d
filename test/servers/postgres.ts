/** A PostgreSQL of a test's own on loopback, run by an ordinary user, out of the packages of the system. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const isRoot = process.getuid?.() === 0;
/** Nobody: PostgreSQL refuses to run as root. */
const ordinaryUser = 65534;
const password = "se:cret@/%";

/** Where Debian and others put the programs, the newest first; or where PATH has them. */
function findPrograms(): string | undefined {
  const versions = "/usr/lib/postgresql";
  const found = fs.existsSync(versions) ? fs.readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...found.map((version) => join(versions, version, "bin")), ...(process.env.PATH ?? "").split(":")];
  return folders.find((folder) => fs.existsSync(join(folder, "initdb")) && fs.existsSync(join(folder, "postgres")));
}

const programs = findPrograms();

/** Why there is no PostgreSQL, for the line of a test that is skipped; undefined when there is one. */
export const missingPostgres =
  programs === undefined ? "no PostgreSQL here: install the package postgresql" : undefined;

export class PostgresServer implements Disposable {
  readonly folder: string;
  readonly port: number;
  readonly #settings: readonly string[];

  private constructor(folder: string, port: number, settings: readonly string[]) {
    this.folder = folder;
    this.port = port;
    this.#settings = settings;
  }

  /** @param files go into the folder of the data, for `settings` to name */
  static async start(
    settings: readonly string[] = [],
    files: Readonly<Record<string, string>> = {},
  ): Promise<PostgresServer> {
    const folder = fs.mkdtempSync(join(tmpdir(), "bcat-pg-"));
    fs.writeFileSync(join(folder, "password"), password);
    if (isRoot) for (const path of [folder, join(folder, "password")]) fs.chownSync(path, ordinaryUser, ordinaryUser);
    const server = new PostgresServer(folder, await freePort(), settings);
    const setUp = ["-D", server.#data, "-U", "bcat", "--auth=scram-sha-256", `--pwfile=${join(folder, "password")}`];
    server.#run("initdb", [...setUp, "--no-sync", "-E", "UTF8", "--locale=C"]);
    for (const [name, content] of Object.entries(files)) {
      const path = join(server.#data, name);
      fs.writeFileSync(path, content, { mode: 0o600 });
      if (isRoot) fs.chownSync(path, ordinaryUser, ordinaryUser);
    }
    server.resume();
    return server;
  }

  /** With the password, unless told otherwise. */
  url({ user = `bcat:${encodeURIComponent(password)}`, database = "postgres", parameters = "" } = {}): string {
    return `postgres://${user}@127.0.0.1:${this.port}/${database}${parameters}`;
  }

  get password(): string {
    return password;
  }

  /** Ends as if its machine had lost power: connections break, nothing is tidied up. */
  kill(): void {
    this.#run("pg_ctl", ["-D", this.#data, "-m", "immediate", "-w", "stop"]);
  }

  /** Answers nothing any more, until {@link thaw}. */
  freeze(): void {
    this.#signal("STOP");
  }

  thaw(): void {
    this.#signal("CONT");
  }

  /** To the server and all of its processes. */
  #signal(name: string): void {
    const [pid = ""] = fs.readFileSync(join(this.#data, "postmaster.pid"), "utf8").split("\n");
    execFileSync("kill", [`-${name}`, pid]);
    execFileSync("pkill", [`-${name}`, "-P", pid]);
  }

  /** Starts again, and returns when it takes connections. */
  resume(): void {
    const settings = ["listen_addresses=127.0.0.1", `port=${this.port}`, "unix_socket_directories=", "fsync=off"];
    const options = [...settings, ...this.#settings].map((setting) => `-c ${setting}`).join(" ");
    this.#run("pg_ctl", ["-D", this.#data, "-w", "-l", join(this.folder, "log"), "-o", options, "start"]);
  }

  /** Takes all data away, as a disk that died, and begins with a new, empty database. */
  lose(statement = "drop table if exists bcat_registers"): void {
    this.sql(statement);
  }

  /** What one statement prints, by the command-line client. */
  sql(statement: string): string {
    const connection = ["-h", "127.0.0.1", "-p", String(this.port), "-U", "bcat", "-d", "postgres"];
    return this.#run("psql", [...connection, "-X", "-q", "-A", "-t", "-c", statement]);
  }

  [Symbol.dispose](): void {
    try {
      this.kill();
    } catch {
      // Killed already.
    }
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.folder, "data");
  }

  #run(name: string, words: readonly string[]): string {
    const path = join(programs ?? "", name);
    const drop = isRoot ? [`--reuid=${ordinaryUser}`, `--regid=${ordinaryUser}`, "--clear-groups"] : [];
    const [program, ...given] = isRoot ? ["setpriv", ...drop, path, ...words] : [path, ...words];
    const env = { PATH: process.env.PATH, LC_ALL: "C", HOME: this.folder, PGPASSWORD: password };
    // A server that is started inherits these: with pipes, nobody would ever see them end.
    const stdio = name === "pg_ctl" ? ("ignore" as const) : (["ignore", "pipe", "pipe"] as const);
    const output = execFileSync(program!, given, { env, stdio: stdio as "pipe", cwd: this.folder });
    return output?.toString().trim() ?? "";
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port");
  return address.port;
}
