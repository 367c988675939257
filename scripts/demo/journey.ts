/** The journey of the demo, from an empty machine to settled payments, told as it goes. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { approve, closeCycle, deposit, withdraw } from "../../node/chain/calls.ts";
import type { Identities } from "../../node/client.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { devnetPaths, GATEWAYS, MEMBERS, OBSERVER } from "../devnet/blueprint.ts";
import type { Devnet } from "../devnet/network.ts";
import { Device, payOffline } from "./device.ts";
import { short, type Story } from "./story.ts";
import { Staff } from "./staff.ts";

/** Amounts in minor units; all follow from the seed. */
export type Amounts = {
  readonly deposits: Readonly<Record<number, bigint>>;
  readonly counter: bigint;
  readonly loadA: bigint;
  readonly loadB: bigint;
  readonly aToB: bigint;
  readonly bToC: bigint;
  readonly aToD: bigint;
  readonly redeem: bigint;
  readonly burn: bigint;
};

export type Outcome = {
  readonly balances: Readonly<Record<string, string>>;
  readonly positions: readonly {
    readonly cycle: number;
    readonly member: number;
    readonly delta: string;
    readonly withdrawn: string;
  }[];
  readonly stateRoots: Readonly<Record<string, string>>;
  readonly identities: Readonly<
    Record<string, { readonly ledger: string; readonly chain: string }>
  >;
};

type People = { readonly a: Device; readonly b: Device; readonly c: Device; readonly d: Device };
type Parts = { readonly devnet: Devnet; readonly story: Story; readonly amounts: Amounts };

const RECEIPT_LIFE_MS = 7 * 86_400_000;
const PATIENCE_MS = 30_000;
const nodes = [OBSERVER, ...MEMBERS];
/** The bank of each device. */
const banks = { a: 1, b: 2, c: 2, d: 1 } as const;

export async function travel(parts: Parts): Promise<Outcome> {
  const { devnet, story } = parts;
  await using running = new AsyncDisposableStack();
  await story.phase("Reserves become money of the ledger", () => depositReserves(parts));
  const people = await story.phase("Four people open accounts and enrol devices", () =>
    enrolAll(parts, running),
  );
  await story.phase("Two purses are loaded", () => loadPurses(parts, people));
  await story.phase("The network goes away", () => goOffline(parts));
  const records = await story.phase("They pay each other offline", () => payAll(parts, people));
  await story.phase("The network is back; two of the four devices sync", () =>
    syncTwo(parts, people),
  );
  await story.phase("The banks settle", () => settleFirst(parts, records));
  await story.phase("Money goes back to accounts and reserves", () => goBack(parts, people));
  await story.phase("A node loses its database and folds the log again", () => loseDatabase(parts));
  const outcome = await story.phase("Everything is counted", () => countAll(parts, people));
  story.step(`${devnet.running().length} processes are still running, and will be stopped`);
  return outcome;
}

async function depositReserves({ devnet, story, amounts }: Parts): Promise<void> {
  for (const [id, amount] of Object.entries(amounts.deposits)) {
    const member = Number(id);
    await using chain = await devnet.chainOf(member);
    await chain.start();
    await chain.send(approve(devnet.network.contracts.settlement, amount));
    await chain.send(deposit(member, amount));
    story.step(`member ${member} deposits ${story.money(amount)} of central-bank reserves`);
  }
}

async function enrolAll(
  { devnet, story, amounts }: Parts,
  running: AsyncDisposableStack,
): Promise<People> {
  const trust = await loadKeyFile(devnetPaths(devnet.folder).key("authority", "trust"), "P-256");
  const trustKey = toHex(trust.publicKey);
  const open = async (name: "a" | "b" | "c" | "d"): Promise<Device> => {
    const member = banks[name];
    const device = await Device.start(name.toUpperCase(), {
      folder: join(devnet.folder, "devices", name),
      networkId: devnet.network.networkId,
      member,
      trustKey,
      receiptLifeMs: RECEIPT_LIFE_MS,
    });
    running.use(device);
    const staff = new Staff(devnet.staffUrl(member));
    await staff.openAccount(name, `customer-${name}`);
    if (name === "a" || name === "b") await staff.deposit(name, amounts.counter, "opening");
    await device.call("enrol", gatewayOf(devnet, member), await staff.credential(name));
    story.step(
      `device ${device.name} (process ${device.pid}) is enrolled on the ledger and certified by member ${member}`,
    );
    return device;
  };
  const [a, b, c, d] = await Promise.all([open("a"), open("b"), open("c"), open("d")]);
  return { a, b, c, d };
}

async function loadPurses({ devnet, story, amounts }: Parts, { a, b }: People): Promise<void> {
  for (const [device, amount] of [
    [a, amounts.loadA],
    [b, amounts.loadB],
  ] as const) {
    const name = device.name.toLowerCase() as "a" | "b";
    await device.call("load", gatewayOf(devnet, banks[name]), amount);
    const account = await new Staff(devnet.staffUrl(banks[name])).account(name);
    story.step(
      `${device.name} loads ${story.money(amount)}; the bank freezes it: ${story.money(BigInt(account.onDevices))} on devices, ${story.money(BigInt(account.available))} available`,
    );
  }
}

async function goOffline({ devnet, story }: Parts): Promise<void> {
  await devnet.stopGateways();
  await devnet.stopNodes();
  const still = devnet.running().filter((name) => name !== "chain");
  if (still.length > 0) throw new Error(`${still.join(", ")} should have stopped`);
  const urls = [
    ...nodes.map((node) => devnet.apiUrl(node)),
    ...GATEWAYS.flatMap((member) => [devnet.deviceUrl(member), devnet.staffUrl(member)]),
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
async function payAll({ story, amounts }: Parts, { a, b, c, d }: People): Promise<Hex[]> {
  const payments = [
    [a, b, amounts.aToB, "from what was loaded"],
    [b, c, amounts.bToC, "from what it has just received, too"],
    [a, d, amounts.aToD, "from change"],
  ] as const;
  const ids: Hex[] = [];
  for (const [payer, payee, amount, how] of payments) {
    const known = new Set(await payer.call("pending"));
    const lengths = await payOffline(payer, payee, amount, `order-${ids.length + 1}`);
    ids.push(...(await payer.call("pending")).filter((id) => !known.has(id)));
    story.step(
      `${payer.name} pays ${payee.name} ${story.money(amount)} ${how}: ${lengths.join(", ")} bytes`,
    );
  }
  return ids;
}

async function syncTwo({ devnet, story }: Parts, { c, d }: People): Promise<void> {
  await devnet.startNodes();
  await devnet.startGateways();
  for (const device of [c, d]) {
    const member = banks[device.name.toLowerCase() as "c" | "d"];
    const { handedIn } = await device.call("sync", gatewayOf(devnet, member));
    story.step(
      `${device.name} hands ${handedIn} records to the gateway of member ${member}, parents first`,
    );
  }
  story.step("A and B stay offline");
}

async function settleFirst({ devnet, story }: Parts, records: readonly Hex[]): Promise<void> {
  for (const node of nodes) {
    const isApplied = async () =>
      (await devnet.client(node).statuses(records)).every(({ state }) => state === "applied");
    await until(`node ${node} has applied all payments`, isApplied);
  }
  story.step(`payments ${records.map(short).join(", ")} have applied on all ${nodes.length} nodes`);
  await closeAndSettle(devnet, 1);
  story.step("cycle 1 is closed, and has settled on chain: reserves have moved between the banks");
}

async function goBack({ devnet, story, amounts }: Parts, { c }: People): Promise<void> {
  const member = banks.c;
  const staff = new Staff(devnet.staffUrl(member));
  const gateway = gatewayOf(devnet, member);
  await until("C's money is confirmed", async () => {
    await c.call("sync", gateway);
    return (await c.call("pending")).length === 0;
  });
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

async function loseDatabase({ devnet, story }: Parts): Promise<void> {
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

async function countAll({ devnet, story }: Parts, people: People): Promise<Outcome> {
  const balances: Record<string, string> = {};
  const rows: string[][] = [];
  for (const [name, device] of Object.entries(people) as ["a" | "b" | "c" | "d", Device][]) {
    const { total } = await device.call("balance");
    const account = await new Staff(devnet.staffUrl(banks[name])).account(name);
    balances[device.name] = String(total);
    rows.push([
      `device ${device.name}`,
      `member ${banks[name]}`,
      story.money(total),
      story.money(BigInt(account.available)),
    ]);
  }
  story.table(["", "bank", "in the purse", "in the account"], rows);
  const reports = await Promise.all(nodes.map((node) => devnet.client(node).identities()));
  const members = await devnet.client(OBSERVER).members();
  await using chain = await devnet.chainOf(1);
  await chain.start();
  const settlement = await chain.reader.settlement();
  story.say("");
  story.table(
    ["", "coins in custody", "reserve on chain", "withdrawable"],
    members.map(({ member, custody }) => {
      const account = settlement.accounts.find((each) => each.member === member)!;
      balances[`member${member}`] = custody;
      return [
        `member ${member}`,
        ...[BigInt(custody), account.reserve, account.withdrawable].map((amount) =>
          story.money(amount),
        ),
      ];
    }),
  );
  story.say("");
  const [observer] = reports as [Identities, ...Identities[]];
  story.table(
    ["identity", "ledger (full scan)", "chain (contracts)", ""],
    Object.entries(observer.rows).map(([name, row]) => [
      name,
      row.ledger,
      row.chain,
      row.holds ? "holds" : "FAILS",
    ]),
  );
  const failing = Object.entries(observer.rows).filter(([, row]) => !row.holds);
  if (failing.length > 0)
    throw new Error(`identities fail: ${failing.map(([name]) => name).join(", ")}`);
  const stateRoots = Object.fromEntries(
    nodes.map((node, i) => [
      node === OBSERVER ? "observer" : `member${node}`,
      reports[i]!.stateRoot,
    ]),
  );
  if (new Set(Object.values(stateRoots)).size !== 1)
    throw new Error(`state roots differ: ${JSON.stringify(stateRoots)}`);
  story.say("");
  story.step(
    `all ${nodes.length} nodes have state root ${short(observer.stateRoot)} after event ${observer.seq}`,
  );
  const identities = Object.fromEntries(
    Object.entries(observer.rows).map(([name, { ledger, chain }]) => [name, { ledger, chain }]),
  );
  return { balances, positions: await positionsOf(devnet), stateRoots, identities };
}

async function positionsOf(devnet: Devnet): Promise<Outcome["positions"]> {
  const checkpoints = await devnet.client(1).checkpoints();
  return checkpoints
    .toSorted((a, b) => a.number - b.number)
    .flatMap(({ number, positions }) => positions.map((row) => ({ cycle: number, ...row })));
}

function gatewayOf(devnet: Devnet, member: number) {
  return { url: devnet.deviceUrl(member), member };
}

/** A member closes the cycle, as its operator may at any time; the nodes do the rest. */
async function closeAndSettle(devnet: Devnet, cycle: number): Promise<void> {
  await using chain = await devnet.chainOf(1);
  await chain.start();
  await untilDone("the cycle can be closed", () => chain.send(closeCycle()));
  for (const node of nodes) {
    const hasSettled = async () => (await devnet.client(node).status()).settledCycle >= cycle;
    await until(`node ${node} knows that cycle ${cycle} has settled`, hasSettled);
  }
}

/** Until the contract no longer says that it is too soon. */
async function untilDone(what: string, work: () => Promise<unknown>): Promise<void> {
  await until(what, () =>
    work().then(
      () => true,
      (error: Error) => {
        if (error.message.startsWith("SettlementCycleTooShort")) return false;
        throw error;
      },
    ),
  );
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !(await isSo()); await sleep(100)) {
    if (Date.now() > end) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain until ${what}`);
  }
}
