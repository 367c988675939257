/** What a merchant writes down for its shop: one YAML file. Paths in it start from the file's own folder. */
import { dirname, resolve } from "node:path";
import { type Static, Type } from "typebox";
import { ApiClient } from "../../device/api-client.ts";
import type { GatewayApi } from "../../device/gateway-api.ts";
import { loadConfig } from "../../node/service/config-file.ts";
import { readGivenText } from "../../node/service/given-file.ts";
import { mutualFetch } from "../../node/service/mutual-fetch.ts";
import { readTls, tlsFiles, tlsPaths } from "../../node/service/tls-files.ts";
import { fromHex } from "../../protocol/bytes.ts";
import { type NetworkFile, parseNetworkFile } from "../../protocol/network-file.ts";
import type { MemberId } from "../../protocol/output.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { reach } from "../fetch-json.ts";
import { Shop, type ShopOptions } from "./shop.ts";

const ShopFile = Type.Object(
  {
    network: Type.String({ minLength: 1, description: "The network file" }),
    member: Type.Integer({ minimum: 1, maximum: 65_535, description: "The shop's bank" }),
    bank: Type.String({ pattern: "^https://", description: "The bank's listener for merchants" }),
    page: Type.Optional(
      Type.String({
        pattern: "^https?://",
        description: "Address of the bank's payment page, if it is not its gateway's",
      }),
    ),
    tls: tlsFiles("The certificate that the bank has registered"),
    port: Type.Integer({
      minimum: 1,
      maximum: 65_535,
      description: "Where customers come, and results",
    }),
  },
  { additionalProperties: false },
);

/** A shop's file, with the network that it names, and paths as paths of the machine. */
export type ShopSettings = Omit<Static<typeof ShopFile>, "network"> & {
  readonly network: NetworkFile;
};

/** @throws Refusal `bad-configuration`, naming file, line and column. */
export async function readShopFile(path: string): Promise<ShopSettings> {
  const at = (name: string) => resolve(dirname(path), name);
  const { network, tls, ...settings } = await loadConfig(path, ShopFile);
  return {
    ...settings,
    network: parseNetworkFile(await readGivenText(at(network))),
    tls: tlsPaths(tls, at),
  };
}

/**
 * Opens the shop. By which key its bank signs, it asks the bank's gateway.
 * @throws Refusal `exposed-key`; `wrong-network` if the bank is in another; `in-use`; `unavailable`.
 */
export async function openShop(
  { network, member, bank, page, tls, port }: ShopSettings,
  hears: Pick<ShopOptions, "onOrder" | "onResult" | "onFault"> = {},
): Promise<Shop> {
  const gateway = gatewayOf(network, member);
  const own = await readTls(tls);
  const api = new ApiClient<GatewayApi>(gateway, fetch);
  const { networkId, issuer } = await reach(gateway, () => api.call("GET /v1/member"));
  if (networkId !== network.networkId)
    throw new Refusal("wrong-network", `${gateway} is a gateway of network ${networkId}`);
  return Shop.start({
    bank: mutualFetch(own),
    bankUrl: bank,
    paymentOrigin: new URL(page ?? gateway).origin,
    networkId: fromHex(networkId, 32),
    issuer: fromHex(issuer, 33),
    verifier: new NodeVerifier(),
    port,
    ...hears,
  });
}

/** Where a member's customers come. @throws Refusal `bad-configuration`. */
export function gatewayOf({ gateways }: NetworkFile, member: MemberId): string {
  const found = gateways.find((each) => each.member === member);
  if (found !== undefined) return found.url;
  throw new Refusal("bad-configuration", `the network file names no gateway of member ${member}`);
}
