/** A double spend and the file that shows it, signed for real by keys of tests. */
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { appliedRootOf, type Checkpoint, checkpointDigest } from "../../protocol/checkpoint.ts";
import { depositOutpoint } from "../../protocol/deposit.ts";
import type { Evidence, Loss } from "../../protocol/evidence.ts";
import { hashLeaf, merkleProof } from "../../protocol/merkle.ts";
import { NETWORK_FILE_VERSION, type NetworkFile } from "../../protocol/network-file.ts";
import { orderSignatures } from "../../protocol/quorum.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { signTypedDigest, validatorAddress } from "../../protocol/typed-data.ts";
import {
  type Coin,
  coinsOf,
  idOf,
  keyOf,
  networkId,
  networkPlace,
  pay,
  spend,
} from "./ledger-parts.ts";
import { validatorKey } from "./network.ts";

const address = (byte: string): Hex => `0x${byte.repeat(20)}`;
/** The network that the evidence is of. */
export const evidenceNetwork: NetworkFile = {
  version: NETWORK_FILE_VERSION,
  networkId: toHex(networkId),
  chainId: networkPlace.chainId,
  anchor: networkPlace.anchor,
  openedAtBlock: 1,
  contracts: {
    accessManager: address("31"),
    registry: networkPlace.registry,
    token: address("32"),
    settlement: address("33"),
  },
  rpcUrls: ["http://127.0.0.1:1"],
  currency: { code: "EUR", digits: 2 },
  gateways: [],
};

const [anna, bert, dora] = [keyOf("anna"), keyOf("bert"), keyOf("dora")];
/** Those whose validators sign. */
export const MEMBERS = [1, 2, 3, 4];

/** A coin of anna's, the record that made it, and two of its spends. */
export async function makeDoubleSpend() {
  const vault = { seq: 9, output: pay(keyOf("treasury of 1"), 1, 500n) };
  const loaded: Coin = { outpoint: depositOutpoint(networkId, vault), output: vault.output };
  const load = await spend({
    signer: keyOf("treasury of 1"),
    inputs: [loaded],
    outputs: [pay(anna, 1, 500n)],
  });
  const coin = coinsOf(load)[0]!;
  const loser = await spend({ signer: anna, inputs: [coin], outputs: [pay(bert, 2, 500n)] });
  const winner = await spend({ signer: anna, inputs: [coin], outputs: [pay(dora, 3, 500n)] });
  return { vault, loaded, load, coin, loser, winner };
}

/** A checkpoint over these records, and the place of one of them. */
export function settled(applied: readonly Hex[], index: number, signers = [1, 2, 3]) {
  const checkpoint: Checkpoint = {
    number: 7,
    seq: 40,
    applied: applied.length,
    appliedRoot: toHex(appliedRootOf(applied)),
    supply: 500n,
    positions: [{ member: 1, delta: -500n, withdrawn: 0n }],
    stateRoot: `0x${"77".repeat(32)}`,
  };
  const digest = checkpointDigest(
    {
      chainId: BigInt(evidenceNetwork.chainId),
      settlement: evidenceNetwork.contracts.settlement,
      networkId: evidenceNetwork.networkId,
    },
    checkpoint,
  );
  const keys = signers.map(validatorKey);
  const signatures = orderSignatures(
    new Map(keys.map((key) => [validatorAddress(key), signTypedDigest(key, digest)])),
  ).map(toHex);
  const path = merkleProof(
    applied.map((id) => hashLeaf(fromHex(id))),
    index,
  ).map(toHex);
  return { index, path, checkpoint, signatures };
}

export function lossOf(outpoint: Hex, parent: Uint8Array, winner: SignedRecord): Loss {
  const others = Array.from({ length: 4 }, (_, i): Hex => `0x${String(i).repeat(64)}`);
  const applied = [...others.slice(0, 2), idOf(winner), ...others.slice(2)];
  return {
    outpoint,
    parent: toHex(parent),
    winner: toHex(winner.bytes),
    settlement: settled(applied, 2),
  };
}

export function evidenceOf(loser: SignedRecord, losses: readonly Loss[]): Evidence {
  const members = MEMBERS.map((member) => ({
    member,
    name: `Bank ${member}`,
    address: validatorAddress(validatorKey(member)),
  }));
  const reference = {
    what: "the winner's batch",
    seq: 30,
    blockNumber: 12,
    blockHash: `0x${"ab".repeat(32)}` as Hex,
  };
  return {
    networkId: evidenceNetwork.networkId,
    loser: toHex(loser.bytes),
    losses,
    claims: { validators: [{ cycle: 7, atBlock: 13, members }], chain: [reference] },
  };
}

/** A double spend, and the file that shows it. */
export async function makeEvidence() {
  const made = await makeDoubleSpend();
  const { coin, load, loser, winner } = made;
  return { ...made, evidence: evidenceOf(loser, [lossOf(coin.outpoint, load.bytes, winner)]) };
}
