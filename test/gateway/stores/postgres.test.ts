/** The store that several gateway processes share. */
import { expect } from "chai";
import { parseAddress } from "../../../gateway/postgres/address.ts";
import { Database } from "../../../gateway/postgres/database.ts";
import { TABLE } from "../../../gateway/postgres/postgres-store.ts";
import type { Lead, SharedStore } from "../../../gateway/postgres/shared-store.ts";
import { DamagedStoreError, StoreAwayError } from "../../../node/service/store-errors.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { makeCertificate } from "../../../scripts/devnet/certificates.ts";
import { startChild } from "../../node/service/child.ts";
import { lastWrite } from "../../node/service/numbered-writes.ts";
import { PASSWORD, type PostgresServer } from "../../../scripts/devnet/postgres.ts";
import { sharedPostgres } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";
import { refusal } from "../support/refusal.ts";
import { describeStore } from "./conformance.ts";
import { networkId, openStore, sharedStore } from "./open.ts";

const key = utf8.encode("key");

describe("stores: PostgreSQL", () => {
  const server = sharedPostgres();
  let url = "";
  before(async () => {
    url = await server().makeDatabase();
  });
  /** Nothing is in it yet. */
  const anew = async () => {
    await server().query(url, `DROP TABLE IF EXISTS ${TABLE}`);
    return url;
  };

  describeStore("PostgreSQL", {
    make: async () => `postgres ${await anew()}`,
    async flip(where, value) {
      const text = `UPDATE ${TABLE} SET value = set_byte(value, 5, get_byte(value, 5) # 1) WHERE value LIKE $1`;
      await server().query(where, text, [Buffer.concat([value, Buffer.from("%")])]);
    },
  });

  describe("processes that share it", () => {
    const shared: SharedStore[] = [];
    const open = (url: string, owner?: { networkId: `0x${string}`; member: number }) => {
      const store = sharedStore(url, owner);
      shared.push(store);
      return store;
    };
    afterEach(async () => {
      for (const store of shared.splice(0)) await store.close();
    });

    it("of four that ask at once one is active, and the next when it lets go [R-087]", async () => {
      await anew();
      const stores = Array.from({ length: 4 }, () => open(url));
      const leads = await Promise.all(stores.map((store) => store.lead()));
      const [lead, ...others] = leads.filter((each) => each !== undefined);
      expect(others).to.deep.equal([]);
      await lead!.release();
      const next = await stores[0]!.lead();
      expect(next).not.to.equal(undefined);
      await next!.release();
    });

    it("lets nothing be written by a process whose connection was cut, and another take its place", async () => {
      await anew();
      const [first, second] = [open(url), open(url)];
      const lead = (await first.lead())!;
      await lead.store.write([{ key, value: utf8.encode("first") }]);
      const lost = lead.lost.catch((error: unknown) => error);
      const text = `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
      await server().query(url, text);
      const late = lead.store.write([{ key, value: utf8.encode("late") }]);
      expect(await late.catch((error: unknown) => error)).to.be.instanceOf(StoreAwayError);
      expect(await lost).to.be.instanceOf(StoreAwayError);
      const next = await leading(second);
      expect(await next.store.get(key)).to.deep.equal(utf8.encode("first"));
      const read = await lead.store.get(key).catch((error: unknown) => error);
      expect(read).to.be.instanceOf(StoreAwayError);
      await lead.release();
      await next.release();
    });

    it("lets those that stand by add what they are told, and read what the active one writes", async () => {
      await anew();
      const [active, other] = [open(url), open(url)];
      const lead = (await active.lead())!;
      expect(await other.lead()).to.equal(undefined);
      await lead.store.write([{ key, value: utf8.encode("1") }]);
      expect(await other.standby.get(key)).to.deep.equal(utf8.encode("1"));
      await other.standby.write([{ key: utf8.encode("more"), value: utf8.encode("2") }]);
      expect(await lead.store.get(utf8.encode("more"))).to.deep.equal(utf8.encode("2"));
      await lead.release();
    });

    it("refuses a database of another network, another member, or other software", async () => {
      await anew();
      await (await open(url).lead())!.release();
      const foreign = { networkId: `0x${"cd".repeat(32)}` as const, member: 1 };
      await refusal("wrong-network", open(url, foreign).lead());
      await refusal("wrong-folder", open(url, { networkId, member: 2 }).lead());
    });

    it("refuses a database that does not sync, and a user whom it does not know [N-25]", async () => {
      await anew();
      for (const name of ["fsync", "full_page_writes"]) {
        await setting(server(), `${name} = off`);
        await refusal("bad-configuration", open(url).lead());
        await setting(server(), `${name} = on`);
      }
      const stranger = url.replace("tallystick@", "stranger@");
      await refusal("bad-configuration", open(stranger).lead());
      await refusal("bad-configuration", open(`${url}_none`).lead());
    });
  });

  describe("a server that is killed", () => {
    const ways: [string, () => Promise<void>][] = [
      [
        "the server",
        async () => {
          await server().kill();
          await server().start();
        },
      ],
      [
        "the process that serves the connection",
        async () => {
          const [row] = await server().query(
            url,
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted",
          );
          server().killBackend(Number(row!["pid"]));
        },
      ],
    ];
    for (const [what, end] of ways) {
      it(`has what it said is durable after kill -9 of ${what} in the midst of writes [N-25]`, async () => {
        await anew();
        const child = startChild("../../gateway/stores/writing-child.ts", [`postgres ${url}`, "0"]);
        await child.line("durable 30");
        await end();
        const { stdout, code } = await child.ended;
        // By now all connections are cut: it begins anew.
        await until("the server answers", () =>
          server()
            .query(url, "SELECT 1")
            .then(
              () => true,
              () => false,
            ),
        );
        const lines = stdout.trim().split("\n");
        expect(code).to.equal(0);
        expect(lines.slice(-2)).to.deep.equal(["failed StoreAwayError", "then StoreAwayError"]);
        const said = Number(lines.at(-3)!.replace("durable ", ""));
        const { store, close } = (await openStore(`postgres ${url}`))!;
        expect(await lastWrite(store, 1_000)).to.be.at.least(said);
        await close();
      });
    }

    it("is away, and of use again when it is back", async () => {
      await anew();
      const store = sharedStore(url);
      const lead = (await store.lead())!;
      await server().kill();
      const error = await store.lead().catch((away: unknown) => away);
      expect(error).to.be.instanceOf(StoreAwayError);
      await lead.lost.catch(() => undefined);
      await lead.release();
      await server().start();
      await (await leading(store)).release();
      await store.close();
    });
  });

  describe("what goes wrong there", () => {
    const raise = async (sqlstate: string) => {
      const database = new Database(parseAddress(url, {}), "test");
      const text = `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${sqlstate}'; END $$`;
      try {
        return await database.run({ name: "raise", text }, []).catch((error: unknown) => error);
      } finally {
        await database.close();
      }
    };

    it("is away when it breaks off, writes no more, has no room, or was told to cancel", async () => {
      const broken = ["08006", "57P01", "57P03", "58030"];
      const told = ["25006", "25P03", "40001", "40P01", "55P03", "57014"];
      for (const sqlstate of [...broken, ...told, "53100", "53300"])
        expect(await raise(sqlstate), sqlstate).to.be.instanceOf(StoreAwayError);
    });

    it("is the operator's to mend, damaged, or a mistake of ours, as its code says", async () => {
      for (const sqlstate of ["28000", "3F000", "42501"])
        expect(await raise(sqlstate)).to.have.property("code", "bad-configuration");
      for (const sqlstate of ["XX001", "XX002"])
        expect(await raise(sqlstate)).to.be.instanceOf(DamagedStoreError);
      for (const sqlstate of ["22003", "23505", "42601", "55000", "XX000"])
        expect(await raise(sqlstate)).to.have.property("code", sqlstate);
    });

    it("is away while it only reads, as after a failover, and of use when it writes again [R-087]", async () => {
      await anew();
      const [active, other] = [sharedStore(url), sharedStore(url)];
      const lead = (await active.lead())!;
      await lead.store.write([{ key, value: utf8.encode("before") }]);
      expect(await other.lead()).to.equal(undefined);
      await setting(server(), "default_transaction_read_only = on");
      try {
        const change = { key, value: utf8.encode("late") };
        for (const store of [other.standby, lead.store]) {
          const error = await store.write([change]).catch((away: unknown) => away);
          expect(error).to.be.instanceOf(StoreAwayError);
        }
        // Whoever was active has lost the lead, and nobody has it until something can be written.
        expect(await lead.lost.catch((error: unknown) => error)).to.be.instanceOf(StoreAwayError);
        const anew = await sharedStore(url)
          .lead()
          .catch((error: unknown) => error);
        expect(anew).to.be.instanceOf(StoreAwayError);
      } finally {
        await setting(server(), "default_transaction_read_only = off");
      }
      await lead.release();
      const next = await leading(other);
      expect(await next.store.get(key)).to.deep.equal(utf8.encode("before"));
      await next.release();
      for (const store of [active, other]) await store.close();
    });

    it("is away when an administrator cancels what it was told, and has not done it", async () => {
      await anew();
      const store = sharedStore(url);
      const lead = (await store.lead())!;
      const blocking = server()
        .query(url, `BEGIN; LOCK TABLE ${TABLE} IN EXCLUSIVE MODE; SELECT pg_sleep(600)`)
        .catch((error: unknown) => error);
      const activity = (where: string, what = "pid") =>
        server().query(
          url,
          `SELECT ${what} FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${where}`,
        );
      await until("the table is locked", async () => {
        return (await activity("wait_event = 'PgSleep'")).length === 1;
      });
      const write = lead.store
        .write([{ key, value: utf8.encode("cancelled") }])
        .catch((error: unknown) => error);
      const isWaiting = "application_name = 'test' AND wait_event_type = 'Lock'";
      await until("the write waits", async () => (await activity(isWaiting)).length === 1);
      await activity(isWaiting, "pg_cancel_backend(pid)");
      expect(await write).to.be.instanceOf(StoreAwayError);
      await activity("wait_event = 'PgSleep'", "pg_terminate_backend(pid)");
      await blocking;
      await lead.release();
      const next = await leading(store);
      expect(await next.store.get(key)).to.equal(undefined);
      await next.release();
      await store.close();
    });
  });

  describe("its address", () => {
    it("is reached over TLS that is checked, with a password [N-13]", async () => {
      const distant = (authority: string, password: string) => {
        const there = `postgres://tallystick@localhost:${server().port}/postgres?sslmode=verify-full`;
        return new Database(parseAddress(there, { authority, password }), "test");
      };
      const ask = async (database: Database) => {
        try {
          const session = await database.connect();
          const text = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
          const rows = await session.run({ name: "ssl", text }, []);
          await session.close();
          return rows;
        } finally {
          await database.close();
        }
      };
      const { authority } = server();
      expect(await ask(distant(authority, PASSWORD))).to.deep.equal([{ ssl: true }]);
      await refusal("bad-configuration", ask(distant(authority, "another")));
      const stranger = makeCertificate("another authority").certificate;
      const error = await ask(distant(stranger, PASSWORD)).catch((away: unknown) => away);
      expect(error).to.be.instanceOf(StoreAwayError);
    });

    it("is a host, a database and a user; in the clear on this machine alone [N-13]", () => {
      const parse = (url: string) => parseAddress(url, { password: "secret", authority: "PEM" });
      expect(parse("postgres://gateway@%2Frun%2Fpostgresql/bank1")).to.deep.equal({
        host: "/run/postgresql",
        port: 5432,
        database: "bank1",
        user: "gateway",
        password: "secret",
      });
      expect(parse("postgresql://g@db.bank.example:5433/b?sslmode=verify-full")).to.deep.include({
        host: "db.bank.example",
        port: 5433,
        tls: { authority: "PEM" },
      });
    });

    const wrong: Record<string, string> = {
      "mysql://g@127.0.0.1/b": "no postgres: URL",
      "postgres://g:secret@127.0.0.1/b": "passwordFile",
      "postgres://127.0.0.1/b": "must name user",
      "postgres://g@127.0.0.1/": "must name user",
      "postgres://g@db.bank.example/b": "add sslmode=verify-full",
      "postgres://g@db.bank.example/b?sslmode=require": "verify-full alone",
      "postgres://g@127.0.0.1/b?sslrootcert=ca.pem": "sslrootcert",
    };
    for (const [url, detail] of Object.entries(wrong)) {
      it(`is refused as ${url}`, () => {
        expect(() => parseAddress(url, {}))
          .to.throw(detail)
          .with.property("code", "bad-configuration");
      });
    }
  });
});

/** Changes a setting of the whole server, and waits until it counts. */
async function setting(server: PostgresServer, text: string): Promise<void> {
  const [name, value] = text.split(" = ");
  await server.query("postgres", `ALTER SYSTEM SET ${text}`);
  await server.query("postgres", "SELECT pg_reload_conf()");
  await until(`${name} is ${value}`, async () => {
    const [row] = await server.query("postgres", `SHOW ${name}`);
    return row![name!] === value;
  });
}

/** As soon as nobody else is. */
async function leading(store: SharedStore): Promise<Lead> {
  let lead: Lead | undefined;
  await until("the lock is free", async () => (lead = await store.lead()) !== undefined);
  return lead!;
}
