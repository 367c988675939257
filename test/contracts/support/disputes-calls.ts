/** Calls around double spends that someone could make, each as bytes for the chain and as what the model does. */
import { Interface } from "ethers";
import { disputesAbi } from "../../../node/chain/abi.ts";
import { checkpointDigest } from "../../../protocol/checkpoint.ts";
import {
  type Consortium,
  quorum,
  settlementForm,
  sign,
  START,
} from "../../../scripts/bench/consortium.ts";
import type { Chance } from "../../simulation/chance.ts";
import type { Disputes } from "../../simulation/disputes.ts";
import type { EventBody } from "../../support/ledger.ts";
import type { ChainFacts } from "./chain-facts.ts";
import type { World } from "./disputes-world.ts";

/** Members whose bonds are looked at. */
export const MEMBERS = [1, 2, 3] as const;
/** Members that bring reports and cases. */
const CLAIMANTS = [3, 4] as const;
const AMOUNTS = [1n, START.guarantee / 2n, 2n * START.guarantee, 9n * START.guarantee];
const GUARANTEES = [0n, START.guarantee, 3n * START.guarantee];
const HASH = `0x${"00".repeat(32)}`;

/** A call to both: what is sent, by whom, and what the model does. */
export type Step = {
  readonly name: string;
  /** What it is called with, as far as that tells a reader something. */
  readonly words: string;
  readonly from: string;
  readonly to: string;
  readonly data: string;
  readonly model: () => readonly EventBody[] | void | number | bigint;
};

/** How often each call is made in a sequence, beside the others. */
type Weights = Readonly<Record<string, number>>;

const everything: Weights = {
  report: 30,
  answer: 12,
  depositBond: 12,
  payQueue: 12,
  settle: 8,
  openDoubleSpend: 8,
  rule: 8,
  enforce: 8,
  openPromise: 6,
  ruleUnanswered: 5,
  setGuarantee: 4,
  requestRelease: 4,
  releaseBond: 4,
  lapse: 3,
};

/** Guarantees that change while there is something to report. */
const guarantees: Weights = {
  reportLast: 30,
  setGuarantee: 16,
  settle: 12,
  depositBond: 4,
  requestRelease: 2,
  releaseBond: 2,
};

const cases: Weights = {
  openPromise: 30,
  enforce: 25,
  depositBond: 20,
  ruleUnanswered: 15,
  rule: 12,
  answer: 10,
  openDoubleSpend: 10,
  lapse: 8,
  requestRelease: 5,
  releaseBond: 5,
  report: 5,
};

/** Bonds that come and go. */
const bonds: Weights = {
  depositBond: 25,
  requestRelease: 20,
  releaseBond: 15,
  report: 10,
  payQueue: 8,
  openPromise: 8,
  setGuarantee: 4,
};

/** What a sequence is about, each as often as the others. */
export const themes: readonly Weights[] = [everything, everything, guarantees, cases, bonds];

export type Draw = (chance: Chance, weights: Weights, model: Disputes, facts: ChainFacts) => Step;

/** What draws one call that could be made now. Proofs may not hold, and numbers of cases may be of none. */
export async function makeDraw(consortium: Consortium, world: World): Promise<Draw> {
  const { authority, regulator, members } = consortium;
  const [disputes, registry, settlement] = await Promise.all(
    [consortium.disputes, consortium.registry, consortium.settlement].map((each) =>
      each.getAddress(),
    ),
  );
  const operator = (id: number) => members[id - 1]!.operator.address;
  const encode = makeEncode();
  const { checkpoint } = world;
  const settling = consortium.settlement.interface.encodeFunctionData("settle", [
    settlementForm(checkpoint),
    sign(checkpointDigest(consortium.domain, checkpoint), quorum(members)),
  ]);

  return (chance, weights, model, facts) => {
    const member = chance.pick(MEMBERS);
    const claimant = chance.pick(CLAIMANTS);
    const cases = model.statuses();
    const number = chance.is(95) && cases.length > 0 ? 1 + chance.int(cases.length) : 3;
    const accused = chance.is(75) ? chance.pick(world.honest) : chance.pick(world.false);
    const amount = chance.pick(AMOUNTS);

    /** Something that is said to Disputes. */
    const say = (name: string, from: string, args: readonly unknown[], run: Step["model"]) => ({
      name,
      words: args.filter((arg) => typeof arg !== "object").join(),
      from,
      to: disputes!,
      data: encode(name, args),
      model: run,
    });
    const report = ({ proof, facts: of }: typeof accused) =>
      say("report", operator(claimant), [proof], () => model.report(of));
    const release = () => say("releaseBond", operator(member), [], () => model.releaseBond(member));

    const make: Readonly<Record<string, () => Step>> = {
      report: () => report(accused),
      reportLast: () => report(chance.pick(world.last)),
      depositBond: () =>
        say("depositBond", operator(member), [member, amount], () =>
          model.bonds.deposit(member, amount),
        ),
      payQueue: () => {
        const max = chance.int(4);
        return say("payQueue", operator(claimant), [member, max], () =>
          model.payQueue(member, max),
        );
      },
      requestRelease: () =>
        say("requestRelease", operator(member), [amount], () =>
          model.requestRelease(member, amount),
        ),
      releaseBond: release,
      openDoubleSpend: () =>
        say("openDoubleSpend", operator(claimant), [accused.proof, HASH], () =>
          model.openDoubleSpend(claimant, accused.facts),
        ),
      openPromise: () => {
        const { method, signed, facts: of, awards: all } = chance.pick(world.promises);
        const awards = chance.pick(all);
        return say(method, operator(claimant), [signed, awards, HASH], () =>
          model.openStatement(claimant, of, awards),
        );
      },
      answer: () =>
        say("answer", operator(model.accusedOf(number) ?? claimant), [number, HASH], () =>
          model.answer(number),
        ),
      rule: () => {
        const isUpheld = chance.is(80);
        return say("rule", regulator.address, [number, isUpheld], () =>
          model.rule(number, isUpheld),
        );
      },
      ruleUnanswered: () =>
        say("ruleUnanswered", operator(claimant), [number], () => model.ruleUnanswered(number)),
      lapse: () => say("lapse", operator(claimant), [number], () => model.lapse(number)),
      enforce: () => say("enforce", operator(claimant), [number], () => model.enforce(number)),
      setGuarantee: () => {
        const args = [member, chance.pick(GUARANTEES)] as const;
        return {
          name: "setGuarantee",
          words: args.join(),
          from: authority.address,
          to: registry!,
          data: consortium.registry.interface.encodeFunctionData("setGuarantee", [...args]),
          model: () => facts.setGuarantee(...args),
        };
      },
      settle: () => ({
        name: "settle",
        words: `${checkpoint.number}`,
        from: operator(claimant),
        to: settlement!,
        data: settling,
        model: () => facts.settle(checkpoint.number),
      }),
    };

    // Who asked for something comes for it.
    if (model.bonds.account(member).leaving > 0n && chance.is(50)) return release();
    const isSettled = facts.settledAtS(checkpoint.number) !== undefined;
    const rows = Object.entries(make)
      .filter(([name]) => !(name === "settle" && isSettled))
      .map(([name, row]) => [weights[name] ?? 0, row] as const);
    return chance.weighted(rows)();
  };
}

/** Proofs are long, and encoded once each. */
function makeEncode(): (name: string, args: readonly unknown[]) => string {
  const disputes = new Interface(disputesAbi);
  const encoded = new Map<unknown, Map<string, string>>();
  return (name, args) => {
    const [first] = args;
    if (typeof first !== "object" || name.startsWith("openFalse"))
      return disputes.encodeFunctionData(name, args);
    const known = encoded.get(first) ?? new Map<string, string>();
    const data = known.get(name) ?? disputes.encodeFunctionData(name, args);
    encoded.set(first, known.set(name, data));
    return data;
  };
}
