/**
 * Claims of money that waits here for whoever shows a code and its password. The secret that both lead to names the
 * coin; a record that the custodian alone can sign takes it: into the vault, for an account of this bank's, or to
 * whoever has signed the request, a device or another member's vault. Asked again, it is the same claim.
 *
 * Of money that waits at other members nothing is said here: the custodian counts the tries, through whomever they
 * come, and a second bank that answered would be as many tries again.
 */
import type { ClaimAnswer } from "../../protocol/answer.ts";
import type { ClaimAsk } from "../../protocol/ask.ts";
import { codeSecret, parseCode } from "../../protocol/claim-code.ts";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import { lock, type MemberId, type Outpoint } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";
import type { CoinRow, NodeClient } from "../../node/client.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import type { AccountId, Accounts } from "../accounts.ts";
import type { Argon2Threads } from "../argon2-threads.ts";
import type { RateLimits } from "../rate-limits.ts";
import { Recurring } from "../recurring.ts";
import type { Serial } from "../serial.ts";
import type { Vault } from "../vault.ts";
import type { Claim, Claimant, ClaimBook } from "./claim-book.ts";
import type { CodeTries } from "./code-tries.ts";
import type { UnclaimedBook } from "./unclaimed-book.ts";

export type ClaimsParts = {
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly accounts: Pick<Accounts, "account">;
  readonly claimBook: ClaimBook;
  readonly unclaimedBook: Pick<UnclaimedBook, "isExpired">;
  /** One claim is made at a time. */
  readonly claiming: Serial;
  readonly codeTries: CodeTries;
  /** Of strangers together, and of each other member. */
  readonly claimRates: RateLimits;
  readonly threads: Argon2Threads;
  readonly vault: Pick<Vault, "claim">;
  readonly node: Pick<NodeClient, "coinsOf" | "enrolment">;
  /** The member whose treasury key's owner it is or was. @throws Refusal `unknown-member`. */
  readonly memberOfTreasury: (owner: Owner) => MemberId;
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
  /** Whether the claimant has it. */
  readonly isPaid: boolean;
};

/** Who claims, and for whom the record pays. */
type Asker = {
  readonly claimant: Claimant;
  /** The member that keeps the claimant's money. */
  readonly member: MemberId;
  /** What tells the request from others, if it may come more than once. */
  readonly request?: Hex;
};

export const STRANGERS = "strangers";

const SWEEP_MS = 3_600_000;

export class Claims {
  readonly #parts: ClaimsParts;
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
    await this.#parts.claiming.idle();
  }

  /**
   * Claims the money for an account, or says how its claim stands.
   * @throws Refusal `malformed` for the code or the password; `busy`, `unavailable`; `code-locked`; `wrong-claim`
   *   while there is no such money here; `not-found` for the account; `conflict` if that is closed; `claim-spent`
   *   if the money was claimed for another, `claim-expired` if it goes back.
   */
  async ask({ code: written, password, account }: ClaimAsked): Promise<ClaimState> {
    const { networkId, member } = this.#parts;
    const code = parseCode(networkId, written);
    return stateOf(await this.#claim(code, password, { claimant: { account }, member }));
  }

  /**
   * Claims the money for whoever signed the request, whom the record pays.
   * @param nonce of the request, 16 bytes. @throws Refusal as `ask`; `unknown-member`, `rate-limited`.
   */
  async askFor(owner: Owner, nonce: Uint8Array, ask: ClaimAsk): Promise<ClaimAnswer> {
    const { node, claimRates, memberOfTreasury } = this.#parts;
    const enrolled = (await node.enrolment(owner)).member;
    const member = enrolled ?? memberOfTreasury(owner);
    if (enrolled === null && member === this.#parts.member) {
      throw new Refusal("forbidden", "what goes to this bank's vault is claimed for an account");
    }
    const name = enrolled === null ? `member ${member}` : STRANGERS;
    claimRates.take(name, "codes are tried here");
    const request = toHex(nonce);
    const asker: Asker = { claimant: { owner, nonce: request }, member, request };
    const claim = await this.#claim(ask.code, ask.password, asker);
    const { record: id, amount, isPaid } = stateOf(claim);
    const first = claim.claimant as Extract<Claimant, { owner: Owner }>;
    const state = isPaid ? "applied" : "pending";
    return { kind: "claim", state, id, nonce: fromHex(first.nonce, 16), amount };
  }

  /** Takes the lock off that wrong tries have put on. @throws Refusal `malformed`. */
  async unlock(written: string): Promise<void> {
    await this.#parts.codeTries.forget(parseCode(this.#parts.networkId, written));
  }

  async #claim(code: Uint8Array, password: string, asker: Asker): Promise<Claim> {
    const { networkId, threads, codeTries, checkNode, claimBook, unclaimedBook } = this.#parts;
    const derive = (secret: Uint8Array, salt: Uint8Array) => threads.compute(secret, salt);
    const secret = await codeSecret(networkId, code, password, derive);
    checkNode();
    await codeTries.count(code, asker.request);
    return this.#parts.claiming.run(async () => {
      const owner = ownerOf(secret);
      const known = await claimBook.get(owner);
      if (known !== undefined && known.isDead !== true) {
        await codeTries.forget(code);
        checkSame(known, asker.claimant);
        return known;
      }
      const isExpired = await unclaimedBook.isExpired(owner);
      const coin = largest(await this.#coins(owner));
      if (coin === undefined && known === undefined && !isExpired) {
        throw new Refusal(
          "wrong-claim",
          "no money waits at this bank under this code and password, or it is not on the ledger yet",
        );
      }
      await codeTries.forget(code);
      // Nobody but this member can take such a coin, and what it has not claimed it has taken back.
      if (coin === undefined || isExpired) {
        throw new Refusal("claim-expired", "the money was not claimed in time, and goes back");
      }
      return this.#make(coin, secret, asker);
    });
  }

  /** Those that wait here for the secret of this hash. */
  async #coins(owner: Owner): Promise<CoinRow[]> {
    const { coins } = await this.#parts.node.coinsOf(owner);
    const { member } = this.#parts;
    return coins.filter((coin) => coin.lock === lock.claim && coin.custodian === member);
  }

  async #make(coin: CoinRow, secret: Uint8Array, { claimant, member }: Asker): Promise<Claim> {
    const { accounts, vault, claimBook } = this.#parts;
    if ("account" in claimant) {
      const { account } = claimant;
      const { isClosed } = await accounts.account(account);
      if (isClosed) throw new Refusal("conflict", `account ${account} is closed`);
    }
    const amount = BigInt(coin.amount);
    const taken = { outpoint: coin.outpoint as Outpoint, amount };
    const owner = ownerOf(secret);
    const payee =
      "owner" in claimant
        ? { owner: claimant.owner, member, nonce: fromHex(claimant.nonce, 16) }
        : undefined;
    const also = (record: Parameters<ClaimBook["made"]>[3]) => [
      claimBook.made(owner, claimant, amount, record),
    ];
    await vault.claim(taken, secret, also, payee);
    return (await claimBook.get(owner))!;
  }
}

function stateOf({ record, amount, paid }: Claim): ClaimState {
  return { record, amount: BigInt(amount), isPaid: paid !== undefined };
}

/** @throws Refusal `claim-spent` if the money was claimed for another. */
function checkSame({ claimant: first }: Claim, claimant: Claimant): void {
  const isSame =
    "account" in claimant
      ? "account" in first && first.account === claimant.account
      : "owner" in first && first.owner === claimant.owner;
  if (!isSame) throw new Refusal("claim-spent", "the money was claimed already, for another");
}

/** A payer's device locks one coin to a code; what others have locked to the same hash is no reason to take less. */
function largest(coins: readonly CoinRow[]): CoinRow | undefined {
  return coins.toSorted((a, b) => (BigInt(a.amount) < BigInt(b.amount) ? 1 : -1))[0];
}
