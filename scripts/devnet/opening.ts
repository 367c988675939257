/**
 * What is done on chain before the first node starts: the contracts are deployed, every member fills its
 * bond, and the authority publishes its first trust list. What is done already is left as it is.
 */
import { existsSync } from "node:fs";
import { accountKey } from "../../node/chain/account.ts";
import { ChainClient } from "../../node/chain/chain-client.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import { loadKeyFile } from "../../node/service/key-file.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { fromHex } from "../../protocol/bytes.ts";
import { formatNetworkFile, type NetworkFile } from "../../protocol/network-file.ts";
import { publishNext } from "../admin/trust-list.ts";
import { deployNetwork } from "../deploy/deploy.ts";
import { fillBond } from "../deploy/operator.ts";
import { type Blueprint, BOND, devnetPaths, GATEWAYS, MEMBERS, planOf } from "./blueprint.ts";

export type OpeningParts = {
  readonly folder: string;
  readonly blueprint: Blueprint;
  /** What is paid for one device at most, if not the devnet's own. */
  readonly guarantee?: bigint | undefined;
  readonly logger: Logger;
};

const TRUST_LIST_LIFE_MS = 365 * 86_400_000;

/** Opens the network over a chain that runs, and writes its network file. */
export async function openNetwork(parts: OpeningParts): Promise<NetworkFile> {
  const { folder, blueprint, guarantee, logger } = parts;
  const { ports } = blueprint;
  const paths = devnetPaths(folder);
  const deployer = await loadKeyFile(paths.key("authority", "deployer"), "secp256k1");
  const deployed = await deployNetwork(
    {
      rpcUrls: [`http://127.0.0.1:${ports.chain}`],
      deployer: accountKey(deployer.reveal()),
      logger,
    },
    await planOf(folder, blueprint, guarantee),
    new AbortController().signal,
  );
  const gateways = GATEWAYS.map((member, i) => ({
    member,
    url: `http://127.0.0.1:${ports.devices[i]}`,
  }));
  const network = { ...deployed, gateways };
  await replaceFile(paths.network, formatNetworkFile(network));
  await Promise.all(
    MEMBERS.map(async (member) => {
      await using chain = await chainOf(parts, network, member);
      await chain.start();
      await fillBond(chain, member, BOND);
    }),
  );
  await publishTrust(parts, network);
  return network;
}

/** A client of the chain that acts for a member, to be started and stopped by the caller. */
export async function chainOf(
  { folder, logger }: Pick<OpeningParts, "folder" | "logger">,
  network: NetworkFile,
  member: number,
): Promise<ChainClient> {
  const operator = await loadKeyFile(
    devnetPaths(folder).memberKey(member, "operator"),
    "secp256k1",
  );
  return new ChainClient({ network, logger, key: accountKey(operator.reveal()) }, { pollMs: 50 });
}

/** Once: devices hold the list for as long as it is good. */
async function publishTrust({ folder, logger }: OpeningParts, network: NetworkFile): Promise<void> {
  const paths = devnetPaths(folder);
  if (existsSync(paths.trustLists)) return;
  const key = await loadKeyFile(paths.key("authority", "trust"), "P-256");
  await using chain = new ChainClient({ network, logger });
  await chain.start();
  const { members } = await chain.reader.directory();
  const networkId = fromHex(network.networkId, 32);
  const receiptLifeMs = chain.parameters.receiptLifeS * 1000;
  const list = { networkId, members, receiptLifeMs, compromised: [], impaired: [] };
  const now = Date.now();
  await publishNext(paths.trustLists, key, { ...list, lifeMs: TRUST_LIST_LIFE_MS, now });
}
