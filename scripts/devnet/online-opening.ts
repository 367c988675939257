/**
 * What is done once the gateways run, so that a customer can pay online: the shop's bank registers it and its
 * certificate, the customer's bank opens the service and has money to pay with. Done again, all is as it was.
 */
import { readFile } from "node:fs/promises";
import { ApiClient } from "../../device/api-client.ts";
import type { StaffApi } from "../../gateway/staff-api.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { depositReserve } from "../deploy/operator.ts";
import { CUSTOMER, onlinePaths, SHOP } from "./online-blueprint.ts";
import type { Devnet } from "./network.ts";

/** What the customer's bank can pay for its customers. */
export const VAULT = 1_000_00n;
/** What the customer has there. */
const ACCOUNT = 500_00n;

/** For a devnet that goes on where it was nothing is left to do. */
export async function openOnlinePayments(devnet: Devnet): Promise<void> {
  const { member, account } = CUSTOMER;
  // Opened last of all.
  if (await isOpen(devnet)) return;
  await registerShop(devnet);
  const { custody } = (await devnet.client(member).members()).find((row) => row.member === member)!;
  if (custody === "0") {
    await using chain = await devnet.chainOf(member);
    await chain.start();
    await depositReserve(chain, member, VAULT);
  }
  const staff = staffOf(devnet, member);
  await staff.call("POST /v1/accounts", { body: { account, customer: `customer-${account}` } });
  const body = { amount: String(ACCOUNT), reference: "opening" };
  await staff.call("POST /v1/accounts/{account}/deposits", { params: { account }, body });
  await openService(devnet, CUSTOMER);
}

/** With the shop's bank: its account, its name, its certificate, and where it is told results. */
export async function registerShop(devnet: Devnet): Promise<void> {
  const { member, merchant, label } = SHOP;
  const staff = staffOf(devnet, member);
  const resultsUrl = `http://127.0.0.1:${devnet.blueprint.ports.shop}/results`;
  await staff.call("POST /v1/accounts", { body: { account: merchant, customer: merchant } });
  await staff.call("POST /v1/merchants", {
    body: { merchant, account: merchant, label, resultsUrl },
  });
  const certificate = await readFile(onlinePaths(devnet.folder).shopCertificate, "utf8");
  await staff.call("POST /v1/merchants/{merchant}/certificates", {
    params: { merchant },
    body: { certificate },
  });
}

/** Who pays online, from which account, and where codes come. */
export type OnlineCustomer = {
  readonly member: number;
  readonly account: string;
  readonly identity: string;
  readonly terminal: string;
  readonly password: string;
};

export async function openService(
  devnet: Devnet,
  { member, account, identity, terminal, password }: OnlineCustomer,
): Promise<void> {
  await staffOf(devnet, member).call("POST /v1/online-services", {
    body: {
      customer: `customer-${account}`,
      accounts: [account],
      identities: [{ kind: "chosen", text: identity }],
      terminals: [{ channel: "file", address: terminal, language: "en" }],
      password,
    },
  });
}

async function isOpen(devnet: Devnet): Promise<boolean> {
  const { member, identity } = CUSTOMER;
  try {
    await staffOf(devnet, member).call("GET /v1/online-services", { query: { identity } });
    return true;
  } catch (error) {
    if (isRefusal(error, "not-found")) return false;
    throw error;
  }
}

function staffOf(devnet: Devnet, member: number): ApiClient<StaffApi> {
  return new ApiClient(devnet.staffUrl(member), fetch);
}
