/**
 * The body of a record that the device makes: which coins it spends, whom it pays, what comes back as
 * change. A body is kept before it is signed, as a record with a blank signature.
 */
import type { Hex } from "../protocol/bytes.ts";
import type { Amount } from "../protocol/money.ts";
import { lock, type Outpoint, type Output, splitOutpoint } from "../protocol/output.ts";
import { auditOf, decodeRecord, encodeRecord, type SignedRecord } from "../protocol/record.ts";
import { Refusal } from "../protocol/refusal.ts";
import { SIGNATURE_LENGTH } from "../protocol/signature.ts";
import type { Holder } from "./holder.ts";
import { spendableCoins, waitingChange } from "./purse-state.ts";
import type { Draft } from "./purse-tables.ts";
import { selectCoins, type SelectionLimits, type Spendable } from "./selection.ts";

/** Which coins may be spent. */
export type Usable = Omit<SelectionLimits, "waiting"> & {
  /** The coins to choose from; all, if it is not given. */
  readonly coins?: readonly Outpoint[] | undefined;
};

/** Coins of any depth and age: nobody looks at what leads to them before the ledger does. */
export const anyCoin: Usable = {
  maxDepth: Number.POSITIVE_INFINITY,
  now: Number.NEGATIVE_INFINITY,
};

const NONCE_LENGTH = 16;
const NOTHING = new Uint8Array();

/**
 * The body that pays `output`, and brings back the rest.
 * @throws Refusal as `selectCoins` does; `unknown-coin` for one of `coins` that is not free.
 */
export function makeBody(
  holder: Holder,
  draft: Draft,
  output: Output,
  nonce: Uint8Array,
  { coins, ...usable }: Usable,
): SignedRecord {
  const choice = choiceOf(draft, coins);
  const waiting = waitingChange(holder, draft);
  const inputs = selectCoins(choice, output.amount, { ...usable, waiting });
  return bodyOf(holder, draft, [output], nonce, inputs);
}

/** The body by which coins of the device's become `parts` of the same worth. */
export function makeMergingBody(
  holder: Holder,
  draft: Draft,
  coins: readonly Outpoint[],
  parts: readonly Amount[],
): SignedRecord {
  const outputs = parts.map((amount) => ownOutput(holder, amount));
  return bodyOf(holder, draft, outputs, holder.random(NONCE_LENGTH), coins);
}

/**
 * The body that gives back just the coins that a record brought, as a return does: payees take it however
 * deep they are. @returns undefined if the coins are not all here, or are worth another amount.
 */
export function makeReturnBody(
  holder: Holder,
  draft: Draft,
  output: Output,
  nonce: Uint8Array,
  brought: Hex,
): SignedRecord | undefined {
  const coins = spendableCoins(draft).filter(
    ({ outpoint }) => splitOutpoint(outpoint).id === brought,
  );
  const worth = coins.reduce((sum, { amount }) => sum + amount, 0n);
  if (worth !== output.amount) return undefined;
  return bodyOf(holder, draft, [output], nonce, coins.map(({ outpoint }) => outpoint).sort());
}

function choiceOf(draft: Draft, coins?: readonly Outpoint[]): Spendable[] {
  const spendable = spendableCoins(draft);
  if (coins === undefined) return spendable;
  const chosen = new Set(coins);
  const choice = spendable.filter(({ outpoint }) => chosen.delete(outpoint));
  for (const outpoint of chosen) {
    throw new Refusal("unknown-coin", `coin ${outpoint} is not free to be paid`);
  }
  return choice;
}

function bodyOf(
  holder: Holder,
  draft: Draft,
  paid: readonly Output[],
  nonce: Uint8Array,
  inputs: readonly Outpoint[],
): SignedRecord {
  let change = 0n;
  for (const input of inputs) change += draft.get("coins", input)!.amount;
  for (const { amount } of paid) change -= amount;
  const outputs = change > 0n ? [...paid, ownOutput(holder, change)] : paid;
  const record = {
    kind: "spend" as const,
    inputs,
    outputs,
    counter: draft.get("purse", "")!.counter + 1,
    time: holder.clock(),
    nonce,
    audit: auditOf(NOTHING),
    envelope: NOTHING,
    signer: holder.signer.publicKey,
    signature: new Uint8Array(SIGNATURE_LENGTH),
  };
  return decodeRecord(encodeRecord(record));
}

function ownOutput({ owner, member: custodian }: Holder, amount: Amount): Output {
  return { lock: lock.key, owner, custodian, amount };
}
