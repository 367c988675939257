/**
 * What one holder of a share adds to the opening of an envelope, and how t of these open it. Holder i gives
 * x_i·R and shows, without showing x_i, that it is the share in its public share: equal logarithms over G and
 * R, by message("disclosure", R ‖ public share ‖ x_i·R). From any t of them Lagrange gives x·R.
 *
 *     holder u8 | x_i·R 33 | proof 64
 */
import { p256 } from "@noble/curves/nist.js";
import { Reader, Writer } from "../bytes.ts";
import { KEY_LENGTH, readKeyOnCurve } from "../key.ts";
import { limits } from "../limits.ts";
import {
  BASE,
  Fn,
  isLogProof,
  LOG_PROOF_LENGTH,
  type Point,
  pointOf,
  proveLog,
} from "../log-proof.ts";
import { message } from "../message.ts";
import type { Random } from "../random.ts";
import { Refusal } from "../refusal.ts";
import type { OwnShare } from "./ceremony.ts";
import { weightAtZero } from "./polynomial.ts";
import type { SharedAuditKey, ShareHolder } from "./transcript.ts";

export const PARTIAL_OPENING_LENGTH = 1 + KEY_LENGTH + LOG_PROOF_LENGTH;

export type PartialOpening = {
  readonly holder: number;
  /** x_i·R, compressed. */
  readonly point: Uint8Array;
  /** c ‖ z. */
  readonly proof: Uint8Array;
};

export function encodePartialOpening({ holder, point, proof }: PartialOpening): Uint8Array {
  return new Writer(PARTIAL_OPENING_LENGTH)
    .u8(holder)
    .fixed(point, KEY_LENGTH)
    .fixed(proof, LOG_PROOF_LENGTH)
    .done();
}

/** @throws Refusal `malformed` naming field and offset. */
export function decodePartialOpening(bytes: Uint8Array): PartialOpening {
  const reader = new Reader(bytes);
  const holder = reader.count(1, 1, limits.shareHoldersMax, "holder");
  const point = readKeyOnCurve(reader, "point");
  const proof = reader.take(LOG_PROOF_LENGTH, "proof");
  reader.end("partial opening");
  return { holder, point, proof };
}

/**
 * A holder's part of x·R. It helps to open whatever R is: check the envelope's proof, and that the opening
 * is granted, before.
 * @param ephemeral R of an envelope.
 */
export function makePartialOpening(
  networkId: Uint8Array,
  { holder, scalar }: OwnShare,
  ephemeral: Uint8Array,
  random: Random,
): PartialOpening {
  const x = Fn.fromBytes(scalar);
  const R = pointOf(ephemeral);
  const point = R.multiply(x).toBytes(true);
  const publicShare = BASE.multiply(x).toBytes(true);
  const context = contextOf(networkId, ephemeral, publicShare, point);
  return { holder, point, proof: proveLog(context, x, [BASE, R], random) };
}

/** Whether a holder answered with its own share. */
export function isPartialOpening(
  networkId: Uint8Array,
  key: SharedAuditKey,
  ephemeral: Uint8Array,
  { holder, point, proof }: PartialOpening,
): boolean {
  const known: ShareHolder | undefined = key.holders[holder - 1];
  if (known === undefined) return false;
  const context = contextOf(networkId, ephemeral, known.publicShare, point);
  const bases = [BASE, pointOf(ephemeral)];
  return isLogProof(context, bases, [pointOf(known.publicShare), pointOf(point)], proof);
}

/**
 * x·R out of the answers, and the holders whose answers were wrong: they are left out, and anyone to whom
 * they are shown can see that they are wrong.
 * @throws Refusal `bad-proof` where fewer right ones than the threshold are left, naming the wrong ones.
 */
export function combineOpenings(
  networkId: Uint8Array,
  key: SharedAuditKey,
  ephemeral: Uint8Array,
  answers: readonly PartialOpening[],
): { readonly shared: Point; readonly wrong: readonly number[] } {
  const right = new Map<number, PartialOpening>();
  const wrong = new Set<number>();
  for (const answer of answers) {
    if (isPartialOpening(networkId, key, ephemeral, answer)) right.set(answer.holder, answer);
    else wrong.add(answer.holder);
  }
  if (right.size < key.threshold) {
    const named = wrong.size === 0 ? "" : `; wrong: of holder ${[...wrong].join(", ")}`;
    const text = `${right.size} right answers, ${key.threshold} open epoch ${key.epoch}${named}`;
    throw new Refusal("bad-proof", text);
  }
  const used = [...right.values()].slice(0, key.threshold);
  return { shared: sumAtZero(used), wrong: [...wrong] };
}

function sumAtZero(answers: readonly PartialOpening[]): Point {
  const numbers = answers.map(({ holder }) => holder);
  return answers
    .map(({ holder, point }) => pointOf(point).multiplyUnsafe(weightAtZero(numbers, holder)))
    .reduce((sum, each) => sum.add(each), p256.Point.ZERO);
}

function contextOf(
  networkId: Uint8Array,
  ephemeral: Uint8Array,
  publicShare: Uint8Array,
  point: Uint8Array,
): Uint8Array {
  const body = new Writer(3 * KEY_LENGTH)
    .fixed(ephemeral, KEY_LENGTH)
    .fixed(publicShare, KEY_LENGTH)
    .fixed(point, KEY_LENGTH);
  return message("disclosure", networkId, body.done());
}
