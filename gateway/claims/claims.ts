/**
 * Claims of money that waits for whoever shows a code and its password. The secret that both lead to names the
 * coin; the vault takes it by a record that the custodian alone can sign, and the account is credited when that
 * has applied (claim-book.ts). Asked again, it is the same claim.
 */
import { codeSecret, parseCode } from "../../protocol/claim-code.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import { lock, type MemberId, type Outpoint } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { CoinRow, NodeClient } from "../../node/client.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import type { AccountId, Accounts } from "../accounts.ts";
import type { Argon2Threads } from "../argon2-threads.ts";
import { Recurring } from "../recurring.ts";
import { Serial } from "../serial.ts";
import type { Vault } from "../vault.ts";
import type { Claim, ClaimBook } from "./claim-book.ts";
import type { CodeTries } from "./code-tries.ts";

export type ClaimsParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly accounts: Pick<Accounts, "account">;
  readonly claimBook: ClaimBook;
  readonly codeTries: CodeTries;
  readonly threads: Argon2Threads;
  readonly vault: Pick<Vault, "claim">;
  readonly node: Pick<NodeClient, "coinsOf">;
  /** Throws while the node is not up with the chain: what it does not know of may be there. */
  readonly checkNode: () => void;
  readonly logger: Logger;
};

export type ClaimAsked = {
  /** As it was written down. */
  readonly code: string;
  readonly password: string;
  /** Where the money is to go: an account of this bank's. */
  readonly account: AccountId;
};

export type ClaimState = {
  readonly record: Hex;
  readonly amount: Amount;
  /** Whether the account has it. */
  readonly isPaid: boolean;
};

const SWEEP_MS = 3_600_000;

export class Claims {
  readonly #parts: ClaimsParts;
  readonly #serial = new Serial();
  readonly #sweeping: Recurring;

  constructor(parts: ClaimsParts) {
    this.#parts = parts;
    this.#sweeping = new Recurring({
      task: () => parts.codeTries.sweep(),
      everyMs: SWEEP_MS,
      logger: parts.logger,
      failure: "old tries at codes could not be forgotten",
    });
  }

  start(): void {
    this.#sweeping.start();
  }

  async stop(): Promise<void> {
    await this.#sweeping.stop();
    await this.#serial.idle();
  }

  /**
   * Claims the money, or says how its claim stands.
   * @throws Refusal `malformed` for the code or the password; `busy`, `unavailable`; `code-locked`; `wrong-claim`
   *   while there is no such money; `not-found` for the account; `conflict` if that is closed, or the money was
   *   claimed for another, has gone back, or waits at another member.
   */
  async ask({ code: written, password, account }: ClaimAsked): Promise<ClaimState> {
    const { networkId, threads, codeTries, checkNode } = this.#parts;
    const code = parseCode(networkId, written);
    const derive = (secret: Uint8Array, salt: Uint8Array) => threads.compute(secret, salt);
    const secret = await codeSecret(networkId, code, password, derive);
    checkNode();
    await codeTries.count(code);
    return this.#serial.run(async () => {
      const owner = ownerOf(secret);
      const known = await this.#parts.claimBook.get(owner);
      if (known !== undefined && known.isDead !== true) {
        await codeTries.forget(code);
        return stateOf(known, account);
      }
      const coins = await this.#coins(owner);
      if (coins.length === 0 && known === undefined) {
        throw new Refusal(
          "wrong-claim",
          "no money waits under this code and password, or it is not on the ledger yet",
        );
      }
      await codeTries.forget(code);
      return this.#make(coins, secret, account);
    });
  }

  /** Takes the lock off that wrong tries have put on. @throws Refusal `malformed`. */
  async unlock(written: string): Promise<void> {
    await this.#parts.codeTries.forget(parseCode(this.#parts.networkId, written));
  }

  async #coins(owner: Owner): Promise<CoinRow[]> {
    const { coins } = await this.#parts.node.coinsOf(owner);
    return coins.filter((coin) => coin.lock === lock.claim);
  }

  async #make(
    coins: readonly CoinRow[],
    secret: Uint8Array,
    account: AccountId,
  ): Promise<ClaimState> {
    const { member, accounts, vault, claimBook } = this.#parts;
    const coin = largest(coins.filter(({ custodian }) => custodian === member));
    if (coin === undefined) {
      const [other] = coins;
      throw new Refusal(
        "conflict",
        other === undefined
          ? "the money has gone back to whoever sent it"
          : `the money waits at member ${other.custodian}: claim it at that bank`,
      );
    }
    const { isClosed } = await accounts.account(account);
    if (isClosed) throw new Refusal("conflict", `account ${account} is closed`);
    const amount = BigInt(coin.amount);
    const taken = { outpoint: coin.outpoint as Outpoint, amount };
    const owner = ownerOf(secret);
    await vault.claim(taken, secret, (record) => [claimBook.made(owner, account, amount, record)]);
    return stateOf((await claimBook.get(owner))!, account);
  }
}

/** @throws Refusal `conflict` if the money was claimed for another account. */
function stateOf(claim: Claim, account: AccountId): ClaimState {
  if (claim.account !== account) {
    throw new Refusal("conflict", "the money was claimed already, for another account");
  }
  const { record, amount, paid } = claim;
  return { record, amount: BigInt(amount), isPaid: paid !== undefined };
}

/** A payer's device locks one coin to a code; what others have locked to the same hash is no reason to take less. */
function largest(coins: readonly CoinRow[]): CoinRow | undefined {
  return coins.toSorted((a, b) => (BigInt(a.amount) < BigInt(b.amount) ? 1 : -1))[0];
}
