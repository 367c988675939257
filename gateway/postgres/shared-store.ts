/**
 * One database that several gateway processes open. One of them at a time is active: it holds a lock of the
 * database's, and what it writes goes over the connection that holds it. When that connection is gone, so is the
 * lock, and with it any way to write what was decided under it. A process that can no longer reach the database gives
 * up before the database, which has not heard of it either, lets another take the lock.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { checkStays, type MoveMark } from "../../node/service/move-mark.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { seal, unseal } from "../../node/service/sealed-value.ts";
import {
  DamagedStoreError,
  StoreAwayError,
  StoreWriteError,
} from "../../node/service/store-errors.ts";
import { decodeRow, encodeRow } from "../row.ts";
import type { Database, Run, Session, Statement } from "./database.ts";
import { HEADER_KEY, PostgresStore, TABLE } from "./postgres-store.ts";

/** Whose store it is: anybody else's is refused. */
export type StoreOwner = { readonly networkId: Hex; readonly member: number };

export type SharedStoreOptions = {
  /** For whoever moves it: takes it whatever its mark says. */
  readonly isMoving?: boolean;
};

type Header = StoreOwner & {
  readonly software: "tallystick gateway";
  readonly format: number;
  readonly move?: MoveMark;
};

/** How the connections of gateways' processes are called, before the member's number. */
export const GATEWAYS = "tallystick gateway";

const FORMAT = 1;
/** Fields of advisory locks, which belong to the database: "tlly". */
const LOCKS = 0x746c_6c79;
const ACTIVE = 1;
const MAKING = 2;
/** How often the holder of the lock makes sure that it is there. */
const PING_MS = 1_000;

const statement = (name: string, text: string): Statement => ({ name, text });
const SETTINGS = statement(
  "settings",
  `SELECT current_setting('fsync') AS "fsync", current_setting('full_page_writes') AS "full_page_writes",
    current_setting('data_checksums') AS "data_checksums", pg_is_in_recovery() AS "isReplica"`,
);
const FIND = statement("find", `SELECT to_regclass('${TABLE}') IS NOT NULL AS "isThere"`);
const MAKE = statement(
  "make",
  `CREATE TABLE ${TABLE} (key bytea PRIMARY KEY, value bytea NOT NULL)`,
);
const LOCK = statement("lock", "SELECT pg_advisory_lock($1, $2)");
const UNLOCK = statement("unlock", "SELECT pg_advisory_unlock($1, $2)");
const TRY = statement("try", `SELECT pg_try_advisory_lock($1, $2) AS "isOurs"`);
const PING = statement("ping", "SELECT 1");
const HEAD = statement("head", `SELECT value FROM ${TABLE} WHERE key = $1`);
const MARK = statement("mark", `UPDATE ${TABLE} SET value = $2 WHERE key = $1`);
/** Every process that runs has a connection: it waits for the lock, or holds it. */
const COUNT_GATEWAYS = statement(
  "count gateways",
  `SELECT count(*)::int AS "gateways" FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE '${GATEWAYS} %'`,
);
const SIGN = statement(
  "sign",
  `INSERT INTO ${TABLE} (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
);

export class SharedStore {
  readonly #database: Database;
  readonly #owner: StoreOwner;
  readonly #logger: Logger;
  readonly #isMoving: boolean;
  /** Whether it was found to be ours over the connection that there is. */
  #isChecked = false;
  /** Waits to become the active one's. */
  #session: Session | undefined;

  constructor(
    database: Database,
    owner: StoreOwner,
    logger: Logger,
    { isMoving = false }: SharedStoreOptions = {},
  ) {
    this.#database = database;
    this.#owner = owner;
    this.#logger = logger;
    this.#isMoving = isMoving;
  }

  get place(): string {
    return this.#database.place;
  }

  /** For a process that stands by: whatever it writes, another may be writing as well. */
  get standby(): PostgresStore {
    const { place, run } = this.#database;
    const ready: Run = async (said, values) => {
      if (!this.#isChecked) throw new StoreAwayError(place, new Error("it was not reached yet"));
      return run(said, values);
    };
    return new PostgresStore({ place, reads: ready, writes: ready });
  }

  /**
   * Makes this process the active one, unless another is.
   * @throws StoreAwayError; Refusal on what the operator must mend: `bad-configuration`, `wrong-network`,
   *   `wrong-folder`, `unsupported-version`, `store-moved`.
   */
  async lead(): Promise<Lead | undefined> {
    const session = (this.#session ??= await this.#connect());
    try {
      const [row] = await session.run(TRY, [LOCKS, ACTIVE]);
      if (row!["isOurs"] !== true) return undefined;
      // Whoever held the lock before may have moved it.
      const header = await this.#readHeader(session);
      this.#checkHeader(header);
      this.#session = undefined;
      return new Lead(this.#database, session, header);
    } catch (error) {
      this.#session = undefined;
      await session.close();
      throw error;
    }
  }

  /** Processes of gateways that are connected. */
  async countGateways(): Promise<number> {
    const [row] = await this.#database.run(COUNT_GATEWAYS, []);
    return row!["gateways"] as number;
  }

  async close(): Promise<void> {
    await this.#session?.close();
    await this.#database.close();
  }

  async #connect(): Promise<Session> {
    const session = await this.#database.connect();
    try {
      await this.#prepare(session);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Finds the table, or makes it, and makes sure that it is ours and will keep what it is given. */
  async #prepare(session: Session): Promise<void> {
    const [settings] = await session.run(SETTINGS, []);
    const { place } = this.#database;
    if (settings!["isReplica"] === true)
      throw new StoreAwayError(place, new Error("it is a replica, and takes no writes"));
    for (const name of ["fsync", "full_page_writes"]) {
      if (settings![name] !== "on")
        throw new Refusal("bad-configuration", `the database ${place} has ${name} off: turn it on`);
    }
    if (settings!["data_checksums"] !== "on")
      this.#logger.warn(
        { place },
        "the database has no checksums of its own (pg_checksums --enable)",
      );
    await session.run(LOCK, [LOCKS, MAKING]);
    await this.#makeTable(session);
    this.#checkHeader(await this.#readHeader(session));
    await session.run(UNLOCK, [LOCKS, MAKING]);
    this.#isChecked = true;
    session.lost.catch(() => (this.#isChecked = false));
  }

  async #makeTable(session: Session): Promise<void> {
    const [found] = await session.run(FIND, []);
    if (found!["isThere"] !== true) await session.run(MAKE, []);
    const ours: Header = { software: "tallystick gateway", format: FORMAT, ...this.#owner };
    await session.run(SIGN, [HEADER_KEY, seal(HEADER_KEY, encodeRow(ours))]);
  }

  async #readHeader(session: Session): Promise<Header> {
    const [row] = await session.run(HEAD, [HEADER_KEY]);
    const value = unseal(HEADER_KEY, row!["value"] as Buffer);
    if (value === undefined)
      throw new DamagedStoreError(this.#database.place, "its header has changed");
    return decodeRow<Header>(value);
  }

  #checkHeader({ format, networkId, member, move }: Header): void {
    const { place } = this.#database;
    const ours = this.#owner;
    if (format !== FORMAT)
      throw new Refusal(
        "unsupported-version",
        `the database ${place} has format ${format}, this software reads ${FORMAT}`,
      );
    if (networkId !== ours.networkId)
      throw new Refusal(
        "wrong-network",
        `the database ${place} belongs to ${networkId}, the process to ${ours.networkId}`,
      );
    if (member !== ours.member)
      throw new Refusal(
        "wrong-folder",
        `the database ${place} belongs to member ${member}, the process to ${ours.member}`,
      );
    if (!this.#isMoving) checkStays(move, `the database ${place}`);
  }
}

/** The right to be the active process, as long as its connection holds. */
export class Lead implements AsyncDisposable {
  readonly store: PostgresStore;
  readonly #session: Session;
  readonly #stopping = new AbortController();
  readonly #pinging: Promise<void>;
  #header: Header;

  constructor({ place, run }: Database, session: Session, header: Header) {
    this.#session = session;
    this.#header = header;
    const writes: Run = async (said, values) => {
      try {
        return await session.run(said, values);
      } catch (error) {
        const end = error instanceof StoreAwayError ? error : new StoreWriteError(place, error);
        this.#end(end);
        throw end;
      }
    };
    this.store = new PostgresStore({ place, reads: run, writes });
    session.lost.catch((error: Error) => this.#end(error));
    this.#pinging = this.#ping();
  }

  /** Rejects when another may be active: whoever decides anything is to stop. */
  get lost(): Promise<never> {
    return this.#session.lost;
  }

  /** Whether it has been moved, or is being moved here. */
  get move(): MoveMark | undefined {
    return this.#header.move;
  }

  async setMove(move: MoveMark): Promise<void> {
    const header = { ...this.#header, move };
    await this.#session.run(MARK, [HEADER_KEY, seal(HEADER_KEY, encodeRow(header))]);
    this.#header = header;
  }

  /** Lets another process be the active one. */
  async release(): Promise<void> {
    this.#stopping.abort();
    await this.store.close();
    await this.#pinging;
    await this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** Nothing may follow a write that failed, or the loss of the lock. */
  #end(error: Error): void {
    void this.store.close(error);
  }

  /** A connection that says nothing is found out by asking: what is not answered ends it. */
  async #ping(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#session.run(PING, []);
        await sleep(PING_MS, undefined, { signal });
      } catch {
        // Told to stop, or lost: the session says so itself.
        return;
      }
    }
  }
}
