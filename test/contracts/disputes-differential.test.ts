/**
 * The contract beside its model: any sequence of calls gives the same refusals by name and the same
 * effects in both. The model is the one that the simulation runs beside the ledger, so what holds there
 * holds on chain. TALLYSTICK_SEQUENCES=10000 for as many: the default is what a run of all tests has time for.
 */
import assert from "node:assert/strict";
import { Interface } from "ethers";
import { network } from "hardhat";
import { disputesAbi, evidenceAbi } from "../../node/chain/abi.ts";
import { splitOutpoint } from "../../protocol/output.ts";
import {
  type Connection,
  type Consortium,
  defaultParameters,
  deployConsortium,
  settle,
  START,
} from "../../scripts/bench/consortium.ts";
import { Chance } from "../simulation/chance.ts";
import { DisputesRefusal } from "../simulation/bonds.ts";
import { Disputes } from "../simulation/disputes.ts";
import type { EventBody } from "../support/ledger.ts";
import { ChainFacts } from "./support/chain-facts.ts";
import { plain } from "./support/deployment.ts";
import { type Draw, makeDraw, MEMBERS, type Step, themes } from "./support/disputes-calls.ts";
import { type Accused, makeWorld, type World } from "./support/disputes-world.ts";

const SEQUENCES_DEFAULT = 2_000;
const SEQUENCES = Number(process.env["TALLYSTICK_SEQUENCES"] ?? SEQUENCES_DEFAULT);
/** How often the same reports, cases, bonds and payments come in another order. */
const ORDERS = Math.max(8, Math.round(SEQUENCES / 400));
const CALLS_MAX = 6;
const PERIOD = defaultParameters.claimPeriod;
const GAS = "0x4c4b40";
/** A bond, or a guarantee, that all there is to pay stays below. */
const PLENTY = 100n * START.guarantee;
const terms = { claimPeriodS: PERIOD, penaltyPercent: 200n };
const disputesInterface = new Interface(disputesAbi);
const evidenceInterface = new Interface(evidenceAbi);

describe("Disputes beside its model", function () {
  this.timeout(20 * 60_000);
  let connection: Connection;
  let consortium: Consortium;
  let world: World;
  let start: { readonly timeS: number; readonly seq: bigint };
  let settledAt: ReadonlyMap<number, number>;
  let draw: Draw;
  let look: () => Promise<Record<string, unknown>>;
  const request = (method: string, ...params: unknown[]) =>
    connection.provider.request({ method, params });

  before(async () => {
    connection = await network.create();
    consortium = await deployConsortium(connection, 4);
    world = await makeWorld(consortium);
    const { settlement, disputes, registry } = consortium;
    const { checkpoint } = world;
    const cycles = [...world.applied.keys()].filter((cycle) => cycle !== checkpoint.number);
    settledAt = new Map(
      await Promise.all(
        cycles.map(
          async (cycle) => [cycle, Number((await settlement.getCycle(cycle)).settledAt)] as const,
        ),
      ),
    );
    draw = await makeDraw(consortium, world);
    const lens = await connection.ethers.deployContract("DisputesLens");
    const pairs = world.pairs.map(({ outpoint, record }) => ({
      ...splitOutpoint(outpoint),
      record,
    }));
    // What is asked is the same each time: it is encoded once.
    const { to, data } = await lens.look.populateTransaction(
      await disputes.getAddress(),
      MEMBERS.length,
      pairs,
      [...world.owners],
    );
    look = async () => {
      const answer = (await request("eth_call", { to, data }, "latest")) as string;
      const [seen] = lens.interface.decodeFunctionResult("look", answer);
      return plain(seen) as Record<string, unknown>;
    };
    start = {
      timeS: await connection.networkHelpers.time.latest(),
      seq: await registry.seq(),
    };
  });

  after(async () => {
    await connection.close();
  });

  /** Makes the call on chain. @returns the name of its refusal, "" if it was taken. */
  async function send({ from, to, data }: Step, timeS: number): Promise<string> {
    await request("evm_setNextBlockTimestamp", timeS);
    try {
      await request("eth_sendTransaction", { from, to, data, gas: GAS });
      return "";
    } catch (error) {
      const bytes = revertOf(error);
      const parsed = disputesInterface.parseError(bytes) ?? evidenceInterface.parseError(bytes);
      if (parsed === null) throw error;
      return parsed.name;
    }
  }

  /** What the model knows, as the lens tells it. */
  function told(model: Disputes, events: readonly EventBody[]) {
    const reserve = (member: number) =>
      events.reduce((sum, event) => {
        if (event.kind === "restituted" && event.member === member) return sum + event.amount;
        if (event.kind === "awarded" && event.custodian === member) return sum + event.amount;
        return sum;
      }, 0n);
    const made = MEMBERS.reduce((sum, member) => sum + reserve(member), 0n);
    const accounts = MEMBERS.map((member) => model.bonds.account(member));
    const held = accounts.reduce((sum, { bond }) => sum + bond, model.bonds.fines) + made;
    const states = { queued: 1n, restituted: 2n };
    const statuses = {
      opened: 1n,
      answered: 2n,
      ruled: 3n,
      enforced: 4n,
      dismissed: 5n,
      lapsed: 6n,
    };
    return {
      seq: start.seq + BigInt(events.length),
      fines: model.bonds.fines,
      // Bonds, fines and all that was made are held and owed; what was made is the cycle's inflow [I1] [I4] [I5].
      tokens: held,
      owed: held,
      inflow: made,
      members: MEMBERS.map((member, at) => ({
        bond: {
          amount: accounts[at]!.bond,
          queued: accounts[at]!.queue.reduce((sum, debt) => sum + debt.amount, 0n),
          fines: accounts[at]!.fines,
          claimed: accounts[at]!.claimed,
          leaving: accounts[at]!.leaving,
          leavesAt: BigInt(accounts[at]!.leavesAtS),
        },
        isImpaired: model.bonds.isImpaired(member),
        reserve: reserve(member),
      })),
      pairs: world.pairs.map(({ outpoint, record }) => {
        const state = model.bonds.stateOf(outpoint, record);
        return state === undefined ? 0n : states[state];
      }),
      covered: world.owners.map((owner) => model.coveredOf(owner)),
      cases: model.statuses().map((status) => statuses[status]),
    };
  }

  /** Runs one sequence in both. @returns what was refused and what was taken, by name. */
  async function run(seed: number): Promise<ReadonlyMap<string, number>> {
    const chance = new Chance(seed);
    const facts = new ChainFacts(world, settledAt, start.timeS);
    const model = new Disputes(facts, terms);
    const weights = chance.pick(themes);
    const events: EventBody[] = [];
    const outcomes = new Map<string, number>();
    const story: string[] = [];
    /** When periods began that something waits for, or may. */
    const begun = [...settledAt.values()];
    for (let count = 3 + chance.int(CALLS_MAX); count > 0; count--) {
      facts.timeS = laterThan(facts.timeS, begun, chance);
      const step = draw(chance, weights, model, facts);
      let refusal = "";
      try {
        const led = step.model();
        if (Array.isArray(led)) events.push(...(led as readonly EventBody[]));
        if (BEGINS.has(step.name)) begun.push(facts.timeS);
      } catch (error) {
        if (!(error instanceof DisputesRefusal)) throw error;
        refusal = error.code;
      }
      story.push(`${facts.timeS - start.timeS}: ${step.name}(${step.words}) ${refusal}`);
      const found = await send(step, facts.timeS);
      assert.equal(found, refusal, `seed ${seed}, last call of:\n${story.join("\n")}`);
      for (const outcome of refusal === "" ? [step.name] : [refusal, `${step.name} ${refusal}`])
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    assert.deepEqual(await look(), told(model, events), `seed ${seed}:\n${story.join("\n")}`);
    return outcomes;
  }

  it("gives the same refusals and effects in thousands of random sequences of calls [N-02]", async () => {
    const all = new Map<string, number>();
    for (let seed = 1; seed <= SEQUENCES; seed++) {
      const snapshot = await request("evm_snapshot");
      for (const [outcome, count] of await run(seed)) {
        all.set(outcome, (all.get(outcome) ?? 0) + count);
      }
      await request("evm_revert", snapshot);
    }
    // A few sequences, asked for to look at one thing, need not come to everything.
    if (SEQUENCES < SEQUENCES_DEFAULT) return;
    for (const outcome of OUTCOMES) {
      assert.ok((all.get(outcome) ?? 0) > 0, `${outcome} never came about`);
    }
  });

  /** Reports a loss; where the contract leaves a case, goes there. @returns what has it paid, if not the report. */
  async function complain({
    proof,
    facts,
  }: Accused): Promise<(() => Promise<unknown>) | undefined> {
    const { disputes, members, regulator } = consortium;
    const { custodian } = facts.coin!;
    const claimant = disputes.connect(members[3]!.operator);
    try {
      await claimant.report(proof);
      return undefined;
    } catch (error) {
      assert.match(String(error), FOR_A_CASE);
    }
    await claimant.openDoubleSpend(proof, ARGUMENT);
    const number = await disputes.caseCount();
    await disputes.connect(members[custodian - 1]!.operator).answer(number, ARGUMENT);
    await disputes.connect(regulator).rule(number, true);
    return () => disputes.enforce(number);
  }

  /** Tops bonds up and has all paid that waits for them. @returns how many debts waited. */
  async function payAll(): Promise<number> {
    const { disputes, members } = consortium;
    let waited = 0;
    for (const member of MEMBERS) {
      const operator = disputes.connect(members[member - 1]!.operator);
      waited += Number(await disputes.queueLength(member));
      const { amount } = await disputes.bondOf(member);
      await operator.depositBond(member, PLENTY - amount);
      const { queued, fines } = await disputes.bondOf(member);
      if (queued + fines > 0n) await operator.payQueue(member, 99);
    }
    return waited;
  }

  for (const { name, guarantee } of [
    { name: "cases are for what banks took back alone", guarantee: PLENTY },
    { name: "most are above the guarantee and go through cases", guarantee: START.guarantee },
  ]) {
    it(`pays the same losers the same sums in whatever order reports, cases, bonds and payments come, where ${name} [N-02] [N-12]`, async () => {
      const { disputes, registry, members } = consortium;
      const outcomes = new Set<string>();
      let [waited, ruled] = [0, 0];
      for (let seed = 1; seed <= ORDERS; seed++) {
        const chance = new Chance(seed);
        const snapshot = await request("evm_snapshot");
        await settle(consortium, world.checkpoint);
        for (const member of MEMBERS) await registry.setGuarantee(member, guarantee);
        const rulings: (() => Promise<unknown>)[] = [];
        for (const accused of chance.some(world.honest, world.honest.length)) {
          const member = accused.facts.coin!.custodian;
          const operator = disputes.connect(members[member - 1]!.operator);
          if (chance.is(40)) await operator.depositBond(member, BigInt(1 + chance.int(100_000)));
          if (chance.is(30) && (await disputes.queueLength(member)) > 0n) {
            // Refused while the bond is short of the oldest debt.
            await operator.payQueue(member, 1).catch((error: unknown) => {
              assert.match(String(error), /DisputesNothingToPay/);
            });
          }
          const ruling = await complain(accused);
          if (ruling !== undefined) rulings.push(ruling);
          if (chance.is(40)) await rulings.shift()?.();
        }
        ruled += Number(await disputes.caseCount());
        for (const enforce of chance.some(rulings, rulings.length)) await enforce();
        waited += await payAll();
        const { fines, members: rows, pairs, covered } = await look();
        const paid = (rows as { reserve: bigint }[]).map(({ reserve }) => reserve);
        // What a ruling paid is not counted, and which that is depends on the order.
        const counted = guarantee === PLENTY ? covered : [];
        outcomes.add([fines, paid, pairs, counted].join(" | "));
        await request("evm_revert", snapshot);
      }
      assert.equal(outcomes.size, 1);
      assert.ok(waited > ORDERS, "hardly anything had to wait");
      assert.ok(ruled > ORDERS, "hardly anything was a case");
    });
  }
});

const ARGUMENT = `0x${"00".repeat(32)}`;
/** Refusals of a report for which a case is left. */
const FOR_A_CASE = /DisputesAboveGuarantee|DisputesBondNeeded/;

/** Calls by which a period begins. */
const BEGINS: ReadonlySet<string> = new Set([
  "setGuarantee",
  "settle",
  "requestRelease",
  "openDoubleSpend",
  "openFalseReceipt",
  "openFalseCertificate",
  "answer",
]);

/** Some time later; now and then when a period ends that began then, or the one after it, to the second. */
function laterThan(timeS: number, begun: readonly number[], chance: Chance): number {
  if (!chance.is(25)) return timeS + 1 + chance.int(100);
  const waitedS = (chance.is(25) ? 2 : 1) * PERIOD;
  return Math.max(timeS + 1, chance.pick(begun.slice(-3)) + waitedS + chance.int(3) - 1);
}

/** What random calls must come to, so that the comparison is of something. */
const OUTCOMES = [
  "report",
  "depositBond",
  "payQueue",
  "requestRelease",
  "releaseBond",
  "openDoubleSpend",
  "openFalseReceipt",
  "openFalseCertificate",
  "answer",
  "rule",
  "ruleUnanswered",
  "lapse",
  "enforce",
  "setGuarantee",
  "settle",
  "DisputesAboveGuarantee",
  "DisputesAboveStatement",
  "DisputesBadSignature",
  "releaseBond DisputesBondNeeded",
  "report DisputesBondNeeded",
  "ruleUnanswered DisputesBondNeeded",
  "DisputesCasePending",
  "DisputesCoinNotNamed",
  "DisputesDeadlineAhead",
  "DisputesDeadlinePassed",
  "DisputesLoserNotSpend",
  "DisputesNeedsRuling",
  "DisputesNoRelease",
  "DisputesNoSuchOutput",
  "DisputesNotApplied",
  "DisputesNotOwner",
  "DisputesNotSettled",
  "DisputesNothingToPay",
  "DisputesOwnCase",
  "DisputesPairTaken",
  "DisputesReleaseTooEarly",
  "DisputesReleaseTooLate",
  "DisputesReportable",
  "DisputesRivalClaims",
  "DisputesRuledAgainst",
  "DisputesSameRecord",
  "DisputesTooLate",
  "DisputesWrongStatus",
];

/** The bytes that a call reverted with. */
function revertOf(error: unknown): string {
  const { data } = error as { data?: string | { data?: string } };
  const bytes = typeof data === "object" ? data.data : data;
  if (bytes === undefined) throw error;
  return bytes;
}
