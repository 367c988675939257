/** Codes of a second device, with no network: for one amount, one payee, one minute; and the grant they come from. */
import { createHash, createHmac } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { concat, fromHex, type Hex, toHex, utf8, Writer } from "../../protocol/bytes.ts";
import { sealingKeyOf } from "../../protocol/hpke.ts";
import { NOBODY, type Owner, ownerOf } from "../../protocol/key.ts";
import {
  formatPayeeNumber,
  parsePayeeNumber,
  payeeNumber,
  secondFactorCode,
  WINDOW_MS,
  windowOf,
  windowOfCode,
} from "../../protocol/second-factor-code.ts";
import { decodeSecondFactorGrant, openSecret } from "../../protocol/second-factor-grant.ts";
import { bytes } from "../../scripts/vectors/keys.ts";
import { networkId, readVectors, refusalFrom, refusalOf } from "./support/vectors.ts";

type Code = {
  readonly secret: Hex;
  readonly amount: string;
  readonly owner: Owner;
  readonly time: number;
  readonly expected: { readonly payee: string; readonly window: number; readonly code: string };
};
type Grant = {
  readonly name: string;
  readonly bytes: Hex;
  readonly expected: { readonly reader?: Hex; readonly secret?: Hex };
};
const { codes, grants } = readVectors<{
  codes: readonly Code[];
  grants: { readonly good: readonly Grant[] };
}>("second-factors");

const tag = createHash("sha256").update("tallystick/second-factor/v1").digest();
const NOW = 1_800_000_000_000;
const secret = bytes("a secret", 32);
const confirmed = { amount: 45_000n, payee: payeeNumber(ownerOf(utf8.encode("a shop"))) };
const codeAt = (time: number) => secondFactorCode(networkId, secret, confirmed, windowOf(time));
const isRight = (
  code: string,
  { what = confirmed, time = NOW, lastWindow = 0, key = secret } = {},
) => windowOfCode(networkId, key, what, { time, lastWindow }, code) !== undefined;

describe("the code of a second factor", () => {
  it("is what the vectors say, by another maker's HMAC too [N-25, R-119]", () => {
    for (const { secret: key, amount, owner, time, expected } of codes) {
      expect(payeeNumber(owner)).to.equal(expected.payee);
      expect(windowOf(time)).to.equal(expected.window);
      const what = { amount: BigInt(amount), payee: expected.payee };
      expect(secondFactorCode(networkId, fromHex(key), what, expected.window)).to.equal(
        expected.code,
      );
      const body = new Writer().u64(what.amount).u64(BigInt(what.payee)).safe(expected.window);
      const mac = createHmac("sha256", fromHex(key)).update(concat(tag, networkId, body.done()));
      const number = mac.digest().readBigUInt64BE() % 100_000_000n;
      expect(number.toString().padStart(8, "0")).to.equal(expected.code);
    }
  });

  it("is right for its amount, payee, network and secret alone [N-25, R-125]", () => {
    const code = codeAt(NOW);
    expect(isRight(code)).to.equal(true);
    const others = [
      { what: { ...confirmed, amount: 45_001n } },
      { what: { ...confirmed, payee: payeeNumber(ownerOf(utf8.encode("another"))) } },
      { key: bytes("another secret", 32) },
    ];
    for (const other of others) expect(isRight(code, other)).to.equal(false);
    const elsewhere = bytes("another network", 32);
    const around = { time: NOW, lastWindow: 0 };
    expect(windowOfCode(elsewhere, secret, confirmed, around, code)).to.equal(undefined);
  });

  it("bears clocks that go a minute apart, and no more [N-25]", () => {
    const code = codeAt(NOW);
    for (const windows of [-1, 0, 1]) {
      expect(isRight(code, { time: NOW + windows * WINDOW_MS }), `${windows}`).to.equal(true);
    }
    for (const windows of [-60, -2, 2, 60]) {
      expect(isRight(code, { time: NOW + windows * WINDOW_MS }), `${windows}`).to.equal(false);
    }
  });

  it("is of a window after the last one that was used, or of none [N-25, R-126]", () => {
    const lastWindow = windowOf(NOW);
    expect(isRight(codeAt(NOW), { lastWindow })).to.equal(false);
    expect(isRight(codeAt(NOW - WINDOW_MS), { lastWindow })).to.equal(false);
    expect(isRight(codeAt(NOW + WINDOW_MS), { lastWindow })).to.equal(true);
  });

  it("says nothing of the next: codes of a thousand windows are all different ones [N-25, R-126]", () => {
    const all = Array.from({ length: 1_000 }, (_, i) => codeAt(NOW + i * WINDOW_MS));
    // Two of a thousand are alike once in two hundred times, three pairs never.
    expect(new Set(all).size).to.be.above(997);
  });
});

describe("a payee's number", () => {
  it("is twelve digits of its owner, and all zeros for nobody", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (owner) => {
        const number = payeeNumber(toHex(owner));
        expect(number).to.match(/^\d{12}$/);
        expect(parsePayeeNumber(formatPayeeNumber(number))).to.equal(number);
      }),
    );
    expect(payeeNumber(NOBODY)).to.equal("000000000000");
  });

  it("is read as people type it, and nothing else is", () => {
    expect(formatPayeeNumber("012345678901")).to.equal("0123 4567 8901");
    for (const text of ["012345678901", "0123-4567 8901", " 012 345 678 901 "]) {
      expect(parsePayeeNumber(text)).to.equal("012345678901");
    }
    for (const text of [
      "",
      "12345678901",
      "0123456789012",
      "01234567890a",
      "１２３４５６７８９０１２",
    ]) {
      expect(refusalFrom(() => parsePayeeNumber(text)).code, text).to.equal("malformed");
    }
  });
});

describe("the grant of a second factor", () => {
  it("opens with the key that was made for it, and no other", async () => {
    const granted = grants.good.filter(({ expected }) => expected.secret !== undefined);
    expect(granted.length).to.be.above(1);
    for (const { name, bytes: encoded, expected } of granted) {
      const grant = decodeSecondFactorGrant(fromHex(encoded));
      const reader = sealingKeyOf(fromHex(expected.reader!));
      const opened = await openSecret(networkId, grant, reader);
      expect(toHex(opened), name).to.equal(expected.secret);
      const another = sealingKeyOf(bytes("another reader", 32));
      for (const [changed, key] of [
        [grant, another],
        [{ ...grant, version: grant.version + 1 }, reader],
        [{ ...grant, keeper: reader.publicKey }, reader],
        [{ ...grant, from: grant.from + 1n }, reader],
      ] as const) {
        const refusal = await refusalOf(() => openSecret(networkId, changed, key));
        expect(refusal.code).to.equal("not-for-us");
      }
    }
  });

  it("has nothing to open once it takes the factor off", async () => {
    const off = grants.good.find(({ name }) => name === "taken off")!;
    const grant = decodeSecondFactorGrant(fromHex(off.bytes));
    expect(grant.from).to.equal(0n);
    const refusal = await refusalOf(() => openSecret(networkId, grant, sealingKeyOf(secret)));
    expect(refusal.code).to.equal("not-for-us");
  });
});
