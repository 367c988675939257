/** The journey of the demo, from an empty machine to settled payments and a cheat who is found out, told as it goes. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { approve, deposit, withdraw } from "../../node/chain/calls.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { devnetPaths, GATEWAYS, MEMBERS } from "../devnet/blueprint.ts";
import { type Count, countAll } from "./count.ts";
import { closeAndSettle, untilApplied } from "./cycle.ts";
import { Device, payOffline, untilSettled } from "./device.ts";
import { type DoubleSpendOutcome, spendTwice } from "./double-spend.ts";
import { type OnlineOutcome, openOnline, payOnline } from "./online.ts";
import { until } from "./patience.ts";
import { banks, counterOf, gatewayOf, type Name, nodes, type People, type Stage } from "./stage.ts";
import { short } from "./story.ts";

/** What has come of it, and who is still there. */
export type Journey = { readonly outcome: Outcome; readonly people: People };

/** What is left when all is done. */
export type Outcome = Count & {
  readonly online: OnlineOutcome;
  readonly doubleSpend: DoubleSpendOutcome;
};

const RECEIPT_LIFE_MS = 7 * 86_400_000;

export async function travel(stage: Stage): Promise<Journey> {
  const { devnet, story } = stage;
  await story.phase("Reserves become money of the ledger", () => depositReserves(stage));
  const people = await story.phase("Four people open accounts and enrol devices", () =>
    enrolAll(stage),
  );
  await story.phase("Two purses are loaded", () => loadPurses(stage, people));
  const online = await story.phase("An order is paid online, with a code", () => payOnline(stage));
  await story.phase("The network goes away", () => goOffline(stage));
  const records = await story.phase("They pay each other offline", () => payAll(stage, people));
  await story.phase("The network is back; two of the four devices sync", () =>
    syncTwo(stage, people),
  );
  await story.phase("The banks settle", () => settleFirst(stage, [online.record, ...records]));
  await story.phase("Money goes back to accounts and reserves", () => goBack(stage, people));
  await story.phase("A node loses its database and folds the log again", () => loseDatabase(stage));
  await story.phase("Everything is counted", () => countAll(stage, people));
  const doubleSpend = await spendTwice(stage, people);
  const count = await story.phase("Everything is counted again", () => countAll(stage, people));
  story.step(`${devnet.running().length} processes are still running, and will be stopped`);
  return { outcome: { ...count, online, doubleSpend }, people };
}

async function depositReserves({ devnet, story, amounts }: Stage): Promise<void> {
  for (const [id, amount] of Object.entries(amounts.deposits)) {
    const member = Number(id);
    await using chain = await devnet.chainOf(member);
    await chain.start();
    await chain.send(approve(devnet.network.contracts.settlement, amount));
    await chain.send(deposit(member, amount));
    story.step(`member ${member} deposits ${story.money(amount)} of central-bank reserves`);
  }
}

async function enrolAll(stage: Stage): Promise<People> {
  const { devnet, story, amounts, running } = stage;
  const trust = await loadKeyFile(devnetPaths(devnet.folder).key("authority", "trust"), "P-256");
  const trustKey = toHex(trust.publicKey);
  const open = async (name: Name): Promise<Device> => {
    const member = banks[name];
    const device = await Device.start(name.toUpperCase(), running, {
      folder: join(devnet.folder, "devices", name),
      networkId: devnet.network.networkId,
      member,
      trustKey,
      receiptLifeMs: RECEIPT_LIFE_MS,
    });
    const staff = counterOf(stage, name);
    await staff.openAccount(name, `customer-${name}`);
    if (name === "a" || name === "b") await staff.deposit(name, amounts.counter, "opening");
    await device.call("enrol", gatewayOf(stage, name), await staff.credential(name));
    story.step(
      `device ${device.name} (process ${device.pid}) is enrolled on the ledger and certified by member ${member}`,
    );
    return device;
  };
  const [a, b, c, d] = await Promise.all([open("a"), open("b"), open("c"), open("d")]);
  await openOnline(stage);
  return { a, b, c, d };
}

async function loadPurses(stage: Stage, people: People): Promise<void> {
  const { story, amounts } = stage;
  for (const [name, amount] of [
    ["a", amounts.loadA],
    ["b", amounts.loadB],
  ] as const) {
    await people[name].call("load", gatewayOf(stage, name), amount);
    const account = await counterOf(stage, name).account(name);
    story.step(
      `${people[name].name} loads ${story.money(amount)}; the bank freezes it: ${story.money(BigInt(account.onDevices))} on devices, ${story.money(BigInt(account.available))} available`,
    );
  }
}

async function goOffline({ devnet, story }: Stage): Promise<void> {
  await devnet.stopGateways();
  await devnet.stopNodes();
  const still = devnet.running().filter((name) => name !== "chain");
  if (still.length > 0) throw new Error(`${still.join(", ")} should have stopped`);
  const urls = [
    ...nodes.map((node) => devnet.apiUrl(node)),
    ...GATEWAYS.flatMap((member) => [
      devnet.deviceUrl(member),
      devnet.staffUrl(member),
      devnet.managementUrl(member),
    ]),
  ];
  for (const url of urls) {
    const answered = await fetch(`${url}/livez`).then(
      () => true,
      () => false,
    );
    if (answered) throw new Error(`${url} still answers`);
  }
  story.step(
    `all ${nodes.length} nodes and ${GATEWAYS.length} gateways are stopped; ${urls.length} ports refuse connections`,
  );
}

/** Returns the ids of the payments, in the order they were made. */
async function payAll({ story, amounts }: Stage, { a, b, c, d }: People): Promise<Hex[]> {
  const payments = [
    [a, b, amounts.aToB, "from what was loaded"],
    [b, c, amounts.bToC, "from what it has just received, too"],
    [a, d, amounts.aToD, "from change"],
  ] as const;
  const ids: Hex[] = [];
  for (const [payer, payee, amount, how] of payments) {
    const reference = `order-${ids.length + 1}`;
    const { record, lengths } = await payOffline(payer, payee, amount, reference);
    ids.push(record);
    story.step(
      `${payer.name} pays ${payee.name} ${story.money(amount)} ${how}: ${lengths.join(", ")} bytes`,
    );
  }
  return ids;
}

async function syncTwo(stage: Stage, people: People): Promise<void> {
  const { devnet, story } = stage;
  await devnet.startNodes();
  await devnet.startGateways();
  for (const name of ["c", "d"] as const) {
    const { handedIn } = await people[name].call("sync", gatewayOf(stage, name));
    story.step(
      `${people[name].name} hands ${handedIn} records to the gateway of member ${banks[name]}, parents first`,
    );
  }
  story.step("A and B stay offline");
}

async function settleFirst({ devnet, story }: Stage, records: readonly Hex[]): Promise<void> {
  await untilApplied(devnet, records);
  story.step(`payments ${records.map(short).join(", ")} have applied on all ${nodes.length} nodes`);
  await closeAndSettle(devnet, 1);
  story.step("cycle 1 is closed, and has settled on chain: reserves have moved between the banks");
}

async function goBack(stage: Stage, { c }: People): Promise<void> {
  const { devnet, story, amounts } = stage;
  const member = banks.c;
  const staff = counterOf(stage, "c");
  const gateway = gatewayOf(stage, "c");
  await untilSettled(c, gateway);
  await c.call("redeem", gateway, amounts.redeem, (await staff.vault()).owner);
  await until(
    "C's account is credited",
    async () => BigInt((await staff.account("c")).available) >= amounts.redeem,
  );
  story.step(`C redeems ${story.money(amounts.redeem)} to its bank account`);
  const burnt = await staff.burn(amounts.burn);
  await until(
    "the burn has applied",
    async () => (await devnet.client(member).statuses([burnt]))[0]!.state === "applied",
  );
  await closeAndSettle(devnet, 2);
  story.step(
    `member ${member} burns ${story.money(amounts.burn)} of its vault; cycle 2 is closed and has settled`,
  );
  await using chain = await devnet.chainOf(member);
  await chain.start();
  await chain.send(withdraw());
  story.step(
    `member ${member} withdraws ${story.money(amounts.burn)} of reserves from the contract`,
  );
}

async function loseDatabase({ devnet, story }: Stage): Promise<void> {
  const lost = MEMBERS.at(-1)!;
  await devnet.stopNodes([lost]);
  await rm(join(devnetPaths(devnet.folder).institution(lost), "node"), { recursive: true });
  await devnet.startNodes([lost]);
  const { seq } = await devnet.client(1).status();
  await until(
    `node ${lost} has folded the log again`,
    async () => (await devnet.client(lost).status()).seq >= seq,
  );
  const [again, other] = await Promise.all([
    devnet.client(lost).identities(),
    devnet.client(1).identities(),
  ]);
  if (again.stateRoot !== other.stateRoot)
    throw new Error(`node ${lost} came to ${again.stateRoot}, node 1 to ${other.stateRoot}`);
  story.step(
    `node ${lost} lost its folder, replayed ${seq} events, and came to the same root ${short(again.stateRoot)}`,
  );
}
