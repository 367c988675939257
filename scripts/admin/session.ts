/**
 * Acting on a network's contracts by hand, for as long as a command runs: the network file says where, a key
 * file as whom. What the chain says comes back as an answer to the person who asked.
 */
import { accountKey } from "../../node/chain/account.ts";
import { ChainClient } from "../../node/chain/chain-client.ts";
import {
  ChainDownError,
  ChainRevert,
  ChainRpcError,
  NonceTakenError,
} from "../../node/chain/errors.ts";
import type { MemberEntry } from "../../node/chain/members.ts";
import { ChainRpc } from "../../node/chain/rpc.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import { makeLogger } from "../../node/service/telemetry.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { type Amount, formatAmount, parseAmount } from "../../protocol/money.ts";
import { type NetworkFile, parseNetworkFile } from "../../protocol/network-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { readText } from "../arguments.ts";
import { type ToldEvent, toldEvents } from "./told-events.ts";

export type SessionOptions = {
  /** Path of the network file. */
  readonly network: string;
  /** Instead of the file's. */
  readonly rpc?: readonly string[] | undefined;
  /** Path of the key file of the account to act as; none to look only. */
  readonly key?: string | undefined;
};

const TIMEOUT_MS = 10_000;

export class AdminSession implements AsyncDisposable {
  readonly network: NetworkFile;
  readonly client: ChainClient;
  readonly #rpc: ChainRpc;

  private constructor(network: NetworkFile, client: ChainClient, rpc: ChainRpc) {
    this.network = network;
    this.client = client;
    this.#rpc = rpc;
  }

  /** @throws Refusal `unavailable` when the chain does not answer; `wrong-network`, `bad-configuration`, `exposed-key`. */
  static async open({ network: path, rpc: urls, key }: SessionOptions): Promise<AdminSession> {
    const network = parseNetworkFile(await readText(path));
    const rpcUrls = urls ?? network.rpcUrls;
    const account = key === undefined ? undefined : await loadKeyFile(key, "secp256k1");
    const client = new ChainClient(
      {
        network,
        logger: makeLogger({ name: "admin", level: "warn" }),
        key: account === undefined ? undefined : accountKey(account.reveal()),
      },
      { rpcUrls },
    );
    const { chainId } = network;
    const rpc = new ChainRpc({ urls: rpcUrls, chainId, timeoutMs: TIMEOUT_MS });
    const session = new AdminSession(network, client, rpc);
    try {
      // A node waits for its chain. A person is told.
      await answering(() => rpc.call("eth_chainId"));
      await client.start();
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The events of the registry and the settlement in a transaction. */
  async eventsOf(transaction: Hex): Promise<readonly ToldEvent[]> {
    return answering(async () => {
      const receipt = await this.#rpc.call<Parameters<typeof toldEvents>[1]>(
        "eth_getTransactionReceipt",
        [transaction],
      );
      return toldEvents(this.network.contracts, receipt);
    });
  }

  /** @throws Refusal `unknown-member`. */
  async member(member: number): Promise<MemberEntry> {
    const { members } = await this.client.reader.directory();
    const entry = members.find((each) => each.member === member);
    if (entry !== undefined) return entry;
    throw new Refusal("unknown-member", `this network has no member ${member}`);
  }

  /** The member that the account speaks for. @throws Refusal `forbidden`. */
  async ownMember(): Promise<number> {
    const { address, reader } = this.client;
    const member = Number((await reader.read("registry", "memberOf", [address]))[0]);
    if (member !== 0) return member;
    throw new Refusal("forbidden", `${address} is the operator of no member`);
  }

  parse(text: string): Amount {
    return parseAmount(text, this.network.currency);
  }

  format(amount: Amount): string {
    return formatAmount(amount, this.network.currency);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.stop();
    this.#rpc.destroy();
  }
}

/** @throws Refusal `unavailable`, `conflict` for what the chain or a contract says to a call. */
export async function answering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ChainDownError) throw new Refusal("unavailable", error.message);
    if (error instanceof ChainRevert)
      throw new Refusal("conflict", `the contract refuses: ${error.message}`);
    if (error instanceof ChainRpcError || error instanceof NonceTakenError)
      throw new Refusal("conflict", error.message);
    throw error;
  }
}
