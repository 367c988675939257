/** What payments take and give, in parts as steps need them. */
import { limits } from "../../protocol/limits.ts";
import { AMOUNT_MAX } from "../../protocol/money.ts";
import { hashName, type Target } from "./model.ts";
import type { Person, Run } from "./run.ts";

export function worth(run: Run, notes: readonly string[]): bigint {
  return notes.reduce((sum, name) => sum + run.notes.get(name)!.value, 0n);
}

/** Cuts a value into at most `parts` coins; into more only where one would be over 2^64 - 1. */
export function cut(run: Run, value: bigint, parts: number): bigint[] {
  const coins = run.chance.split(value, 1 + run.chance.int(parts)).flatMap(wholeCoins);
  return coins.length <= limits.outputsMax ? coins : wholeCoins(value);
}

function wholeCoins(value: bigint): bigint[] {
  const coins: bigint[] = [];
  for (let left = value; left > 0n; left -= AMOUNT_MAX)
    coins.push(left > AMOUNT_MAX ? AMOUNT_MAX : left);
  return coins;
}

export function owed({ name: holder, bank }: Person, value: bigint): Target {
  return { holder, bank, value, terms: "owner" };
}

export function promised(run: Run, value: bigint): Target {
  const holder = hashName(run.newName("secret"));
  return { holder, bank: run.chance.pick(run.banks), value, terms: "secret" };
}

/** To the vault of a bank: the key it has, or one it had. */
export function home(run: Run, bank: number, value: bigint): Target {
  const { vault, vaults } = run.model.banks.get(bank)!;
  return {
    holder: run.chance.is(80) ? vault : run.chance.pick(vaults),
    bank,
    value,
    terms: "owner",
  };
}

export function burnt(bank: number, value: bigint): Target {
  return { holder: "no one", bank, value, terms: "burn" };
}
