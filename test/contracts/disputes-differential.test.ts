/**
 * The contract beside its model: any sequence of calls gives the same refusals by name and the same
 * effects in both. The model is the one that the simulation runs beside the ledger, so what holds there
 * holds on chain. TALLYSTICK_SEQUENCES asks for more sequences than the default.
 */
import assert from "node:assert/strict";
import { Interface } from "ethers";
import { network } from "hardhat";
import { disputesAbi, evidenceAbi } from "../../node/chain/abi.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { splitOutpoint } from "../../protocol/output.ts";
import {
  type Connection,
  type Consortium,
  defaultParameters,
  deployConsortium,
  START,
} from "../../scripts/bench/consortium.ts";
import { Chance } from "../simulation/chance.ts";
import { DisputesRefusal } from "../simulation/bonds.ts";
import { Disputes } from "../simulation/disputes.ts";
import type { EventBody } from "../support/ledger.ts";
import { plain } from "./support/deployment.ts";
import { makeWorld, type World } from "./support/disputes-world.ts";

const SEQUENCES = Number(process.env["TALLYSTICK_SEQUENCES"] ?? 10_000);
const CALLS_MAX = 6;
const MEMBERS = [1, 2, 3] as const;
const PERIOD = defaultParameters.claimPeriod;
const GAS = "0x4c4b40";
const terms = { claimPeriodS: PERIOD, penaltyPercent: 200n };
const disputesInterface = new Interface(disputesAbi);
const evidenceInterface = new Interface(evidenceAbi);

/** A call to both: what is sent, by whom, and what the model does. */
type Step = {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly model: () => readonly EventBody[] | void | number | bigint;
};

/** The chain as the model sees it, with the registry's guarantees. */
class Surroundings {
  timeS = 0;
  readonly #world: World;
  readonly #settledAt: ReadonlyMap<number, number>;
  readonly #guarantees = new Map<number, { current: bigint; next: bigint; from: number }>();

  constructor(world: World, settledAt: ReadonlyMap<number, number>) {
    this.#world = world;
    this.#settledAt = settledAt;
  }

  settledAtS(cycle: number): number | undefined {
    return this.#settledAt.get(cycle);
  }

  isApplied(record: Hex, cycle: number): boolean {
    return this.#world.applied.get(cycle)?.has(record) ?? false;
  }

  isVault(member: number, owner: Hex): boolean {
    return this.#world.isVault(member, owner);
  }

  guaranteeOf(member: number): bigint {
    const row = this.#guarantees.get(member);
    if (row === undefined) return START.guarantee;
    return this.timeS < row.from ? row.current : row.next;
  }

  setGuarantee(member: number, next: bigint): void {
    const current = this.guaranteeOf(member);
    const from = next < current ? this.timeS + PERIOD : this.timeS;
    this.#guarantees.set(member, { current, next, from });
  }
}

describe("Disputes beside its model", () => {
  let connection: Connection;
  let consortium: Consortium;
  let world: World;
  let start: { readonly timeS: number; readonly seq: bigint };
  let settledAt: ReadonlyMap<number, number>;
  let contracts: { readonly disputes: string; readonly registry: string };
  let look: () => Promise<Record<string, unknown>>;
  const request = (method: string, ...params: unknown[]) =>
    connection.provider.request({ method, params });

  before(async () => {
    connection = await network.create();
    consortium = await deployConsortium(connection, 4);
    world = await makeWorld(consortium);
    const { settlement, disputes, registry } = consortium;
    const cycles = [...world.applied.keys()];
    settledAt = new Map(
      await Promise.all(
        cycles.map(
          async (cycle) => [cycle, Number((await settlement.getCycle(cycle)).settledAt)] as const,
        ),
      ),
    );
    contracts = { disputes: await disputes.getAddress(), registry: await registry.getAddress() };
    const lens = await connection.ethers.deployContract("DisputesLens");
    const pairs = world.pairs.map(({ outpoint, record }) => ({
      ...splitOutpoint(outpoint),
      record,
    }));
    look = async () =>
      plain(
        await lens.look(contracts.disputes, MEMBERS.length, pairs, [...world.owners]),
      ) as Record<string, unknown>;
    start = {
      timeS: await connection.networkHelpers.time.latest(),
      seq: await registry.seq(),
    };
  });

  after(async () => {
    await connection.close();
  });

  /** Proofs are long, and encoded once each. */
  const encoded = new Map<unknown, Map<string, string>>();
  function encode(name: string, args: readonly unknown[]): string {
    const [first] = args;
    if (typeof first !== "object" || name.startsWith("openFalse")) {
      return disputesInterface.encodeFunctionData(name, args);
    }
    const known = encoded.get(first) ?? new Map<string, string>();
    const data = known.get(name) ?? disputesInterface.encodeFunctionData(name, args);
    encoded.set(first, known.set(name, data));
    return data;
  }

  /** One call that could be made now. Numbers of cases may be of none. */
  function draw(chance: Chance, model: Disputes, around: Surroundings): Step {
    const member = chance.pick(MEMBERS);
    const claimant = chance.pick([3, 4] as const);
    const cases = model.statuses();
    const number = chance.is(95) && cases.length > 0 ? 1 + chance.int(cases.length) : 3;
    const operator = (id: number) => consortium.members[id - 1]!.operator.address;
    const says =
      (name: string, from: string, ...args: readonly unknown[]) =>
      (run: Step["model"]): Step => ({
        name: `${name}(${args.filter((arg) => typeof arg !== "object").join()})`,
        from,
        to: contracts.disputes,
        data: encode(name, args),
        model: run,
      });
    const accused = chance.is(75) ? chance.pick(world.honest) : chance.pick(world.false);
    const promised = chance.pick(world.promises);
    const awards = chance.pick(promised.awards);
    const amount = chance.pick([
      1n,
      START.guarantee / 2n,
      2n * START.guarantee,
      9n * START.guarantee,
    ]);
    const steps: readonly (readonly [weight: number, make: () => Step])[] = [
      [
        30,
        () => says("report", operator(claimant), accused.proof)(() => model.report(accused.facts)),
      ],
      [
        12,
        () =>
          says(
            "depositBond",
            operator(member),
            member,
            amount,
          )(() => model.bonds.deposit(member, amount)),
      ],
      [
        12,
        () => {
          const max = chance.int(4);
          return says(
            "payQueue",
            operator(claimant),
            member,
            max,
          )(() => model.payQueue(member, max));
        },
      ],
      [
        4,
        () =>
          says(
            "requestRelease",
            operator(member),
            amount,
          )(() => model.requestRelease(member, amount)),
      ],
      [4, () => says("releaseBond", operator(member))(() => model.releaseBond(member))],
      [
        8,
        () =>
          says(
            "openDoubleSpend",
            operator(claimant),
            accused.proof,
            ARGUMENT,
          )(() => model.openDoubleSpend(claimant, accused.facts)),
      ],
      [
        6,
        () =>
          says(
            promised.method,
            operator(claimant),
            promised.signed,
            awards,
            ARGUMENT,
          )(() => model.openStatement(claimant, promised.facts, awards)),
      ],
      [
        8,
        () => {
          const isUpheld = chance.is(80);
          return says(
            "rule",
            consortium.regulator.address,
            number,
            isUpheld,
          )(() => model.rule(number, isUpheld));
        },
      ],
      [
        5,
        () =>
          says("ruleUnanswered", operator(claimant), number)(() => model.ruleUnanswered(number)),
      ],
      [3, () => says("lapse", operator(claimant), number)(() => model.lapse(number))],
      [8, () => says("enforce", operator(claimant), number)(() => model.enforce(number))],
      [
        4,
        () => {
          const guarantee = chance.pick([0n, START.guarantee, 3n * START.guarantee]);
          return {
            name: `setGuarantee(${member},${guarantee})`,
            from: consortium.authority.address,
            to: contracts.registry,
            data: consortium.registry.interface.encodeFunctionData("setGuarantee", [
              member,
              guarantee,
            ]),
            model: () => around.setGuarantee(member, guarantee),
          };
        },
      ],
    ];
    const answerable = model.accusedOf(number);
    if (answerable !== undefined && chance.is(12)) {
      return says("answer", operator(answerable), number, ARGUMENT)(() => model.answer(number));
    }
    const { leaving } = model.bonds.account(member);
    if (leaving > 0n && chance.is(50)) {
      return says("releaseBond", operator(member))(() => model.releaseBond(member));
    }
    let left = chance.int(steps.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, make] of steps) {
      if (left < weight) return make();
      left -= weight;
    }
    throw new Error("the weights do not add up");
  }

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
    const statuses = { opened: 1n, answered: 2n, ruled: 3n, enforced: 4n, dismissed: 5n };
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
    const around = new Surroundings(world, settledAt);
    around.timeS = start.timeS;
    const model = new Disputes(around, terms);
    const events: EventBody[] = [];
    const outcomes = new Map<string, number>();
    const story: string[] = [];
    for (let count = 3 + chance.int(CALLS_MAX); count > 0; count--) {
      around.timeS += chance.is(7) ? PERIOD + chance.int(3) - 1 : 1 + chance.int(100);
      const step = draw(chance, model, around);
      let refusal = "";
      try {
        const led = step.model();
        if (Array.isArray(led)) events.push(...(led as readonly EventBody[]));
        if (step.name.startsWith("setGuarantee")) story.push(step.name);
      } catch (error) {
        if (!(error instanceof DisputesRefusal)) throw error;
        refusal = error.code;
      }
      story.push(`${step.name} ${refusal}`);
      const found = await send(step, around.timeS);
      assert.equal(found, refusal, `seed ${seed}, last call of:\n${story.join("\n")}`);
      const outcome = refusal === "" ? step.name.replace(/\(.*/, "") : refusal;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    assert.deepEqual(await look(), told(model, events), `seed ${seed}:\n${story.join("\n")}`);
    return outcomes;
  }

  it(`gives the same refusals and effects in ${SEQUENCES.toLocaleString("en")} random sequences of calls [N-02]`, async function () {
    this.timeout(20 * 60_000);
    const all = new Map<string, number>();
    for (let seed = 1; seed <= SEQUENCES; seed++) {
      const snapshot = await request("evm_snapshot");
      for (const [outcome, count] of await run(seed)) {
        all.set(outcome, (all.get(outcome) ?? 0) + count);
      }
      await request("evm_revert", snapshot);
    }
    // A few sequences, asked for to look at one thing, need not come to everything.
    if (SEQUENCES < 10_000) return;
    for (const outcome of OUTCOMES) {
      assert.ok((all.get(outcome) ?? 0) > 0, `${outcome} never came about`);
    }
  });

  it("pays the same losers the same sums in whatever order reports, bonds and payments come", async () => {
    const { disputes, registry, members } = consortium;
    const plenty = 100n * START.guarantee;
    const outcomes = new Set<string>();
    let queued = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const chance = new Chance(seed);
      const snapshot = await request("evm_snapshot");
      for (const member of MEMBERS) await registry.setGuarantee(member, plenty);
      for (const { proof, facts } of chance.some(world.honest, world.honest.length)) {
        const member = facts.coin!.custodian;
        const operator = disputes.connect(members[member - 1]!.operator);
        if (chance.is(40)) await operator.depositBond(member, BigInt(1 + chance.int(100_000)));
        if (chance.is(30) && (await disputes.queueLength(member)) > 0n) {
          // Refused while the bond is short of the oldest debt.
          await operator.payQueue(member, 1).catch((error: unknown) => {
            assert.match(String(error), /DisputesNothingToPay/);
          });
        }
        await operator.report(proof);
      }
      for (const member of MEMBERS) {
        const operator = disputes.connect(members[member - 1]!.operator);
        queued += Number(await disputes.queueLength(member));
        const { amount } = await disputes.bondOf(member);
        await operator.depositBond(member, plenty - amount);
        const { queued: owed, fines } = await disputes.bondOf(member);
        if (owed + fines > 0n) await operator.payQueue(member, 99);
      }
      const { fines, members: rows, pairs, covered } = await look();
      const paid = (rows as { reserve: bigint }[]).map(({ reserve }) => reserve);
      outcomes.add([fines, paid, pairs, covered].join(" | "));
      await request("evm_revert", snapshot);
    }
    assert.equal(outcomes.size, 1);
    assert.ok(queued > 40, "hardly anything had to wait");
  });
});

const ARGUMENT = `0x${"00".repeat(32)}`;

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
  "DisputesAboveGuarantee",
  "DisputesAboveStatement",
  "DisputesBadSignature",
  "DisputesBondNeeded",
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
  "DisputesPairTaken",
  "DisputesReleaseTooEarly",
  "DisputesReportable",
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
