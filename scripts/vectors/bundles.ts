/** Bundles: payments with the ancestry that leads to receipts, and all the ways in which they are not minimal. */
import { decodeBundle, encodeBundle } from "../../protocol/bundle.ts";
import { compareBytes, toHex } from "../../protocol/bytes.ts";
import { outpointsOf, recordId, type SignedRecord } from "../../protocol/record.ts";
import { key, networkId } from "./keys.ts";
import { certify, coin, pay, payee, payer, spend, travel, vouch } from "./parties.ts";
import { bad, badLengths, fieldsOf, patch, type Vectors } from "./vector.ts";

const decode = (input: Uint8Array) => decodeBundle(networkId, input);

export async function bundles(): Promise<Vectors> {
  const firstHop = await travel([payer]);
  const encoded = encodeBundle(firstHop);
  const eight = await travel(Array.from({ length: 8 }, (_, i) => key(`hop ${i}`)));
  const twoCoins = await mergeOfTwo();
  const whole = [
    ["a first hop", firstHop],
    ["eight hops by eight signers", eight],
    ["a coin with a receipt and one that was just received", twoCoins],
  ] as const;
  const { records, certificates, receipts } = twoCoins;
  const encode = (changes: Partial<typeof twoCoins>) => encodeBundle({ ...twoCoins, ...changes });
  const spare = await vouch(coin("spare"), pay(payer, 1n, 1));
  const other = await spend([spare.outpoint], [pay(payee, 1n, 1)], payer, 9);
  const withSpare = [...receipts, spare].toSorted((a, b) => (a.outpoint < b.outpoint ? -1 : 1));
  const stranger = await certify(key("stranger"), 1);
  return {
    good: whole.map(([name, bundle]) => ({
      name,
      bytes: toHex(encodeBundle(bundle)),
      expected: {
        length: encodeBundle(bundle).length,
        payment: recordId(networkId, bundle.records.at(-1)!.body),
        ...(fieldsOf(bundle) as object),
      },
    })),
    bad: [
      ...badLengths(encoded, decode),
      bad("version 0", patch(encoded, 0, 0), decode),
      bad("version 2", patch(encoded, 0, 2), decode),
      bad("no records", patch(encoded, 1, 0), decode),
      bad("65 records", patch(encoded, 1, 65), decode),
      bad("no certificates", patch(encoded, 2, 0), decode),
      bad("65 certificates", patch(encoded, 2, 65), decode),
      bad("no receipts", patch(encoded, 3, 0), decode),
      bad("a child before its parent", encode({ records: records.toReversed() }), decode),
      bad(
        "a record that the payment does not descend from",
        encode({ records: [other, ...records], receipts: withSpare }),
        decode,
      ),
      bad("a record twice", encode({ records: [records[0]!, ...records] }), decode),
      bad("an input that nothing leads to", encode({ records: records.slice(1) }), decode),
      bad("receipts that descend", encode({ receipts: receipts.toReversed() }), decode),
      bad("a receipt twice", encode({ receipts: [receipts[0]!, ...receipts] }), decode),
      bad("a receipt that is not needed", encode({ receipts: withSpare }), decode),
      bad("certificates that descend", encode({ certificates: certificates.toReversed() }), decode),
      bad("a signer without certificate", encode({ certificates: certificates.slice(1) }), decode),
      bad(
        "a certificate that is not needed",
        encode({
          certificates: [...certificates, stranger].toSorted((a, b) =>
            compareBytes(a.deviceKey, b.deviceKey),
          ),
        }),
        decode,
      ),
      bad("more than 32,768 bytes", await tooLong(), decode),
    ],
  };
}

/** A payment from a coin with a receipt and from one that the payer has just received. */
async function mergeOfTwo() {
  const [first, second] = [coin("first"), coin("second")];
  const giver = key("giver");
  const parent = await spend([first], [pay(payer, 400n, 1), pay(giver, 100n, 1)], giver, 1);
  const inputs = [outpointsOf(networkId, parent)[0]!, second];
  const child = await spend(inputs, [pay(payee, 600n, 1), pay(payer, 100n, 1)], payer, 2);
  const certificates = [await certify(giver, 1), await certify(payer, 1)];
  const receipts = [
    await vouch(first, pay(giver, 500n, 1)),
    await vouch(second, pay(payer, 300n, 1)),
  ];
  return {
    records: [parent, child],
    certificates: certificates.toSorted((a, b) => compareBytes(a.deviceKey, b.deviceKey)),
    receipts: receipts.toSorted((a, b) => (a.outpoint < b.outpoint ? -1 : 1)),
  };
}

/** A chain of records by one signer, each of the largest size there is. */
async function tooLong(): Promise<Uint8Array> {
  const certificate = await certify(payer, 1);
  const receipt = await vouch(coin("coin"), pay(payer, 1_000n, 1));
  const records: SignedRecord[] = [];
  let input = receipt.outpoint;
  for (let i = 0; i < 50; i++) {
    const outputs = Array.from({ length: 16 }, () => pay(payer, 1n, 1));
    const record = await spend([input], outputs, payer, i + 1);
    records.push(record);
    input = outpointsOf(networkId, record)[0]!;
  }
  return encodeBundle({ records, certificates: [certificate], receipts: [receipt] });
}
