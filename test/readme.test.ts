/** The README's commands, taken from its text and run: what a new user is told is what works. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeClient } from "../node/client.ts";
import { BOND } from "../scripts/devnet/blueprint.ts";
import { cutNetwork } from "./support/cut-network.ts";
import { root } from "./support/imports.ts";

const PATIENCE_MS = 300_000;

describe("the README", function () {
  this.timeout(2 * PATIENCE_MS);
  let commands: string[];
  let folder: string;

  before(async () => {
    commands = commandsIn(await readFile(join(root, "README.md"), "utf8"));
    folder = await mkdtemp(join(tmpdir(), "tallystick readme "));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it("names one command that runs the main job and one that passes the tests, which is CI's", async () => {
    assert.deepEqual(commands, ["npm ci && npm run demo", "npm ci && npm test", "npm start"]);
    assert.ok((await readFile(join(root, ".ci/run"), "utf8")).includes("\nnpm ci && npm test\n"));
  });

  it("runs the demo: two payments deep offline, settled by four banks, a double spend made good, both sides of every identity equal [R-001, R-005, R-020, R-026, R-027, R-031, R-032, R-033, R-037, R-060, R-062, R-063, R-073, R-075, R-088, R-111, R-112, R-113, R-169, N-02, N-12]", async () => {
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
  });

  it("starts a network that is the same after kill -9, and shows no private key in what it writes", async () => {
    const data = join(folder, "network");
    const first = await startNetwork([], data);
    const before = await stateOf(first.url);
    const died = once(first.process, "exit");
    process.kill(-first.process.pid!, "SIGKILL");
    await died;
    const second = await startNetwork([], data);
    assert.deepEqual(await stateOf(second.url), before);
    await stop(second.process);
    await assert.rejects(fetch(`${second.url}/livez`), "its ports are free again");
    const secrets = await secretsIn(data);
    assert.ok(secrets.length > 20);
    const written = (await textsIn(data)) + first.output() + second.output();
    for (const secret of secrets) assert.ok(!written.includes(secret), "a private key was written");
  });

  it("runs the demo again beside a running network, where no other network can be reached", async function () {
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
      await runDemo(cut.enter, join(folder, "again.json"));
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
  readonly doubleSpend: Readonly<
    Record<"outpoint" | "winner" | "loser" | "restituted" | "fine" | "revoked", string>
  >;
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
async function runDemo(enter: readonly string[], file: string): Promise<Told> {
  const command = ["npm", "run", "demo", "--", "--seed", "7", "--json", file];
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

async function stateOf(url: string) {
  const client = new NodeClient({ url });
  const { networkId, seq } = await client.status();
  return { networkId, seq, stateRoot: (await client.identities()).stateRoot };
}

function collect(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (piece: Buffer) => (text += piece));
  return () => text;
}

/** The private keys in a folder's key files, without their 0x. */
async function secretsIn(folder: string): Promise<string[]> {
  const files = (await filesIn(folder)).filter((file) => file.includes("/keys/"));
  const keys = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(file, "utf8")) as { privateKey: string }),
  );
  return keys.map(({ privateKey }) => privateKey.slice(2));
}

/** All that is written there as text, but for the key files. */
async function textsIn(folder: string): Promise<string> {
  const files = (await filesIn(folder)).filter(
    (file) => /\.(log|json|yaml|txt)$/.test(file) && !file.includes("/keys/"),
  );
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
