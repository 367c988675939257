/**
 * The network file: which network this is and how its chain is reached. Nodes, gateways and devices
 * read it; `deploy` writes it, again and again the same for the same network. It holds no secret, and
 * proves itself: the id must be that of its own chain, registry and anchor.
 */
import { fromHex, type Hex } from "./bytes.ts";
import {
  bad,
  end,
  fieldsOf,
  hex,
  integer,
  list,
  type Parse,
  parseJson,
  take,
} from "./json-fields.ts";
import { limits } from "./limits.ts";
import { networkIdOf } from "./message.ts";
import type { Currency } from "./money.ts";
import type { MemberId } from "./output.ts";
import { isRefusal, Refusal } from "./refusal.ts";

export const NETWORK_FILE_VERSION = 1;

/** Addresses of a network's contracts, lower case; proxies where there are any. */
export type NetworkContracts = {
  readonly accessManager: Hex;
  readonly registry: Hex;
  readonly token: Hex;
  readonly settlement: Hex;
  /** Absent where double spends are not yet paid. */
  readonly disputes?: Hex;
  /** Absent where openings of identities are not yet logged. */
  readonly auditLog?: Hex;
};

/** Where a member's devices find it. */
export type GatewayAddress = { readonly member: MemberId; readonly url: string };

export type NetworkFile = {
  readonly version: typeof NETWORK_FILE_VERSION;
  readonly networkId: Hex;
  readonly chainId: number;
  /** Hash of the block before the one that opened the network. */
  readonly anchor: Hex;
  /** Number of the block that opened the network: the log begins there. */
  readonly openedAtBlock: number;
  readonly contracts: NetworkContracts;
  /** JSON-RPC of the chain, the preferred one first. */
  readonly rpcUrls: readonly string[];
  readonly currency: Currency;
  /** Ascending by member; those that are known. */
  readonly gateways: readonly GatewayAddress[];
};

/**
 * Reads the text of a network file.
 * @throws Refusal `bad-configuration` naming the field, `unsupported-version`, `too-large`.
 */
export function parseNetworkFile(text: string): NetworkFile {
  if (text.length > limits.networkFileMax) {
    throw new Refusal(
      "too-large",
      `a network file has at most ${limits.networkFileMax} characters`,
    );
  }
  return asConfiguration(() => readNetworkFile(text));
}

function readNetworkFile(text: string): NetworkFile {
  const file = fieldsOf(parseJson(text, "network file"), "network file");
  const version = take(file, "version", integer(1));
  if (version !== NETWORK_FILE_VERSION) {
    throw new Refusal(
      "unsupported-version",
      `network file version ${version}, this software reads ${NETWORK_FILE_VERSION}`,
    );
  }
  const network: NetworkFile = {
    version,
    networkId: take(file, "networkId", hex(32)),
    chainId: take(file, "chainId", integer(1)),
    anchor: take(file, "anchor", hex(32)),
    openedAtBlock: take(file, "openedAtBlock", integer(1)),
    contracts: take(file, "contracts", contracts),
    rpcUrls: take(file, "rpcUrls", list(url, 1, limits.networkUrlsMax)),
    currency: take(file, "currency", currency),
    gateways: take(file, "gateways", list(gateway, 0, limits.networkGatewaysMax)),
  };
  end(file, "network file");
  checkNetworkFile(network);
  return network;
}

/** The text of a network file: the same bytes for the same network. */
export function formatNetworkFile(network: NetworkFile): string {
  asConfiguration(() => checkNetworkFile(network));
  return `${JSON.stringify(network, null, 2)}\n`;
}

/** What is wrong with a network file is an operator's to mend. */
function asConfiguration<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isRefusal(error, "malformed")) throw new Refusal("bad-configuration", error.message);
    throw error;
  }
}

/** Checks what no single field can say. */
function checkNetworkFile({
  networkId,
  chainId,
  anchor,
  contracts: { registry },
  gateways,
}: NetworkFile): void {
  if (networkIdOf(BigInt(chainId), fromHex(registry, 20), fromHex(anchor, 32)) !== networkId) {
    throw bad("networkId", "is not the id of this chain, registry and anchor");
  }
  let last = 0;
  for (const [index, { member }] of gateways.entries()) {
    if (member <= last) throw bad(`gateways[${index}].member`, "is not above the one before");
    last = member;
  }
}

const contracts: Parse<NetworkContracts> = (value, field) => {
  const fields = fieldsOf(value, field);
  const address = (name: string): Hex => take(fields, name, hex(20), `${field}.`);
  const required = {
    accessManager: address("accessManager"),
    registry: address("registry"),
    token: address("token"),
    settlement: address("settlement"),
  };
  const disputes = "disputes" in fields ? { disputes: address("disputes") } : {};
  const auditLog = "auditLog" in fields ? { auditLog: address("auditLog") } : {};
  end(fields, field);
  return { ...required, ...disputes, ...auditLog };
};

/** http or https, and nothing in it that could be a secret: this file is given to everyone. */
const url: Parse<string> = (value, field) => {
  if (
    typeof value !== "string" ||
    value.length > limits.urlMax ||
    !/^https?:/.test(value) ||
    !URL.canParse(value)
  ) {
    throw bad(field, "is not an http or https URL");
  }
  const parsed = new URL(value);
  if (
    parsed.username !== "" ||
    parsed.password !== "" ||
    parsed.search !== "" ||
    parsed.hash !== ""
  ) {
    throw bad(
      field,
      "carries a user, password, query or fragment: secrets belong in a node's own configuration",
    );
  }
  return value;
};

const currency: Parse<Currency> = (value, field) => {
  const fields = fieldsOf(value, field);
  const { code } = fields;
  if (typeof code !== "string" || !/^[A-Z]{3}$/.test(code))
    throw bad(`${field}.code`, "is not three capital letters (ISO 4217)");
  delete fields.code;
  const digits = take(fields, "digits", integer(0, 4), `${field}.`);
  end(fields, field);
  return { code, digits };
};

const gateway: Parse<GatewayAddress> = (value, field) => {
  const fields = fieldsOf(value, field);
  const address = {
    member: take(fields, "member", integer(1, 0xffff), `${field}.`),
    url: take(fields, "url", url, `${field}.`),
  };
  end(fields, field);
  return address;
};
