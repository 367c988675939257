/**
 * What payments weigh over days in which everyone is offline from morning to evening: people who buy, and now
 * and then pay each other, with purses topped up at home. Amounts, people and the order of things follow from
 * a seed; purses and messages are real.
 */
import type { Purse } from "../../device/purse.ts";
import type { Amount } from "../../protocol/money.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { DeviceBank } from "./device-bank.ts";

export type DayOptions = {
  readonly people: number;
  readonly days: number;
  readonly paymentsEach: number;
  /** Which coins a load comes in. */
  readonly partsOf: (held: Amount, amount: Amount) => readonly Amount[];
  readonly seed: number;
};

export type DayFigures = {
  readonly payments: number;
  /** Message 2, as sealed. */
  readonly meanBytes: number;
  /** One payment in twenty weighs more. */
  readonly longBytes: number;
  /** The share of payments with coins that have receipts: nothing but receipts leads to them. */
  readonly direct: number;
  /** Refused although the money was there: a sync was needed first. */
  readonly refused: number;
};

/** Minor units: what a purse has in the morning, if less than half was left. */
const TOPPED_UP = 15_000n;
/** Half of the payments are below it. */
const USUAL = 800;
const SPREAD = 0.9;
const MOST = 6_000;
const STEP = 5;
const TO_PEOPLE = 0.2;

export const partsOfOne = (_: Amount, amount: Amount): readonly Amount[] => [amount];

export async function measureDays(options: DayOptions): Promise<DayFigures> {
  const { people, days, paymentsEach, partsOf, seed } = options;
  const chance = chanceOf(seed);
  const bank = new DeviceBank();
  const purses = await Promise.all(Array.from({ length: people }, () => bank.device()));
  const bytes: number[] = [];
  let [direct, refused] = [0, 0];
  for (let day = 0; day < days; day++) {
    const shop = await bank.device();
    for (const purse of purses) await topUp(bank, purse, partsOf);
    for (let i = 0; i < people * paymentsEach; i++) {
      const payer = purses[Math.floor(chance() * people)]!;
      const amount = amountOf(chance);
      const other = purses[Math.floor(chance() * people)]!;
      const payee = chance() < TO_PEOPLE ? other : shop;
      if (payee === payer || heldBy(payer) < amount) continue;
      const before = new Map(payer.coins().map((coin) => [coin.outpoint, coin]));
      const message = await pay(payer, payee, amount);
      if (message === undefined) {
        refused++;
        continue;
      }
      bytes.push(message.length);
      const spent = payer.coins().filter(({ outpoint, state }) => {
        return state === "committed" && before.get(outpoint)?.state === "free";
      });
      if (spent.every(({ receiptUntil }) => receiptUntil !== undefined)) direct++;
    }
  }
  bytes.sort((a, b) => a - b);
  return {
    payments: bytes.length,
    meanBytes: bytes.reduce((sum, each) => sum + each, 0) / bytes.length,
    longBytes: bytes[Math.floor(bytes.length * 0.95)]!,
    direct: direct / bytes.length,
    refused,
  };
}

/** The evening's sync and the morning's load. */
async function topUp(bank: DeviceBank, purse: Purse, partsOf: DayOptions["partsOf"]) {
  await purse.refresh({ receipts: await bank.receipts(purse) });
  const held = heldBy(purse);
  if (held * 2n >= TOPPED_UP) return;
  const parts = partsOf(held, TOPPED_UP - held);
  await purse.refresh({
    receipts: await Promise.all(parts.map((amount) => bank.coin(purse, amount))),
  });
}

function heldBy(purse: Purse): Amount {
  const { spendable, frozen, waiting } = purse.balance();
  return spendable + frozen + waiting;
}

/** @returns message 2; undefined if the purse must sync first. */
async function pay(payer: Purse, payee: Purse, amount: Amount): Promise<Uint8Array | undefined> {
  const request = await payee.request(amount);
  let message: Uint8Array;
  try {
    message = await payer.pay(request);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
  const { confirmation, refusal } = await payee.receive(message);
  if (refusal !== undefined) throw refusal;
  await payer.confirm(confirmation.bytes);
  return message;
}

/** Log-normal, in steps of 0.05. */
function amountOf(chance: () => number): Amount {
  const normal = Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
  const drawn = USUAL * Math.exp(SPREAD * normal);
  return BigInt(Math.round(Math.min(MOST, Math.max(STEP, drawn)) / STEP) * STEP);
}

/** Mulberry32: numbers from 0 to 1 that follow from a seed. */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
