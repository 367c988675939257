/** The checkpoint: the state at the end of a cycle, as a quorum of members signs it and the chain settles it. */
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, type Hex, Reader, toHex, Writer } from "./bytes.ts";
import { hashLeaf, merkleRoot } from "./merkle.ts";
import type { MemberId } from "./output.ts";
import { type Domain, structHash, typedDigest, typeHash, word } from "./typed-data.ts";

/** A member's net change of custody over a cycle, and what left the ledger to its reserve. */
export type Position = {
  readonly member: MemberId;
  readonly delta: bigint;
  readonly withdrawn: bigint;
};

export type Checkpoint = {
  /** The cycle, from 1. */
  readonly number: number;
  /** Of the event that closed the cycle. */
  readonly seq: number;
  /** Records applied in the cycle. */
  readonly applied: number;
  /** RFC 6962 root over their ids, in order of application. */
  readonly appliedRoot: Hex;
  /** The sum of all coins. */
  readonly supply: bigint;
  /** Ascending by member, rows of zero left out. */
  readonly positions: readonly Position[];
  readonly stateRoot: Hex;
};

const positionString = "Position(uint16 member,int128 delta,uint128 withdrawn)";
const positionType = typeHash(positionString);
const checkpointType = typeHash(
  `Checkpoint(uint64 number,uint64 seq,uint64 applied,bytes32 appliedRoot,uint128 supply,Position[] positions,bytes32 stateRoot)${positionString}`,
);

/** The root over the ids of the records that a cycle applied. */
export function appliedRootOf(ids: readonly Hex[]): Uint8Array {
  return merkleRoot(ids.map((id) => hashLeaf(fromHex(id, 32))));
}

/** What validators sign. */
export function checkpointDigest(domain: Domain, checkpoint: Checkpoint): Uint8Array {
  const { number, seq, applied, appliedRoot, supply, positions, stateRoot } = checkpoint;
  const rows = positions.map((row) =>
    structHash(positionType, word(row.member), word(row.delta), word(row.withdrawn)),
  );
  return typedDigest(
    domain,
    structHash(
      checkpointType,
      word(number),
      word(seq),
      word(applied),
      fromHex(appliedRoot, 32),
      word(supply),
      keccak_256(concat(...rows)),
      fromHex(stateRoot, 32),
    ),
  );
}

/** As nodes keep it and evidence carries it: the fields in their order, rows after a u16 count. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const writer = new Writer(256)
    .safe(checkpoint.number)
    .safe(checkpoint.seq)
    .safe(checkpoint.applied)
    .fixed(fromHex(checkpoint.appliedRoot), 32)
    .u128(checkpoint.supply)
    .u16(checkpoint.positions.length);
  for (const { member, delta, withdrawn } of checkpoint.positions) {
    writer.u16(member).i128(delta).u128(withdrawn);
  }
  return writer.fixed(fromHex(checkpoint.stateRoot), 32).done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const reader = new Reader(bytes);
  const number = reader.safe("number");
  const seq = reader.safe("seq");
  const applied = reader.safe("applied");
  const appliedRoot = toHex(reader.take(32, "appliedRoot"));
  const supply = reader.u128("supply");
  const positions = readPositions(reader);
  const stateRoot = toHex(reader.take(32, "stateRoot"));
  reader.end("checkpoint");
  return { number, seq, applied, appliedRoot, supply, positions, stateRoot };
}

function readPositions(reader: Reader): Position[] {
  const count = reader.u16("positions");
  const positions: Position[] = [];
  for (let i = 0; i < count; i++) {
    const member = reader.u16(`positions[${i}].member`);
    if (i > 0 && member <= positions[i - 1]!.member) {
      throw reader.refuse("positions are not ascending", `positions[${i}].member`, 2);
    }
    const delta = reader.i128(`positions[${i}].delta`);
    const withdrawn = reader.u128(`positions[${i}].withdrawn`);
    if (delta === 0n && withdrawn === 0n) {
      throw reader.refuse("a row of zero is left out", `positions[${i}]`, 34);
    }
    positions.push({ member, delta, withdrawn });
  }
  return positions;
}
