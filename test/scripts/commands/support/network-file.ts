/** The file of the tests' network, as a wallet is given it. */
import { writeFile } from "node:fs/promises";
import { toHex } from "../../../../protocol/bytes.ts";
import { formatNetworkFile } from "../../../../protocol/network-file.ts";
import { networkId, networkPlace } from "../../../support/ledger-parts.ts";

export async function writeNetworkFile(path: string): Promise<void> {
  const { chainId, registry, anchor } = networkPlace;
  const contracts = { accessManager: registry, registry, token: registry, settlement: registry };
  const text = formatNetworkFile({
    version: 1,
    networkId: toHex(networkId),
    chainId,
    anchor,
    openedAtBlock: 1,
    contracts,
    rpcUrls: ["http://127.0.0.1:1"],
    currency: { code: "EUR", digits: 2 },
    gateways: [],
  });
  await writeFile(path, text);
}
