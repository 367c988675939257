/**
 * A PostgreSQL server of our own, never the system's: in a folder that is gone afterwards, on a socket there, and on
 * loopback over TLS with a password. It syncs as in production, so that it can be killed. initdb refuses root, so that
 * root runs it as another user.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chown, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { makeCertificate } from "./certificates.ts";
import { freePorts } from "./free-ports.ts";

const run = promisify(execFile);
const ROOT = "/usr/lib/postgresql";
const USER = "tallystick";
export const PASSWORD = "a password for tests";
const PAUSE_MS = 20;

/** Where Debian's package `postgresql` has put the newest version's programs, if it is installed. */
export async function postgresPrograms(): Promise<string | undefined> {
  if (!existsSync(ROOT)) return undefined;
  const versions = (await readdir(ROOT)).sort((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => join(ROOT, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")));
}

type Settings = Readonly<Record<string, string>>;

type Parts = {
  readonly folder: string;
  readonly bin: string;
  readonly port: number;
  readonly authority: string;
  readonly settings: Settings;
};

export class PostgresServer implements AsyncDisposable {
  /** Also where its socket is. */
  readonly folder: string;
  /** By which it is known over TLS, as localhost. */
  readonly authority: string;
  readonly port: number;
  readonly #bin: string;
  readonly #settings: Settings;
  #process: ChildProcess | undefined;
  #databases = 0;

  private constructor({ folder, bin, port, authority, settings }: Parts) {
    this.folder = folder;
    this.authority = authority;
    this.port = port;
    this.#bin = bin;
    this.#settings = settings;
  }

  /** @param settings over those that are small, as tests want them. */
  static async open(settings: Settings = {}): Promise<PostgresServer> {
    const bin = await postgresPrograms();
    if (bin === undefined) throw new Error("PostgreSQL is not installed (Debian: postgresql)");
    const folder = await mkdtemp(join(tmpdir(), "tallystick-postgres-"));
    const root = makeCertificate("the database's authority");
    const issuer = { name: "the database's authority", privateKey: root.privateKey };
    const { certificate, key } = makeCertificate("localhost", issuer);
    const [port] = await freePorts(1);
    const server = new PostgresServer({
      folder,
      bin,
      port: port!,
      authority: root.certificate,
      settings,
    });
    const owner = await ids();
    const texts = { "server.crt": certificate, "server.key": key, password: PASSWORD };
    for (const [name, text] of Object.entries(texts)) {
      await writeFile(join(folder, name), text, { mode: 0o600 });
      if (owner !== undefined) await chown(join(folder, name), owner.uid, owner.gid);
    }
    if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
    const options = [
      "--auth-local=trust",
      "--auth-host=scram-sha-256",
      `--pwfile=${join(folder, "password")}`,
      `--username=${USER}`,
      "--no-sync",
      "--no-locale",
      "--data-checksums",
    ];
    await run(join(bin, "initdb"), ["-D", server.#data, ...options], { ...owner, cwd: folder });
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const settings = {
      listen_addresses: "127.0.0.1",
      port: this.port,
      ssl: "on",
      ssl_cert_file: join(this.folder, "server.crt"),
      ssl_key_file: join(this.folder, "server.key"),
      unix_socket_directories: this.folder,
      max_connections: 100,
      shared_buffers: "16MB",
      dynamic_shared_memory_type: "mmap",
      // After a kill -9: one call for the disk instead of one for each file.
      recovery_init_sync_method: "syncfs",
      ...this.#settings,
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const owner = await ids();
    const child = spawn(join(this.#bin, "postgres"), ["-D", this.#data, ...options], {
      ...owner,
      cwd: this.folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (text) => (said = (said + String(text)).slice(-4_000)));
    this.#process = child;
    for (; !(await this.#answers()); await sleep(PAUSE_MS)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`PostgreSQL ended: ${said}`);
    }
  }

  /** Ends the server with kill -9, as a power cut of its machine would, but for the disk's own memory. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
    // Its own processes notice that it is gone, and end.
    while ((await backendsIn(this.#data)).length > 0) await sleep(PAUSE_MS);
  }

  /** Ends one of the server's own processes, by its id, with kill -9: all of them begin anew. */
  killBackend(pid: number): void {
    process.kill(pid, "SIGKILL");
  }

  /** @returns the URL of a database of its own, which takes the server a while. */
  async makeDatabase(): Promise<string> {
    const name = `test${process.pid}_${++this.#databases}`;
    await this.query("postgres", `CREATE DATABASE ${name}`);
    return `postgres://${USER}@${encodeURIComponent(this.folder)}:${this.port}/${name}`;
  }

  /** One statement, in a database named or of this URL. */
  async query(
    database: string,
    text: string,
    values: unknown[] = [],
  ): Promise<Record<string, unknown>[]> {
    const name = database.split("/").at(-1)!;
    const { folder: host, port } = this;
    const client = new Client({ host, port, user: USER, database: name });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("SIGQUIT");
    await rm(this.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    return await this.query("postgres", "SELECT 1").then(
      () => true,
      () => false,
    );
  }

  get #data(): string {
    return join(this.folder, "data");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

/** Who runs it, where root may not. */
async function ids(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const rows = (await readFile("/etc/passwd", "utf8")).split("\n").map((row) => row.split(":"));
  const row =
    rows.find(([name]) => name === "postgres") ?? rows.find(([name]) => name === "nobody");
  return { uid: Number(row![2]), gid: Number(row![3]) };
}

/** Processes that run in the data folder. */
async function backendsIn(folder: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(
    pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => undefined)),
  );
  return pids.filter((_, i) => folders[i] === folder);
}
