/** The README's commands, taken from its text and run: what a new user is told is what works. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeClient } from "../node/client.ts";
import { quantity } from "../node/chain/rpc.ts";
import { loadKeyFile } from "../node/service/key-file.ts";
import { type Hex, toHex } from "../protocol/bytes.ts";
import { type NetworkFile, parseNetworkFile } from "../protocol/network-file.ts";
import { Device } from "../scripts/demo/device.ts";
import { Staff } from "../scripts/demo/staff.ts";
import { depositReserve } from "../scripts/deploy/operator.ts";
import { type Blueprint, BOND, devnetPaths, readBlueprint } from "../scripts/devnet/blueprint.ts";
import { CUSTOMER } from "../scripts/devnet/online-blueprint.ts";
import { VAULT } from "../scripts/devnet/online-opening.ts";
import { chainOf } from "../scripts/devnet/opening.ts";
import { call } from "./support/chain.ts";
import { cutNetwork } from "./support/cut-network.ts";
import { root } from "./support/imports.ts";
import { quiet } from "./support/network.ts";
import { shownBy } from "./support/shown.ts";
import { until } from "./support/until.ts";

const PATIENCE_MS = 300_000;
const DEPOSIT = 100_000n;
const LOAD = 12_345n;

/** Networks, each a group of processes. */
const started: ChildProcess[] = [];

describe("the README", function () {
  this.timeout(2 * PATIENCE_MS);
  let commands: string[];
  let folder: string;

  before(async () => {
    commands = commandsIn(await readFile(join(root, "README.md"), "utf8"));
    folder = await mkdtemp(join(tmpdir(), "tallystick readme "));
  });

  // What a failed test has left running.
  afterEach(() => {
    for (const { pid, exitCode, signalCode } of started.splice(0))
      if (exitCode === null && signalCode === null) process.kill(-pid!, "SIGKILL");
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it("names one command that runs the main job and one that passes the tests, which is CI's", async () => {
    assert.deepEqual(commands, ["npm ci && npm run demo", "npm ci && npm test", "npm start"]);
    assert.ok((await readFile(join(root, ".ci/run"), "utf8")).includes("\nnpm ci && npm test\n"));
  });

  it("runs the demo: two payments deep offline, an order paid online with a code, settled by four banks, a double spend made good, both sides of every identity equal [R-001, R-005, R-020, R-026, R-027, R-031, R-032, R-033, R-037, R-046, R-060, R-062, R-063, R-073, R-075, R-088, R-111, R-112, R-113, R-115, R-121, R-142, R-156, R-169, N-02, N-12]", async () => {
    const told = await runDemo([], join(folder, "demo.json"));
    assert.deepEqual(Object.keys(told.stateRoots).sort(), [
      "member1",
      "member2",
      "member3",
      "member4",
      "observer",
    ]);
    // In cycle 3 money changed hands within member 1 alone.
    for (const cycle of [1, 2, 4]) {
      const rows = told.positions.filter((row) => row.cycle === cycle);
      assert.ok(rows.length > 0, `cycle ${cycle} has positions`);
      assert.equal(
        rows.reduce((sum, { delta }) => sum + BigInt(delta), 0n),
        0n,
      );
    }
    // Coins are in purses, balances are at banks: both are told, and apart.
    const holders = ["A", "B", "C", "D", "member1", "member2", "member3", "member4"];
    assert.deepEqual(Object.keys(told.balances).sort(), holders);
    const inPurses = holders
      .slice(0, 4)
      .reduce((sum, name) => sum + BigInt(told.balances[name]!), 0n);
    const inCustody = holders
      .slice(4)
      .reduce((sum, name) => sum + BigInt(told.balances[name]!), 0n);
    assert.ok(inPurses > 0n && inPurses < inCustody);
    assert.equal(String(inCustody), told.identities["I4"]!.ledger);
    assert.equal(told.phases[0]!.name, "The contracts are compiled");
    assert.ok(told.phases.length >= 16);
    checkDoubleSpend(told);
    const { number, amount, record } = told.online;
    assert.ok(number.startsWith("shop-") && BigInt(amount) > 0n && /^0x[0-9a-f]{64}$/.test(record));
    assert.ok(told.phases.some(({ name }) => name === "An order is paid online, with a code"));
  });

  it("starts a network that is the same after kill -9: every block, coin, account and root; where an order is paid online with a code, as MERCHANTS.md says; and shows no private key in what it writes [R-115, R-116, R-121, R-139, R-142, R-155, R-156]", async () => {
    const data = join(folder, "network");
    const first = await startNetwork([], data);
    const world = await startWorld(data);
    const owner = await depositAndLoad(world);
    const before = await stateOf(world, owner);
    const custody = { 1: String(DEPOSIT), [CUSTOMER.member]: String(VAULT), 3: "0", 4: "0" };
    assert.deepEqual(before.custody, custody);
    assert.equal(before.account.onDevices, String(LOAD));
    const died = once(first.process, "exit");
    process.kill(-first.process.pid!, "SIGKILL");
    await died;
    const second = await startNetwork([], data);
    assert.deepEqual(await stateOf(world, owner), before);
    const shown = await toldBy(world, before);
    const online = await payOnline(data, second.output());
    await stop(second.process);
    await assert.rejects(fetch(`${second.url}/livez`), "its ports are free again");
    assert.ok(!first.output().includes("--cycle is for a new network"));
    assert.ok(second.output().includes("--cycle is for a new network: this one keeps"));
    const secrets = await secretsIn(data);
    assert.ok(secrets.length > 20);
    const told = await readFile(join(folder, "demo.json"), "utf8");
    const said = [await textsIn(data), first.output(), second.output(), told, shown, online].join(
      "\n",
    );
    for (const secret of secrets) assert.ok(!said.includes(secret), "a private key was told");
  });

  it("runs the demo again with --audit beside a running network, where no other can be reached: a case is opened on the cheat, who is named by two of three holders, not by one; its bank's bond pays, and the supply is proven [R-032, R-083, R-087, N-10, N-11]", async function () {
    const cut = await cutNetwork();
    if (typeof cut === "string") {
      process.stdout.write(`      skipped, as no network can be cut off here: ${cut}\n`);
      return this.skip();
    }
    await using _ = cut;
    const interfaces = "console.log(Object.keys(require('node:os').networkInterfaces()).join())";
    const reach = await run([...cut.enter, process.execPath, "--eval", interfaces]);
    assert.deepEqual(reach, { code: 0, output: "lo\n" });
    // The one that was killed and stopped above goes on here, in another network than it was made in.
    const network = await startNetwork(cut.enter, join(folder, "network"));
    try {
      const told = await runDemo(cut.enter, join(folder, "again.json"), ["--audit"]);
      const { owner, identity, requests, grants, checkpoints, supply } = told.audit!;
      assert.equal(owner, told.doubleSpend.revoked);
      assert.equal(identity, "customer-a");
      assert.deepEqual([requests, grants, checkpoints], [1, 1, 4]);
      const { status, paid, fine } = told.audit!.case;
      assert.equal(status, "enforced");
      assert.deepEqual([paid, fine], [told.doubleSpend.restituted, told.doubleSpend.fine]);
      // The coin stands once more, from the bond, than when all was counted.
      assert.equal(BigInt(supply), BigInt(told.identities["I4"]!.ledger) + BigInt(paid));
      assert.equal(network.process.exitCode, null, network.output());
    } finally {
      await stop(network.process);
    }
  });
});

type Told = {
  readonly phases: readonly { readonly name: string; readonly ms: number }[];
  readonly balances: Readonly<Record<string, string>>;
  readonly positions: readonly { cycle: number; delta: string; withdrawn: string }[];
  readonly stateRoots: Readonly<Record<string, string>>;
  readonly identities: Readonly<Record<string, { ledger: string; chain: string }>>;
  readonly bonds: Readonly<Record<string, string>>;
  readonly fines: string;
  readonly online: Readonly<Record<"number" | "amount" | "record", string>>;
  readonly doubleSpend: Readonly<
    Record<"outpoint" | "winner" | "loser" | "restituted" | "fine" | "revoked", string>
  >;
  /** With --audit. */
  readonly audit?: Readonly<Record<"owner" | "identity" | "supply", string>> &
    Readonly<Record<"requests" | "grants" | "checkpoints", number>> & {
      readonly case: Readonly<Record<"status" | "paid" | "fine", string>>;
    };
};

/** Of two records that spend one coin the loser is paid from the bond of A's bank, which is fined twice as much. */
function checkDoubleSpend({ doubleSpend, bonds, fines }: Told): void {
  const { outpoint, winner, loser, restituted, fine, revoked } = doubleSpend;
  assert.match(outpoint, /^0x[0-9a-f]{66}$/);
  for (const record of [winner, loser]) assert.match(record, /^0x[0-9a-f]{64}$/);
  assert.notEqual(winner, loser);
  assert.match(revoked, /^0x[0-9a-f]{40}$/);
  assert.ok(BigInt(restituted) > 0n);
  assert.equal(BigInt(fine), 2n * BigInt(restituted));
  assert.equal(fines, fine);
  const { member1, ...others } = bonds;
  assert.equal(BigInt(member1!), BOND - BigInt(restituted) - BigInt(fine));
  assert.deepEqual(Object.keys(others), ["member2", "member3", "member4"]);
  for (const bond of Object.values(others)) assert.equal(BigInt(bond), BOND);
}

/** Runs it to its end, which it reaches only with one state on all nodes and both sides of the identities equal. */
async function runDemo(
  enter: readonly string[],
  file: string,
  more: readonly string[] = [],
): Promise<Told> {
  const command = ["npm", "run", "demo", "--", "--seed", "7", "--json", file, ...more];
  const { code, output } = await run([...enter, ...command]);
  assert.equal(code, 0, output);
  const told = JSON.parse(await readFile(file, "utf8")) as Told;
  assert.equal(new Set(Object.values(told.stateRoots)).size, 1);
  assert.ok(Object.keys(told.identities).length >= 5);
  for (const [name, { ledger, chain }] of Object.entries(told.identities))
    assert.equal(ledger, chain, name);
  return told;
}

/** The lines of the README's shell blocks. */
function commandsIn(text: string): string[] {
  return [...text.matchAll(/```sh\n([^`]*)```/g)].flatMap(([, block]) => block!.trim().split("\n"));
}

async function run([program, ...args]: readonly string[]): Promise<{
  code: number | null;
  output: string;
}> {
  const child = spawn(program!, args, { cwd: root });
  const output = collect(child);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output: output() };
}

/** `npm start` in a group of processes of its own, so that all of it can be killed at once. */
async function startNetwork(enter: readonly string[], data: string) {
  const command = ["npm", "start", "--", "--folder", data, "--cycle", "3600"];
  const [program, ...args] = [...enter, ...command];
  const child = spawn(program!, args, { cwd: root, detached: true });
  started.push(child);
  const output = collect(child);
  const end = Date.now() + PATIENCE_MS;
  while (!output().includes("The network is up")) {
    assert.ok(child.exitCode === null && Date.now() < end, output());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { process: child, output, url: /node 1 +(\S+)/.exec(output())![1]! };
}

/** As Ctrl-C does. */
async function stop(network: ChildProcess): Promise<void> {
  const stopped = once(network, "exit");
  process.kill(-network.pid!, "SIGINT");
  await stopped;
}

/** What a network on disk is, for whoever asks it while it runs. */
type World = {
  readonly folder: string;
  readonly network: NetworkFile;
  readonly ports: Blueprint["ports"];
};

async function startWorld(folder: string): Promise<World> {
  const network = parseNetworkFile(await readFile(devnetPaths(folder).network, "utf8"));
  const { ports } = (await readBlueprint(folder))!;
  return { folder, network, ports };
}

const at = (port: number) => `http://127.0.0.1:${port}`;
const clientsOf = ({ ports }: World) => ports.api.map((port) => new NodeClient({ url: at(port) }));

/** Member 1 deposits, and a customer of its gateway loads a device. Returns the device's owner. */
async function depositAndLoad(world: World): Promise<Hex> {
  const { folder, network, ports } = world;
  await using chain = await chainOf({ folder, logger: quiet }, network, 1);
  await chain.start();
  await depositReserve(chain, 1, DEPOSIT);
  const staff = new Staff(at(ports.staff[0]!));
  await staff.openAccount("anna", "customer-anna");
  await staff.deposit("anna", 2n * LOAD, "opening");
  const trust = await loadKeyFile(devnetPaths(folder).key("authority", "trust"), "P-256");
  await using running = new AsyncDisposableStack();
  const device = await Device.start("Anna", running, {
    folder: join(folder, "device"),
    networkId: network.networkId,
    member: 1,
    trustKey: toHex(trust.publicKey),
    receiptLifeMs: chain.parameters.receiptLifeS * 1000,
  });
  const gateway = { url: at(ports.devices[0]!), member: 1 };
  await device.call("enrol", gateway, await staff.credential("anna"));
  await device.call("load", gateway, LOAD);
  const { owner } = await device.call("identity");
  const { seq } = await chain.reader.settlement();
  for (const client of clientsOf(world))
    await until("all nodes have folded it", async () => (await client.status()).seq === seq);
  return owner;
}

const order = (a: string, b: string) => (a < b ? -1 : 1);

type State = Awaited<ReturnType<typeof stateOf>>;

/** All that must be as it was, on each of the nodes the same. */
async function stateOf(world: World, owner: Hex) {
  const { network, ports } = world;
  const states = await Promise.all(
    clientsOf(world).map(async (client) => ({
      networkId: (await client.status()).networkId,
      seq: (await client.status()).seq,
      stateRoot: (await client.identities()).stateRoot,
      custody: Object.fromEntries(
        (await client.members()).map(({ member, custody }) => [member, custody]),
      ),
      coins: (await client.coinsOf(owner)).coins.toSorted((a, b) => order(a.outpoint, b.outpoint)),
    })),
  );
  for (const state of states) assert.deepEqual(state, states[0]);
  assert.equal(states[0]!.networkId, network.networkId);
  const held = states[0]!.coins.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  assert.equal(held, LOAD);
  const head = Number(await call<Hex>(at(ports.chain), "eth_blockNumber"));
  const numbers = Array.from({ length: head + 1 }, (_, number) => quantity(number));
  const blocks = await Promise.all(
    numbers.map((number) =>
      call<{ hash: Hex }>(at(ports.chain), "eth_getBlockByNumber", number, false),
    ),
  );
  const account = await new Staff(at(ports.staff[0]!)).account("anna");
  return { ...states[0]!, blocks: blocks.map(({ hash }) => hash), account };
}

/** What anyone is told who asks the first node, and the first gateway at all its doors, for all there is. */
async function toldBy({ ports }: World, { coins }: State): Promise<string> {
  const [coin] = coins;
  const id = coin!.outpoint.slice(0, 66);
  const subjects = {
    owner: [coin!.owner],
    id: [id],
    outpoint: [coin!.outpoint],
    member: ["1"],
    account: ["anna"],
    cycle: ["1"],
    number: ["1"],
    root: [id],
    table: ["records"],
    from: [coin!.owner],
    identity: ["anna"],
    claim: [`0x${"00".repeat(16)}`],
  };
  const doors = [ports.api[1]!, ports.devices[0]!, ports.staff[0]!, ports.management[0]!];
  const shown = await Promise.all(doors.map((port) => shownBy(at(port), subjects)));
  const metered = shown.filter((each) => each.some(({ route }) => route === "/metrics"));
  assert.equal(metered.length, 2, "of a node and of a gateway");
  return shown.flatMap((each) => each.map(({ bytes }) => bytes.toString())).join("\n");
}

/** What docs/MERCHANTS.md has people try: the shop's side and the customer's. Returns all that was printed. */
async function payOnline(data: string, told: string): Promise<string> {
  const page = /payment page:\s+(\S+)\)/.exec(told)![1]!;
  assert.match(await (await fetch(page)).text(), /<script type="module"/);
  const guide = await readFile(join(root, "docs/MERCHANTS.md"), "utf8");
  const own = (line: string) => line.replaceAll(/\.devnet(\S+)/g, `'${data}$1'`);
  const [sell, pay] = commandsIn(guide).map(own);
  const shop = spawn("sh", ["-c", `exec ${sell} --wait 300`], { cwd: root });
  const output = collect(shop);
  const ended = once(shop, "close");
  const isOffered = async () => {
    assert.equal(shop.exitCode, null, output());
    return /\/pay\/#\S+\n/.test(output());
  };
  await until("the order can be paid", isOffered, PATIENCE_MS);
  const address = /^http\S+$/m.exec(output())![0];
  const paid = await run(["sh", "-c", pay!.replace(/'http.*?'/, `'${address}'`)]);
  assert.equal(paid.code, 0, paid.output);
  assert.deepEqual(await ended, [0, null], output());
  assert.match(
    output(),
    /is paid: 12\.50 EUR, record 0x[0-9a-f]{64}\. The bank has signed it\.\n$/,
  );
  return output() + paid.output;
}

function collect(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (piece: Buffer) => (text += piece));
  return () => text;
}

/**
 * The private keys in a folder's key files, the device's too: without their 0x, and of PEM each line. The console's
 * token is told on purpose.
 */
async function secretsIn(folder: string): Promise<string[]> {
  const files = (await filesIn(folder)).filter(
    (file) => isKeyFile(file) && !file.endsWith("token"),
  );
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return texts.flatMap((text) =>
    text.startsWith("-----BEGIN")
      ? text.trim().split("\n").slice(1, -1)
      : [(JSON.parse(text) as { privateKey: string }).privateKey.slice(2)],
  );
}

/** All that is written there as text, but for the key files. */
async function textsIn(folder: string): Promise<string> {
  const files = (await filesIn(folder)).filter(
    (file) => /\.(log|json|yaml|txt)$/.test(file) && !isKeyFile(file),
  );
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}

function isKeyFile(file: string): boolean {
  return file.includes("/keys/") || file.endsWith("/device/key.json");
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
