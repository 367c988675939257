/**
 * The one door to pg. It tells a database that is away, or gives up a connection, from one that does not do what it
 * is told: the first comes back, and what was asked may be asked again; the second is an error of ours, or the operator's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientConfig, DatabaseError, Pool } from "pg";
import { Refusal } from "../../protocol/refusal.ts";
import { DamagedStoreError, StoreAwayError } from "../../node/service/store-errors.ts";
import type { DatabaseAddress } from "./address.ts";
import { meaningOf } from "./sqlstates.ts";

/** A statement of ours, which each connection prepares once. */
export type Statement = { readonly name: string; readonly text: string };

/** Bytes are arrays of bytes, and lists of them arrays of these. */
export type Values = readonly (Uint8Array | readonly Uint8Array[] | string | number)[];

export type Row = Readonly<Record<string, unknown>>;

export type Run = (statement: Statement, values: Values) => Promise<readonly Row[]>;

/** Connections that read at one time. */
const READERS = 8;
const CONNECT_MS = 5_000;
/** Longer than any statement of ours takes on a database that works. */
const ANSWER_MS = 10_000;

/**
 * Whatever the database's own settings say: a commit is on the disk before it is answered, a connection that
 * only waits is kept, and one whose other end is gone is found out (seconds, probes, milliseconds).
 */
const SETTINGS = {
  synchronous_commit: "on",
  idle_session_timeout: 0,
  statement_timeout: 0,
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 2,
  tcp_keepalives_count: 5,
  tcp_user_timeout: 15_000,
};

export class Database {
  readonly place: string;
  readonly #config: ClientConfig;
  readonly #pool: Pool;

  constructor(address: DatabaseAddress, purpose: string) {
    const { host, port, database, user, password, tls } = address;
    this.place = `${database} on ${host}`;
    this.#config = {
      host,
      port,
      database,
      user,
      ...(password === undefined ? {} : { password }),
      ssl: tls === undefined ? false : tls.authority === undefined ? true : { ca: tls.authority },
      application_name: purpose,
      options: Object.entries(SETTINGS)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(" "),
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
    };
    this.#pool = new Pool({ ...this.#config, max: READERS });
    // One that waits in the pool and breaks is taken out of it; the next who asks hears of it.
    this.#pool.on("error", () => undefined);
  }

  /** Runs a statement by itself. @throws StoreAwayError. */
  readonly run: Run = async ({ name, text }, values) => {
    try {
      return (await this.#pool.query<Row>({ name, text, values: [...values] })).rows;
    } catch (error) {
      throw this.#meaning(error);
    }
  };

  /** A connection of its own. @throws StoreAwayError; Refusal `bad-configuration` if the database wants us not. */
  async connect(): Promise<Session> {
    const client = new Client(this.#config);
    const session = new Session(client, (error) => this.#meaning(error));
    try {
      await client.connect();
    } catch (error) {
      // What came of it so far is no one's.
      await session.close();
      throw this.#meaning(error);
    }
    return session;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  #meaning(error: unknown): unknown {
    if (!(error instanceof DatabaseError)) return new StoreAwayError(this.place, error);
    const { code = "", message } = error;
    switch (meaningOf(code)) {
      case "away":
        return new StoreAwayError(this.place, error);
      case "refused":
        return new Refusal(
          "bad-configuration",
          `the database ${this.place} refuses us: ${message}`,
        );
      case "damaged":
        return new DamagedStoreError(this.place, message, { cause: error });
      case "ours":
        return error;
    }
  }
}

/** One connection. Once it is lost it stays so. */
export class Session {
  readonly #client: Client;
  readonly #meaning: (error: unknown) => unknown;
  readonly #lost = Promise.withResolvers<never>();

  constructor(client: Client, meaning: (error: unknown) => unknown) {
    this.#client = client;
    this.#meaning = meaning;
    client.on("error", (error) => this.#lost.reject(meaning(error)));
    client.on("end", () => this.#lost.reject(meaning(new Error("the connection has ended"))));
    // Whoever waits for it may come later, or not at all.
    this.#lost.promise.catch(() => undefined);
  }

  /** Rejects when the connection is no more. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  readonly run: Run = async ({ name, text }, values) => {
    try {
      return (await this.#client.query<Row>({ name, text, values: [...values] })).rows;
    } catch (error) {
      const meaning = this.#meaning(error);
      // A statement without an answer may still be made: nothing more goes over this connection.
      if (meaning instanceof StoreAwayError) {
        this.#lost.reject(meaning);
        this.#client.connection.stream.destroy();
      }
      throw meaning;
    }
  };

  async close(): Promise<void> {
    await Promise.race([this.#client.end(), sleep(CONNECT_MS, undefined, { ref: false })]);
  }
}
