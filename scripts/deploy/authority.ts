/**
 * What the authority of a network does once it stands: it announces each call, waits as long as the
 * network wants, and makes it. A call that was announced before is taken up where it was, so that a
 * delay of days may lie between two runs of a command.
 */
import { setTimeout as sleep } from "node:timers/promises";
import * as calls from "../../node/chain/calls.ts";
import type { ChainClient } from "../../node/chain/chain-client.ts";
import { addressOf, type ContractCall, encodeCall } from "../../node/chain/contracts.ts";
import { ChainRevert } from "../../node/chain/errors.ts";
import type { Admission } from "../../node/chain/members.ts";
import type { Receipt } from "../../node/chain/transaction.ts";
import type { Hex } from "../../protocol/bytes.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import { Refusal } from "../../protocol/refusal.ts";

export type AuthorityResult =
  | { readonly kind: "done"; readonly receipt: Receipt }
  /** Announced: it can be made from then on, by the same call again. */
  | { readonly kind: "announced"; readonly readyAtS: number };

/** The chain's clock may be behind ours. */
const RETRY_MS = 250;
const CLOCK_DIFFERENCE_MAX_MS = 60_000;

export class Authority {
  readonly client: ChainClient;
  readonly #waitMaxS: number;

  /** @param waitMaxS what takes longer to become ready is announced and left for later. */
  constructor(client: ChainClient, waitMaxS: number) {
    this.client = client;
    this.#waitMaxS = waitMaxS;
  }

  /** @throws Refusal `forbidden` if the account holds no such role; ChainRevert when the contract says no. */
  async call(call: ContractCall): Promise<AuthorityResult> {
    const { client } = this;
    const target = addressOf(client.network.contracts, call.contract);
    const data = encodeCall(call);
    const { reader, address } = client;
    const [immediate, delay] = await reader.read("accessManager", "canCall", [
      address,
      target,
      data.slice(0, 10),
    ]);
    if (immediate) return { kind: "done", receipt: await client.send(call) };
    if (delay === 0n)
      throw new Refusal(
        "forbidden",
        `${address} may not call ${call.method} of the ${call.contract}`,
      );
    const readyAtS = await this.#announced(target, data, Number(delay));
    const waitS = readyAtS - Math.floor(Date.now() / 1000);
    if (waitS > this.#waitMaxS) return { kind: "announced", readyAtS };
    await sleep(Math.max(0, waitS * 1000));
    return { kind: "done", receipt: await this.#execute(target, data) };
  }

  /** Announces the call unless that was done. Returns from when on it can be made, in seconds since 1970. */
  async #announced(target: Hex, data: Hex, delayS: number): Promise<number> {
    const { reader, address } = this.client;
    const [id] = await reader.read("accessManager", "hashOperation", [address, target, data]);
    const readyAt = async () =>
      Number((await reader.read("accessManager", "getSchedule", [id]))[0]);
    const before = await readyAt();
    if (before !== 0) return before;
    await this.client.send(calls.schedule(target, data));
    // A server that lags does not know yet.
    return (await readyAt()) || Math.ceil(Date.now() / 1000) + delayS;
  }

  /** Blocks carry the chain's time, which may be behind ours. */
  async #execute(target: Hex, data: Hex): Promise<Receipt> {
    for (const end = Date.now() + CLOCK_DIFFERENCE_MAX_MS; ; await sleep(RETRY_MS)) {
      try {
        return await this.client.send(calls.execute(target, data));
      } catch (error) {
        const isEarly = error instanceof ChainRevert && error.errorName === "AccessManagerNotReady";
        if (!isEarly || Date.now() > end) throw error;
      }
    }
  }
}

/** Admits a member under the next id. Who is admitted already keeps its id. */
export async function admitMember(
  authority: Authority,
  admission: Admission,
): Promise<AuthorityResult | { readonly kind: "known"; readonly member: MemberId }> {
  const { reader } = authority.client;
  const member = Number((await reader.read("registry", "memberOf", [admission.operator]))[0]);
  if (member !== 0) return { kind: "known", member };
  const [count] = await reader.read("registry", "memberCount");
  return authority.call(calls.admit(Number(count) + 1, admission));
}

/** Issues reserves to an account, which takes part in the reserve system from then on. */
export async function mintReserve(
  authority: Authority,
  to: Hex,
  amount: Amount,
): Promise<AuthorityResult> {
  const [isParticipant] = await authority.client.reader.read("token", "isParticipant", [to]);
  if (!isParticipant) {
    const result = await authority.call(calls.setParticipant(to, true));
    if (result.kind !== "done") return result;
  }
  return authority.call(calls.mint(to, amount));
}
