/**
 * A device signs many spends of its smallest coin, which it has spent, and hands them all in: each of them is
 * a double spend to be proven and paid. The payee of a large one waits behind them.
 */
import { encodeLeaves } from "../../../protocol/leaf-list.ts";
import { lock, type Outpoint } from "../../../protocol/output.ts";
import { auditOf, recordId, signRecord, type SignedRecord } from "../../../protocol/record.ts";
import type { Attack } from "../attack.ts";
import type { Person } from "../person.ts";
import type { Stage } from "../stage.ts";

const LOSERS = 100;
/** The smallest coin of a load. */
const DUST = 10n;
const LARGE = 100_00n;

export const dust: Attack = {
  name: "dust",
  tried: `a device hands in ${LOSERS} spends of one coin of 0.10 that is spent, so that a payee who lost 100.00 to it waits behind them`,
  async run(stage) {
    const cheat = await stage.person("cheat", 1);
    await cheat.load([DUST, LARGE]);
    const [accomplice, winner, payee] = await Promise.all([
      stage.person("accomplice", 1),
      stage.person("payee", 1),
      stage.person("payee", 2),
    ]);
    const { outpoint } = cheat.purse.coins().find(({ amount }) => amount === DUST)!;
    const copy = await cheat.clone();
    const [won, lost] = [await cheat.pay(winner, LARGE), await copy.pay(payee, LARGE)];
    await winner.sync();
    const [first, ...losers] = await spendAgain(stage, cheat, accomplice, outpoint);
    await handIn(stage, [first!]);
    await stage.applied([won, idOf(stage, first!)]);
    const start = performance.now();
    for (let at = 0; at < losers.length; at += 1024) {
      await handIn(stage, losers.slice(at, at + 1024));
    }
    await payee.sync();
    await stage.applied([lost]);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const ids = losers.map((loser) => idOf(stage, loser));
    for (let at = 0; at < ids.length; at += 1024) await stage.ended(ids.slice(at, at + 1024));
    const all = ((performance.now() - start) / 1000).toFixed(1);
    return {
      cheats: [{ bank: 1, losers: 1, amount: LARGE, lost: LARGE + BigInt(LOSERS) * DUST }],
      honest: [winner, payee],
      happened: [`the payee was paid after ${seconds} s, the last of the others after ${all} s`],
    };
  },
};

async function spendAgain(
  { networkId, chance }: Stage,
  { signer }: Person,
  { owner, bank }: Person,
  outpoint: Outpoint,
): Promise<SignedRecord[]> {
  const records: SignedRecord[] = [];
  for (let i = 0; i <= LOSERS; i++) {
    const body = {
      kind: "spend",
      inputs: [outpoint],
      outputs: [{ lock: lock.key, owner, custodian: bank, amount: DUST }],
      counter: 1,
      time: 0,
      nonce: chance.bytes(16),
      audit: auditOf(new Uint8Array()),
    } as const;
    records.push(await signRecord(networkId, body, signer));
  }
  return records;
}

async function handIn(stage: Stage, records: readonly SignedRecord[]): Promise<void> {
  const answer = await fetch(`${stage.devnet.deviceUrl(1)}/v1/leaves`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: Uint8Array.from(encodeLeaves(records.map(({ bytes }) => bytes))),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

function idOf({ networkId }: Stage, { body }: SignedRecord) {
  return recordId(networkId, body);
}
