/**
 * Money that nobody claims goes back to whoever sent it. A coin under a code may be claimed for `lifeMs` from when
 * it was first seen here; then it has expired, no claim of it is made any more, and its owner is revoked on the
 * chain. When the network's reclaim delay has passed, the vault takes it back, as it does with a lost device's: to
 * the account of the device that sent it, or, where that is of another member, to the device itself by a record.
 *
 * A claim that was made in time and has not applied yet goes first. Where claim and reclaim meet nevertheless, the
 * ledger takes one of them. Each step is durable, and is found again by a restart.
 */
import { toHex } from "../../protocol/bytes.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import { decodeLeaf } from "../../protocol/leaf.ts";
import { type MemberId, type Outpoint, splitOutpoint } from "../../protocol/output.ts";
import type { Random } from "../../protocol/random.ts";
import type { NodeClient } from "../../node/client.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import type { AccountId, Accounts } from "../accounts.ts";
import type { Devices } from "../devices.ts";
import type { Intake } from "../intake.ts";
import { Recurring } from "../recurring.ts";
import type { Redemptions } from "../redemptions.ts";
import type { Revocations } from "../revocations.ts";
import type { Serial } from "../serial.ts";
import type { Transfers } from "../transfers.ts";
import type { Vault } from "../vault.ts";
import type { ClaimBook } from "./claim-book.ts";
import type { UnclaimedBook, UnclaimedCoin } from "./unclaimed-book.ts";

export type UnclaimedParts = {
  readonly member: MemberId;
  readonly claimBook: Pick<ClaimBook, "get">;
  readonly unclaimedBook: UnclaimedBook;
  /** In which claims are made: none of a coin that expires meanwhile. */
  readonly claiming: Serial;
  readonly revocations: Pick<Revocations, "revokedSince">;
  readonly vault: Pick<Vault, "reclaim">;
  readonly redemptions: Pick<Redemptions, "received">;
  readonly accounts: Pick<Accounts, "transfer">;
  /** Where reclaimed money waits. */
  readonly recoveries: AccountId;
  readonly transfers: Pick<Transfers, "ask">;
  readonly devices: Pick<Devices, "get">;
  readonly intake: Pick<Intake, "withId">;
  readonly node: Pick<NodeClient, "claimsAt" | "coins" | "statuses" | "leaf" | "enrolment">;
  readonly memberOfTreasury: (owner: Owner) => MemberId;
  /** Throws while the node is not up with the chain. */
  readonly checkNode: () => void;
  readonly reclaimDelayMs: () => number;
  readonly random: Random;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly lifeMs: number;
  /** How often all are looked at. */
  readonly sweepMs: number;
};

/** For so long who comes with the code hears that the money has gone back. */
const REMEMBERED_MS = 366 * 86_400_000;

export class Unclaimed {
  readonly #parts: UnclaimedParts;
  readonly #touring: Recurring;
  #isStopping = false;

  constructor(parts: UnclaimedParts) {
    this.#parts = parts;
    const { sweepMs: everyMs, logger } = parts;
    const failure = "money that nobody claims could not be seen to";
    this.#touring = new Recurring({ task: () => this.#tour(), everyMs, logger, failure });
  }

  start(): void {
    this.#touring.start();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#touring.stop();
  }

  async #tour(): Promise<void> {
    const { checkNode, unclaimedBook, logger } = this.#parts;
    checkNode();
    await this.#find();
    for await (const coin of unclaimedBook.all()) {
      if (this.#isStopping) return;
      try {
        await this.#seeTo(coin);
      } catch (error) {
        const { outpoint } = coin;
        logger.warn({ err: error, outpoint }, "money that nobody claims could not be seen to");
      }
    }
  }

  /** Writes down what is new: from now on it has `lifeMs`. */
  async #find(): Promise<void> {
    const { node, member, unclaimedBook, clock } = this.#parts;
    for await (const { outpoint: name, owner, amount } of node.claimsAt(member)) {
      if (this.#isStopping) return;
      const coin = { owner: owner as Owner, outpoint: name as Outpoint };
      if ((await unclaimedBook.get(coin.owner, coin.outpoint)) !== undefined) continue;
      await unclaimedBook.save({ ...coin, amount, found: clock(), state: "waiting" });
    }
  }

  /** One step, if it is time for it. */
  async #seeTo(coin: UnclaimedCoin): Promise<void> {
    const { unclaimedBook, clock, lifeMs } = this.#parts;
    switch (coin.state) {
      case "waiting":
        if (clock() >= coin.found + lifeMs) await this.#expire(coin);
        return;
      case "expired":
        return this.#takeBack(coin);
      case "reclaimed":
        return this.#return(coin);
      case "returned":
        if (clock() >= coin.returned! + REMEMBERED_MS) await unclaimedBook.forget(coin);
    }
  }

  async #expire(coin: UnclaimedCoin): Promise<void> {
    const { claiming, claimBook, unclaimedBook, clock } = this.#parts;
    await claiming.run(async () => {
      const claim = await claimBook.get(coin.owner);
      if (!(await this.#stands(coin))) return unclaimedBook.forget(coin);
      // What was claimed in time is left to its claim, until that has applied or cannot.
      if (claim !== undefined && claim.isDead !== true && claim.paid === undefined) return;
      await unclaimedBook.save({ ...coin, state: "expired", expired: clock() });
    });
  }

  async #takeBack(coin: UnclaimedCoin): Promise<void> {
    const { unclaimedBook, revocations, vault, clock, reclaimDelayMs } = this.#parts;
    const since = revocations.revokedSince(coin.owner);
    if (since === undefined || clock() < since + reclaimDelayMs()) return;
    if (!(await this.#stands(coin))) return unclaimedBook.forget(coin);
    const taken = { outpoint: coin.outpoint, amount: BigInt(coin.amount) };
    await vault.reclaim([taken], (record) => [unclaimedBook.reclaimed(coin, record)]);
  }

  async #return(coin: UnclaimedCoin): Promise<void> {
    const { node, intake, redemptions, unclaimedBook, clock } = this.#parts;
    const reclaim = coin.reclaim!;
    // Before the node is asked: what applies meanwhile is let go of meanwhile.
    const isHeld = intake.withId(reclaim).length > 0;
    const [status] = await node.statuses([reclaim]);
    if (status!.state !== "applied") {
      if (isHeld) return;
      // It never will: the coin was claimed, or the treasury key has changed and it is taken back anew.
      if (!(await this.#stands(coin))) return unclaimedBook.forget(coin);
      const { reclaim: _over, ...again } = coin;
      return unclaimedBook.save({ ...again, state: "expired" });
    }
    if (!(await redemptions.received([reclaim])).has(reclaim)) return;
    if (!(await this.#pay(coin))) return;
    await unclaimedBook.save({ ...coin, state: "returned", returned: clock() });
  }

  /** Pays whoever sent the money, once. @returns whether they have it. */
  async #pay({ outpoint, amount: text, reclaim }: UnclaimedCoin): Promise<boolean> {
    const { node, devices, accounts, recoveries: account, transfers, random } = this.#parts;
    const record = decodeLeaf(await node.leaf(splitOutpoint(outpoint).id));
    if (record.kind === "enrolment") throw new Error(`coin ${outpoint} was made by an enrolment`);
    const payee = ownerOf(record.signer);
    const name = `unclaimed:${reclaim}`;
    const amount = BigInt(text);
    const device = await devices.get(payee);
    if (device !== undefined) {
      await accounts.transfer(account, device.account, amount, name);
      return true;
    }
    const member = (await node.enrolment(payee)).member ?? this.#parts.memberOfTreasury(payee);
    const nonce = toHex(random(16));
    const payBefore = Number.MAX_SAFE_INTEGER;
    const transfer = { account, amount, payee, member, nonce, payBefore };
    const { state, reason } = await transfers.ask(name, transfer);
    if (state === "dead") throw new Error(`the transfer back is dead: ${reason?.detail}`);
    return state === "applied";
  }

  async #stands({ outpoint }: UnclaimedCoin): Promise<boolean> {
    return (await this.#parts.node.coins([outpoint])).coins.length > 0;
  }
}
