/** The demo's amounts: all follow from a seed, and every payment is covered whatever the seed. */
import { createHash } from "node:crypto";

/** What is paid for one device at most: one coin that pays twice is within it, and the same coin once more is not. */
export const GUARANTEE = 300_00n;

/** In minor units. */
export type Amounts = {
  /** Reserves, by member. */
  readonly deposits: Readonly<Record<number, bigint>>;
  /** What A and B pay in at the counter. */
  readonly counter: bigint;
  readonly loadA: bigint;
  readonly loadB: bigint;
  /** What B pays online, from its account. */
  readonly order: bigint;
  readonly aToB: bigint;
  readonly bToC: bigint;
  readonly aToD: bigint;
  readonly redeem: bigint;
  readonly burn: bigint;
  /** The coin that pays twice. */
  readonly doubled: bigint;
  /** What the loser's payee passes on of it. */
  readonly passedOn: bigint;
};

/** @param seed any text; the same seed gives the same amounts. */
export function drawAmounts(seed: string): Amounts {
  const draw = (name: string, from: bigint, to: bigint): bigint => {
    const digest = createHash("sha256").update(`${seed}/${name}`).digest();
    return from + (digest.readBigUInt64BE() % (to - from + 1n));
  };
  const loadA = draw("loadA", 150_00n, 190_00n);
  const loadB = draw("loadB", 20_00n, 40_00n);
  const aToB = draw("aToB", 50_00n, 70_00n);
  // More than B loaded: it cannot be paid but from what A has just paid.
  const bToC = loadB + draw("bToC", 1_00n, 9_99n);
  const aToD = draw("aToD", 10_00n, 60_00n);
  const redeem = draw("redeem", 5_00n, bToC / 2n);
  const doubled = draw("doubled", 151_00n, 165_00n);
  return {
    deposits: {
      1: draw("deposit1", 900_00n, 990_00n),
      2: draw("deposit2", 500_00n, 590_00n),
      3: draw("deposit3", 100_00n, 190_00n),
    },
    counter: draw("counter", 200_00n, 400_00n),
    loadA,
    loadB,
    order: draw("order", 10_00n, 40_00n),
    aToB,
    bToC,
    aToD,
    redeem,
    burn: draw("burn", 50_00n, 150_00n),
    doubled,
    passedOn: draw("passedOn", 5_00n, doubled - 5_00n),
  };
}
