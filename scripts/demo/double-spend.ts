/**
 * The demo's last part: a purse is copied, and the same coin pays twice, offline. What comes of it is told in
 * `remedy.ts`: nobody honest loses anything.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { type Outpoint, splitOutpoint } from "../../protocol/output.ts";
import { copyPlainly, forgeCopy } from "./cheat.ts";
import { readGuarantees } from "./count.ts";
import { Device, payOffline, untilSettled } from "./device.ts";
import { type Before, type Crime, findOut, makeWhole, shutOut, verify } from "./remedy.ts";
import { counterOf, gatewayOf, type Name, nodes, type People, type Stage } from "./stage.ts";
import { short } from "./story.ts";

/** What became of it, amounts as decimal strings of minor units. */
export type DoubleSpendOutcome = {
  readonly outpoint: Outpoint;
  readonly winner: Hex;
  readonly loser: Hex;
  readonly restituted: string;
  readonly fine: string;
  /** Owner of the key that signed both records. */
  readonly revoked: Hex;
};

export async function spendTwice(stage: Stage, people: People): Promise<DoubleSpendOutcome> {
  const { story } = stage;
  const outpoint = await story.phase("All sync, and A loads one more coin", () =>
    loadCoin(stage, people),
  );
  const before = await standing(stage, people);
  const copy = await story.phase("A has its purse copied", () => copyPurse(stage, people));
  const crime = await story.phase("The same coin pays B and D, all of them offline", () =>
    payTwice(stage, people, copy, outpoint),
  );
  const conflict = await story.phase("All sync; the ledger sees the coin twice", () =>
    findOut(stage, people, copy, crime),
  );
  const fine = await story.phase("The cycle settles, and the loser is made whole by itself", () =>
    makeWhole(stage, people, crime, conflict, before),
  );
  const revoked = await story.phase("The cheat is shut out", () => shutOut(stage, people, copy));
  await story.phase("The evidence is checked, with no network at hand", () => verify(stage, crime));
  const { winner, loser } = crime;
  const restituted = String(stage.amounts.doubled);
  return { outpoint, winner, loser, restituted, fine: String(fine), revoked };
}

/** Returns the coin: it has a receipt, and is worth exactly the amount that will be paid twice. */
async function loadCoin(stage: Stage, people: People): Promise<Outpoint> {
  const { story, amounts } = stage;
  const { doubled } = amounts;
  await Promise.all(
    (["a", "b", "c", "d"] as const).map((name) =>
      untilSettled(people[name], gatewayOf(stage, name)),
    ),
  );
  const known = new Set((await people.a.call("coins")).map((coin) => coin.outpoint));
  await counterOf(stage, "a").deposit("a", doubled, "again");
  await people.a.call("load", gatewayOf(stage, "a"), doubled, [doubled]);
  const [coin] = (await people.a.call("coins")).filter((each) => !known.has(each.outpoint));
  if (coin?.amount !== doubled || coin.receiptUntil === undefined)
    throw new Error(`A has ${coin?.amount} where ${doubled} was loaded`);
  story.step(`all have receipts for what they hold; A loads a coin of ${story.money(doubled)}`);
  return coin.outpoint;
}

/** Returns A's purse once more, in a process of its own. */
async function copyPurse({ story, running }: Stage, { a }: People): Promise<Device> {
  const { folder } = a.setting;
  const copyFolder = `${folder}-copy`;
  await copyPlainly(folder, copyFolder);
  story.step("a plain copy of the folder does not open: it says that it is a copy");
  const { owner, class: kind } = await a.call("identity");
  if (kind !== "software") throw new Error(`A's purse says that it is ${kind}`);
  await forgeCopy(folder, copyFolder);
  const copy = await Device.start("A's copy", running, { ...a.setting, folder: copyFolder });
  if ((await copy.call("identity")).owner !== owner) throw new Error("the copy has another key");
  story.step(
    `but the purse is software, and says so: the cheat forges its journal, and the copy runs as process ${copy.pid}`,
  );
  return copy;
}

async function payTwice(
  { devnet, story, amounts }: Stage,
  { a, b, c, d }: People,
  copy: Device,
  outpoint: Outpoint,
): Promise<Crime> {
  const { doubled, passedOn } = amounts;
  const { record: loser } = await payOffline(a, b, doubled, "bicycle", [outpoint]);
  story.step(`A pays B ${story.money(doubled)} with coin ${short(outpoint)}`);
  const { record: winner } = await payOffline(copy, d, doubled, "camera", [outpoint]);
  story.step(`A's copy pays D ${story.money(doubled)} with the same coin; D cannot know`);
  const received = (await b.call("coins")).filter(
    (coin) => splitOutpoint(coin.outpoint).id === loser,
  );
  const coins = received.map((coin) => coin.outpoint);
  const { record: child } = await payOffline(b, c, passedOn, "rent", coins);
  story.step(`B pays C ${story.money(passedOn)} of what A has just paid`);
  for (const node of nodes) {
    const statuses = await devnet.client(node).statuses([loser, winner, child]);
    if (statuses.some(({ state }) => state !== "unknown"))
      throw new Error(`node ${node} knows of payments that were made offline`);
  }
  story.step(`none of the ${nodes.length} nodes has heard of any of it`);
  return { outpoint, winner, loser, child };
}

async function standing({ devnet }: Stage, people: People): Promise<Before> {
  const names = Object.keys(people) as Name[];
  const totals = await Promise.all(
    names.map(async (name) => [name, (await people[name].call("balance")).total] as const),
  );
  await using chain = await devnet.chainOf(1);
  await chain.start();
  return {
    totals: Object.fromEntries(totals) as Record<Name, bigint>,
    guarantees: await readGuarantees(chain.reader),
  };
}
