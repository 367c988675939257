/** The books tie out after a random day: with the ledger, with the statements, and with themselves. */
import { join } from "node:path";
import { expect } from "chai";
import type { Entry } from "../../../gateway/accounts.ts";
import { TieOut } from "../../../gateway/tie-out.ts";
import { CheckedStore } from "../../../node/service/checked-store.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { Day } from "./day.ts";

const OPERATIONS = 20_000;
const SEED = 20_261_128;

describe("a random day", () => {
  const folder = temporaryFolders();

  it(`of ${OPERATIONS} operations with crashes ends with positions at zero and statements at the ledger's balances, seed ${SEED} [R-035, R-064, R-075, N-13]`, async function () {
    this.timeout(240_000);
    const path = join(await folder(), "store");
    let store = await CheckedStore.open(path, { create: true });
    const day = await Day.open(store, SEED);
    for (let i = 1; i <= OPERATIONS; i++) {
      await day.operate();
      if (i % 5_000 !== 0) continue;
      await store.close();
      store = await CheckedStore.open(path);
      await day.reopen(store);
    }
    await day.tell();
    await day.reopen();
    expect(day.crashes).to.be.above(100);
    for (const account of day.available.keys()) {
      const expected = {
        available: day.available.get(account)!,
        held: day.held(account),
        onDevices: day.onDevices(account),
      };
      expect(await day.accounts.balance(account), account).to.deep.equal(expected);
      expect(sumsOf(await day.accounts.statement(account, OPERATIONS)), account).to.deep.equal(
        expected,
      );
    }
    const books = await day.accounts.trialBalance();
    expect(books.total).to.equal(0n);
    // All devices are the bank's own: what they have paid to others is nothing, but for the bond's coins.
    expect(books.settlement).to.equal(-day.restituted);
    expect(books.bond).to.equal(day.restituted);
    expect(await differencesOf(day)).to.deep.equal([]);
    await store.close();
  });
});

function sumsOf(entries: readonly Entry[]) {
  const sums = { available: 0n, held: 0n, onDevices: 0n };
  for (const { available, held, onDevices } of entries) {
    sums.available += available;
    sums.held += held;
    sums.onDevices += onDevices;
  }
  return sums;
}

async function differencesOf(day: Day) {
  const tieOut = new TieOut({
    accounts: day.accounts,
    embedded: day.accounts,
    devices: {
      all: async function* () {
        for (const { owner, account } of day.devices) yield { owner, account } as never;
      },
    },
    holders: [{ holdPrefix: "load:", holds: async () => [...day.loads.values()] }],
    node: {
      enrolment: async (owner) => {
        const { balance } = day.devices.find((device) => device.owner === owner)!;
        return { owner, member: 1, seq: day.seq, coins: 1, balance: String(balance) };
      },
    },
  });
  return (await tieOut.run()).differences;
}
