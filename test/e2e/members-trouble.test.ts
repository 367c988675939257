/**
 * A member is suspended, loses all its keys, is removed, or is gone for good, while its devices' records
 * are in the field: whatever was taken in settles or is restituted, and every node comes to one state.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { approve, depositBond, setStatus, withdraw } from "../../node/chain/calls.ts";
import { peerIdOf } from "../../node/gossip/peer-id.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import { lock, type MemberId, type Output } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { type SignedRecord, signRecord } from "../../protocol/record.ts";
import { memberStatus } from "../../protocol/rules.ts";
import { profiles } from "../../scripts/deploy/plan.ts";
import { checkAgreement, haveApplied } from "../support/agreement.ts";
import { Consortium } from "../support/consortium.ts";
import { type HeldCoin, payTo } from "../support/money.ts";
import { account, fund, operator, seed } from "../support/network.ts";
import { Registrar } from "../support/registrar.ts";
import { until } from "../support/until.ts";

const OBSERVER = 0;
const PATIENCE_MS = 60_000;

/** A vault whose key is lost is reclaimed within the test. */
const terms = {
  delayS: 1,
  parameters: {
    ...profiles.devnet.parameters,
    blockPeriodMs: 60,
    minCycleS: 1,
    receiptLifeS: 1,
    reclaimDelayS: 2,
  },
};

describe("a member of four", () => {
  let consortium: Consortium;
  let registrar: Registrar;
  /** Devices of members 2, 3 and 4. */
  const [bert, carl, dora] = [1, 2, 3].map(() => NodeSigner.generate()) as [
    NodeSigner,
    NodeSigner,
    NodeSigner,
  ];
  let carls: HeldCoin;
  let doras: readonly HeldCoin[];
  /** What a node has taken in. */
  const acknowledged: Hex[] = [];

  before(async () => {
    consortium = await Consortium.open(4, {}, terms);
    registrar = await Registrar.open(consortium);
    await consortium.startAll();
    await applied(
      await consortium.enrol(bert, 2),
      await consortium.enrol(carl, 3),
      await consortium.enrol(dora, 4),
    );
    [carls] = (await load(3, carl, 1_000n)) as [HeldCoin];
    doras = await load(4, dora, 100_000n, 300n, 200n);
  });

  after(async () => {
    await consortium[Symbol.asyncDispose]();
  });

  async function applied(...ids: readonly Hex[]): Promise<void> {
    await consortium.untilApplied(ids, PATIENCE_MS);
  }

  async function submit(member: MemberId, ...records: readonly SignedRecord[]): Promise<void> {
    const { results } = await consortium.client(member).submit(records.map(({ bytes }) => bytes));
    assert.ok(results.every(({ accepted }) => accepted));
    acknowledged.push(...records.map((record) => consortium.idOf(record)));
  }

  async function handIn(member: MemberId, ...records: readonly SignedRecord[]): Promise<void> {
    await submit(member, ...records);
    await applied(...records.map((record) => consortium.idOf(record)));
  }

  /** Coins of a device, and 100 that stay in the vault. */
  async function load(
    member: MemberId,
    device: NodeSigner,
    ...amounts: readonly bigint[]
  ): Promise<HeldCoin[]> {
    const sum = amounts.reduce((total, amount) => total + amount, 0n);
    const treasury = consortium.treasury(member);
    const vault = await consortium.deposit(member, sum + 100n);
    const outputs = amounts.map((amount) => payTo(device, member, amount));
    const record = await consortium.spend(
      treasury,
      [vault],
      [...outputs, payTo(treasury, member, 100n)],
    );
    await handIn(member, record);
    return consortium.coinsOf(record).slice(0, -1);
  }

  /** A device pays bert again and again: each record spends the change of the one before, the last is left. */
  async function paymentsOf(
    device: NodeSigner,
    coin: HeldCoin,
    count: number,
  ): Promise<{ readonly records: readonly SignedRecord[]; readonly rest: HeldCoin }> {
    const records: SignedRecord[] = [];
    let rest = coin;
    for (let i = 0; i < count; i++) {
      const { custodian, amount } = rest.output;
      const outputs = [payTo(bert, 2, 1n), payTo(device, custodian, amount - 1n)];
      const record = await consortium.spend(device, [rest], outputs);
      records.push(record);
      rest = consortium.coinsOf(record)[1]!;
    }
    return { records, rest };
  }

  async function paymentsOfDora(count: number): Promise<readonly SignedRecord[]> {
    const { records, rest } = await paymentsOf(dora, doras[0]!, count);
    doras = [rest, ...doras.slice(1)];
    return records;
  }

  const batchesOf = (member: MemberId) => registrar.read((chain) => chain.reader.batchesOf(member));

  /** All that was ever taken in applied, under one state root, and the books balance. */
  async function allIsWell(): Promise<void> {
    const clients = [...consortium.nodes.keys()].map((member) => consortium.client(member));
    for (const client of clients)
      await until("all is applied", () => haveApplied(client, acknowledged), PATIENCE_MS);
    await checkAgreement(clients, PATIENCE_MS);
  }

  it("that is suspended in the midst of load signs for nobody, and what it took in settles with the signatures of the others, as does what its devices hand in there [R6] [N-23]", async () => {
    let isSuspended = false;
    const giving = (async () => {
      for (; !isSuspended; await sleep(20)) await submit(4, ...(await paymentsOfDora(5)));
    })();
    await registrar.order(setStatus(4, memberStatus.suspended));
    isSuspended = true;
    await giving;
    const before = await batchesOf(4);
    await submit(4, ...(await paymentsOfDora(20)));
    await submit(1, ...(await paymentsOfDora(20)));
    await allIsWell();
    assert.ok((await batchesOf(4)) > before, "its batches go on with the signatures of the others");
    // Three are active and all three must sign; the fourth does not fill the place of one that is away.
    await consortium.stop(3);
    consortium.warnings.length = 0;
    const stood = await batchesOf(4);
    await submit(4, ...(await paymentsOfDora(3)));
    await until("its node has tried in vain", () =>
      consortium.warnings.some(({ msg, name }) => name === "node 4" && /came to nothing/.test(msg)),
    );
    assert.equal(await batchesOf(4), stood);
    await registrar.order(setStatus(4, memberStatus.active));
    await allIsWell();
    await consortium.start(3);
    await allIsWell();
  });

  it("that has lost all its keys gets others from the authority: its devices' records settle, and its vault is reclaimed [R4] [N-23]", async () => {
    await consortium.stop(3);
    const { records } = await paymentsOf(carl, carls, 3);
    const renewed = (name: string) => `${name} 3 renewed`;
    const keys = await Promise.all(
      (["issuer", "treasury", "intake"] as const).map(async (what) => [
        what,
        await registrar.keyFile(renewed(what), "P-256"),
      ]),
    );
    const validator = await registrar.keyFile(renewed("validator"), "secp256k1");
    const peer = await registrar.keyFile(renewed("peer"), "Ed25519");
    const newOperator = account(renewed("operator")).address;
    await fund(consortium.network.rpcUrls[0]!, [newOperator]);
    const replace = (...args: readonly string[]) =>
      registrar.admin("authority", "rotate", ...args, "--member", "3");
    const told = await replace(...keys.flat(), "validator", validator);
    assert.match(told, /MemberChanged, event \d+: member 3, status 1/);
    await replace("peer", peer);
    await replace("operator", newOperator);
    await consortium.start(
      3,
      {},
      {
        peer: new StoredKey("Ed25519", seed(renewed("peer"))),
        validator: new StoredKey("secp256k1", seed(renewed("validator"))),
        operator: new StoredKey("secp256k1", seed(`account ${renewed("operator")}`)),
      },
    );
    await until("it is connected with all others", async () => {
      return (await consortium.client(3).status()).peers.length === 4;
    });
    await handIn(3, ...records);
    const issuer = NodeSigner.fromScalar(seed(renewed("issuer")));
    await applied(await consortium.enrol(NodeSigner.generate(), 3, issuer));
    // Nobody can spend what the lost key owns: the member revokes it as it would a lost device's.
    const lost = ownerOf(consortium.treasury(3).publicKey);
    const { coins } = await consortium.client(3).coinsOf(lost);
    assert.deepEqual(
      coins.map(({ amount }) => amount),
      ["100"],
    );
    await registrar.admin(renewed("operator"), "revoke", lost);
    const treasury = NodeSigner.fromScalar(seed(renewed("treasury")));
    await handIn(3, await reclaim(treasury, 3, coins[0]!.outpoint as Hex, 100n));
    await allIsWell();
  });

  it("that is removed is shut out: its devices' records settle through the others, and what its vault burns is paid out [R6] [N-23]", async () => {
    const records = await paymentsOfDora(3);
    await registrar.order(setStatus(4, memberStatus.removed));
    const gone = await peerIdOf(seed("peer 4"));
    for (const member of [OBSERVER, 1, 2, 3])
      await until("its peer is shut out", async () => {
        return !(await consortium.client(member).status()).peers.includes(gone);
      });
    assert.deepEqual((await consortium.client(4).status()).peers, []);
    await consortium.stop(4);
    await handIn(1, ...records);
    const treasury = consortium.treasury(4);
    const { coins } = await consortium.client(2).coinsOf(ownerOf(treasury.publicKey));
    const vault: HeldCoin = {
      outpoint: coins[0]!.outpoint as Hex,
      output: payTo(treasury, 4, 100n),
    };
    const burn: Output = { ...vault.output, lock: lock.burn, owner: `0x${"00".repeat(20)}` };
    await handIn(2, await consortium.spend(treasury, [vault], [burn]));
    const address = operator(4).address;
    const held = () => registrar.read((chain) => chain.reader.tokensOf(address));
    await until("the burn has settled", async () => {
      const { accounts } = await registrar.read((chain) => chain.reader.settlement());
      return accounts[3]!.withdrawable === 100n;
    });
    const before = await held();
    await registrar.call("operator 4", withdraw());
    assert.equal((await held()) - before, 100n);
    await allIsWell();
  });

  it("that is gone for good still answers for its device: its bond pays the loser, and where it is short anyone fills it and anyone pays the queue [N-12] [N-23]", async () => {
    const { disputes } = consortium.network.contracts;
    const bond = (amount: bigint) =>
      registrar.call("operator 1", approve(disputes!, amount), depositBond(4, amount));
    await bond(300n);
    const [large, small] = doras.slice(1) as [HeldCoin, HeldCoin];
    const winners = await Promise.all([
      consortium.spend(dora, [large], [payTo(bert, 2, 300n)]),
      consortium.spend(dora, [small], [payTo(bert, 2, 200n)]),
    ]);
    const losers = await Promise.all([
      consortium.spend(dora, [large], [payTo(carl, 3, 300n)]),
      consortium.spend(dora, [small], [payTo(carl, 3, 200n)]),
    ]);
    await handIn(2, ...winners);
    await handIn(3, losers[0]!);
    await submit(3, losers[1]!);
    await until("the second waits in the queue", () => isAt(losers[1]!, "queued"), PATIENCE_MS);
    assert.deepEqual(await owed(), [200n]);
    await bond(2_000n);
    await allIsWell();
    for (const loser of losers) await until("it is paid", () => isAt(loser, "paid"), PATIENCE_MS);
    assert.deepEqual(await owed(), []);
  });

  async function isAt(loser: SignedRecord, stage: string): Promise<boolean> {
    const record = consortium.idOf(loser);
    const [conflict] = await consortium.client(1).conflicts({ record });
    return conflict?.stage === stage;
  }

  /** What waits in member 4's queue. */
  async function owed(): Promise<bigint[]> {
    const debts = await registrar.read((chain) => chain.reader.queue(4, 10));
    return debts.map(({ amount }) => amount);
  }

  /** May be handed in early: a node keeps it until its time has come. */
  async function reclaim(
    treasury: NodeSigner,
    member: MemberId,
    outpoint: Hex,
    amount: bigint,
  ): Promise<SignedRecord> {
    const body = {
      kind: "reclaim",
      inputs: [outpoint],
      outputs: [payTo(treasury, member, amount)],
      counter: 1,
      time: 0,
      nonce: new Uint8Array(16),
      audit: new Uint8Array(32),
    } as const;
    return await signRecord(consortium.networkId, body, treasury);
  }
});
