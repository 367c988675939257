import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { batch } from "../../../node/gossip/messages/batch.ts";
import { checkpoint, type CheckpointAnswer } from "../../../node/gossip/messages/checkpoint.ts";
import { leaves } from "../../../node/gossip/messages/leaves.ts";
import { propose, type ProposalAnswer } from "../../../node/gossip/messages/propose.ts";
import { type PeerStatus, status } from "../../../node/gossip/messages/status.ts";
import type { RequestKind } from "../../../node/gossip/request-kind.ts";
import { type Batch, batchHeader } from "../../../protocol/batch.ts";
import { type Hex, toHex } from "../../../protocol/bytes.ts";
import { leafHash } from "../../../protocol/leaf.ts";
import { limits } from "../../../protocol/limits.ts";
import {
  isRefusal,
  type Refusal,
  refusalCodes,
  type RefusalCode,
} from "../../../protocol/refusal.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const count = fc.maxSafeNat();
const signature = fc.uint8Array({ minLength: 65, maxLength: 65 });
const someBatch: fc.Arbitrary<Batch> = fc.record({
  member: fc.nat({ max: 65_535 }),
  number: count.filter((number) => number > 0),
  leaves: fc.array(hash, { minLength: 1, maxLength: 20 }),
});
const leaf = fc.uint8Array({ minLength: 1, maxLength: 300 });

type Case = {
  readonly name: string;
  readonly kind: RequestKind<unknown, unknown>;
  /** Questions, each with an answer to it. */
  readonly exchange: fc.Arbitrary<readonly [question: unknown, answer: unknown]>;
};

const cases: readonly Case[] = [
  {
    name: "propose",
    kind: propose,
    exchange: fc.tuple(
      fc.record({ batch: someBatch, seq: count }),
      fc.oneof(
        fc.record({ kind: fc.constant("endorsed" as const), signature }),
        fc.record({
          kind: fc.constant("refused" as const),
          reason: fc.record({
            code: fc.constantFrom(...(Object.keys(refusalCodes) as RefusalCode[])),
            text: fc.string({ maxLength: 60 }),
          }),
          leaves: fc.array(hash, { maxLength: limits.objectionsMax }),
        }),
      ) satisfies fc.Arbitrary<ProposalAnswer>,
    ),
  },
  {
    name: "leaves",
    kind: leaves,
    exchange: fc
      .tuple(hash, fc.array(fc.tuple(leaf, fc.boolean()), { minLength: 1, maxLength: 20 }))
      .map(([root, wanted]) => [
        { root, hashes: wanted.map(([bytes]) => leafHash(bytes)) },
        wanted.map(([bytes, isHeld]) => (isHeld ? bytes : undefined)),
      ]),
  },
  {
    name: "batch",
    kind: batch,
    exchange: fc.oneof(
      someBatch.map((found): [Hex, Batch] => [batchHeader(found).root, found]),
      hash.map((root): [Hex, undefined] => [root, undefined]),
    ),
  },
  {
    name: "checkpoint",
    kind: checkpoint,
    exchange: fc.tuple(
      fc.record({ cycle: count, digest: hash }),
      fc.oneof(
        fc.constant({ kind: "none-yet" as const }),
        fc.record({ kind: fc.constant("signed" as const), signature }),
        fc.record({ kind: fc.constant("other" as const), digest: hash }),
      ) satisfies fc.Arbitrary<CheckpointAnswer>,
    ),
  },
  {
    name: "status",
    kind: status,
    exchange: fc.tuple(
      fc.constant(undefined),
      fc.record({
        seq: count,
        blockNumber: count,
        version: fc.constantFrom("0.1.0", "1.2.3-rc.1", "", "日本語"),
      }) satisfies fc.Arbitrary<PeerStatus>,
    ),
  },
];

function refusalOf(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
  throw new Error("was not refused");
}

/** What decodes must encode to the same bytes; the rest must be refused, never fail otherwise. */
function expectStrict<T>(
  bytes: Uint8Array,
  decode: (b: Uint8Array) => T,
  encode: (v: T) => Uint8Array,
) {
  let value: T;
  try {
    value = decode(bytes);
  } catch (error) {
    if (isRefusal(error, "malformed") || isRefusal(error, "bad-proof")) return;
    throw error;
  }
  expect([...encode(value)]).to.deep.equal([...bytes]);
}

/** Valid bytes with one byte changed, cut short, or with something after them. */
function damaged(bytes: Uint8Array, at: number, by: number): Uint8Array[] {
  const changed = Uint8Array.from(bytes);
  if (bytes.length > 0) changed[at % bytes.length]! ^= by;
  return [changed, bytes.subarray(0, at % (bytes.length + 1)), Uint8Array.from([...bytes, by])];
}

describe("messages between nodes", () => {
  for (const { name, kind, exchange } of cases) {
    it(`${name}: decodes what was encoded, within its bounds`, () => {
      fc.assert(
        fc.property(exchange, ([question, answer]) => {
          const asked = kind.encodeQuestion(question);
          const answered = kind.encodeAnswer(answer);
          expect(asked.length).to.be.at.most(kind.questionBytesMax);
          expect(answered.length).to.be.at.most(kind.answerBytesMax);
          expect(kind.decodeQuestion(asked)).to.deep.equal(question);
          expect(kind.decodeAnswer(answered, question)).to.deep.equal(answer);
        }),
      );
    });

    it(`${name}: has one encoding, and refuses everything else by code`, () => {
      fc.assert(
        fc.property(
          exchange,
          fc.nat(),
          fc.integer({ min: 1, max: 255 }),
          fc.uint8Array(),
          (pair, at, by, noise) => {
            const [question, answer] = pair;
            for (const bytes of [noise, ...damaged(kind.encodeQuestion(question), at, by)]) {
              expectStrict(
                bytes,
                (encoded) => kind.decodeQuestion(encoded),
                (decoded) => kind.encodeQuestion(decoded),
              );
            }
            for (const bytes of [noise, ...damaged(kind.encodeAnswer(answer), at, by)]) {
              expectStrict(
                bytes,
                (encoded) => kind.decodeAnswer(encoded, question),
                (decoded) => kind.encodeAnswer(decoded),
              );
            }
          },
        ),
      );
    });
  }

  it("takes a batch of 4,096 leaves, and asks for as many", () => {
    const hashes = Array.from({ length: limits.batchLeavesMax }, () => toHex(randomBytes(32)));
    const largest = { member: 65_535, number: Number.MAX_SAFE_INTEGER, leaves: hashes };
    const question = propose.encodeQuestion({ batch: largest, seq: 1 });
    expect(question).to.have.length(propose.questionBytesMax);
    expect(propose.decodeQuestion(question).batch).to.deep.equal(largest);
    const wanted = { root: hashes[0]!, hashes };
    expect(leaves.encodeQuestion(wanted)).to.have.length(leaves.questionBytesMax);
    expect(leaves.decodeQuestion(leaves.encodeQuestion(wanted))).to.deep.equal(wanted);
    expect(batch.encodeAnswer(largest)).to.have.length(batch.answerBytesMax);
    const many = leaves.encodeQuestion({ ...wanted, hashes: [...hashes, hashes[0]!] });
    expect(refusalOf(() => leaves.decodeQuestion(many)).code).to.equal("malformed");
    const none = leaves.encodeQuestion({ ...wanted, hashes: [] });
    expect(refusalOf(() => leaves.decodeQuestion(none)).code).to.equal("malformed");
    expect(refusalOf(() => leaves.decodeQuestion(new Uint8Array())).code).to.equal("malformed");
  });

  it("fills a page and leaves the rest for another", () => {
    const all = Array.from(
      { length: 4096 },
      () => new Uint8Array(randomBytes(limits.leafBytesMax)),
    );
    const hashes = all.map(leafHash);
    const page = leaves.encodeAnswer(all);
    expect(page.length).to.be.at.most(leaves.answerBytesMax);
    expect(page.length + 4 + limits.leafBytesMax).to.be.above(leaves.answerBytesMax);
    const got = leaves.decodeAnswer(page, { root: hashes[0]!, hashes });
    expect(got).to.deep.equal(all.slice(0, got.length));
    for (const bytes of got) expect(bytes!.buffer.byteLength).to.equal(bytes!.length);
  });

  it("carries the largest batch's bytes in one page", () => {
    const length = limits.batchBytesMax / limits.batchLeavesMax;
    const all = Array.from({ length: limits.batchLeavesMax }, () => new Uint8Array(length));
    expect(leaves.encodeAnswer(all)).to.have.length(leaves.answerBytesMax);
  });

  it("refuses another leaf, another batch, and no leaf at all as false", () => {
    const [asked, other] = [new Uint8Array([1, 2]), new Uint8Array([3, 4])];
    const hashes = [leafHash(asked)];
    const question = { root: batchHeader({ member: 1, number: 1, leaves: hashes }).root, hashes };
    const false1 = leaves.encodeAnswer([other]);
    expect(refusalOf(() => leaves.decodeAnswer(false1, question)).code).to.equal("bad-proof");
    const empty = leaves.encodeAnswer([]);
    expect(refusalOf(() => leaves.decodeAnswer(empty, question)).code).to.equal("malformed");
    const two = leaves.encodeAnswer([asked, other]);
    expect(refusalOf(() => leaves.decodeAnswer(two, question)).code).to.equal("malformed");
    const false2 = batch.encodeAnswer({ member: 1, number: 1, leaves: [leafHash(asked)] });
    expect(refusalOf(() => batch.decodeAnswer(false2, leafHash(other))).code).to.equal("bad-proof");
  });

  it("names no more leaves in an objection than fit, and says as much as fits", () => {
    const objected = Array.from({ length: 200 }, () => toHex(randomBytes(32)));
    const reason = { code: "bad-signature" as const, text: "not signed. ".repeat(100) };
    const bytes = propose.encodeAnswer({ kind: "refused", reason, leaves: objected });
    const answer = propose.decodeAnswer(bytes, {
      batch: { member: 1, number: 1, leaves: [] },
      seq: 1,
    });
    expect(answer).to.deep.equal({
      kind: "refused",
      reason: { code: "bad-signature", text: reason.text.slice(0, limits.reasonMax) },
      leaves: objected.slice(0, limits.objectionsMax),
    });
  });
});
