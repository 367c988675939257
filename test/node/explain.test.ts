/** Why a record is where it is, as people are told: what is missing, whose word it was, and who pays. */
import assert from "node:assert/strict";
import { explain } from "../../node/explain.ts";
import { refusalCodes } from "../../protocol/refusal.ts";

const outpoint = `0x${"ab".repeat(32)}00` as const;
const id = `0x${"12".repeat(32)}`;
const waiting = {
  id,
  state: "pending",
  code: "unknown-coin",
  detail: `no coin ${outpoint} is known yet`,
} as const;

describe("a record that waits for a coin", () => {
  it("says which coin nobody has made, who signed a receipt for it, and that a false receipt is paid by that member, by a case [R-030, R-164]", () => {
    const told = explain({ status: waiting, openCycle: 1, missing: { outpoint, member: 2 } });
    const text = told.join(" ");
    assert.match(
      text,
      new RegExp(`No record or deposit that is known here has made coin ${outpoint}`),
    );
    assert.match(text, /shown a receipt for it, member 2 signed that/);
    assert.match(text, /the receipt is false, and member 2 pays what it was good for/);
    assert.match(text, /the payee's bank opens a case with it/);
    assert.match(told.at(-1)!, /settles whenever it can apply/);
  });

  it("names no member where the payer's key is enrolled with none, and no coin where its parents are on their way", () => {
    const stranger = explain({
      status: waiting,
      openCycle: 1,
      missing: { outpoint, member: undefined },
    }).join(" ");
    assert.match(stranger, /enrolled with no member/);
    assert.doesNotMatch(stranger, /member \d/);
    const child = explain({ status: waiting, openCycle: 1 }).join(" ");
    assert.doesNotMatch(child, /No record or deposit/);
  });

  it("is told by the code's remedy who pays for a coin that never was [R-030]", () => {
    assert.match(
      refusalCodes["unknown-coin"].remedy,
      /the member that signed the receipt pays, by a case/,
    );
  });
});
