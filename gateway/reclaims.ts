/**
 * What the member takes back from its lost devices, record by record, and when it is the customer's again.
 *
 * A payee who was paid offline may come after the bank has reclaimed. Its record is then the loser of a double
 * spend that is no fraud: the coin is paid once more from the member's bond, and the customer's change comes
 * to the device again, to be reclaimed in its turn. So a reclaimed coin is the customer's only when no payee
 * can report it any more: `claimPeriod` after the reclaim's cycle has settled, and only if no other record
 * names it by then. Until that time the money waits in an account for recoveries, out of which a restitution
 * is refunded. What a regulator rules later the bank bears.
 */
import { type Hex, toHex } from "../protocol/bytes.ts";
import { type Owner, OWNER_LENGTH } from "../protocol/key.ts";
import type { MemberId, Outpoint } from "../protocol/output.ts";
import type { CoinRow, ConflictRow, NodeClient } from "../node/client.ts";
import type { AccountId, Accounts } from "./accounts.ts";
import { pickSmallest } from "./coin-picking.ts";
import type { DeviceBalances } from "./device-balances.ts";
import type { Intake } from "./intake.ts";
import { keys, ranges } from "./keys.ts";
import { decodeRow, encodeRow } from "./row.ts";
import { Serial } from "./serial.ts";
import type { Store } from "./store.ts";
import type { Vault } from "./vault.ts";

export type ReclaimsParts = {
  readonly member: MemberId;
  readonly store: Store;
  readonly vault: Pick<Vault, "reclaim">;
  readonly accounts: Accounts;
  /** Where reclaimed money waits. */
  readonly recoveries: AccountId;
  readonly balances: Pick<DeviceBalances, "touch">;
  readonly intake: Pick<Intake, "isSpending" | "withId">;
  readonly node: Pick<NodeClient, "coinsOf" | "statuses" | "conflicts">;
  readonly reclaimDelayMs: () => number;
  readonly claimPeriodMs: () => number;
  /** For how long a coin is left to a record that waits to take it. */
  readonly patienceMs: number;
  readonly clock: () => number;
};

type ReclaimedCoin = { readonly outpoint: Outpoint; readonly amount: string };

/** `made`: durable, on its way. `over`: another record took one of its coins. `applied`. `credited`: the customer's. */
export type Reclaim = {
  readonly state: "made" | "over" | "applied" | "credited";
  readonly id: Hex;
  /** Hash of the leaf that we signed. */
  readonly leaf: Hex;
  readonly coins: readonly ReclaimedCoin[];
  /** When its cycle was first seen to have settled, in milliseconds. */
  readonly settled?: number;
  /** Those of its coins that a payee has proven to be his: the bond has paid them once more. */
  readonly proven: readonly { readonly conflict: Hex; readonly outpoint: Outpoint }[];
  /** Those of its coins that are the customer's, or about to be. */
  readonly credited: readonly Outpoint[];
  /** What became of loading it onto the replacement: absent until that is done, else the refusal's code. */
  readonly loaded?: string;
};

export class Reclaims {
  readonly #parts: ReclaimsParts;
  readonly #serial = new Serial();
  readonly #rows = new Map<Owner, Map<Hex, Reclaim>>();

  private constructor(parts: ReclaimsParts) {
    this.#parts = parts;
  }

  static async open(parts: ReclaimsParts): Promise<Reclaims> {
    const reclaims = new Reclaims(parts);
    for await (const [key, value] of parts.store.entries(ranges.reclaims)) {
      const owner = toHex(key.subarray(1, 1 + OWNER_LENGTH));
      reclaims.#remember(owner, decodeRow<Reclaim>(value));
    }
    return reclaims;
  }

  of(owner: Owner): Reclaim[] {
    return [...(this.#rows.get(owner)?.values() ?? [])];
  }

  /**
   * Takes back what stands, in records of at most 16 coins. Asked again, it takes what has come since.
   * @param since when the owner's coins could first be reclaimed, in milliseconds.
   * @returns whether there was anything.
   */
  takeBack(owner: Owner, since: number): Promise<boolean> {
    return this.#serial.run(async () => {
      const { node, vault, clock } = this.#parts;
      const { coins } = await node.coinsOf(owner);
      const underWay = new Set(
        this.of(owner)
          .flatMap((row) => (row.state === "made" ? row.coins : []))
          .map(nameOf),
      );
      const now = clock();
      let ready = coins
        .filter((coin) => !underWay.has(coin.outpoint as Outpoint))
        .filter((coin) => this.#isRipe(coin, since, now))
        .map(({ outpoint, amount }) => ({
          outpoint: outpoint as Outpoint,
          amount: BigInt(amount),
          isConfirmed: true,
        }));
      const isAny = ready.length > 0;
      while (ready.length > 0) {
        const picked = pickSmallest(ready);
        await vault.reclaim(picked, ({ id, hash }) => {
          const named = picked.map(({ outpoint, amount }) => ({
            outpoint,
            amount: String(amount),
          }));
          const row: Reclaim = {
            state: "made",
            id,
            leaf: hash,
            coins: named,
            proven: [],
            credited: [],
          };
          this.#remember(owner, row);
          return [{ key: keys.reclaim(owner, id), value: encodeRow(row), old: null }];
        });
        ready = ready.filter((coin) => !picked.includes(coin));
      }
      return isAny;
    });
  }

  /** Asks what became of the owner's reclaims. */
  follow(owner: Owner): Promise<void> {
    return this.#serial.run(async () => {
      const open = this.of(owner).filter(({ state, settled }) => {
        return (
          state === "made" || state === "over" || (state === "applied" && settled === undefined)
        );
      });
      if (open.length === 0) return;
      const { node, intake, balances, clock } = this.#parts;
      // Before the node is asked: what applies meanwhile is let go of meanwhile.
      const held = open.map(({ id, leaf }) => intake.withId(id).some(({ hash }) => hash === leaf));
      const statuses = await node.statuses(open.map(({ id }) => id));
      for (const [i, row] of open.entries()) {
        const { state, settled } = statuses[i]!;
        if (state === "applied") {
          if (row.state !== "applied") balances.touch(owner);
          if (row.state === "applied" && settled !== true) continue;
          const since = settled === true ? { settled: clock() } : {};
          await this.#save(owner, { ...row, state: "applied", ...since });
        } else if (row.state === "made" && !held[i]) {
          await this.#save(owner, { ...row, state: "over" });
        }
      }
    });
  }

  /** When a reclaim's coins are the customer's, in milliseconds; undefined until its cycle has settled. */
  dueAt({ settled }: Reclaim): number | undefined {
    return settled === undefined ? undefined : settled + this.#parts.claimPeriodMs();
  }

  /** Credits what no payee can report any more and none has named. */
  credit(owner: Owner, account: AccountId): Promise<void> {
    return this.#serial.run(async () => {
      const { accounts, recoveries, clock } = this.#parts;
      for (const row of this.of(owner)) {
        const due = this.dueAt(row);
        if (row.state !== "applied" || due === undefined || clock() < due) continue;
        const credited = row.credited.length > 0 ? row.credited : await this.#freeOf(row);
        const decided = { ...row, credited };
        // Durable first, so that it is the same amount however often.
        await this.#save(owner, decided);
        const amount = amountOf(decided, credited);
        if (amount > 0n) {
          await accounts.transfer(recoveries, account, amount, `recovered:${row.id}`);
        }
        await this.#save(owner, { ...decided, state: "credited" });
      }
    });
  }

  /** Those of a reclaim's coins that nobody else has named. */
  async #freeOf({ id, coins }: Reclaim): Promise<Outpoint[]> {
    const conflicts = await this.#parts.node.conflicts({ record: id });
    const named = new Set(conflicts.filter(isClaim).map(({ outpoint }) => outpoint));
    return coins.map(nameOf).filter((outpoint) => !named.has(outpoint));
  }

  /**
   * The bond has paid one of the reclaimed coins once more, to a payee who came after the reclaim.
   * @param post books it. What was set aside for the coin refunds it, once; else the bank bears it.
   */
  proven(
    { id, winner, outpoint, owner }: ConflictRow,
    post: (setAside?: AccountId) => Promise<void>,
  ): Promise<void> {
    return this.#serial.run(async () => {
      const row = this.#rows.get(owner as Owner)?.get(winner as Hex);
      const coin = outpoint as Outpoint;
      const isKnown = row?.proven.some(({ conflict }) => conflict === id) === true;
      const isFree =
        row !== undefined &&
        !row.credited.includes(coin) &&
        !row.proven.some((each) => each.outpoint === coin);
      // Durable first, so that it is booked the same way however often.
      if (!isKnown && isFree) {
        const proven = [...row.proven, { conflict: id as Hex, outpoint: coin }];
        await this.#save(owner as Owner, { ...row, proven });
      }
      await (isKnown || isFree ? post(this.#parts.recoveries) : post());
    });
  }

  /** What became of loading a reclaim onto the replacement. @param result empty for done. */
  async noteLoad(owner: Owner, { id }: Reclaim, result: string): Promise<void> {
    await this.#serial.run(async () => {
      await this.#save(owner, { ...this.#rows.get(owner)!.get(id)!, loaded: result });
    });
  }

  /** Whether it may be reclaimed now, and no record is about to take it that deserves to. */
  #isRipe(coin: CoinRow, since: number, now: number): boolean {
    const { member, intake, reclaimDelayMs, patienceMs } = this.#parts;
    if (coin.custodian !== member) return false;
    if (coin.restitutedS !== undefined) return coin.restitutedS * 1000 + reclaimDelayMs() <= now;
    const { outpoint, owner } = coin;
    const isWanted = coin.pending || intake.isSpending(outpoint as Outpoint, owner as Owner);
    return !isWanted || since + patienceMs <= now;
  }

  async #save(owner: Owner, row: Reclaim): Promise<void> {
    await this.#parts.store.write([{ key: keys.reclaim(owner, row.id), value: encodeRow(row) }]);
    this.#remember(owner, row);
  }

  #remember(owner: Owner, row: Reclaim): void {
    const rows = this.#rows.get(owner) ?? new Map<Hex, Reclaim>();
    this.#rows.set(owner, rows.set(row.id, row));
  }
}

/** Minor units of coins. */
export function sumOf(coins: readonly ReclaimedCoin[]): bigint {
  return coins.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
}

/** Minor units of those coins of a reclaim that a payee has proven to be his. */
export function provenOf({ coins, proven }: Reclaim): bigint {
  return sumOf(coins.filter((coin) => proven.some(({ outpoint }) => outpoint === coin.outpoint)));
}

/** Minor units of those coins of a reclaim that are the customer's. */
export function creditedOf(reclaim: Reclaim): bigint {
  return reclaim.state === "credited" ? amountOf(reclaim, reclaim.credited) : 0n;
}

/** Minor units of those coins of a reclaim that became neither the customer's nor a payee's. */
export function contestedOf({ state, coins, credited, proven }: Reclaim): bigint {
  if (state !== "credited") return 0n;
  const decided = new Set([...credited, ...proven.map(({ outpoint }) => outpoint)]);
  return sumOf(coins.filter((coin) => !decided.has(nameOf(coin))));
}

function amountOf({ coins }: Reclaim, named: readonly Outpoint[]): bigint {
  return sumOf(coins.filter(({ outpoint }) => named.includes(outpoint)));
}

/** Whether somebody may still be paid for it, or was. */
function isClaim({ stage, winnerKind }: ConflictRow): boolean {
  return winnerKind === "reclaim" && stage !== "void";
}

function nameOf({ outpoint }: ReclaimedCoin): Outpoint {
  return outpoint;
}
