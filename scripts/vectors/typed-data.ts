/** EIP-712: what endorsements and checkpoint signatures sign, and quorums of them that hold and that do not. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type BatchHeader, batchDigest } from "../../protocol/batch.ts";
import { concat, type Hex, toHex } from "../../protocol/bytes.ts";
import { type Checkpoint, checkpointDigest } from "../../protocol/checkpoint.ts";
import { checkQuorum, quorumOf } from "../../protocol/quorum.ts";
import { Refusal } from "../../protocol/refusal.ts";
import {
  type Domain,
  domainSeparator,
  signTypedDigest,
  typeHash,
  domainType,
} from "../../protocol/typed-data.ts";
import { bytes, networkId, type Validator, validators } from "./keys.ts";
import { plain } from "./vector.ts";

type Quorum = {
  readonly name: string;
  readonly digest: Hex;
  /** Addresses of the active members' validators, ascending. */
  readonly validators: readonly Hex[];
  readonly signatures: readonly Hex[];
  /** Whether they are a quorum; if not, why. */
  readonly expected: true | "malformed" | "not-a-validator" | "not-ascending" | "too-few";
};

const domain: Domain = {
  chainId: 31_337n,
  settlement: toHex(bytes("settlement", 20)),
  networkId: toHex(networkId),
};

const batch: BatchHeader = { member: 1, number: 1, count: 1, root: toHex(bytes("root", 32)) };

const checkpoint: Checkpoint = {
  number: 1,
  seq: 42,
  applied: 7,
  appliedRoot: toHex(bytes("applied", 32)),
  supply: 1_000_000n,
  positions: [
    { member: 1, delta: -300n, withdrawn: 0n },
    { member: 2, delta: 300n, withdrawn: 50n },
  ],
  stateRoot: toHex(bytes("state", 32)),
};

export function typedData() {
  const batches: [string, BatchHeader][] = [
    ["a batch", batch],
    ["the largest", { ...batch, member: 65_535, number: Number.MAX_SAFE_INTEGER, count: 4096 }],
  ];
  const checkpoints: [string, Checkpoint][] = [
    ["two positions", checkpoint],
    ["no positions", { ...checkpoint, positions: [] }],
    [
      "the least delta and the largest withdrawal",
      {
        ...checkpoint,
        supply: 2n ** 128n - 1n,
        positions: [{ member: 65_535, delta: -(2n ** 127n), withdrawn: 2n ** 128n - 1n }],
      },
    ],
  ];
  return {
    domainType,
    domainTypeHash: toHex(typeHash(domainType)),
    domains: otherDomains().map(([name, other]) => ({
      name,
      ...(plain(other) as object),
      expected: toHex(domainSeparator(other)),
    })),
    batches: batches.map(([name, header]) => ({
      name,
      ...header,
      expected: toHex(batchDigest(domain, header)),
    })),
    checkpoints: checkpoints.map(([name, value]) => ({
      name,
      ...(plain(value) as object),
      expected: toHex(checkpointDigest(domain, value)),
    })),
    quorums: quorums(),
  };
}

function otherDomains(): [string, Domain][] {
  return [
    ["the domain of all vectors here", domain],
    ["another chain", { ...domain, chainId: 1n }],
    ["another contract", { ...domain, settlement: toHex(bytes("other settlement", 20)) }],
    ["another network", { ...domain, networkId: toHex(bytes("other network", 32)) }],
  ];
}

function quorums(): Quorum[] {
  const four = validators(4);
  const [a, b, c, d] = four as [Validator, Validator, Validator, Validator];
  const stranger = validators(5).find(({ address }) => !four.some((v) => v.address === address))!;
  const digest = batchDigest(domain, batch);
  const closing = checkpointDigest(domain, checkpoint);
  const by = (signer: Validator, over = digest) => signTypedDigest(signer.privateKey, over);
  const three = [by(a), by(b), by(c)];
  const sixteen = validators(16);
  const foreign = otherDomains()
    .slice(1)
    .map(([name, other]) => {
      const signed = batchDigest(other, batch);
      const signatures = [by(a, signed), by(b, signed), by(c, signed)];
      return quorum(`signed for ${name}`, digest, four, signatures, "not-a-validator");
    });
  return [
    quorum("three of four endorse a batch", digest, four, three, true),
    quorum("four of four", digest, four, [...three, by(d)], true),
    quorum("one of one", digest, [a], [by(a)], true),
    quorum(
      "three of four sign a checkpoint",
      closing,
      four,
      [a, c, d].map((v) => by(v, closing)),
      true,
    ),
    quorum(
      "eleven of sixteen",
      digest,
      sixteen,
      sixteen.slice(5).map((v) => by(v)),
      true,
    ),
    quorum(
      "ten of sixteen",
      digest,
      sixteen,
      sixteen.slice(6).map((v) => by(v)),
      "too-few",
    ),
    quorum("two of four", digest, four, [by(a), by(b)], "too-few"),
    quorum("no signature", digest, four, [], "too-few"),
    quorum("one signer twice", digest, four, [by(a), by(b), by(b)], "not-ascending"),
    quorum("signers that descend", digest, four, [by(a), by(c), by(b)], "not-ascending"),
    quorum(
      "a stranger among them",
      digest,
      four,
      ordered([a, b, stranger]).map((v) => by(v)),
      "not-a-validator",
    ),
    quorum("a member that was removed", digest, [a, b, d], three, "not-a-validator"),
    quorum(
      "signed for the checkpoint",
      digest,
      four,
      [a, b, c].map((v) => by(v, closing)),
      "not-a-validator",
    ),
    ...foreign,
    quorum("high s", digest, four, [by(a), by(b), highS(by(c))], "malformed"),
    quorum("v of 0", digest, four, [by(a), by(b), withV(by(c), by(c)[64]! - 27)], "malformed"),
    quorum("v of 29", digest, four, [by(a), by(b), withV(by(c), 29)], "malformed"),
    quorum(
      "the other v",
      digest,
      four,
      [by(a), by(b), withV(by(c), 55 - by(c)[64]!)],
      "not-a-validator",
    ),
    quorum("64 bytes", digest, four, [by(a), by(b), by(c).slice(0, 64)], "malformed"),
    quorum("66 bytes", digest, four, [by(a), by(b), concat(by(c), Uint8Array.of(0))], "malformed"),
    quorum(
      "r of zero",
      digest,
      four,
      [by(a), by(b), concat(new Uint8Array(32), by(c).slice(32))],
      "malformed",
    ),
    quorum("zeros", digest, four, [by(a), by(b), withV(new Uint8Array(65), 27)], "malformed"),
  ];
}

function quorum(
  name: string,
  digest: Uint8Array,
  among: readonly Validator[],
  signatures: readonly Uint8Array[],
  expected: Quorum["expected"],
): Quorum {
  const addresses = among.map(({ address }) => address);
  if (isQuorum(digest, signatures, addresses) !== (expected === true)) {
    throw new Error(`the verdict on "${name}" is another`);
  }
  if (expected === "too-few" && signatures.length >= quorumOf(among.length)) {
    throw new Error(`"${name}" has enough signatures`);
  }
  return {
    name,
    digest: toHex(digest),
    validators: addresses,
    signatures: signatures.map(toHex),
    expected,
  };
}

function isQuorum(
  digest: Uint8Array,
  signatures: readonly Uint8Array[],
  addresses: readonly Hex[],
): boolean {
  try {
    checkQuorum(digest, signatures, new Set(addresses));
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function ordered(signers: readonly Validator[]): Validator[] {
  return signers.toSorted((a, b) => (a.address < b.address ? -1 : 1));
}

/** The same signature in its other form, (r, n − s) with the other v. */
function highS(signature: Uint8Array): Uint8Array {
  const { Fn } = secp256k1.Point;
  const s = Fn.neg(Fn.fromBytes(signature.subarray(32, 64)));
  return concat(signature.subarray(0, 32), Fn.toBytes(s), Uint8Array.of(55 - signature[64]!));
}

function withV(signature: Uint8Array, v: number): Uint8Array {
  return concat(signature.subarray(0, 64), Uint8Array.of(v));
}
