/** A devnet with something to look at: money that moved, a coin spent twice and paid once more, a case, a silent member. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Hex } from "../../../../protocol/bytes.ts";
import { ownerOf } from "../../../../protocol/key.ts";
import { lock } from "../../../../protocol/output.ts";
import { NodeSigner } from "../../../../protocol/p256-node.ts";
import { signReceipt } from "../../../../protocol/receipt.ts";
import type { SignedRecord } from "../../../../protocol/record.ts";
import { devnetPaths, OBSERVER } from "../../../../scripts/devnet/blueprint.ts";
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
    parts.move();
    return watched;
  }

  /** The link that opens the observer's console. */
  async link(): Promise<string> {
    return await this.network.devnet.consoleLink();
  }

  /** Pays something on, so that there is something new to see. */
  async payOn(amount: bigint): Promise<Hex> {
    const coin = await this.network.deposit(amount);
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
    await this.#client().submit(enrolments.map(({ bytes }) => bytes));
    const vault = await this.network.deposit(1_000_00n);
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

  async #applied(record: SignedRecord): Promise<void> {
    await this.#client().submit([record.bytes]);
    const id = this.#idOf(record);
    await until(
      `${id} applies`,
      async () => {
        const [status] = await this.network.devnet.client(OBSERVER).statuses([id]);
        return status?.state === "applied";
      },
      PATIENCE_MS,
    );
  }
}
