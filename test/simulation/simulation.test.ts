/**
 * The ledger against its reference. TALLYSTICK_SEEDS=2000 for as many: the default is what a run of all
 * tests has time for. A failure names its seed; TALLYSTICK_SEED=n runs that one alone.
 */
import assert from "node:assert/strict";
import { FoldError } from "../../node/ledger/fold.ts";
import { IdentityError } from "../../node/ledger/identities.ts";
import { plantedBugs } from "./planted-bugs.ts";
import { simulateSeeds } from "./seeds.ts";
import { simulate } from "./simulate.ts";

const SEEDS_DEFAULT = 500;
/** Seeds within which a planted bug must be found; most are by the first. */
const SEEDS_FOR_BUGS = 1000;
const SLOW_MS = 600_000;

const only = process.env["TALLYSTICK_SEED"];
const seeds = Number(process.env["TALLYSTICK_SEEDS"] ?? SEEDS_DEFAULT);

/** What must have happened, on average in every twentieth run at least. */
const happens = [
  "deposited sequenced restituted awarded revoked member-changed cycle-closed settled",
  "applied duplicate unknown-coin spent wrong-owner wrong-preimage not-reclaimable unbalanced",
  "unknown-recipient unknown-member bad-signature already-enrolled malformed",
  "DisputesNotSettled DisputesNotApplied DisputesSameRecord DisputesNotOwner DisputesPairTaken",
  "DisputesAboveGuarantee DisputesTooLate DisputesCoinNotNamed DisputesLoserNotSpend",
  "DisputesNothingToPay DisputesReleaseTooEarly DisputesDeadlineAhead DisputesWrongStatus",
  "DisputesBondNeeded",
]
  .flatMap((line) => line.split(" "))
  .concat("paid against a spend", "queued against a spend", "paid against a reclaim");

/** The first seed that finds a difference, if any does. */
async function findingSeed(bug: string): Promise<{ seed: number; cause: unknown } | undefined> {
  for (let seed = 1; seed <= SEEDS_FOR_BUGS; seed++) {
    try {
      await simulate(seed, plantedBugs[bug]);
    } catch (error) {
      return { seed, cause: (error as Error).cause };
    }
  }
  return undefined;
}

/** Whether the ledgers differ; anything else would be a mistake of the simulation. */
function isDifference(error: unknown): boolean {
  const kinds = [assert.AssertionError, IdentityError, FoldError];
  return kinds.some((kind) => error instanceof kind);
}

describe("the simulation", function () {
  this.timeout(SLOW_MS);

  if (only !== undefined) {
    it(`agrees with its reference in the run of seed ${only}`, async () => {
      await simulate(Number(only));
    });
    return;
  }

  it("agrees with its reference after every event, keeps the identities, revokes no honest device for a double spend, and pays every honest payee, from bonds where coins were spent twice, lost with a card, or promised falsely [I1] [I2] [I3] [I4] [I5] [R-035] [R-111] [N-06] [N-12] [N-23] [N-24]", async () => {
    const total = await simulateSeeds(seeds);
    // A simulation that does not do what it is for shows nothing.
    const rare = happens.filter((what) => (total.get(what) ?? 0) < seeds / 20);
    assert.deepEqual(rare, []);
    const [applied, late] = ["accepted and applied", "too late for its amends"].map(
      (what) => total.get(what) ?? 0,
    );
    assert.ok(late! * 10 < applied!, `${late} payments came too late, ${applied} in time`);
  });

  for (const bug of Object.keys(plantedBugs)) {
    it(`finds that ${bug}`, async () => {
      const found = await findingSeed(bug);
      assert.ok(found !== undefined, `not within ${SEEDS_FOR_BUGS} seeds`);
      assert.ok(isDifference(found.cause), String(found.cause));
    });
  }
});
