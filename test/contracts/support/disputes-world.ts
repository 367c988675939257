/**
 * Devices that cheated, and all that can be said of it before the contract: proofs that hold and proofs
 * that do not, receipts, a certificate. Each as bytes for the chain and as facts for the model.
 */
import type { Hex } from "../../../protocol/bytes.ts";
import type { Checkpoint } from "../../../protocol/checkpoint.ts";
import type { Outpoint } from "../../../protocol/output.ts";
import type { SignedRecord } from "../../../protocol/record.ts";
import { ownerOf, type Owner } from "../../../protocol/key.ts";
import { type Consortium, START } from "../../../scripts/bench/consortium.ts";
import {
  type Applied,
  apply,
  closeOver,
  type Coin,
  coinOf,
  type Device,
  device,
  idOf,
  proofOf,
  spend,
} from "../../../scripts/bench/double-spends.ts";
import type { Award, DoubleSpend, Statement } from "../../simulation/disputes.ts";
import { certificateFor, receiptFor, type Signed } from "./promises.ts";

/** A proof: what the chain is given, and what the model is told that it says. */
export type Accused = {
  readonly proof: ReturnType<typeof proofOf>;
  readonly facts: DoubleSpend;
};

export type Promised = {
  readonly method: "openFalseReceipt" | "openFalseCertificate";
  readonly signed: Signed;
  readonly facts: Statement;
  readonly awards: readonly (readonly Award[])[];
};

export type World = {
  readonly honest: readonly Accused[];
  /** Those of them whose winner was applied in the last cycle. */
  readonly last: readonly Accused[];
  /** That do not hold, each for another reason. */
  readonly false: readonly Accused[];
  readonly promises: readonly Promised[];
  readonly pairs: readonly { readonly outpoint: Outpoint; readonly record: Hex }[];
  readonly owners: readonly Owner[];
  readonly isVault: (member: number, owner: Owner) => boolean;
  /** Ids of the records applied, by cycle. */
  readonly applied: ReadonlyMap<number, ReadonlySet<Hex>>;
  /** Of the last of these cycles, which is closed and not settled. */
  readonly checkpoint: Checkpoint;
};

const G = START.guarantee;
/** Coins that their bank took back, by number. */
const RECLAIMED: ReadonlySet<number> = new Set([6, 7]);

export async function makeWorld(consortium: Consortium): Promise<World> {
  const [one, two, vault] = [
    device("one", 1),
    device("two", 2),
    device("treasury 3 0", 3),
  ] as const;
  const coins = [
    [one, (G * 2n) / 5n],
    [one, (G * 3n) / 5n],
    [one, G / 2n],
    [two, G],
    [two, 1n],
    [vault, G + 1n],
    [one, (G * 3n) / 5n],
    [two, G + 7n],
    [two, (G * 9n) / 10n],
    [one, (G * 7n) / 10n],
  ] as const;
  const spent = coins.map(([by, amount], seq) => {
    const coin = coinOf(consortium, by, amount, seq + 1);
    const bank = device(`treasury ${by.member} 0`, by.member);
    const winner = RECLAIMED.has(seq)
      ? spend(consortium, { kind: "reclaim", name: "winner", coins: [coin], by: bank })
      : spend(consortium, { name: "winner", coins: [coin], by });
    const losers = ["first", "second"].map((name) =>
      spend(consortium, { name, coins: [coin], by }),
    );
    return { coin, by, winner, losers };
  });
  const winners = spent.map(({ winner }) => winner);
  const early = await apply(consortium, winners.slice(0, 5));
  const late = await apply(consortium, winners.slice(5, 8));
  const { applied: last, checkpoint } = await closeOver(
    consortium,
    winners.slice(8).map((winner) => idOf(consortium, winner)),
  );
  const appliedOf = (seq: number): Applied => (seq < 5 ? early : seq < 8 ? late : last);
  const honest = spent.flatMap(({ coin, winner, losers }, seq) =>
    losers.map((loser) => accuse(consortium, coin, loser, winner, appliedOf(seq))),
  );
  const { coin, winner, losers } = spent[0]!;
  const [loser, other] = losers as [SignedRecord, SignedRecord];
  const liar = spend(consortium, { name: "liar", coins: [coin], by: two });
  const bank = device("treasury 1 0", 1);
  const reclaim = spend(consortium, { kind: "reclaim", name: "x", coins: [coin], by: bank });
  const unsettled = { cycle: last.cycle, ids: early.ids };
  const accuseOf = (a: SignedRecord, b: SignedRecord, applied = early) =>
    accuse(consortium, coin, a, b, applied);
  const sound = accuseOf(loser, winner);
  return {
    honest,
    last: honest.filter(({ facts: { cycle } }) => cycle === last.cycle),
    false: [
      accuseOf(liar, winner),
      accuseOf(reclaim, winner),
      accuseOf(winner, winner),
      accuseOf(loser, other),
      accuseOf(winner, loser),
      accuseOf(loser, winner, unsettled),
      accuseOf(loser, spent[3]!.winner),
      accuseOf(spent[3]!.losers[0]!, winner),
      {
        proof: { ...sound.proof, index: 1 },
        facts: { ...sound.facts, coin: undefined },
      },
      {
        proof: { ...sound.proof, y: `0x${"00".repeat(31)}01` },
        facts: { ...sound.facts, loser: { ...sound.facts.loser, isSigned: false } },
      },
    ],
    promises: await promisesOf(consortium, one, two),
    pairs: spent.flatMap(({ coin: { outpoint }, winner: won, losers: lost }) =>
      [won, ...lost].map((record) => ({ outpoint, record: idOf(consortium, record) })),
    ),
    owners: [one.owner, two.owner, vault.owner],
    isVault: (member, owner) => owner === device(`treasury ${member} 0`, member).owner,
    applied: new Map([early, late, last].map(({ cycle, ids }) => [cycle, new Set(ids)])),
    checkpoint,
  };
}

function accuse(
  consortium: Consortium,
  coin: Coin,
  loser: SignedRecord,
  winner: SignedRecord,
  applied: Applied,
): Accused {
  const isNaming = ({ inputs }: SignedRecord) => inputs.includes(coin.outpoint);
  return {
    proof: proofOf(consortium, { coin, loser, winner, applied }),
    facts: {
      outpoint: coin.outpoint,
      coin: coin.output,
      loser: {
        id: idOf(consortium, loser),
        kind: loser.kind,
        isNaming: isNaming(loser),
        signer: ownerOf(loser.signer),
        isSigned: true,
      },
      winner: { id: idOf(consortium, winner), kind: winner.kind, isNaming: isNaming(winner) },
      cycle: applied.cycle,
    },
  };
}

async function promisesOf(consortium: Consortium, one: Device, two: Device): Promise<Promised[]> {
  const coin = coinOf(consortium, one, 1000n, 50);
  const to = (member: number, amount: bigint): Award => ({ owner: one.owner, member, amount });
  return [
    {
      method: "openFalseReceipt",
      signed: await receiptFor(consortium, coin),
      facts: { kind: "receipt", subject: "receipt", member: 1, most: 1000n },
      awards: [[to(2, 400n)], [to(3, 600n), to(1, 1n)], [to(2, 1001n)]],
    },
    {
      method: "openFalseCertificate",
      signed: await certificateFor(consortium, two),
      facts: { kind: "certificate", subject: "certificate", member: 2, most: 500n },
      awards: [[to(2, 500n)], [to(3, 1n)]],
    },
  ];
}
