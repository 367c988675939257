/** How bundles are put together, how large they are, and which lists ride along. */
import { expect } from "chai";
import {
  type Bundle,
  type BundleParts,
  decodeBundle,
  encodeBundle,
  makeBundle,
} from "../../protocol/bundle.ts";
import { toHex } from "../../protocol/bytes.ts";
import { type CarriedList, fitLists, isCarried } from "../../protocol/carried-lists.ts";
import { limits } from "../../protocol/limits.ts";
import { outpointsOf, recordId, type SignedRecord } from "../../protocol/record.ts";
import { key } from "../../scripts/vectors/keys.ts";
import { certify, pay, payee, payer, spend, travel, vouch } from "../../scripts/vectors/parties.ts";
import { goodBytes, networkId, refusalFrom } from "./support/vectors.ts";

const [firstHop, eightHops, twoCoins] = goodBytes("bundles").map((b) => decodeBundle(networkId, b));

/** All that bundles have, to be looked up. */
function partsOf(...bundles: readonly Bundle[]): BundleParts {
  const records = bundles.flatMap((bundle) => bundle.records);
  const byId = new Map(records.map((record) => [recordId(networkId, record.body), record]));
  const certificates = bundles.flatMap((bundle) => bundle.certificates);
  const byKey = new Map(certificates.map((each) => [toHex(each.deviceKey), each]));
  const receipts = bundles.flatMap((bundle) => bundle.receipts);
  const byOutpoint = new Map(receipts.map((each) => [each.outpoint, each]));
  return {
    record: (id) => byId.get(id),
    certificate: (deviceKey) => byKey.get(deviceKey),
    receipt: (outpoint) => byOutpoint.get(outpoint),
  };
}

describe("a bundle", () => {
  it("has 606 bytes for a first hop, and 3,756 for eight hops by eight signers [N-01]", () => {
    expect(encodeBundle(firstHop!)).to.have.length(606);
    expect(encodeBundle(eightHops!)).to.have.length(3756);
    expect(eightHops!.records).to.have.length(8);
    expect(eightHops!.certificates).to.have.length(8);
    expect(eightHops!.receipts).to.have.length(1);
  });

  it("is made of what the payment needs, out of all there is, in its one form", () => {
    const everything = partsOf(firstHop!, eightHops!, twoCoins!);
    const made = makeBundle(twoCoins!.records.at(-1)!, everything);
    expect(toHex(encodeBundle(made))).to.equal(toHex(encodeBundle(twoCoins!)));
  });

  it("leaves out the ancestry of a coin that has a receipt of its own", async () => {
    const [parent, child] = twoCoins!.records as [SignedRecord, SignedRecord];
    const own = await vouch(outpointsOf(networkId, parent)[0]!, parent.outputs[0]!);
    const known = partsOf(twoCoins!, { records: [], certificates: [], receipts: [own] });
    const made = makeBundle(child, known);
    expect(made.records).to.deep.equal([child]);
    expect(made.certificates.map(({ deviceKey }) => toHex(deviceKey))).to.deep.equal([
      toHex(payer.publicKey),
    ]);
    expect(made.receipts).to.have.length(2);
    decodeBundle(networkId, encodeBundle(made));
  });

  it("is not made where nothing leads to a coin, or a signer has no certificate", () => {
    const payment = twoCoins!.records.at(-1)!;
    const without = (lacks: Partial<Bundle>) => partsOf({ ...twoCoins!, ...lacks });
    expect(refusalFrom(() => makeBundle(payment, without({ receipts: [] }))).code).to.equal(
      "unknown-coin",
    );
    expect(refusalFrom(() => makeBundle(payment, without({ certificates: [] }))).code).to.equal(
      "untrusted-issuer",
    );
  });

  it("has at most 64 records, made as read", async () => {
    const hops = (count: number) =>
      travel(Array.from({ length: count }, (_, i) => key(`hop ${i % 4}`)));
    const most = await hops(limits.bundleRecordsMax);
    expect(decodeBundle(networkId, encodeBundle(most)).records).to.have.length(64);
    const tooMany = await hops(limits.bundleRecordsMax + 1).catch((error: unknown) => error);
    expect(
      refusalFrom(() => {
        throw tooMany;
      }).code,
    ).to.equal("too-large");
  });

  it("refuses a coin spent twice inside of it, by two records or by one", async () => {
    const [receipt] = firstHop!.receipts;
    const certificate = await certify(payer, 1);
    const one = await spend([receipt!.outpoint], [pay(payer, 1_000n, 1)], payer, 1);
    const two = await spend(
      [receipt!.outpoint, outpointsOf(networkId, one)[0]!],
      [pay(payee, 2_000n, 1)],
      payer,
      2,
    );
    const twice = { records: [one, two], certificates: [certificate], receipts: [receipt!] };
    const refusal = refusalFrom(() => decodeBundle(networkId, encodeBundle(twice)));
    expect(refusal.detail).to.equal("a coin is spent twice");
    expect(refusal.place?.field).to.match(/^records\[1\]\.inputs\[[01]\]$/);
  });
});

describe("the lists that ride along", () => {
  const list = (kind: CarriedList["kind"], length: number): CarriedList => ({
    kind,
    bytes: new Uint8Array(length),
  });

  it("are those that fit: 512 bytes of revocations, 4,096 of trust", () => {
    expect(isCarried(list("revocations", limits.listInHandshakeMax))).to.equal(true);
    expect(isCarried(list("revocations", limits.listInHandshakeMax + 1))).to.equal(false);
    expect(isCarried(list("trust", limits.trustInHandshakeMax))).to.equal(true);
    expect(isCarried(list("trust", limits.trustInHandshakeMax + 1))).to.equal(false);
  });

  it("are taken in their order, as many as one message carries", () => {
    const small = Array.from({ length: 20 }, () => list("revocations", 10));
    expect(fitLists(small)).to.have.length(limits.listsMax);
    const large = [
      list("trust", 4096),
      list("trust", 4000),
      list("trust", 200),
      list("revocations", 96),
    ];
    expect(fitLists(large)).to.deep.equal([large[0], large[1], large[3]]);
    expect(fitLists([list("revocations", 600), small[0]!])).to.deep.equal([small[0]]);
  });
});
