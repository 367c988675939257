/** The statement of a payment: what it proves with the network file alone, and nothing taken for good that is not. */
import { expect } from "chai";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import {
  checkPaymentStatement,
  formatPaymentStatement,
  parsePaymentStatement,
  type PaymentStatement,
} from "../../protocol/payment-statement.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";
import { evidenceNetwork, makeEvidence, MEMBERS } from "../support/evidence.ts";
import { idOf } from "../support/ledger-parts.ts";
import { validatorKey } from "../support/network.ts";
import { refusalFrom } from "./support/vectors.ts";

const verifier = new NodeVerifier();
const trusted = new Set(MEMBERS.map((member) => validatorAddress(validatorKey(member))));

describe("the statement of a payment", () => {
  let statement: PaymentStatement;
  let id: Hex;
  before(async () => {
    // Its winner applied: that is shown as of any payment.
    const { evidence, winner } = await makeEvidence();
    id = idOf(winner);
    const [loss] = evidence.losses;
    statement = {
      networkId: evidence.networkId,
      record: toHex(winner.bytes),
      settlement: loss!.settlement!,
      claims: { validators: evidence.claims.validators[0]! },
    };
  });

  const check = (changed: Partial<PaymentStatement>, set?: ReadonlySet<Hex>) =>
    checkPaymentStatement({ ...statement, ...changed }, evidenceNetwork, verifier, set);

  it("proves offline that the record applied, by whom a quorum is named or trusted [R-087, R-036]", () => {
    const named = check({});
    expect([named.id, named.standing]).to.deep.equal([id, "by-named-validators"]);
    expect(named.cycle).to.equal(statement.settlement.checkpoint.number);
    expect(check({}, trusted).standing).to.equal("by-trusted-validators");
  });

  it("shows that record and no other [N-22]", () => {
    const text = formatPaymentStatement(statement);
    expect(text.match(/"record"/g)).to.have.length(1);
    expect(text).to.not.match(/parent|ancestry|loser|winner/);
  });

  it("is read as it was written, and refused where a field is missing, unknown or of another form", () => {
    const text = formatPaymentStatement(statement);
    expect(parsePaymentStatement(text)).to.deep.equal(statement);
    const altered = (change: (file: Record<string, any>) => void) => {
      const file = JSON.parse(text) as Record<string, any>;
      change(file);
      return () => parsePaymentStatement(JSON.stringify(file));
    };
    const wrong: [string, () => unknown][] = [
      ["malformed", altered((file) => delete file["record"])],
      ["malformed", altered((file) => (file["more"] = 1))],
      ["malformed", altered((file) => (file["format"] = "evidence"))],
      ["malformed", altered((file) => (file["claims"].chain = []))],
      ["malformed", altered((file) => (file["settlement"].checkpoint = "0x00"))],
      ["unsupported-version", altered((file) => (file["version"] = 2))],
      ["malformed", () => parsePaymentStatement("{")],
      ["too-large", () => parsePaymentStatement(" ".repeat(4 * 1024 * 1024 + 1))],
    ];
    for (const [code, act] of wrong) expect(refusalFrom(act).code).to.equal(code);
  });

  it("proves nothing of another record, place, checkpoint, network or quorum [R-087]", async () => {
    const { settlement, claims } = statement;
    const { loser } = await makeEvidence();
    const { checkpoint, signatures } = settlement;
    const forged = `${statement.record.slice(0, -12)}${"00".repeat(6)}` as Hex;
    const wrong: [string, Partial<PaymentStatement>][] = [
      ["bad-proof", { record: toHex(loser.bytes) }],
      ["bad-proof", { settlement: { ...settlement, index: settlement.index + 1 } }],
      [
        "bad-signature",
        { settlement: { ...settlement, checkpoint: { ...checkpoint, supply: 1n } } },
      ],
      ["bad-signature", { settlement: { ...settlement, signatures: signatures.slice(1) } }],
      ["bad-proof", { claims: { validators: { ...claims.validators, cycle: 99 } } }],
      ["wrong-network", { networkId: `0x${"00".repeat(32)}` }],
    ];
    for (const [code, changed] of wrong) {
      expect(refusalFrom(() => check(changed)).code, JSON.stringify(Object.keys(changed))).to.equal(
        code,
      );
    }
    expect(refusalFrom(() => check({ record: forged })).code).to.be.oneOf([
      "malformed",
      "bad-signature",
    ]);
    const strangers = new Set<Hex>([validatorAddress(validatorKey(9))]);
    expect(refusalFrom(() => check({}, strangers)).code).to.equal("bad-signature");
  });
});
