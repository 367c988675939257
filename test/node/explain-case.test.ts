/** What a case means in each of its states: who may do what until when, and what silence decides. */
import assert from "node:assert/strict";
import { type CaseEntry, caseKinds, caseStatuses } from "../../node/chain/disputes.ts";
import { explainCase } from "../../node/explain-case.ts";

const DEADLINE_S = 1_800_000_000;
const CLAIM_PERIOD_S = 30 * 86_400;
const NOTHING = `0x${"00".repeat(32)}` as const;

const opened: CaseEntry = {
  caseId: 3,
  kind: "false-receipt",
  status: "opened",
  claimant: 1,
  accused: 2,
  amount: 74_03n,
  deadlineS: DEADLINE_S,
  argument: NOTHING,
  answer: NOTHING,
  debts: [],
};

function told(changed: Partial<CaseEntry>, isOver = false): string {
  const now = DEADLINE_S * 1000 + (isOver ? 1 : 0);
  const currency = { code: "EUR", digits: 2 };
  const context = { currency, claimPeriodS: CLAIM_PERIOD_S, now };
  return explainCase({ ...opened, ...changed }, context).join(" ");
}

describe("a case in plain words", () => {
  it("says what is asked of whose bond, and why [R-032, R-166]", () => {
    assert.match(
      told({}),
      /^Member 1 asks 74\.03 EUR of the bond of member 2, for a receipt that member 2 signed/,
    );
    assert.match(
      told({ kind: "false-certificate" }),
      /a certificate that member 2 signed for a key/,
    );
    assert.match(told({ kind: "double-spend" }), /a coin of member 2's that two records name/);
  });

  it("says until when the accused may answer, and that silence on a false statement decides for the claimant [R-166]", () => {
    assert.match(
      told({}),
      /may answer until 2027-01-15 08:00 UTC\. If it says nothing.*Anyone may have the case ruled for the claimant, if the bond can spare/,
    );
    assert.match(
      told({}, true),
      /has not answered until .*Anyone may have the case ruled.*a regulator rules until 2027-02-14 08:00 UTC\. After that the case lapses/,
    );
  });

  it("says that only a regulator rules on a double spend, and until when", () => {
    const kind = "double-spend";
    assert.match(told({ kind }), /A regulator rules within 30 days/);
    assert.doesNotMatch(told({ kind }), /anyone/i);
    assert.match(
      told({ kind }, true),
      /A regulator rules until 2027-02-14 08:00 UTC\. After that the case lapses/,
    );
  });

  it("says what comes after the answer, the ruling, and at the end", () => {
    assert.match(told({ status: "answered" }), /A regulator rules until 2027-01-15 08:00 UTC/);
    assert.match(told({ status: "answered" }, true), /anyone may let it lapse/);
    assert.match(
      told({ status: "ruled" }),
      /anyone may have it enforced, and the bond of member 2/,
    );
    assert.match(told({ status: "enforced" }), /has paid, or pays in its turn/);
    assert.match(
      told({ status: "dismissed" }),
      /ruled against member (\d+): nothing is paid by it, and member \1 can open no other/,
    );
    assert.match(told({ status: "lapsed" }), /undecided, .* it can be opened again/);
  });

  it("has words for every kind in every state", () => {
    for (const kind of caseKinds) {
      for (const status of caseStatuses) {
        assert.doesNotMatch(told({ kind, status }), /undefined|NaN|Invalid/, `${kind} ${status}`);
      }
    }
  });
});
