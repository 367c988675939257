/** A devnet with something to look at: money that moved, a coin spent twice and paid once more, a case, a silent member. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accountKey } from "../../../../node/chain/account.ts";
import {
  addEpoch,
  approve,
  approveDisclosure,
  deposit,
  requestDisclosure,
} from "../../../../node/chain/calls.ts";
import { ChainClient } from "../../../../node/chain/chain-client.ts";
import { loadKeyFile } from "../../../../node/service/key-file.ts";
import { type Hex, toHex } from "../../../../protocol/bytes.ts";
import { type Leaf, leafId } from "../../../../protocol/leaf.ts";
import { ownerOf } from "../../../../protocol/key.ts";
import { lock } from "../../../../protocol/output.ts";
import { NodeSigner } from "../../../../protocol/p256-node.ts";
import { signReceipt } from "../../../../protocol/receipt.ts";
import type { SignedRecord } from "../../../../protocol/record.ts";
import { devnetPaths, OBSERVER } from "../../../../scripts/devnet/blueprint.ts";
import { Authority } from "../../../../scripts/deploy/authority.ts";
import { said } from "../../../scripts/commands/support/tallystick.ts";
import { LiveNetwork } from "../../../support/live-network.ts";
import {
  coinsOf,
  enrolmentOf,
  type HeldCoin,
  idOf,
  payTo,
  spendOf,
} from "../../../support/money.ts";
import { quiet } from "../../../support/network.ts";
import { until } from "../../../support/until.ts";

const HOME = 3;
const SILENT = 4;
const DAY_MS = 86_400_000;
const PATIENCE_MS = 60_000;

export class WatchedNetwork implements AsyncDisposable {
  readonly network: LiveNetwork;
  readonly anna = NodeSigner.generate();
  /** Of the coin that anna spends twice: what took it, and what lost it. */
  winner: Hex = "0x";
  loser: Hex = "0x";

  private constructor(network: LiveNetwork) {
    this.network = network;
  }

  static async open(): Promise<WatchedNetwork> {
    await using parts = new AsyncDisposableStack();
    const network = parts.use(await LiveNetwork.open());
    await network.devnet.startNodes();
    const watched = new WatchedNetwork(network);
    await watched.#pay();
    await watched.#claim();
    await watched.#ask();
    parts.move();
    return watched;
  }

  /** The link that opens the observer's console. */
  async link(): Promise<string> {
    return await this.network.devnet.consoleLink();
  }

  /** Pays something on, so that there is something new to see. */
  async payOn(amount: bigint): Promise<Hex> {
    const coin = await this.#deposit(amount);
    const treasury = await this.network.key(HOME, "treasury");
    const record = await this.#spend(treasury, [coin], [payTo(this.anna, HOME, amount)]);
    await this.#applied(record);
    return this.#idOf(record);
  }

  /** The last member's node falls silent. */
  async silence(): Promise<void> {
    await this.network.devnet.stopNodes([SILENT]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
  }

  async #pay(): Promise<void> {
    const [bert, carl] = [NodeSigner.generate(), NodeSigner.generate()];
    const homes = [
      [this.anna, HOME],
      [bert, 1],
      [carl, 2],
    ] as const;
    const enrolments = await Promise.all(
      homes.map(async ([key, member]) =>
        enrolmentOf(this.network.networkId, key, member, await this.network.key(member, "issuer")),
      ),
    );
    await this.#applied(...enrolments);
    const vault = await this.#deposit(1_000_00n);
    const treasury = await this.network.key(HOME, "treasury");
    const amounts = [500_00n, 300_00n, 200_00n];
    const outputs = amounts.map((amount) => payTo(this.anna, HOME, amount));
    const load = await this.#spend(treasury, [vault], outputs);
    await this.#applied(load);
    const [first, second] = this.#coinsOf(load) as [HeldCoin, HeldCoin];
    const shared = [payTo(bert, 1, 120_00n), payTo(this.anna, HOME, 180_00n)];
    await this.#applied(await this.#spend(this.anna, [second], shared));
    const winner = await this.#spend(this.anna, [first], [payTo(bert, 1, 500_00n)]);
    const loser = await this.#spend(this.anna, [first], [payTo(carl, 2, 500_00n)]);
    await this.#applied(winner);
    [this.winner, this.loser] = [this.#idOf(winner), this.#idOf(loser)];
    await this.network.devnet.client(2).submit([loser.bytes]);
    await until(
      "the loser is paid",
      async () => {
        const [conflict] = await this.network.devnet.client(OBSERVER).conflicts();
        return conflict?.stage === "paid";
      },
      PATIENCE_MS,
    );
  }

  /** Member 2 asks member 1's bond for a coin that member 1 signed for and that never was. */
  async #claim(): Promise<void> {
    const { devnet, networkId } = this.network;
    const paths = devnetPaths(devnet.folder);
    const issuer = await this.network.key(1, "issuer");
    const owner = ownerOf(this.anna.publicKey);
    const fields = {
      outpoint: `0x${"ab".repeat(32)}00`,
      output: { lock: lock.key, owner, custodian: 1, amount: 74_03n },
      seq: 1,
      issued: Date.now(),
      notAfter: Date.now() + DAY_MS,
    } as const;
    const receipt = await signReceipt(networkId, fields, issuer);
    const file = join(devnet.folder, "receipt.bin");
    await writeFile(file, receipt.bytes);
    const award = `${ownerOf(NodeSigner.generate().publicKey)}:2:74.03`;
    const as = ["--key", paths.memberKey(2, "operator"), "--network", paths.network];
    await said(["admin", "case", "open", file, "--award", award, ...as]);
  }

  /** The authority, regulator of a devnet, asks for an identity; one of three holders agrees, where two open. */
  async #ask(): Promise<void> {
    const { devnet } = this.network;
    const { key } = devnetPaths(devnet.folder);
    const account = accountKey(
      (await loadKeyFile(key("authority", "authority"), "secp256k1")).reveal(),
    );
    const network = devnet.network;
    await using chain = new ChainClient({ network, logger: quiet, key: account }, { pollMs: 50 });
    await chain.start();
    const operators = await Promise.all(
      [1, 2, 3].map(async (member) => {
        await using holder = await devnet.chainOf(member);
        return holder.address as Hex;
      }),
    );
    const hash = (byte: string): Hex => `0x${byte.repeat(32)}`;
    const publicKey = toHex(NodeSigner.generate().publicKey);
    const transcript = hash("11");
    await new Authority(chain, 60).call(
      addEpoch({ epoch: 1, publicKey, transcript, threshold: 2, holders: operators }),
    );
    await chain.send(
      requestDisclosure({
        epoch: 1,
        subject: hash("22"),
        legalBasis: hash("33"),
        requesterKey: NodeSigner.generate().publicKey,
        untilS: Math.floor(Date.now() / 1000) + 30 * 86_400,
      }),
    );
    await this.approve(1);
  }

  /** A holder agrees to the one request. */
  async approve(member: number): Promise<void> {
    await using holder = await this.network.devnet.chainOf(member);
    await holder.start();
    await holder.send(approveDisclosure(1));
  }

  /** A coin of the vault, whatever else happens on the chain meanwhile. */
  async #deposit(amount: bigint): Promise<HeldCoin> {
    const { chain, devnet } = this.network;
    await chain.send(approve(devnet.network.contracts.settlement, amount));
    await chain.send(deposit(HOME, amount));
    const output = payTo(await this.network.key(HOME, "treasury"), HOME, amount);
    let outpoint: Hex | undefined;
    await until(
      "the deposit is folded",
      async () => {
        const { coins } = await this.#client().coinsOf(output.owner);
        outpoint = coins.find((coin) => coin.amount === `${amount}`)?.outpoint as Hex | undefined;
        return outpoint !== undefined;
      },
      PATIENCE_MS,
    );
    return { outpoint: outpoint!, output };
  }

  #client() {
    return this.network.devnet.client(HOME);
  }

  async #spend(
    ...args: Parameters<typeof spendOf> extends [unknown, ...infer Rest] ? Rest : never
  ) {
    return await spendOf(this.network.networkId, ...args);
  }

  #coinsOf(record: SignedRecord): HeldCoin[] {
    return coinsOf(this.network.networkId, record);
  }

  #idOf(record: SignedRecord): Hex {
    return idOf(this.network.networkId, record);
  }

  async #applied(...leaves: readonly Leaf[]): Promise<void> {
    const ids = leaves.map((leaf) => leafId(this.network.networkId, leaf));
    await this.#client().submit(leaves.map(({ bytes }) => bytes));
    await until(
      `${ids.join(", ")} apply`,
      async () => {
        const statuses = await this.network.devnet.client(OBSERVER).statuses(ids);
        return statuses.every(({ state }) => state === "applied");
      },
      PATIENCE_MS,
    );
  }
}
