/** The machine of an online payment: what may follow what, and that repeating changes nothing. */
import { expect } from "chai";
import fc from "fast-check";
import {
  advance,
  type Challenge,
  CODES_MAX,
  isCounted,
  isFinal,
  NAMED,
  type PaymentEvent,
  type PaymentState,
  TRIES_MAX,
} from "../../../gateway/authorization/payment-state.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { refusalFrom } from "../../protocol/support/vectors.ts";

const challenge: Challenge = {
  account: "anna",
  terminal: "phone",
  mode: "page",
  nonce: "0x01",
  epoch: 7,
  expires: 1_000,
};
const sent: PaymentEvent = { kind: "sent", challenge };
const tried: PaymentEvent = { kind: "tried" };
const right: PaymentEvent = { kind: "right-code" };
const applied: PaymentEvent = { kind: "applied", record: "0x02" };
const refused: PaymentEvent = {
  kind: "refused",
  reason: { code: "insufficient-funds", detail: "too little" },
};
const all = [sent, tried, right, applied, refused];

const after = (...events: readonly PaymentEvent[]) => events.reduce(advance, NAMED);

describe("the machine of an online payment", () => {
  it("leads from the password over the right code to the money [R-120, R-121]", () => {
    const paid = after(sent, tried, right, applied);
    expect(paid).to.deep.equal({ kind: "paid", account: "anna", record: "0x02" });
    expect(isFinal(paid)).to.equal(true);
  });

  it("releases nothing without a code that was sent [R-121, R-138]", () => {
    for (const event of [tried, right, applied]) {
      expect(refusalFrom(() => after(event)).code).to.equal("conflict");
    }
    expect(refusalFrom(() => after(sent, applied)).code).to.equal("conflict");
  });

  it("bounds the tries of a code and the codes of a payment [R-125]", () => {
    const tries = Array.from({ length: TRIES_MAX }, () => tried);
    expect(refusalFrom(() => after(sent, ...tries, tried)).code).to.equal("wrong-code");
    expect(after(sent, ...tries, sent)).to.include({ codes: 2, tries: TRIES_MAX });
    const codes = Array.from({ length: CODES_MAX }, () => sent);
    expect(refusalFrom(() => after(...codes, sent)).code).to.equal("wrong-code");
  });

  it("takes nothing back that is paid, and pays nothing that is refused", () => {
    expect(refusalFrom(() => after(sent, right, applied, refused)).code).to.equal("conflict");
    for (const event of [sent, tried, right, applied]) {
      expect(refusalFrom(() => after(refused, event)).code).to.equal("conflict");
    }
  });

  it("is changed by no event that has already had its effect [N-13]", () => {
    for (const events of [[sent, right], [sent, right, applied], [refused]]) {
      const once = after(...events);
      expect(after(...events, events.at(-1)!)).to.deep.equal(once);
    }
    expect(after(sent, right, applied, right)).to.deep.equal(after(sent, right, applied));
  });

  it("stays what it is at its end, whatever happens, and never pays another record", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...all), { maxLength: 12 }), (events) => {
        let state: PaymentState = NAMED;
        for (const event of events) {
          const before = state;
          try {
            state = advance(state, event);
          } catch (error) {
            if (!isRefusal(error)) throw error;
          }
          if (isFinal(before)) expect(state).to.equal(before);
          if (isCounted(state) && !isCounted(before)) expect(before.kind).to.equal("sent");
        }
      }),
    );
  });
});
