/**
 * Whether the accounts tie out: what is frozen in them is what is held for loads and transfers under way, and what
 * the ledger says is on devices, and every balance is the sum of its entries. Each is recomputed from where it comes from,
 * and a difference is named. Money moves meanwhile: entries are added up to the one that the balance is of, and what
 * differs is looked at again, and counts only if it differs in the same place each time.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Owner } from "../protocol/key.ts";
import type { NodeClient } from "../node/client.ts";
import type { AccountId, Accounts, Balance, Entry } from "./accounts.ts";
import type { Devices } from "./devices.ts";
import type { EmbeddedAccounts } from "./embedded-accounts.ts";
import { entriesBefore, standing } from "./entries.ts";
import type { Held, Holder } from "./held.ts";

export type TieOutParts = {
  readonly accounts: Pick<Accounts, "balance" | "statement" | "settle">;
  /** Whose books are added up anew, too. */
  readonly embedded: Pick<EmbeddedAccounts, "accounts" | "recount" | "trialBalance"> | undefined;
  readonly devices: Pick<Devices, "all">;
  /** All that have holds made. */
  readonly holders: readonly Holder[];
  readonly node: Pick<NodeClient, "enrolment">;
};

/** Amounts in minor units. */
export type Difference = {
  /** Absent if it is in a book of the bank. */
  readonly account?: AccountId;
  /**
   * `available`, `held`, `onDevices`: the balance is not the sum of the entries. `devices`: it is not what the
   * ledger says. `hold`: one that nothing under way stands for, or what is under way without its hold. `book`: not the sum of its postings.
   */
  readonly what: keyof Balance | "devices" | "hold" | "book";
  /** The hold's reference, or the book. */
  readonly name?: string;
  readonly expected: bigint;
  readonly found: bigint;
};

export type TieOutReport = {
  readonly accounts: number;
  readonly entries: number;
  readonly devices: number;
  readonly differences: readonly Difference[];
};

type Found = { readonly entries: number; readonly differences: readonly Difference[] };

const PAGE = 1_000;
const LOOKS = 3;
const PAUSE_MS = 200;

export class TieOut {
  readonly #parts: TieOutParts;

  constructor(parts: TieOutParts) {
    this.#parts = parts;
  }

  /** Costs a read of every entry and a call of the node for every device. */
  async run(): Promise<TieOutReport> {
    const devices = await this.#devicesByAccount();
    const holds = await this.#holdsByAccount();
    const names = new Set([...devices.keys(), ...holds.keys()]);
    for await (const account of this.#embeddedNames()) names.add(account);
    let entries = 0;
    const differences = [...(await lasting(() => this.#books()))];
    for (const account of names) {
      const looks: Found[] = [];
      const look = async () => {
        const wanted = looks.length === 0 ? holds : await this.#holdsByAccount();
        const found = await this.#account(
          account,
          devices.get(account) ?? [],
          wanted.get(account) ?? [],
        );
        looks.push(found);
        return found.differences;
      };
      differences.push(...(await lasting(look)));
      entries += looks.at(-1)!.entries;
    }
    const count = [...devices.values()].reduce((sum, owners) => sum + owners.length, 0);
    return { accounts: names.size, entries, devices: count, differences };
  }

  async #devicesByAccount(): Promise<Map<AccountId, Owner[]>> {
    const devices = new Map<AccountId, Owner[]>();
    for await (const { owner, account } of this.#parts.devices.all()) {
      devices.set(account, [...(devices.get(account) ?? []), owner]);
    }
    return devices;
  }

  async *#embeddedNames(): AsyncGenerator<AccountId> {
    const { embedded } = this.#parts;
    if (embedded === undefined) return;
    for (let last: AccountId | undefined; ; ) {
      const page = await embedded.accounts(PAGE, last);
      yield* page.map(({ account }) => account);
      last = page.at(-1)?.account;
      if (page.length < PAGE) return;
    }
  }

  async #books(): Promise<Difference[]> {
    const { embedded } = this.#parts;
    if (embedded === undefined) return [];
    const recounts = await embedded.recount();
    const { total } = await embedded.trialBalance();
    const differences: Difference[] = recounts.map(({ book, posted, held }) => ({
      what: "book",
      name: book,
      expected: posted,
      found: held,
    }));
    if (total !== 0n) differences.push({ what: "book", name: "all", expected: 0n, found: total });
    return differences;
  }

  /** What has holds made for it by what is under way. */
  async #holdsByAccount(): Promise<Map<AccountId, Held[]>> {
    const holds = await Promise.all(this.#parts.holders.map((holder) => holder.holds()));
    return Map.groupBy(holds.flat(), ({ account }) => account);
  }

  async #account(
    account: AccountId,
    owners: readonly Owner[],
    wanted: readonly Held[],
  ): Promise<Found> {
    const { accounts, holders, node } = this.#parts;
    let onLedger = 0n;
    for (const owner of owners) {
      const { balance, seq } = await node.enrolment(owner);
      await accounts.settle(account, owner, BigInt(balance), seq);
      onLedger += BigInt(balance);
    }
    const { latest, balance } = await standing(accounts, account);
    const entries = await Array.fromAsync(entriesBefore(accounts, account, latest + 1));
    const prefixes = holders.map(({ holdPrefix }) => holdPrefix);
    const differences = [
      ...(["available", "held", "onDevices"] as const).map((what) => ({
        account,
        what,
        expected: entries.reduce((sum, entry) => sum + entry[what], 0n),
        found: balance[what],
      })),
      { account, what: "devices" as const, expected: onLedger, found: balance.onDevices },
      ...holdsOf(
        account,
        entries.filter(({ reference }) => prefixes.some((prefix) => reference.startsWith(prefix))),
        wanted,
      ),
    ];
    return {
      entries: entries.length,
      differences: differences.filter(({ expected, found }) => expected !== found),
    };
  }
}

/** Each hold that the entries or their holders know of. */
function holdsOf(
  account: AccountId,
  entries: readonly Entry[],
  wanted: readonly Held[],
): Difference[] {
  const held = new Map<string, bigint>();
  for (const { reference, held: change } of entries) {
    held.set(reference, (held.get(reference) ?? 0n) + change);
  }
  const underWay = new Map(wanted.map((hold) => [hold.reference, hold]));
  return [...new Set([...held.keys(), ...underWay.keys()])].map((name) => {
    const found = held.get(name) ?? 0n;
    const hold = underWay.get(name);
    const isPerhaps = hold?.state === "asked" && found === 0n;
    const expected = hold === undefined || isPerhaps ? 0n : hold.amount;
    return { account, what: "hold", name, expected, found };
  });
}

/** What differs however often it is looked at. */
async function lasting(look: () => Promise<readonly Difference[]>): Promise<readonly Difference[]> {
  let differences = await look();
  for (let looks = 1; looks < LOOKS && differences.length > 0; looks++) {
    await sleep(PAUSE_MS);
    const again = await look();
    differences = again.filter((now) => differences.some((before) => isSamePlace(now, before)));
  }
  return differences;
}

function isSamePlace(a: Difference, b: Difference): boolean {
  return a.what === b.what && a.name === b.name;
}
