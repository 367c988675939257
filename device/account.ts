/**
 * A device and its holder's account at the bank: enrolment, loading the purse, redeeming what is in it.
 * Each can be asked again after anything goes wrong, with the same effect as once.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { Owner } from "../protocol/key.ts";
import type { Amount } from "../protocol/money.ts";
import { recordId } from "../protocol/record.ts";
import { suggestParts } from "./denominations.ts";
import { askGateway, type GatewayClient } from "./gateway-client.ts";
import { checkNothingPending } from "./pending-store.ts";
import type { Purse } from "./purse.ts";
import { sync, syncLists } from "./sync.ts";

/**
 * Has the device enrolled and certified. @param credential by which the bank knows its customer again.
 * @param label what payers' screens show; empty for persons.
 * @returns false while the enrolment is on its way: ask again.
 */
export async function enrol(
  purse: Purse,
  gateway: GatewayClient,
  credential: Uint8Array,
  label?: string,
): Promise<boolean> {
  await syncLists(purse, gateway);
  const ask = await purse.enrolment(credential, label);
  const { certificate } = await askGateway(purse, gateway, ask);
  await purse.refresh({ certificate });
  return certificate !== undefined;
}

/** A load: asked again with the same id, it is the same load. */
export type Load = {
  /** 16 random bytes. */
  readonly id: Uint8Array;
  readonly amount: Amount;
  /** The coins it is to come in; none leaves it to the bank. */
  readonly parts?: readonly Amount[];
};

/**
 * A load in the coins that suit what the purse holds. It is to be kept until it is there: asked again with
 * other coins, it would be another load.
 * @param id 16 random bytes.
 */
export function planLoad(purse: Purse, id: Uint8Array, amount: Amount): Load {
  const { spendable, frozen, waiting } = purse.balance();
  return { id, amount, parts: suggestParts(spendable + frozen + waiting, amount) };
}

/**
 * Moves money from the account into the purse.
 * @returns false while it is on its way: ask again, or find it at the next sync.
 * @throws Refusal `sync-needed` while records are pending; as the bank says.
 */
export async function load(purse: Purse, gateway: GatewayClient, load: Load): Promise<boolean> {
  checkNothingPending(purse.pending());
  const { id, amount, parts = [] } = load;
  const answer = await askGateway(purse, gateway, { kind: "load", id, amount, parts });
  await purse.refresh({ receipts: answer.receipts });
  return answer.state === "applied";
}

/**
 * Moves money from the purse to the account, which is credited when the record applies.
 * @param vault owner of the member's treasury key. @returns the record's id.
 */
export async function redeem(
  purse: Purse,
  gateway: GatewayClient,
  amount: Amount,
  vault: Owner,
): Promise<Hex> {
  const record = await purse.redeem(amount, vault);
  await sync(purse, gateway);
  return recordId(purse.networkId, record.body);
}
