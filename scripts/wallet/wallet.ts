/** A wallet in a folder: its settings, its purse, and the way to gateways, for as long as a command runs. */
import { readFile } from "node:fs/promises";
import { Refusal } from "../../protocol/refusal.ts";
import { FilePurseStore } from "../../device/file-store.ts";
import { ApiClient } from "../../device/api-client.ts";
import type { GatewayApi } from "../../device/gateway-api.ts";
import { type GatewayClient, HttpGatewayClient } from "../../device/gateway-client.ts";
import { openDeviceKey } from "../../device/node-keys.ts";
import type { PurseParts } from "../../device/holder.ts";
import { Purse } from "../../device/purse.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import { fromHex, type Hex, Reader, utf8 } from "../../protocol/bytes.ts";
import { fieldsOf, hex, integer, take } from "../../protocol/json-fields.ts";
import { type Owner, readKeyOnCurve } from "../../protocol/key.ts";
import { type Amount, formatAmount, parseAmount } from "../../protocol/money.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { systemRandom } from "../../protocol/random.ts";
import { reach } from "../fetch-json.ts";
import { readWalletFile, walletPaths, type WalletSettings } from "./wallet-file.ts";

/** Which gateway is meant, as far as was said. */
export type GatewayChoice = {
  readonly gateway?: string | undefined;
  readonly member?: number | undefined;
};

/** What a gateway says of itself. */
type MemberInfo = { readonly member: number; readonly vault: Owner; readonly intake: Hex };

export class Wallet implements AsyncDisposable {
  readonly folder: string;
  readonly settings: WalletSettings;
  readonly purse: Purse;

  private constructor(folder: string, settings: WalletSettings, purse: Purse) {
    this.folder = folder;
    this.settings = settings;
    this.purse = purse;
  }

  /**
   * Opens the wallet of a folder; the first time, its device key and its purse are made.
   * @param rival what the tills of a shop know of a coin.
   * @throws Refusal `wrong-folder`, `bad-configuration`, `exposed-key`, `in-use`.
   */
  static async open(folder: string, rival?: PurseParts["rival"]): Promise<Wallet> {
    const settings = await readWalletFile(folder);
    const paths = walletPaths(folder);
    const signer = await openDeviceKey(paths.key, systemRandom);
    const store = await FilePurseStore.open(paths.purse);
    try {
      const purse = await Purse.open({
        networkId: settings.network.networkId,
        member: settings.member,
        class: settings.class,
        signer,
        verifier: new NodeVerifier(),
        store,
        random: systemRandom,
        clock: Date.now,
        trustKey: fromHex(settings.trustKey, 33),
        receiptLifeMs: settings.receiptLifeS * 1000,
        rival,
      });
      return new Wallet(folder, settings, purse);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** "12.50" in the network's currency. @throws Refusal `malformed`, also for nothing at all. */
  parse(text: string): Amount {
    const amount = parseAmount(text, this.settings.network.currency);
    if (amount === 0n) throw new Refusal("malformed", "the amount is zero");
    return amount;
  }

  format(amount: Amount): string {
    return formatAmount(amount, this.settings.network.currency);
  }

  /** The wallet's own gateway where nothing is said. @throws Refusal `unavailable`, `wrong-network`. */
  async gateway({
    gateway,
    member = this.#memberOf(gateway),
  }: GatewayChoice): Promise<GatewayClient> {
    const url = gateway ?? this.#urlOf(member ?? this.settings.member);
    return reachable(url, member ?? (await this.#info(url)).member);
  }

  /** Where redeemed money goes. @throws Refusal `wrong-network` if the gateway is not the own bank's. */
  async vault(gateway?: string): Promise<Owner> {
    const url = gateway ?? this.settings.gateway;
    const { member, vault } = await this.#info(url);
    if (member === this.settings.member) return vault;
    throw new Refusal("wrong-network", `${url} is the gateway of member ${member}`);
  }

  /** The file that shows one payment to others, as a gateway makes it of the device's showing. */
  async presentation(showing: Uint8Array, { gateway, member }: GatewayChoice): Promise<string> {
    const url = gateway ?? this.#urlOf(member ?? this.settings.member);
    const api = new ApiClient<GatewayApi>(url, fetch);
    const file = await reach(url, () => api.call("POST /v1/presentations", { body: showing }));
    return utf8.decode(file, "presentation");
  }

  /** Keeps the key to which parcels for the bank are sealed, for when it is out of reach. @throws Refusal `malformed`. */
  async noteIntake(gateway?: string): Promise<void> {
    const { intake } = await this.#info(gateway ?? this.settings.gateway);
    intakeKey(intake);
    await replaceFile(walletPaths(this.folder).intake, `${intake}\n`, 0o644);
  }

  /** As it was noted last. @throws Refusal `unavailable` if it never was. */
  async intake(): Promise<Uint8Array> {
    const path = walletPaths(this.folder).intake;
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      throw new Refusal(
        "unavailable",
        "the bank's key for parcels is not known here yet: sync with the bank once",
      );
    });
    return intakeKey(text.trim());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.purse.close();
  }

  /** As far as the files know. */
  #memberOf(gateway: string | undefined): number | undefined {
    const { settings } = this;
    if (gateway === undefined || gateway === settings.gateway) return settings.member;
    return settings.network.gateways.find(({ url }) => url === gateway)?.member;
  }

  #urlOf(member: number): string {
    const { settings } = this;
    if (member === settings.member) return settings.gateway;
    const known = settings.network.gateways.find((each) => each.member === member);
    if (known !== undefined) return known.url;
    throw new Refusal(
      "bad-configuration",
      `the gateway of member ${member} is not known: say --gateway`,
    );
  }

  async #info(url: string): Promise<MemberInfo> {
    const api = new ApiClient<GatewayApi>(url, fetch);
    const fields = fieldsOf(await reach(url, () => api.call("GET /v1/member")), url);
    const networkId = take(fields, "networkId", hex(32));
    if (networkId !== this.settings.network.networkId)
      throw new Refusal("wrong-network", `the gateway at ${url} is of network ${networkId}`);
    return {
      member: take(fields, "member", integer(1, 0xffff)),
      vault: take(fields, "vault", hex(20)),
      intake: take(fields, "intake", hex(33)),
    };
  }
}

/** @throws Refusal `malformed` for what is no key. */
function intakeKey(text: string): Uint8Array {
  return readKeyOnCurve(new Reader(fromHex(text, 33, "intake")), "intake");
}

/** A gateway that is out of reach is an answer to the person who asked, with what to do. */
function reachable(url: string, member: number): GatewayClient {
  const client = new HttpGatewayClient(url, member, fetch);
  return { member, send: (request) => reach(url, () => client.send(request)) };
}
