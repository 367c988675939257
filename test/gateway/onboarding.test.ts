/** Enrolment for a customer, and the certificates that follow it. */
import { expect } from "chai";
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "#sha256";
import { concat, toHex, utf8 } from "../../protocol/bytes.ts";
import { checkCertificateSignature } from "../../protocol/certificate.ts";
import { consentMessage } from "../../protocol/enrolment.ts";
import { decodeEnvelope, openEnvelope } from "../../protocol/envelope.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { temporaryFolders } from "../support/temporary-folders.ts";
import { enrolment, keyOf, networkId } from "../support/ledger-parts.ts";
import { until } from "../support/until.ts";
import { Bank, type BankOptions, MEMBER } from "./support/bank.ts";
import { TestDevice } from "./support/device.ts";
import { RECEIPT_LIFE_S } from "./support/node-double.ts";
import { refusal } from "./support/refusal.ts";

const auditSecret = sha256(utf8.encode("the regulators"));

describe("onboarding", () => {
  const folder = temporaryFolders();
  let bank: Bank;

  const open = async (options: BankOptions = {}) => {
    bank = await Bank.open(await folder(), options);
    await bank.start();
  };
  afterEach(async () => {
    await bank[Symbol.asyncDispose]();
  });

  const certified = async (device: TestDevice, credential: Uint8Array) => {
    await until("the enrolment has applied", async () => {
      const { certificate } = await device.enrol(credential);
      return certificate !== undefined;
    });
    return (await device.enrol(credential)).certificate!;
  };

  it("hands a certificate out only once the ledger has the enrolment", async () => {
    await open();
    bank.node.gatherMs = undefined;
    const device = new TestDevice(bank);
    const credential = await bank.customer("anna", 0n);
    expect((await device.enrol(credential)).certificate).to.equal(undefined);
    await refusal("sync-needed", device.ask({ kind: "certify" }));
    await until("the node has it", () => bank.node.waiting === 1);
    bank.node.sequence();
    const { certificate } = await device.enrol(credential);
    expect(bank.node.ledger.state.custodianOf(device.owner)).to.equal(MEMBER);
    checkCertificateSignature(
      networkId,
      certificate!,
      bank.node.ledger.bank(MEMBER).issuer.publicKey,
      portableVerifier,
    );
    expect(toHex(certificate!.deviceKey)).to.equal(toHex(device.key.publicKey));
  });

  it("certifies the limits of the class, no more than the guarantee, no longer than receipts live", async () => {
    await open({ settings: {} });
    await bank.publish([await bank.trustList({ version: 2, guarantee: 30_000n })]);
    const device = new TestDevice(bank);
    const credential = await bank.customer("anna", 0n);
    await certified(device, credential);
    await until("the new guarantee counts", async () => {
      const { certificate } = await device.ask({ kind: "certify" });
      return certificate.maxBalance === 30_000n;
    });
    const { certificate } = await device.ask({ kind: "certify" });
    expect(certificate).to.include({ class: "software", maxPayment: 20_000n, maxDepth: 4 });
    expect(certificate.notAfter - certificate.notBefore).to.equal(RECEIPT_LIFE_S * 1000);
    expect(certificate.notBefore).to.be.below(bank.now());
    expect(certificate.notAfter).to.be.above(bank.now());
  });

  it("gives every device of a customer another subject, and every certificate another serial", async () => {
    await open();
    const first = await certified(new TestDevice(bank), await bank.customer("anna", 0n));
    const device = new TestDevice(bank);
    const second = await certified(device, await bank.credential("anna"));
    const { certificate: third } = await device.ask({ kind: "certify" });
    expect(toHex(second.subject)).not.to.equal(toHex(first.subject));
    expect(toHex(third.subject)).to.equal(toHex(second.subject));
    expect(new Set([first, second, third].map(({ serial }) => toHex(serial))).size).to.equal(3);
    const reference = sha256(utf8.encode("customer of anna"));
    expect(toHex(first.subject)).not.to.equal(toHex(reference));
  });

  it("takes a credential once, for one device, within its time", async () => {
    await open({ settings: { "credentials.lifeMs": 60_000 } });
    const credential = await bank.customer("anna", 0n);
    const late = await bank.credential("anna");
    await certified(new TestDevice(bank), credential);
    await refusal("unauthorised", new TestDevice(bank).enrol(credential));
    await refusal("unauthorised", new TestDevice(bank).enrol(utf8.encode("GUESSED")));
    await refusal("unauthorised", new TestDevice(bank).enrol(new Uint8Array()));
    bank.ahead = 60_001;
    await refusal("expired", new TestDevice(bank).enrol(late));
  });

  it("lets one of two devices win that show one credential at once", async () => {
    await open();
    const credential = await bank.customer("anna", 0n);
    const devices = Array.from({ length: 6 }, () => new TestDevice(bank));
    const results = await Promise.allSettled(devices.map((device) => device.enrol(credential)));
    expect(results.filter(({ status }) => status === "fulfilled")).to.have.length(1);
    const { devices: owners } = await bank.staff<{ devices: string[] }>("/v1/accounts/anna");
    expect(owners).to.have.length(1);
  });

  it("gives the same enrolment again when it is asked again, also after a restart", async () => {
    await open();
    bank.node.gatherMs = undefined;
    const device = new TestDevice(bank);
    const credential = await bank.customer("anna", 0n);
    const first = await device.enrol(credential);
    await bank.restart();
    const again = await device.enrol(credential);
    expect(toHex(again.enrolment.bytes)).to.equal(toHex(first.enrolment.bytes));
    await until("the node has it", () => bank.node.waiting === 1);
    bank.node.sequence();
    expect((await device.enrol(new Uint8Array())).certificate).not.to.equal(undefined);
  });

  it("refuses a consent that the device has not given", async () => {
    await open();
    const device = new TestDevice(bank);
    const credential = await bank.customer("anna", 0n);
    const consent = await NodeSigner.generate().sign(consentMessage(networkId, MEMBER));
    const forged = { kind: "enrol", consent, class: "software", label: "", credential } as const;
    await refusal("bad-signature", device.ask(forged));
    const other = await device.key.sign(consentMessage(networkId, 2));
    await refusal("bad-signature", device.ask({ ...forged, consent: other }));
    expect((await device.enrol(credential)).enrolment.member).to.equal(MEMBER);
  });

  it("refuses a key that is enrolled with another bank", async () => {
    await open();
    const device = new TestDevice(bank, await bank.node.ledger.enrol("of another bank", 2));
    await refusal("already-enrolled", device.enrol(await bank.customer("anna", 0n)));
  });

  it("certifies a key that the ledger has with this member already", async () => {
    await open();
    const device = new TestDevice(bank, await bank.node.ledger.enrol("of this bank", MEMBER));
    const { certificate } = await device.enrol(await bank.customer("anna", 0n));
    expect(certificate).not.to.equal(undefined);
  });

  it("refuses a blocked device everything, for good", async () => {
    await open();
    const device = await TestDevice.enrolled(bank, "anna", 1_000n);
    await bank.staff(`/v1/devices/${device.owner}/block`, {});
    await bank.restart();
    await refusal("revoked", device.ask({ kind: "certify" }));
    await refusal("revoked", device.enrol(await bank.credential("anna")));
    await refusal("revoked", device.load(10n));
    await refusal("revoked", device.ask({ kind: "receipts", outpoints: [] }));
  });

  it("signs an enrolment anew when the issuer key changes before it has applied", async () => {
    await open();
    bank.node.gatherMs = undefined;
    const device = new TestDevice(bank);
    const credential = await bank.customer("anna", 0n);
    const first = await device.enrol(credential);
    await bank.stop();
    const issuer = keyOf("the next issuer");
    bank.node.change((ledger) => ledger.changeMember(MEMBER, { issuer }));
    bank.node.gatherMs = 2;
    await bank.start();
    await until("the new enrolment has applied", async () => {
      const { certificate } = await device.enrol(credential);
      return certificate !== undefined;
    });
    const { enrolment: second } = await device.enrol(credential);
    expect(leafHash(second.bytes)).not.to.equal(leafHash(first.enrolment.bytes));
  });

  it("seals who the customer is to the regulators' key, and to nobody else", async () => {
    const audit = { epoch: 3, key: toHex(p256.getPublicKey(auditSecret, true)) };
    await open({ settings: { "audit.epoch": audit.epoch, "audit.key": audit.key } });
    const device = new TestDevice(bank);
    const { enrolment: leaf } = await device.enrol(await bank.customer("anna", 0n));
    const envelope = decodeEnvelope(leaf.envelope);
    expect(envelope.epoch).to.equal(3);
    const text = await openEnvelope(networkId, device.key.publicKey, envelope, auditSecret);
    expect(utf8.decode(text, "text")).to.equal("customer of anna");
    const other = sha256(concat(auditSecret));
    await refusal("cannot-open", openEnvelope(networkId, device.key.publicKey, envelope, other));
  });

  it("takes other members' enrolments in and leaves them to the ledger", async () => {
    await open();
    const foreign = keyOf("a foreign phone");
    const leaf = await enrolment(foreign, 2, bank.node.ledger.bank(2).issuer);
    await new TestDevice(bank).ask({ kind: "submit", leaves: [leaf.bytes] });
    await until("it has applied", () => {
      return bank.node.ledger.state.custodianOf(new TestDevice(bank, foreign).owner) === 2;
    });
  });
});
