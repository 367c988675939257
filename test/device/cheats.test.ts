/** What a payee says to a payer whose element has been broken, and that it holds nothing of it. */
import { expect } from "chai";
import type { Certificate, SignedCertificate } from "../../protocol/certificate.ts";
import type { Output } from "../../protocol/output.ts";
import type { Receipt, SignedReceipt } from "../../protocol/receipt.ts";
import { encodeRecord, outpointsOf, readRecord, type SignedRecord } from "../../protocol/record.ts";
import { Reader } from "../../protocol/bytes.ts";
import type { RefusalCode } from "../../protocol/refusal.ts";
import { keyOf, pay } from "../support/ledger-parts.ts";
import { bundleOf, forge, nonceOf, seal } from "./support/forger.ts";
import { refused } from "./support/refused.ts";
import { DAY_MS, type Device, networkId, RECEIPT_LIFE_MS, total, World } from "./support/world.ts";

const eve = keyOf("Eve");

describe("a payee", () => {
  let world: World;
  let ben: Device;
  let request: Uint8Array;
  let certificate: SignedCertificate;
  let receipt: SignedReceipt;

  beforeEach(async () => {
    world = new World();
    ben = await world.device("Ben", { member: 2 });
    await world.ledger.enrol("Eve", 1);
    certificate = await world.certificate("Eve");
    const coin = await world.ledger.coin(pay(eve, 1, 100n));
    receipt = await world.receipt(coin.outpoint, coin.output);
    request = await ben.purse.request(30n);
  });

  const toBen = (amount: bigint): Output => pay(ben.signer, 2, amount);
  const toEve = (amount: bigint): Output => pay(eve, 1, amount);

  /** An honest payment by Eve, unless changed. */
  function payment(outputs: readonly Output[] = [toBen(30n), toEve(70n)]): Promise<SignedRecord> {
    const nonce = nonceOf(request);
    return forge({ signer: eve, inputs: [receipt.outpoint], outputs, nonce });
  }

  async function send(
    record: SignedRecord,
    certificates: readonly SignedCertificate[] = [certificate],
    receipts: readonly SignedReceipt[] = [receipt],
    ancestors: readonly SignedRecord[] = [],
  ) {
    return ben.purse.receive(
      await seal(request, bundleOf(record, certificates, receipts, ancestors)),
    );
  }

  /** It is no money: message 3 says so, and the request stays open. */
  async function isWorthless(code: RefusalCode, sent: ReturnType<typeof send>): Promise<void> {
    const { confirmation, refusal } = await sent;
    expect(refusal?.code, refusal?.message).to.equal(code);
    expect(confirmation.status).to.equal("invalid");
    expect(total(ben.purse)).to.equal(0n);
    expect(ben.purse.pending()).to.deep.equal([]);
    expect((await send(await payment())).confirmation.status).to.equal("accepted");
  }

  /** It is left alone: nothing is held, and there is no message 3. */
  async function isRefused(code: RefusalCode, sent: ReturnType<typeof send>): Promise<void> {
    await refused(code, sent);
    expect(total(ben.purse)).to.equal(0n);
    expect(ben.purse.pending()).to.deep.equal([]);
  }

  it("takes what the forger sends when there is nothing wrong with it", async () => {
    const { amount, confirmation } = await send(await payment());
    expect(amount).to.equal(30n);
    expect(confirmation.status).to.equal("accepted");
  });

  describe("checks the payer's certificate, and", () => {
    const wrong: readonly [string, RefusalCode, Partial<Certificate>][] = [
      ["one that has expired [R-053]", "expired", { notBefore: 0, notAfter: 1 }],
      [
        "one that is not valid yet [R-053]",
        "not-yet-valid",
        { notBefore: 9e14, notAfter: 9e14 + 1 },
      ],
      [
        "one that allows more than its bank guarantees",
        "over-guarantee",
        { maxBalance: 1_000_001n },
      ],
      ["one that lives longer than the network allows", "untrusted-issuer", { notBefore: 1 }],
      ["one of a member that nobody knows", "untrusted-issuer", { member: 9 }],
    ];
    for (const [title, code, fields] of wrong) {
      it(`refuses ${title}`, async () => {
        const { member = 1 } = fields;
        if (member === 9) world.ledger.changeMember(9);
        const bad = await world.certificate("Eve", { member, certificate: fields });
        await isRefused(code, send(await payment(), [bad]));
      });
    }

    it("calls a payment with one that the bank did not sign no money [R-011, R-025]", async () => {
      const stranger = await world.certificate("Eve");
      world.ledger.changeMember(1, { issuer: keyOf("a stranger") });
      const bad = await world.certificate("Eve");
      expect(bad.bytes).to.not.deep.equal(stranger.bytes);
      world.ledger.changeMember(1, { issuer: keyOf("issuer of 1") });
      await isWorthless("bad-signature", send(await payment(), [bad]));
    });

    it("refuses one of a device that is revoked", async () => {
      await ben.purse.refresh({
        lists: [
          await world.revocations(
            1,
            [certificate.deviceKey].map(() => toEve(1n).owner),
          ),
        ],
      });
      await isRefused("revoked", send(await payment()));
    });

    it("refuses one of a member that is suspended, or that its trust list no longer vouches for", async () => {
      const suspended = await world.trustList({}, [{ member: 1, status: 2 }]);
      await ben.purse.refresh({ lists: [suspended] });
      await isRefused("untrusted-issuer", send(await payment()));
      world.pass(31 * DAY_MS);
      await isRefused("expired", send(await payment()));
    });
  });

  it("calls a payment worthless whose signature does not hold [R-055, R-077]", async () => {
    const record = await payment();
    const { signature } = await payment([toBen(31n), toEve(69n)]);
    const forged = readRecord(new Reader(encodeRecord({ ...record, signature })));
    await isWorthless("bad-signature", send(forged));
  });

  it("pays back what is not the amount asked for [R-057]", async () => {
    const received = await send(await payment([toBen(29n), toEve(71n)]));
    expect(received.refusal?.code).to.equal("wrong-amount");
    const { returned, status } = received.confirmation;
    expect(status).to.equal("returned");
    expect(returned?.outputs).to.deep.equal([toEve(29n)]);
    expect(total(ben.purse)).to.equal(0n);
  });

  it("calls a payment worthless that pays it under another member than its own [R-108]", async () => {
    const elsewhere = pay(ben.signer, 1, 30n);
    await isWorthless("unknown-recipient", send(await payment([elsewhere, toEve(70n)])));
  });

  it("calls a payment worthless that does not pay it", async () => {
    await isWorthless("not-for-us", send(await payment([toEve(100n)])));
  });

  it("calls a payment worthless that also pays a stranger, who may not be enrolled", async () => {
    const outputs = [toBen(30n), toEve(69n), pay(keyOf("a stranger"), 1, 1n)];
    await isWorthless("unknown-recipient", send(await payment(outputs)));
  });

  it("calls a payment worthless that answers another request, though it pays the same amount", async () => {
    const inputs = [receipt.outpoint];
    const nonce = nonceOf(await ben.purse.request(30n));
    const record = await forge({ signer: eve, inputs, outputs: [toBen(30n), toEve(70n)], nonce });
    await isWorthless("not-for-us", send(record));
  });

  it("does not count a payment twice that is sent again as the answer to another request", async () => {
    const record = await payment();
    await send(record);
    request = await ben.purse.request(30n);
    const { confirmation, refusal } = await send(record);
    expect(confirmation.status).to.equal("invalid");
    expect(refusal?.code).to.equal("not-for-us");
    expect(total(ben.purse)).to.equal(30n);
  });

  describe("follows every coin to its receipt, and", () => {
    const forgeries: readonly [string, Partial<Receipt>][] = [
      ["lives longer than the network allows", { notAfter: 9e14 }],
      ["is signed by another", {}],
    ];
    for (const [title, changed] of forgeries) {
      it(`calls a payment worthless whose receipt ${title} [R-042, R-164]`, async () => {
        const issuer = keyOf(title === "is signed by another" ? "Eve" : "issuer of 1");
        const bad = await world.receipt(receipt.outpoint, receipt.output, changed, issuer);
        await isWorthless("false-receipt", send(await payment(), [certificate], [bad]));
      });
    }

    it("refuses a receipt that has expired [R-069, R-071]", async () => {
      const issued = world.now - RECEIPT_LIFE_MS;
      const old = { issued, notAfter: world.now };
      const bad = await world.receipt(receipt.outpoint, receipt.output, old);
      await isRefused("expired", send(await payment(), [certificate], [bad]));
    });

    it("calls a payment worthless that spends another's coin, or another member's", async () => {
      const coin = await world.ledger.coin(pay(keyOf("Ben"), 2, 100n));
      const stolen = await world.receipt(coin.outpoint, coin.output);
      const nonce = nonceOf(request);
      const outputs = [toBen(30n), toEve(70n)];
      const record = await forge({ signer: eve, inputs: [coin.outpoint], outputs, nonce });
      await isWorthless("wrong-owner", send(record, [certificate], [stolen]));
    });

    it("calls a payment worthless that pays out more than it spends [R-035]", async () => {
      await isWorthless("unbalanced", send(await payment([toBen(30n), toEve(71n)])));
    });

    it("calls a payment worthless with an ancestor that its signer did not sign", async () => {
      const parent = await payment([toEve(100n)]);
      const { signature } = await payment([toEve(99n), toEve(1n)]);
      const forged = readRecord(new Reader(encodeRecord({ ...parent, signature })));
      const inputs = [outpointsOf(networkId, forged)[0]!];
      const outputs = [toBen(30n), toEve(70n)];
      const record = await forge({ signer: eve, inputs, outputs, nonce: nonceOf(request) });
      await isWorthless("bad-signature", send(record, [certificate], [receipt], [forged]));
    });

    it("calls a payment worthless when it holds another record that spends the same coin [R-111, R-165]", async () => {
      await send(await payment());
      request = await ben.purse.request(40n);
      const { confirmation, refusal } = await send(await payment([toBen(40n), toEve(60n)]));
      expect(refusal?.code).to.equal("spent");
      expect(confirmation.status).to.equal("invalid");
      expect(total(ben.purse)).to.equal(30n);
    });

    it("refuses an ancestor whose signer is revoked, though the payer is not", async () => {
      const mal = keyOf("Mal");
      await world.ledger.enrol("Mal", 2);
      const certificates = [certificate, await world.certificate("Mal", { member: 2 })];
      const parent = await payment([pay(mal, 2, 100n)]);
      const inputs = [outpointsOf(networkId, parent)[0]!];
      const outputs = [toBen(30n), pay(mal, 2, 70n)];
      const record = await forge({ signer: mal, inputs, outputs, nonce: nonceOf(request) });
      await ben.purse.refresh({ lists: [await world.revocations(1, [toEve(1n).owner])] });
      await isRefused("revoked", send(record, certificates, [receipt], [parent]));
    });

    for (const [depth, taken] of [
      [2, true],
      [1, false],
    ] as const) {
      it(`${taken ? "takes" : "refuses"} a coin two payments old from a payer whose depth ends at ${depth} [N-01]`, async () => {
        const limited = await world.certificate("Eve", { certificate: { maxDepth: depth } });
        const one = await payment([toEve(100n)]);
        const again = { signer: eve, outputs: [toEve(100n)] };
        // A payment to oneself is no return: the second has an output of the first and a coin of its own.
        const coin = await world.ledger.coin(toEve(1n));
        const other = await world.receipt(coin.outpoint, coin.output);
        const inputs = [outpointsOf(networkId, one)[0]!, coin.outpoint];
        const two = await forge({ ...again, inputs, outputs: [toEve(101n)] });
        const last = [outpointsOf(networkId, two)[0]!];
        const outputs = [toBen(30n), toEve(71n)];
        const record = await forge({ signer: eve, inputs: last, outputs, nonce: nonceOf(request) });
        const sent = send(record, [limited], [receipt, other], [one, two]);
        if (taken) expect((await sent).amount).to.equal(30n);
        else await isRefused("over-depth-limit", sent);
      });
    }
  });

  it("refuses more at once than the payer's certificate allows [R-008]", async () => {
    const limited = await world.certificate("Eve", { certificate: { maxPayment: 30n } });
    await isRefused("over-payment-limit", send(await payment(), [limited]));
  });

  it("names the first thing that is wrong, in the order of its checks [R-108]", async () => {
    const expired = await world.certificate("Eve", { certificate: { notBefore: 0, notAfter: 1 } });
    const elsewhere = await payment([toEve(101n)]);
    const bad = await world.receipt(receipt.outpoint, receipt.output, {}, eve);
    await isRefused("expired", send(elsewhere, [expired], [bad]));
    const codes: RefusalCode[] = [];
    for (const record of [elsewhere, await payment([toBen(30n), toEve(71n)])]) {
      codes.push((await send(record, [certificate], [bad])).refusal!.code);
    }
    codes.push((await send(await payment([toBen(30n), toEve(71n)]))).refusal!.code);
    expect(codes).to.deep.equal(["not-for-us", "false-receipt", "unbalanced"]);
  });
});
