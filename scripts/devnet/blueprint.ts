/**
 * A devnet on disk before anything runs: keys, ports, and a configuration for each process, in folders as
 * institutions would have them. Made once; a restart reads it again.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Static, Type } from "typebox";
import { stringify } from "yaml";
import { peerIdOf } from "../../node/gossip/peer-id.ts";
import { replaceFile } from "../../node/service/durable-file.ts";
import { createTokenFile } from "../../node/service/token-file.ts";
import { createKeyFile, loadKeyFile } from "../../node/service/key-file.ts";
import { compileSchema, problemText } from "../../node/service/schema-check.ts";
import { type KeyKind, StoredKey } from "../../node/service/stored-key.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";
import { type DeployPlan, type PlannedMember, profiles } from "../deploy/plan.ts";
import { freePorts } from "./free-ports.ts";
import { drawOnlinePayments, gatewayTls } from "./online-blueprint.ts";

export const MEMBERS = [1, 2, 3, 4] as const;
/** The members that run a gateway. */
export const GATEWAYS = [1, 2] as const;
export const OBSERVER = 0;

const FORMAT = 5;
const Port = Type.Integer({ minimum: 1, maximum: 65_535 });
const ports = (count: number) => Type.Array(Port, { minItems: count, maxItems: count });
const nodePorts = ports(1 + MEMBERS.length);
const gatewayPorts = ports(GATEWAYS.length);
const Blueprint = Type.Object({
  format: Type.Literal(FORMAT),
  chainId: Type.Integer({ minimum: 1 }),
  ports: Type.Object({
    chain: Port,
    /** Of nodes 1 to 4, and of the observer under 0. */
    gossip: nodePorts,
    api: nodePorts,
    /** The observer's, for people. */
    console: Port,
    /** Of gateways 1 and 2, by position. */
    devices: gatewayPorts,
    staff: gatewayPorts,
    management: gatewayPorts,
    merchants: gatewayPorts,
    /** Of the shop that a gateway has for a merchant. */
    shop: Port,
  }),
});
const problemsOf = compileSchema(Blueprint);

/** What a restart needs to know. No secret is part of it. */
export type Blueprint = Static<typeof Blueprint>;

/** What is paid for one device at most. A bond bears six devices that go so far, and the fines. */
const GUARANTEE = 5_000_00n;
export const BOND = 100_000_00n;
/** What is left to a member's operator once the bond is paid. */
const RESERVE = 50_000_000_00n;

/** What a turn is for takes a block or two, of 250 ms; one that is missed costs a second try, and no more. */
const TURN_MS = 1_000;

const CHAIN_ID = 4217;
const BLUEPRINT = "devnet.json";
const names = ["Bank of Aldermoor", "Banco de Brisa", "Crédit de Cormont", "Dunmark Sparbank"];

/** Paths in a devnet's folder. */
export function devnetPaths(folder: string) {
  const institution = (member: number) =>
    join(folder, member === OBSERVER ? "observer" : `member${member}`);
  return {
    blueprint: join(folder, BLUEPRINT),
    network: join(folder, "network.json"),
    chain: join(folder, "chain"),
    consoleToken: join(folder, "observer", "keys", "console.token"),
    trustLists: join(folder, "authority", "trust-lists.bin"),
    key: (owner: string, name: string) => join(folder, owner, "keys", `${name}.json`),
    institution,
    memberKey: (member: number, name: string) => join(institution(member), "keys", `${name}.json`),
    nodeConfig: (member: number) => join(institution(member), "node.yaml"),
    gatewayConfig: (member: number) => join(institution(member), "gateway.yaml"),
    log: (name: string) => join(folder, "logs", `${name}.log`),
  };
}

/** The blueprint in `folder`, or undefined where there is none. @throws Refusal `wrong-folder`. */
export async function readBlueprint(folder: string): Promise<Blueprint | undefined> {
  let text: string;
  try {
    text = await readFile(devnetPaths(folder).blueprint, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const blueprint = parse(text);
  const [problem] = problemsOf(blueprint);
  if (problem === undefined) return blueprint as Blueprint;
  const detail = problemText(problem, BLUEPRINT);
  throw new Refusal(
    "wrong-folder",
    `${folder} holds no devnet of this software: ${detail}; --fresh begins anew`,
  );
}

/** What is no JSON is nothing. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Makes keys and configurations. The blueprint is written last: without it there is no devnet here. */
export async function drawBlueprint(folder: string, cycleMs: number): Promise<Blueprint> {
  const paths = devnetPaths(folder);
  const [chain, ...others] = await freePorts(3 + 2 * (MEMBERS.length + 1) + 4 * GATEWAYS.length);
  const take = (count: number) => others.splice(0, count);
  const ports: Blueprint["ports"] = {
    chain: chain!,
    gossip: take(MEMBERS.length + 1),
    api: take(MEMBERS.length + 1),
    console: take(1)[0]!,
    devices: take(GATEWAYS.length),
    staff: take(GATEWAYS.length),
    management: take(GATEWAYS.length),
    merchants: take(GATEWAYS.length),
    shop: take(1)[0]!,
  };
  const blueprint: Blueprint = { format: FORMAT, chainId: CHAIN_ID, ports };
  await mkdir(join(folder, "logs"), { recursive: true });
  for (const name of ["deployer", "authority"])
    await makeKey(paths.key("authority", name), "secp256k1");
  const trust = await makeKey(paths.key("authority", "trust"), "P-256");
  for (const member of [OBSERVER, ...MEMBERS]) await drawNode(folder, blueprint, member, cycleMs);
  for (const member of GATEWAYS)
    await drawGateway(folder, blueprint, member, toHex(trust.publicKey));
  await drawOnlinePayments(folder, GATEWAYS, ports);
  await replaceFile(paths.blueprint, `${JSON.stringify(blueprint, undefined, 2)}\n`);
  return blueprint;
}

/** What is deployed: the members and the observer with the keys that lie in the folder. */
export async function planOf(
  folder: string,
  { ports }: Blueprint,
  guarantee = GUARANTEE,
): Promise<DeployPlan> {
  const authority = await loadKeyFile(
    devnetPaths(folder).key("authority", "authority"),
    "secp256k1",
  );
  const peer = async (member: number) => ({
    peerId: await peerIdOf(
      (await loadKeyFile(devnetPaths(folder).memberKey(member, "peer"), "Ed25519")).reveal(),
    ),
    addresses: [`/ip4/127.0.0.1/tcp/${ports.gossip[member]}`],
  });
  return {
    ...profiles.devnet,
    authority: addressOf(authority),
    currency: { code: "EUR", digits: 2 },
    members: await Promise.all(
      MEMBERS.map(async (member) => ({
        ...(await plannedMember(folder, member, guarantee)),
        ...(await peer(member)),
      })),
    ),
    observers: [{ name: "Central bank", ...(await peer(OBSERVER)) }],
  };
}

export function addressOf(key: StoredKey): Hex {
  return validatorAddress(key.reveal());
}

async function plannedMember(
  folder: string,
  member: number,
  guarantee: bigint,
): Promise<Omit<PlannedMember, "peerId" | "addresses">> {
  const key = (name: string, kind: KeyKind) =>
    loadKeyFile(devnetPaths(folder).memberKey(member, name), kind);
  const publicKey = async (name: string) => (await key(name, "P-256")).publicKey;
  return {
    name: names[member - 1]!,
    bic: `TALY${"ABCD"[member - 1]}2XX`,
    lei: String(member).padStart(20, "5493000000000000000"),
    operator: addressOf(await key("operator", "secp256k1")),
    validator: addressOf(await key("validator", "secp256k1")),
    issuer: await publicKey("issuer"),
    treasury: await publicKey("treasury"),
    intake: await publicKey("intake"),
    quota: 100_000_000_00n,
    guarantee,
    reserve: RESERVE + BOND,
  };
}

async function drawNode(
  folder: string,
  { ports }: Blueprint,
  member: number,
  cycleMs: number,
): Promise<void> {
  const paths = devnetPaths(folder);
  const isMember = member !== OBSERVER;
  await makeKey(paths.memberKey(member, "peer"), "Ed25519");
  if (isMember) {
    for (const name of ["validator", "operator"])
      await makeKey(paths.memberKey(member, name), "secp256k1");
    for (const name of ["issuer", "treasury", "intake"])
      await makeKey(paths.memberKey(member, name), "P-256");
  } else await createTokenFile(paths.consoleToken);
  const accounts = { validator: "keys/validator.json", operator: "keys/operator.json" };
  await writeConfig(paths.nodeConfig(member), {
    network: "../network.json",
    data: "node",
    ...(isMember ? { member } : {}),
    keys: { peer: "keys/peer.json", ...(isMember ? accounts : {}) },
    gossip: { listen: [`/ip4/127.0.0.1/tcp/${ports.gossip[member]}`] },
    api: { port: ports.api[member] },
    ...(isMember ? {} : { console: { port: ports.console, token: "keys/console.token" } }),
    cycles: { openMs: cycleMs, turnMs: TURN_MS },
    log: { file: `../logs/${isMember ? `node${member}` : "observer"}.log` },
  });
}

async function drawGateway(
  folder: string,
  { ports }: Blueprint,
  member: number,
  trustKey: Hex,
): Promise<void> {
  const at = GATEWAYS.indexOf(member as (typeof GATEWAYS)[number]);
  const paths = devnetPaths(folder);
  await writeConfig(paths.gatewayConfig(member), {
    network: "../network.json",
    data: "gateway",
    member,
    node: `http://127.0.0.1:${ports.api[member]}`,
    keys: {
      issuer: "keys/issuer.json",
      treasury: "keys/treasury.json",
      intake: "keys/intake.json",
    },
    authority: { trustKey, lists: "../authority/trust-lists.bin" },
    devices: { port: ports.devices[at] },
    staff: { port: ports.staff[at], access: "open" },
    management: { port: ports.management[at] },
    merchants: { port: ports.merchants[at], tls: gatewayTls },
    authorization: { relays: { file: "messages" } },
    webhooks: { plainLoopback: true },
    log: { file: `../logs/gateway${member}.log` },
  });
}

async function writeConfig(path: string, content: object): Promise<void> {
  await replaceFile(path, stringify(content));
}

async function makeKey(path: string, kind: KeyKind): Promise<StoredKey> {
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  const key = StoredKey.generate(kind);
  await createKeyFile(path, key);
  return key;
}
