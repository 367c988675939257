/** The copy of the state beside the database: it gives the same state as the rows, or it is not used. */
import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DamagedStoreError } from "../../../node/service/store-errors.ts";
import type { LedgerState } from "../../../node/ledger/state.ts";
import { stateRootOver } from "../../../node/ledger/state-root.ts";
import type { Outpoint, Output } from "../../../protocol/output.ts";
import { stateKey, stateValue } from "../../../protocol/state-entry.ts";
import { contentOf, fullLedger } from "../../support/full-ledger.ts";
import type { TestLedger } from "../../support/ledger.ts";
import { startChild } from "../service/child.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { StoredLedger } from "./stored-ledger.ts";

const IMAGE = /^STATE-\d+$/;
const JOURNAL = /^CHANGES-\d+$/;

async function filesIn(folder: string, pattern: RegExp): Promise<string[]> {
  return (await readdir(folder)).filter((name) => pattern.test(name));
}

/** Whether the ledger in `folder` is loaded from its cache, after it was found to be what `source` says. */
async function isLoadedFromCache(folder: string, source: TestLedger): Promise<boolean> {
  const [before] = await filesIn(folder, IMAGE);
  await using ledger = await StoredLedger.open(folder);
  assert.deepEqual(contentOf(ledger.state), contentOf(source.state));
  const [after] = await filesIn(folder, IMAGE);
  // A cache that does not count is deleted.
  return before !== undefined && after === before;
}

/** Changes memory behind the ledger's back. */
function put(state: LedgerState, outpoint: Outpoint, output: Output | null): void {
  state.put(stateKey.coin(outpoint), output === null ? null : stateValue.coin(output));
}

describe("the cache of the state", () => {
  const temporaryFolder = temporaryFolders();

  async function stored(source: TestLedger, options = {}): Promise<string> {
    const folder = join(await temporaryFolder(), "ledger");
    await using ledger = await StoredLedger.open(folder, { create: true, ...options });
    await ledger.follow(source.log);
    return folder;
  }

  it("gives after every event what the rows give, with every kind of entry, and the ledger goes on from it", async () => {
    const source = await fullLedger();
    const [folder, plain] = [await temporaryFolder(), await temporaryFolder()];
    for (const [i, entry] of source.log.entries()) {
      const options = { create: i === 0, journalBytesMin: 400 };
      await using ledger = await StoredLedger.open(join(folder, "ledger"), options);
      await using rows = await StoredLedger.open(join(plain, "ledger"), {
        create: i === 0,
        cacheFromEntries: Number.POSITIVE_INFINITY,
      });
      assert.deepEqual(contentOf(ledger.state), contentOf(rows.state));
      await ledger.take(entry);
      await rows.take(entry);
    }
    assert.equal(await isLoadedFromCache(join(folder, "ledger"), source), true);
    assert.deepEqual(await filesIn(join(plain, "ledger"), IMAGE), []);
  });

  it("is made anew when the changes have grown, and the one before goes", async () => {
    const source = await fullLedger();
    const folder = await stored(source, { journalBytesMin: 300 });
    const [image, ...others] = await filesIn(folder, IMAGE);
    assert.deepEqual(others, []);
    assert.ok(Number(image!.slice(6)) > 5, image);
    assert.equal((await filesIn(folder, JOURNAL)).length, 1);
    assert.equal(await isLoadedFromCache(folder, source), true);
  });

  it("never gives another state, whichever byte of it changes", async () => {
    const source = await fullLedger();
    const folder = await stored(source);
    let used = 0;
    for (const name of [...(await filesIn(folder, IMAGE)), ...(await filesIn(folder, JOURNAL))]) {
      const bytes = await readFile(join(folder, name));
      const step = Math.max(1, Math.floor(bytes.length / 40));
      for (let at = 0; at < bytes.length; at += step) {
        const copy = join(await temporaryFolder(), "ledger");
        await cp(folder, copy, { recursive: true });
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << (at % 8);
        await writeFile(join(copy, name), changed);
        if (await isLoadedFromCache(copy, source)) used++;
      }
    }
    assert.equal(used, 0);
  });

  it("never gives another state, wherever one of its files ends or if one is gone", async () => {
    const source = await fullLedger();
    const folder = await stored(source);
    for (const name of [...(await filesIn(folder, IMAGE)), ...(await filesIn(folder, JOURNAL))]) {
      const bytes = await readFile(join(folder, name));
      for (const length of [undefined, 0, 1, 40, bytes.length >> 1, bytes.length - 1]) {
        const copy = join(await temporaryFolder(), "ledger");
        await cp(folder, copy, { recursive: true });
        if (length === undefined) await rm(join(copy, name));
        else await writeFile(join(copy, name), bytes.subarray(0, length));
        assert.equal(await isLoadedFromCache(copy, source), false, `${name} of ${length} bytes`);
      }
    }
  });

  it("drops changes that the database never took, and those of a later write that broke off", async () => {
    const source = await fullLedger();
    const folder = await temporaryFolder();
    const [before, after] = [join(folder, "before"), join(folder, "after")];
    const last = source.log.length - 1;
    {
      await using ledger = await StoredLedger.open(before, { create: true });
      await ledger.follow(source.log.slice(0, last));
    }
    await cp(before, after, { recursive: true });
    {
      await using ledger = await StoredLedger.open(after);
      await ledger.follow(source.log);
    }
    const [journal] = await filesIn(after, JOURNAL);
    const ahead = await readFile(join(after, journal!));
    const { size } = await stat(join(before, journal!));
    assert.ok(ahead.length > size);
    for (const length of [ahead.length, size + 1, size + 20]) {
      const copy = join(folder, `copy ${length}`);
      await cp(before, copy, { recursive: true });
      await writeFile(join(copy, journal!), ahead.subarray(0, length));
      {
        await using ledger = await StoredLedger.open(copy);
        assert.equal(ledger.state.seq, last);
        assert.equal((await stat(join(copy, journal!))).size, size);
        await ledger.follow(source.log);
      }
      assert.equal(await isLoadedFromCache(copy, source), true);
    }
  });

  it("does not count where the database is another than it was made beside", async () => {
    const source = await fullLedger();
    const [older, newer] = [await stored(source), await stored(source)];
    source.deposit(1, 5n);
    {
      await using ledger = await StoredLedger.open(newer);
      await ledger.follow(source.log);
    }
    const caches = [...(await filesIn(older, IMAGE)), ...(await filesIn(older, JOURNAL))];
    for (const name of caches) await cp(join(older, name), join(newer, name));
    const warnings: unknown[] = [];
    await using ledger = await StoredLedger.open(newer, { warn: (error) => warnings.push(error) });
    assert.deepEqual(contentOf(ledger.state), contentOf(source.state));
    assert.deepEqual(await filesIn(newer, IMAGE), []);
    assert.match((warnings[0] as Error).message, /do not lead to the database/);
  });

  it("is left out where it cannot be made, and whoever asked hears of it", async () => {
    const source = await fullLedger();
    const folder = join(await temporaryFolder(), "ledger");
    const warnings: unknown[] = [];
    {
      const warn = (error: unknown) => warnings.push(error);
      await using ledger = await StoredLedger.open(folder, { create: true, warn });
      await mkdir(join(folder, "STATE-1.draft"));
      await ledger.follow(source.log);
      assert.equal(warnings.length, 1, "it is not tried at every event");
      assert.match((warnings[0] as Error).message, /EISDIR/);
      assert.deepEqual(await filesIn(folder, JOURNAL), []);
    }
    await rm(join(folder, "STATE-1.draft"), { recursive: true });
    await using again = await StoredLedger.open(folder);
    assert.deepEqual(contentOf(again.state), contentOf(source.state));
  });

  it("serves after kill -9 at any moment, with every event that was durable, twelve times over", async () => {
    const folder = join(await temporaryFolder(), "ledger");
    let fromCache = 0;
    for (let round = 0; round < 12; round++) {
      const child = startChild("../store/depositing-child.ts", [
        folder,
        round === 0 ? "create" : "",
      ]);
      await child.line("durable");
      await new Promise((resolve) => setTimeout(resolve, 20 + 31 * round));
      child.process.kill("SIGKILL");
      const { stdout } = await child.ended;
      const acknowledged = Number(/(\d+)\n(?:[^\n]*)$/.exec(stdout)![1]);
      const before = await filesIn(folder, IMAGE);
      await using cached = await StoredLedger.open(folder);
      const after = await filesIn(folder, IMAGE);
      if (after.length === 1 && before.includes(after[0]!)) fromCache++;
      assert.ok([0, 1].includes(cached.state.seq - acknowledged), `${cached.state.seq}`);
      await cached.store.verify(cached.state, 1);
    }
    assert.equal(fromCache, 12);
  });

  it("stops at a disk that is full, and has every durable event at the next opening", async () => {
    const folder = join(await temporaryFolder(), "ledger");
    // A file may not grow beyond 128 KiB, as on a full disk.
    const shell = 'trap "" XFSZ; ulimit -f 128; exec "$@"';
    const child = startChild("../store/depositing-child.ts", [folder, "create"], { shell });
    const { stdout } = await child.ended;
    assert.match(stdout, /failed StoreWriteError\n$/);
    const durable = Number(/durable (\d+)\nfailed/.exec(stdout)![1]);
    await using ledger = await StoredLedger.open(folder);
    assert.ok([0, 1].includes(ledger.state.seq - durable));
    await ledger.store.verify(ledger.state, 1);
  });
});

describe("a ledger that is verified while it is used", () => {
  const temporaryFolder = temporaryFolders();

  async function opened(source: TestLedger): Promise<StoredLedger> {
    const folder = join(await temporaryFolder(), "ledger");
    {
      await using ledger = await StoredLedger.open(folder, { create: true });
      await ledger.follow(source.log);
    }
    const ledger = await StoredLedger.open(folder, { laterFromBytes: 0 });
    assert.equal(ledger.files.isVerified, false);
    return ledger;
  }

  it("finds memory and rows alike while events go on, and gives no root before", async () => {
    const source = await fullLedger();
    await using ledger = await opened(source);
    const order: string[] = [];
    const verified = ledger.store.verify(ledger.state, 0.5).then(() => order.push("verified"));
    const root = ledger.store.stateRoot().then((hash) => {
      order.push("root");
      return hash;
    });
    const expected = stateRootOver(source.state.entries());
    source.closeCycle();
    source.settle();
    source.deposit(3, 9n);
    await ledger.follow(source.log);
    await verified;
    assert.equal(await root, expected);
    assert.deepEqual(order, ["verified", "root"]);
    assert.equal(ledger.files.isVerified, true);
    assert.equal(await ledger.store.stateRoot(), stateRootOver(source.state.entries()));
  });

  const coin = (ledger: StoredLedger) => {
    const [entry] = [...ledger.state.entries()].filter(({ kind }) => kind === "coin");
    if (entry?.kind !== "coin") throw new Error("there is no coin");
    return entry;
  };
  for (const [what, change] of [
    [
      "holds a coin of another amount",
      ({ state }: StoredLedger, { outpoint, output }: ReturnType<typeof coin>) => {
        put(state, outpoint, { ...output, amount: output.amount + 1n });
      },
    ],
    [
      "holds a coin of another owner",
      ({ state }: StoredLedger, { outpoint, output }: ReturnType<typeof coin>) => {
        put(state, outpoint, { ...output, owner: `0x${"ab".repeat(20)}` });
      },
    ],
    [
      "lacks a coin",
      ({ state }: StoredLedger, { outpoint }: ReturnType<typeof coin>) =>
        put(state, outpoint, null),
    ],
    [
      "holds a coin too many",
      ({ state }: StoredLedger, { output }: ReturnType<typeof coin>) =>
        put(state, `0x${"cd".repeat(33)}`, output),
    ],
    [
      "holds another reserve",
      ({ state }: StoredLedger) => state.load({ kind: "reserve", member: 1, amount: 1n }),
    ],
    [
      "holds an enrolment too many",
      ({ state }: StoredLedger) =>
        state.load({ kind: "enrolled", owner: `0x${"ef".repeat(20)}`, member: 1 }),
    ],
  ] as const) {
    it(`is damaged where memory ${what}, and gives no root`, async () => {
      await using ledger = await opened(await fullLedger());
      change(ledger, coin(ledger));
      const verified = ledger.store.verify(ledger.state, 1);
      const root = ledger.store.stateRoot();
      await assert.rejects(verified, (error) => {
        return error instanceof DamagedStoreError && /memory and disk differ/.test(error.message);
      });
      await assert.rejects(root, DamagedStoreError);
    });
  }
});
