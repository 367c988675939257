/** What the bank's gateway says of itself, as JSON. What counts about money is signed, and goes another way. */
import { ApiClient } from "../api-client.ts";
import type { GatewayApi } from "../gateway-api.ts";
import { type GatewayClient, HttpGatewayClient } from "../gateway-client.ts";
import type { Owner } from "../../protocol/key.ts";
import { fieldsOf, hex, integer, take } from "../../protocol/json-fields.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import { type NetworkFacts, parseNetworkFacts } from "./network-facts.ts";

/** The gateway that served this page: its API is beside the pages' folder, behind whatever proxy. */
export const GATEWAY_URL = new URL("..", import.meta.url).href;

const TIMEOUT_MS = 10_000;

/** The way to the gateway. One that is out of reach is an answer too: `unavailable`. */
export function gatewayOf(url: string, member: number): GatewayClient {
  const client = new HttpGatewayClient(url, member, (...call) => fetch(...call));
  return { member, send: (request) => reach(() => client.send(request)) };
}

/** @throws Refusal `unavailable`, `malformed`. */
export async function fetchFacts(url: string): Promise<NetworkFacts> {
  return parseNetworkFacts(await reach(() => apiOf(url).call("GET /v1/network")));
}

/** Where redeemed money goes. @throws Refusal `wrong-network` if the gateway is of another network by now. */
export async function fetchVault(url: string, { networkId, member }: NetworkFacts): Promise<Owner> {
  const said = await reach(() => apiOf(url).call("GET /v1/member"));
  const fields = fieldsOf(said, "member");
  const isOurs =
    take(fields, "networkId", hex(32)) === networkId &&
    take(fields, "member", integer(1, 0xffff)) === member;
  if (!isOurs) throw new Refusal("wrong-network", "the gateway is another bank's");
  return take(fields, "vault", hex(20));
}

function apiOf(url: string): ApiClient<GatewayApi> {
  return new ApiClient(url, (...call) => fetch(...call), { timeoutMs: TIMEOUT_MS });
}

async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isRefusal(error)) throw error;
    throw new Refusal("unavailable", `the gateway is out of reach: ${String(error)}`);
  }
}
