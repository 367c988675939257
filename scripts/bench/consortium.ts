/**
 * A consortium on Hardhat's in-process chain: the contracts behind their proxies and any number of
 * members whose keys are derived from their ids. For measuring and for the contracts' tests; networks
 * are deployed by `scripts/deploy`, in the same order.
 */
import { createHash } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { network } from "hardhat";
import { restrictedFunctions, roles } from "../../node/chain/abi.ts";
import { type BatchHeader, batchDigest } from "../../protocol/batch.ts";
import { concat, type Hex, toHex } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointDigest } from "../../protocol/checkpoint.ts";
import { orderSignatures, quorumOf } from "../../protocol/quorum.ts";
import { type Domain, signTypedDigest, validatorAddress } from "../../protocol/typed-data.ts";

export type Connection = Awaited<ReturnType<typeof network.create>>;
export type Consortium = Awaited<ReturnType<typeof deployConsortium>>;

/** A member as its own institution knows it. */
export type MemberKeys = {
  readonly id: number;
  readonly operator: HardhatEthersSigner;
  /** secp256k1, 32 bytes. */
  readonly validatorKey: Uint8Array;
  readonly validator: Hex;
};

/** Where an EIP-1967 proxy keeps its administrator. */
const ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";

const DAY = 24 * 60 * 60;

export const defaultParameters = {
  version: 1,
  penaltyPercent: 200,
  confirmations: 0,
  blockPeriodMs: 250,
  minCycle: 2,
  receiptLife: 7 * DAY,
  reclaimDelay: 14 * DAY,
  claimPeriod: 30 * DAY,
  retention: 400 * DAY,
};

/** What members hold and may hold at the start, in minor units. */
export const START = { reserve: 10n ** 12n, quota: 10n ** 12n, guarantee: 50_000n } as const;

/** Deploys, sets roles up and admits `memberCount` members, each with reserves in its operator's account. */
export async function deployConsortium(connection: Connection, memberCount = 4) {
  const { ethers } = connection;
  const [authority, regulator, arbiter, stranger, ...operators] = await ethers.getSigners();
  if (
    authority === undefined ||
    regulator === undefined ||
    arbiter === undefined ||
    stranger === undefined
  ) {
    throw new Error("the chain has too few accounts");
  }

  const accessManager = await ethers.deployContract("AccessManager", [authority.address]);
  const manager = await accessManager.getAddress();
  const registryProxy = await behindProxy(
    connection,
    "MemberRegistry",
    [],
    [manager, defaultParameters],
  );
  const registry = await ethers.getContractAt("MemberRegistry", registryProxy.address);
  const token = await ethers.deployContract("ReserveToken", [manager, "Reserves", "RSV", 2]);
  const settlementProxy = await behindProxy(
    connection,
    "Settlement",
    [registryProxy.address, await token.getAddress()],
    [manager],
  );
  const settlement = await ethers.getContractAt("Settlement", settlementProxy.address);
  const disputesProxy = await behindProxy(
    connection,
    "Disputes",
    [settlementProxy.address],
    [manager],
  );
  const disputes = await ethers.getContractAt("Disputes", disputesProxy.address);
  const auditLogProxy = await behindProxy(connection, "AuditLog", [], [manager]);
  const auditLog = await ethers.getContractAt("AuditLog", auditLogProxy.address);
  const targets = [
    { name: "MemberRegistry", address: registryProxy.address },
    { name: "ReserveToken", address: await token.getAddress() },
    { name: "Settlement", address: settlementProxy.address },
    { name: "Disputes", address: disputesProxy.address },
    { name: "AuditLog", address: auditLogProxy.address },
    { name: "ProxyAdmin", address: registryProxy.admin },
    { name: "ProxyAdmin", address: settlementProxy.admin },
    { name: "ProxyAdmin", address: disputesProxy.admin },
    { name: "ProxyAdmin", address: auditLogProxy.admin },
  ] as const;
  for (const { name, address } of targets) {
    const { interface: functions } = await ethers.getContractFactory(name);
    for (const [role, names] of Object.entries(restrictedFunctions[name])) {
      const selectors = names.map((each: string) => functions.getFunction(each as never)!.selector);
      await accessManager.setTargetFunctionRole(
        address,
        selectors,
        roles[role as keyof typeof roles],
      );
    }
  }
  await accessManager.grantRole(roles.AUTHORITY, authority.address, 0);
  await accessManager.grantRole(roles.REGULATOR, regulator.address, 0);

  await registry.setWriter(settlementProxy.address, true);
  for (const each of [disputesProxy.address, arbiter.address]) {
    await settlement.setArbiter(each, true);
  }
  await token.setParticipant(settlementProxy.address, true);
  const members: MemberKeys[] = [];
  for (let id = 1; id <= memberCount; id++) {
    const operator = operators[id - 1];
    if (operator === undefined) throw new Error(`the chain has no account for member ${id}`);
    const validatorKey = seed(`validator ${id}`);
    const member = { id, operator, validatorKey, validator: validatorAddress(validatorKey) };
    await registry.admit(id, admissionOf(member));
    await token.setParticipant(operator.address, true);
    await token.mint(operator.address, START.reserve);
    await token.connect(operator).approve(settlementProxy.address, START.reserve);
    await token.connect(operator).approve(disputesProxy.address, START.reserve);
    members.push(member);
  }

  const domain: Domain = {
    chainId: (await ethers.provider.getNetwork()).chainId,
    settlement: settlementProxy.address.toLowerCase() as Hex,
    networkId: (await registry.networkId()) as Hex,
  };
  return {
    connection,
    accessManager,
    registry,
    registryAdmin: registryProxy.admin,
    token,
    settlement,
    settlementAdmin: settlementProxy.admin,
    disputes,
    disputesAdmin: disputesProxy.admin,
    auditLog,
    auditLogAdmin: auditLogProxy.admin,
    authority,
    regulator,
    /** An account that is an arbiter as Disputes is. */
    arbiter,
    stranger,
    members,
    domain,
  };
}

/** What the authority states about a member. */
export function admissionOf({ id, operator, validator }: Omit<MemberKeys, "validatorKey">) {
  return {
    operator: operator.address,
    profile: profileOf(id),
    keys: keysOf(id, validator),
    peer: peerOf(`peer-${id}`),
    quota: START.quota,
    guarantee: START.guarantee,
  };
}

export function profileOf(id: number) {
  return {
    name: `Member ${id}`,
    bic: `TALLYS${id.toString().padStart(2, "0")}`,
    lei: id.toString().padStart(20, "0"),
  };
}

/** @param generation another one gives other P-256 keys. */
export function keysOf(id: number, validator: Hex, generation = 0) {
  return {
    validator,
    issuer: publicKey(`issuer ${id} ${generation}`),
    treasury: publicKey(`treasury ${id} ${generation}`),
    intake: publicKey(`intake ${id} ${generation}`),
  };
}

export function peerOf(id: string) {
  return { id, addresses: [`/dns4/${id}.example/tcp/9000`] };
}

/** A compressed P-256 key that `name` alone decides. */
export function publicKey(name: string): Hex {
  return toHex(p256.getPublicKey(seed(name)));
}

/** 32 bytes that `name` alone decides. */
export function seed(name: string): Uint8Array {
  return createHash("sha256").update(name).digest();
}

/** Signatures over a digest by some members, as the contract takes them. */
export function sign(digest: Uint8Array, signers: readonly MemberKeys[]): Hex {
  const bySigner = new Map(
    signers.map(({ validator, validatorKey }) => [
      validator,
      signTypedDigest(validatorKey, digest),
    ]),
  );
  return toHex(concat(...orderSignatures(bySigner)));
}

/** The first members that make a quorum of all. */
export function quorum(members: readonly MemberKeys[]): MemberKeys[] {
  return members.slice(0, quorumOf(members.length));
}

/** Brings a batch as a quorum endorses it. */
export function sequence(consortium: Consortium, header: BatchHeader) {
  const signatures = sign(batchDigest(consortium.domain, header), quorum(consortium.members));
  const { member, number, count, root } = header;
  return consortium.settlement.sequence(member, number, count, root, signatures);
}

/** Brings a checkpoint as a quorum signs it. */
export function settle(consortium: Consortium, checkpoint: Checkpoint) {
  const signatures = sign(
    checkpointDigest(consortium.domain, checkpoint),
    quorum(consortium.members),
  );
  return consortium.settlement.settle(settlementForm(checkpoint), signatures);
}

/** A checkpoint as ethers encodes it. */
export function settlementForm(checkpoint: Checkpoint) {
  return { ...checkpoint, positions: checkpoint.positions.map((position) => ({ ...position })) };
}

/** Deploys a contract behind a proxy of the AccessManager, its first initial argument. */
export async function behindProxy(
  { ethers }: Connection,
  name: "MemberRegistry" | "Settlement" | "Disputes" | "AuditLog",
  constructorArguments: readonly unknown[],
  initialArguments: readonly unknown[],
) {
  const implementation = await ethers.deployContract(name, [...constructorArguments]);
  const proxy = await ethers.deployContract("TransparentUpgradeableProxy", [
    await implementation.getAddress(),
    initialArguments[0],
    implementation.interface.encodeFunctionData("initialize", [...initialArguments]),
  ]);
  const address = await proxy.getAddress();
  const admin = ethers.getAddress(
    `0x${(await ethers.provider.getStorage(address, ADMIN_SLOT)).slice(-40)}`,
  );
  return { address, admin };
}
