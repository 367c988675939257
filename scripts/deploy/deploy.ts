/**
 * Opens a network on any chain that speaks JSON-RPC: creates the contracts, sets them up, hands them over
 * to the authority. Cut off after any transaction, it goes on where it was when it is run again; run on
 * a network that stands, it changes nothing. All it needs to know is on chain.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type AccountKey, ChainAccount } from "../../node/chain/account.ts";
import { ContractReader } from "../../node/chain/reader.ts";
import { ChainRpc } from "../../node/chain/rpc.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { NETWORK_FILE_VERSION, type NetworkFile } from "../../protocol/network-file.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { contractsOf, createContracts } from "./creations.ts";
import type { DeployPlan } from "./plan.ts";
import { isHandedOver, openedAtBlock, setUp, type SetupParts } from "./setup.ts";

export type DeployParts = {
  readonly rpcUrls: readonly string[];
  /** An account made for this: it sends nothing else, before or after, and keeps no power. */
  readonly deployer: AccountKey;
  readonly logger: Pick<Logger, "info" | "warn">;
};

const TIMEOUT_MS = 10_000;
/** Sent by an earlier run, and not yet in a block. */
const UNDER_WAY_MAX_MS = 60_000;

/**
 * @returns the network as everyone may know it.
 * @throws Refusal `conflict` where the account or the plan is another than this network was begun with.
 */
export async function deployNetwork(
  { rpcUrls, deployer, logger }: DeployParts,
  plan: DeployPlan,
  signal: AbortSignal,
): Promise<NetworkFile> {
  if (plan.authority === deployer.address)
    throw new Refusal(
      "bad-configuration",
      "the authority deploys with an account of its own, which keeps nothing",
    );
  const chainId = await chainIdOf(rpcUrls);
  const rpc = new ChainRpc({ urls: rpcUrls, chainId, timeoutMs: TIMEOUT_MS });
  const { blockPeriodMs } = plan.parameters;
  const pollMs = Math.max(20, Math.floor(blockPeriodMs / 3));
  const account = new ChainAccount(
    { rpc, chainId, key: deployer, logger },
    { pollMs, resendMs: 8 * pollMs, lagMs: TIMEOUT_MS },
  );
  try {
    const contracts = contractsOf(account.address);
    const reader = new ContractReader(rpc, contracts);
    const parts: SetupParts = { rpc, reader, account, contracts };
    await untilNothingIsUnderWay(rpc, account.address, signal);
    const stands =
      (await rpc.call("eth_getCode", [contracts.auditLog, "latest"])) !== "0x" &&
      (await isHandedOver(parts));
    if (!stands) {
      logger.info({ deployer: account.address }, "creating the contracts");
      await createContracts(rpc, account, plan, signal);
      logger.info({ members: plan.members.length }, "setting the network up");
      await setUp(parts, plan, signal);
    }
    return await describe(parts, chainId, rpcUrls);
  } finally {
    await account.stop();
    rpc.destroy();
  }
}

async function chainIdOf(urls: readonly string[]): Promise<number> {
  // The id it is made with serves transactions, and this asks for it.
  const rpc = new ChainRpc({ urls, chainId: 1, timeoutMs: TIMEOUT_MS });
  try {
    return Number(await rpc.call<Hex>("eth_chainId"));
  } finally {
    rpc.destroy();
  }
}

/** What an earlier run sent and did not see included decides where this one goes on. */
async function untilNothingIsUnderWay(
  rpc: ChainRpc,
  address: Hex,
  signal: AbortSignal,
): Promise<void> {
  for (const end = Date.now() + UNDER_WAY_MAX_MS; ; ) {
    const [latest, pending] = await Promise.all(
      ["latest", "pending"].map((block) =>
        rpc.call<Hex>("eth_getTransactionCount", [address, block]),
      ),
    );
    if (latest === pending) return;
    if (Date.now() > end)
      throw new Refusal(
        "busy",
        `transactions of ${address} wait to be included since more than a minute`,
      );
    await sleep(100, undefined, { signal });
  }
}

/** The network file, read off the chain alone. Gateways are added by who runs them. */
async function describe(
  parts: SetupParts,
  chainId: number,
  rpcUrls: readonly string[],
): Promise<NetworkFile> {
  const { reader, contracts } = parts;
  return {
    version: NETWORK_FILE_VERSION,
    networkId: await reader.networkId(),
    chainId,
    anchor: (await reader.read("registry", "anchor"))[0],
    openedAtBlock: await openedAtBlock(parts),
    contracts,
    rpcUrls,
    currency: {
      code: (await reader.read("token", "symbol"))[0],
      digits: Number((await reader.read("token", "decimals"))[0]),
    },
    gateways: [],
  };
}
