/**
 * The identities with both sides: the ledger's added up from a scan of the whole store, the chain's read
 * from the contracts at the same event.
 */
import type { MemberId } from "../../protocol/output.ts";
import type { StateEntry } from "../../protocol/state-entry.ts";
import type { SettlementEntry } from "../chain/reader.ts";
import { stateRootOver } from "../ledger/state-root.ts";
import type { Scan } from "../store/ledger-store.ts";
import type { Identities } from "./schema.ts";

type Side = { readonly ledger: bigint; readonly chain: bigint };

/** @param chain as it stands after the event of the scan. */
export function identityReport({ accounts, entries }: Scan, chain: SettlementEntry): Identities {
  const sums = addUp(entries);
  const burns = total(sums.burns);
  const reserves = chain.accounts.reduce((sum, { reserve }) => sum + reserve, 0n);
  const inflows = chain.cycles.filter(({ cycle }) => cycle > chain.settledCycle);
  const settledSupply =
    chain.cycles.find(({ cycle }) => cycle === chain.settledCycle)?.supply ?? 0n;
  const inflow = inflows.reduce((sum, cycle) => sum + cycle.inflow, 0n);
  const rows: Record<string, Side> = {
    I1: { ledger: total(sums.custody) + burns, chain: reserves },
  };
  for (const { member, reserve } of chain.accounts) {
    const held = (sums.custody.get(member) ?? 0n) + (sums.burns.get(member) ?? 0n);
    rows[`I2.${member}`] = { ledger: held - (sums.moved.get(member) ?? 0n), chain: reserve };
  }
  rows["I3"] = { ledger: total(sums.moved), chain: 0n };
  rows["I4"] = { ledger: total(sums.custody), chain: settledSupply + inflow - burns };
  // Of what is owed the ledger knows the reserves; bonds and fines are the contracts' alone.
  rows["I5"] = { ledger: chain.owed, chain: chain.tokens };
  return {
    seq: accounts.seq,
    stateRoot: stateRootOver(entries),
    rows: Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, shown(name, row)])),
  };
}

/** Anyone may give tokens to the contract: of those there may be more than are owed, never fewer. */
function shown(name: string, { ledger, chain }: Side) {
  const holds = name === "I5" ? chain >= ledger : chain === ledger;
  return { ledger: ledger.toString(), chain: chain.toString(), holds };
}

/** Coins, net transfers and burns of the unsettled cycles, by member. */
function addUp(entries: readonly StateEntry[]) {
  const custody = new Map<MemberId, bigint>();
  const moved = new Map<MemberId, bigint>();
  const burns = new Map<MemberId, bigint>();
  const add = (sums: Map<MemberId, bigint>, member: MemberId, amount: bigint) =>
    sums.set(member, (sums.get(member) ?? 0n) + amount);
  for (const entry of entries) {
    if (entry.kind === "coin") add(custody, entry.output.custodian, entry.output.amount);
    if (entry.kind !== "window") continue;
    add(moved, entry.member, entry.window.delta);
    add(burns, entry.member, entry.window.burns);
  }
  return { custody, moved, burns };
}

function total(sums: ReadonlyMap<MemberId, bigint>): bigint {
  return [...sums.values()].reduce((sum, amount) => sum + amount, 0n);
}
