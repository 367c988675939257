/**
 * A member's keys change while its node and all others run, at the worst moment for each: what was signed
 * under the old key comes to the chain after the new one. Nothing stops, and nothing is lost.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Host } from "../../node/gossip/host.ts";
import { peerIdOf } from "../../node/gossip/peer-id.ts";
import type { NodeOptions } from "../../node/node.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { enrolmentId } from "../../protocol/enrolment.ts";
import { lock, type MemberId, type Output } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { checkAgreement } from "../support/agreement.ts";
import { ChainProxy } from "../support/chain-proxy.ts";
import { Consortium } from "../support/consortium.ts";
import { freePort } from "../support/free-port.ts";
import { holdCalls } from "../support/held-calls.ts";
import type { LogLine } from "../support/log-tail.ts";
import { enrolmentOf, type HeldCoin, payTo } from "../support/money.ts";
import { operator, seed } from "../support/network.ts";
import { Registrar } from "../support/registrar.ts";
import { until } from "../support/until.ts";

const OBSERVER = 0;
const PATIENCE_MS = 60_000;

describe("with all nodes running, the rotation of a member's", () => {
  let consortium: Consortium;
  let registrar: Registrar;
  let proxy: ChainProxy;
  let url: string;
  const [anna, bert] = [NodeSigner.generate(), NodeSigner.generate()];
  let coin: HeldCoin;

  before(async () => {
    consortium = await Consortium.open();
    registrar = await Registrar.open(consortium);
    proxy = new ChainProxy(consortium.network.rpcUrls[0]!);
    url = await proxy.start();
    await Promise.all([OBSERVER, ...consortium.members].map((member) => start(member)));
    await applied(await consortium.enrol(anna, 1), await consortium.enrol(bert, 2));
    const vault = await consortium.deposit(1, 1_000n);
    const load = await consortium.spend(consortium.treasury(1), [vault], [payTo(anna, 1, 1_000n)]);
    await handIn(1, load);
    coin = consortium.coinsOf(load)[0]!;
  });

  after(async () => {
    await consortium[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  /** A member's node holds its next validator key already. */
  async function start(member: MemberId, more: Partial<NodeOptions> = {}, peer = `peer ${member}`) {
    const options = { chain: { url, pollMs: 20 }, ...more };
    await consortium.start(member, options, {
      nextValidator: new StoredKey("secp256k1", seed(`next validator ${member}`)),
      peer: new StoredKey("Ed25519", seed(peer)),
    });
  }

  async function applied(...ids: readonly Hex[]): Promise<void> {
    await consortium.untilApplied(ids, PATIENCE_MS);
  }

  async function handIn(member: MemberId, record: SignedRecord): Promise<void> {
    await consortium.client(member).submit([record.bytes]);
    await applied(consortium.idOf(record));
  }

  /** A payment of anna's, not handed in yet. */
  async function pay(
    payee: NodeSigner,
    custodian: MemberId,
    amount: bigint,
  ): Promise<SignedRecord> {
    const rest = coin.output.amount - amount;
    const outputs = [payTo(payee, custodian, amount), payTo(anna, 1, rest)];
    const record = await consortium.spend(anna, [coin], outputs);
    coin = consortium.coinsOf(record)[1]!;
    return record;
  }

  /**
   * While something that `leaves` bring waits in the chain's pool for a block that runs this function, `meanwhile`
   * happens; what others sent in the same time waits until its sender has `said` what became of it.
   */
  async function whileHeld(
    method: string,
    leaves: () => Promise<unknown>,
    meanwhile: (sender: Hex) => Promise<unknown>,
    said: () => Promise<unknown> = async () => undefined,
  ): Promise<void> {
    const held = holdCalls(proxy, method);
    await leaves();
    await meanwhile(await held.sent);
    held.release();
    await said();
    held.end();
  }

  async function rotateValidator(member: MemberId): Promise<void> {
    const file = await registrar.keyFile(`next validator ${member}`, "secp256k1");
    await registrar.admin(`operator ${member}`, "rotate", "validator", file);
  }

  async function warned(isIt: (line: LogLine) => boolean): Promise<void> {
    await until("a node says so", () => consortium.warnings.some(isIt), PATIENCE_MS);
  }

  async function allAgree(): Promise<void> {
    const clients = [...consortium.nodes.keys()].map((member) => consortium.client(member));
    await checkAgreement(clients, PATIENCE_MS);
  }

  it("issuer key turns down an enrolment that was made under the old one and sequenced under the new, by name, and a new one applies [N-23]", async () => {
    const { networkId } = consortium;
    const nora = NodeSigner.generate();
    const issuer = NodeSigner.fromScalar(seed("issuer 2"));
    const early = await enrolmentOf(networkId, nora, 2, issuer);
    const file = await registrar.keyFile("issuer 2 renewed", "P-256");
    await whileHeld(
      "sequence",
      () => consortium.client(1).submit([early.bytes]),
      () => registrar.admin("operator 2", "rotate", "issuer", file),
    );
    const id = enrolmentId(networkId, early);
    for (const member of consortium.nodes.keys()) {
      await until(`node ${member} has turned it down`, async () => {
        const [status] = await consortium.client(member).statuses([id]);
        assert.notEqual(status!.state, "applied");
        return status!.code === "bad-signature";
      });
    }
    const renewed = NodeSigner.fromScalar(seed("issuer 2 renewed"));
    assert.equal(await consortium.enrol(nora, 2, renewed), id);
    await applied(id);
    await handIn(2, await pay(nora, 2, 10n));
    await allAgree();
  });

  it("treasury key leaves it good for what was paid to it and for spending that, and alone burns nothing any more [R4] [R6] [N-23]", async () => {
    const old = consortium.treasury(1);
    const payment = await pay(old, 1, 100n);
    const file = await registrar.keyFile("treasury 1 renewed", "P-256");
    await whileHeld(
      "sequence",
      () => consortium.client(2).submit([payment.bytes]),
      () => registrar.admin("operator 1", "rotate", "treasury", file),
    );
    await applied(consortium.idOf(payment));
    const renewed = NodeSigner.fromScalar(seed("treasury 1 renewed"));
    const [received] = consortium.coinsOf(payment) as [HeldCoin];
    const burn: Output = {
      lock: lock.burn,
      owner: `0x${"00".repeat(20)}`,
      custodian: 1,
      amount: 100n,
    };
    const tooLate = await consortium.spend(old, [received], [burn]);
    await consortium.client(1).submit([tooLate.bytes]);
    await until("the old key's burn is refused by name", async () => {
      const [status] = await consortium.client(1).statuses([consortium.idOf(tooLate)]);
      return status!.code === "unknown-recipient";
    });
    const moved = await consortium.spend(old, [received], [payTo(renewed, 1, 100n)]);
    await handIn(1, moved);
    const deposited = await consortium.deposit(1, 50n, renewed);
    const coins = [deposited, consortium.coinsOf(moved)[0]!];
    await handIn(3, await consortium.spend(renewed, coins, [{ ...burn, amount: 150n }]));
    await until("the burns have settled", async () => {
      const { accounts } = await registrar.read((chain) => chain.reader.settlement());
      return accounts[0]!.withdrawable === 150n;
    });
    await allAgree();
  });

  it("validator key has a batch endorsed again whose signatures were gathered under the old one [N-23]", async () => {
    // Of four, a quorum is three: the one that changes is among those who sign.
    await consortium.stop(4);
    consortium.warnings.length = 0;
    const payment = await pay(bert, 2, 20n);
    await whileHeld(
      "sequence",
      () => consortium.client(1).submit([payment.bytes]),
      () => rotateValidator(2),
      () => warned((line) => isRefusedQuorum(line) && /batch came to nothing/.test(line.msg)),
    );
    await applied(consortium.idOf(payment));
    await allAgree();
  });

  it("validator key has a checkpoint signed again whose signatures were gathered under the old one [N-23]", async () => {
    consortium.warnings.length = 0;
    const payment = await pay(bert, 2, 30n);
    await whileHeld(
      "settle",
      () => handIn(1, payment),
      // An account numbers its transactions: a member's own would take the place of the one that waits.
      (sender) => rotateValidator(sender === operator(3).address ? 1 : 3),
      () => warned((line) => isRefusedQuorum(line) && /settlement is tried again/.test(line.msg)),
    );
    const isSettled = async () => {
      const [status] = await consortium.client(1).statuses([consortium.idOf(payment)]);
      return status!.settled === true;
    };
    await until("it has settled", isSettled, PATIENCE_MS);
    await start(4);
    await allAgree();
  });

  it("peer has it dialled under the new key at the new address, and shuts the old one out [N-23]", async () => {
    const port = await freePort();
    const address = `/ip4/127.0.0.1/tcp/${port}`;
    const file = await registrar.keyFile("peer 3 renewed", "Ed25519");
    const [old, renewed] = await Promise.all(
      ["peer 3", "peer 3 renewed"].map((name) => peerIdOf(seed(name))),
    );
    const others = [OBSERVER, 1, 2, 4];
    const connected = async (member: MemberId, id: string) =>
      (await consortium.client(member).status()).peers.includes(id);
    for (const member of others)
      await until("all are connected", () => connected(member, old!), PATIENCE_MS);
    await registrar.admin("operator 3", "rotate", "peer", file, "--address", address);
    for (const member of others)
      await until(
        "the old peer is gone",
        async () => !(await connected(member, old!)),
        PATIENCE_MS,
      );
    await warned((line) => JSON.stringify(line).includes(`the registry names peer ${renewed}`));
    await consortium.stop(3);
    await using stranger = new Host({ seed: seed("peer 3"), listen: [consortium.addressOf(3)] });
    await stranger.start();
    stranger.setPeers(
      await Promise.all(
        others.map(async (member) => ({
          id: await peerIdOf(seed(`peer ${member}`)),
          addresses: [consortium.addressOf(member)],
        })),
      ),
    );
    await start(3, { gossip: { listen: [address] } }, "peer 3 renewed");
    for (const member of others)
      await until("all are connected anew", () => connected(member, renewed!), PATIENCE_MS);
    await handIn(3, await pay(bert, 2, 40n));
    await sleep(500);
    assert.deepEqual(stranger.connected(), []);
    for (const member of others) assert.equal(await connected(member, old!), false);
    await allAgree();
  });
});

function isRefusedQuorum(line: LogLine): boolean {
  return JSON.stringify(line).includes("QuorumNotValidator");
}
