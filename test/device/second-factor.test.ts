/** A code over a second device, with no network: for one amount, one payee, one minute and one use. */
import { expect } from "chai";
import { utf8 } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import { systemRandom } from "../../protocol/random.ts";
import {
  enterSecondFactor,
  makeSecondFactor,
  needsSecondFactor,
  secondFactorCode,
  WINDOW_MS,
} from "../../device/second-factor.ts";
import { networkId, refusalFrom } from "../protocol/support/vectors.ts";

const NOW = 1_800_000_000_000;
const payee = ownerOf(utf8.encode("a shop"));
const confirmed = { networkId, amount: 45_000n, payee };
const factor = makeSecondFactor(systemRandom, 10_000n);
const { secret } = factor;

const isRight = (code: string, what = confirmed, time = NOW, from = factor) =>
  enterSecondFactor(from, what, time, code).isRight;

describe("the second factor of an offline payment", () => {
  it("is asked for from the amount on that the bank has set [N-25, R-171]", () => {
    expect(needsSecondFactor(factor, 9_999n)).to.equal(false);
    expect(needsSecondFactor(factor, 10_000n)).to.equal(true);
    expect(needsSecondFactor(undefined, 10_000n)).to.equal(false);
  });

  it("is right for its amount and payee, read out in groups, without a network [N-25, R-119]", () => {
    const code = secondFactorCode(secret, confirmed, NOW);
    expect(code).to.match(/^\d{8}$/);
    expect(isRight(`${code.slice(0, 4)} ${code.slice(4)}`)).to.equal(true);
  });

  it("is refused for another amount, payee, network, secret or window [N-25, R-125]", () => {
    const code = secondFactorCode(secret, confirmed, NOW);
    expect(isRight(code, { ...confirmed, amount: 45_001n })).to.equal(false);
    expect(isRight(code, { ...confirmed, payee: ownerOf(utf8.encode("another")) })).to.equal(false);
    expect(isRight(code, { ...confirmed, networkId: new Uint8Array(32) })).to.equal(false);
    const other = makeSecondFactor(systemRandom, 10_000n);
    expect(isRight(code, confirmed, NOW, other)).to.equal(false);
    for (const windows of [-2, 2, 60]) {
      expect(isRight(code, confirmed, NOW + windows * WINDOW_MS), `${windows}`).to.equal(false);
    }
  });

  it("bears clocks that go a minute apart, and no more [N-25]", () => {
    const code = secondFactorCode(secret, confirmed, NOW);
    for (const windows of [-1, 0, 1]) {
      expect(isRight(code, confirmed, NOW + windows * WINDOW_MS), `${windows}`).to.equal(true);
    }
  });

  it("is good once [N-25]", () => {
    const code = secondFactorCode(secret, confirmed, NOW);
    const first = enterSecondFactor(factor, confirmed, NOW, code);
    expect(first.isRight).to.equal(true);
    const again = enterSecondFactor(first.factor, confirmed, NOW, code);
    expect(again.isRight).to.equal(false);
    const next = secondFactorCode(secret, confirmed, NOW + WINDOW_MS);
    expect(isRight(next, confirmed, NOW + WINDOW_MS, again.factor)).to.equal(true);
  });

  it("bounds the tries, and gives them back to the right code [N-25]", () => {
    let tried = factor;
    for (let i = 0; i < 2; i++) tried = enterSecondFactor(tried, confirmed, NOW, "00000000").factor;
    expect(tried.tries).to.equal(1);
    const code = secondFactorCode(secret, confirmed, NOW);
    expect(enterSecondFactor(tried, confirmed, NOW, code).factor.tries).to.equal(3);
    const none = enterSecondFactor(tried, confirmed, NOW, "00000000").factor;
    const blocked = refusalFrom(() => enterSecondFactor(none, confirmed, NOW, code));
    expect(blocked.code).to.equal("pin-blocked");
    const malformed = refusalFrom(() => enterSecondFactor(factor, confirmed, NOW, "1234"));
    expect(malformed.code).to.equal("malformed");
  });

  it("says nothing of the next: codes of a thousand windows are all different ones [N-25, R-126]", () => {
    const codes = Array.from({ length: 1_000 }, (_, i) =>
      secondFactorCode(secret, confirmed, NOW + i * WINDOW_MS),
    );
    // Two of a thousand are alike once in two hundred times, three pairs never.
    expect(new Set(codes).size).to.be.above(997);
  });
});
