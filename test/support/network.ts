/** Networks for tests: a plan of members whose keys follow from their ids, and its deployment. */
import { createHash } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { Wallet } from "ethers";
import { type AccountKey, accountKey } from "../../node/chain/account.ts";
import {
  ChainClient,
  type ChainClientOptions,
  type ChainClientParts,
} from "../../node/chain/chain-client.ts";
import type { LogCursor } from "../../node/chain/event-log.ts";
import type { PlacedEvent } from "../../node/ledger/event.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { batchDigest, type BatchHeader } from "../../protocol/batch.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointDigest } from "../../protocol/checkpoint.ts";
import type { NetworkFile } from "../../protocol/network-file.ts";
import { orderSignatures } from "../../protocol/quorum.ts";
import { type Domain, signTypedDigest, validatorAddress } from "../../protocol/typed-data.ts";
import { deployNetwork } from "../../scripts/deploy/deploy.ts";
import { type DeployPlan, type PlannedMember, profiles } from "../../scripts/deploy/plan.ts";
import { call, CHAIN_ID, makeChain, makeFolder, payer, until } from "./chain.ts";

export const quiet = { info: () => undefined, warn: () => undefined } as unknown as Logger;

/** 32 bytes that follow from a name. */
export function seed(name: string): Uint8Array {
  return createHash("sha256").update(name).digest();
}

export function account(name: string): AccountKey {
  return accountKey(seed(`account ${name}`));
}

export const deployer = account("deployer");
export const authority = account("authority");

export function operator(member: number): AccountKey {
  return account(`operator ${member}`);
}

export function validatorKey(member: number): Uint8Array {
  return seed(`validator ${member}`);
}

export function p256Key(name: string): Uint8Array {
  return p256.getPublicKey(seed(name), true);
}

export function plannedMember(member: number): PlannedMember {
  return {
    operator: operator(member).address,
    name: `Member ${member}`,
    bic: `TALLYS${String(member).padStart(2, "0")}`,
    lei: String(member).padStart(20, "0"),
    validator: validatorAddress(validatorKey(member)),
    issuer: p256Key(`issuer ${member}`),
    treasury: p256Key(`treasury ${member}`),
    intake: p256Key(`intake ${member}`),
    peerId: `peer-${member}`,
    addresses: [`/ip4/127.0.0.1/tcp/${7000 + member}`],
    quota: 1_000_000n,
    guarantee: 50_000n,
    reserve: 500_000n,
  };
}

export function planOf(members: number, more: Partial<DeployPlan> = {}): DeployPlan {
  const { delayS, parameters } = profiles.devnet;
  return {
    authority: authority.address,
    delayS,
    parameters: { ...parameters, blockPeriodMs: 60, minCycleS: 1 },
    currency: { code: "EUR", digits: 2 },
    members: Array.from({ length: members }, (_, index) => plannedMember(index + 1)),
    observers: [{ name: "Central bank", peerId: "peer-observer", addresses: [] }],
    ...more,
  };
}

export function domainOf({ chainId, networkId, contracts }: NetworkFile): Domain {
  return { chainId: BigInt(chainId), networkId, settlement: contracts.settlement };
}

/** Gives accounts coins for gas, from the one that every chain of the tests funds. */
export async function fund(url: string, addresses: readonly Hex[]): Promise<void> {
  const nonce = Number(await call<Hex>(url, "eth_getTransactionCount", payer.address, "pending"));
  for (const [index, to] of addresses.entries()) {
    const raw = await new Wallet(payer.privateKey).signTransaction({
      type: 2,
      chainId: CHAIN_ID,
      nonce: nonce + index,
      to,
      value: 10n ** 21n,
      gasLimit: 21_000,
      maxFeePerGas: 10n ** 9n,
      maxPriorityFeePerGas: 0n,
    });
    await call(url, "eth_sendRawTransaction", raw);
  }
  for (const address of addresses) {
    await until(async () => BigInt(await call<Hex>(url, "eth_getBalance", address, "latest")) > 0n);
  }
}

/** A chain with a network of `members` on it, all of whose operators can pay for gas. */
export class TestNetwork implements AsyncDisposable {
  readonly network: NetworkFile;
  readonly url: string;
  /** The chain's. */
  readonly folder: string;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    network: NetworkFile,
    url: string,
    folder: string,
    parts: AsyncDisposableStack,
  ) {
    this.network = network;
    this.url = url;
    this.folder = folder;
    this.#parts = parts;
  }

  static async open(members = 4, plan: Partial<DeployPlan> = {}): Promise<TestNetwork> {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(await makeFolder());
    const chain = parts.use(makeChain(folder.path));
    const url = await chain.start();
    const operators = Array.from({ length: members }, (_, index) => operator(index + 1).address);
    await fund(url, [deployer.address, authority.address, ...operators]);
    const network = await deployNetwork(
      { rpcUrls: [url], deployer, logger: quiet },
      planOf(members, plan),
      new AbortController().signal,
    );
    return new TestNetwork(network, url, folder.path, parts.move());
  }

  /** A client of its own, to be started and stopped by who asked for it. */
  client(parts: Partial<ChainClientParts> = {}, options: ChainClientOptions = {}): ChainClient {
    return new ChainClient(
      { network: this.network, logger: quiet, ...parts },
      { pollMs: 10, lagMs: 500, ...options },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

/** The first `count` events after a cursor. */
export async function take(
  client: ChainClient,
  count: number,
  from?: LogCursor,
): Promise<readonly PlacedEvent[]> {
  const taken: PlacedEvent[] = [];
  const stop = new AbortController();
  if (count === 0) return taken;
  for await (const placed of client.events(from, stop.signal)) {
    taken.push(placed);
    if (taken.length === count) stop.abort();
  }
  return taken;
}

export function cursorOf({ event, place }: PlacedEvent): LogCursor {
  return { seq: event.seq, place };
}

/** A batch of one member with the signatures of `signers`. */
export function signedBatch(
  network: NetworkFile,
  header: BatchHeader,
  signers: readonly number[],
): Uint8Array[] {
  return signedBy(batchDigest(domainOf(network), header), signers);
}

export function signedCheckpoint(
  network: NetworkFile,
  checkpoint: Checkpoint,
  signers: readonly number[],
): Uint8Array[] {
  return signedBy(checkpointDigest(domainOf(network), checkpoint), signers);
}

function signedBy(digest: Uint8Array, signers: readonly number[]): Uint8Array[] {
  const keys = signers.map(validatorKey);
  return orderSignatures(
    new Map(keys.map((key) => [validatorAddress(key), signTypedDigest(key, digest)])),
  );
}
