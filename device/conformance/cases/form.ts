/** How a device reads: every byte counts, whoever sent it. */
import { concat } from "../../../protocol/bytes.ts";
import type { Case } from "../case.ts";
import { check } from "../finding.ts";
import type { Seed } from "../seed.ts";
import { FORM, OWN, type Trial } from "../trial.ts";

/** Bits that are turned over in a message, one at a time: enough to meet each of its parts. */
const FLIPS = 24;

export const formCases: readonly Case[] = [
  {
    name: "garbled-requests",
    rules: ["D1"],
    title:
      "refuses a message 1 that is cut short, too long, of another version or changed in a bit",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const { bytes } = (await (await trial.party("payee")).ask(30n)).request;
      await refusesGarbled(trial, bytes, (message) => trial.subject.pay(message));
      await trial.refuses(["unsupported-version"], () => trial.subject.pay(versioned(bytes)));
      await trial.subject.pay(bytes);
    },
  },
  {
    name: "garbled-payments",
    rules: ["D1"],
    title:
      "refuses a message 2 that is cut short, too long, of another version or changed in a bit",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const paid = await trial.payment(payer, 30n);
      const { message } = paid;
      // What was sealed and lost a byte opens for nobody.
      const codes = [...FORM, "not-for-us"] as const;
      await refusesGarbled(trial, message, (garbled) => trial.subject.receive(garbled), codes);
      await trial.refuses(["unsupported-version"], () => trial.subject.receive(versioned(message)));
      await trial.takes(paid, 30n);
    },
  },
  {
    name: "garbled-bundles",
    rules: ["D1"],
    title: "refuses what is in a message 2 when it is cut short, too long or of another version",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      const request = await trial.request(30n);
      const { plaintext } = await payer.pay(request.bytes, [await payer.coin(30n)]);
      const receive = async (inside: Uint8Array) =>
        trial.subject.receive(await payer.sealBytes(request, inside));
      for (const garbled of [...cuts(plaintext), versioned(plaintext)]) {
        await trial.refuses(FORM, () => receive(garbled));
      }
      check((await receive(plaintext)).amount === 30n, "the payment itself is taken");
    },
  },
  {
    name: "garbled-confirmations",
    rules: ["D1"],
    title:
      "refuses a message 3 that is cut short, too long, of another version or changed in a bit",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const payee = await trial.party("payee");
      const { id } = await trial.pay(payee, 30n);
      const message = await payee.confirm(id);
      await refusesGarbled(trial, message, (garbled) => trial.subject.confirm(garbled));
      await trial.refuses(["unsupported-version"], () => trial.subject.confirm(versioned(message)));
      await trial.subject.confirm(message);
      await trial.holds({ spendable: 70n });
    },
  },
  {
    name: "garbled-certificates",
    rules: ["D1", "D20"],
    title: "refuses a certificate that is cut short, too long or changed in a bit",
    async run(trial) {
      await trial.start();
      trial.consortium.pass(1);
      const { deviceKey } = trial.certificate;
      const renewed = await trial.consortium.certify(deviceKey, OWN, { maxBalance: 10n });
      await refusesGarbled(trial, renewed.bytes, (bytes) =>
        trial.subject.refresh({ certificate: { bytes } }),
      );
      await trial.request(11n);
    },
  },
  {
    name: "garbled-receipts",
    rules: ["D1", "D20"],
    title: "refuses a receipt that is cut short, too long or changed in a bit",
    async run(trial) {
      await trial.start();
      const receipt = await trial.consortium.coin(trial.owner, OWN, 50n);
      await refusesGarbled(trial, receipt.bytes, (bytes) =>
        trial.subject.refresh({ receipts: [{ bytes }] }),
      );
      await trial.subject.refresh({ receipts: [receipt] });
      await trial.holds({ spendable: 50n });
    },
  },
  {
    name: "garbled-lists",
    rules: ["D1", "D17"],
    title: "learns nothing from a list that is cut short, too long or changed in a bit",
    async run(trial) {
      await trial.start();
      const { versions } = await trial.request(1n);
      const lists = [await trial.consortium.trustList(), await trial.consortium.revocations(2)];
      for (const { kind, bytes } of lists) {
        for (const garbled of garblings(trial.seed, bytes)) {
          await trial.learnsNothing(kind, garbled);
        }
      }
      const now = (await trial.request(1n)).versions;
      check(JSON.stringify(now) === JSON.stringify(versions), "it holds the lists that it held");
    },
  },
  {
    name: "oversized",
    rules: ["D1"],
    title: "refuses messages that are longer than any can be",
    async run(trial) {
      await trial.start({ coins: [100n] });
      const { bytes } = await trial.request(30n);
      const long = concat(bytes, new Uint8Array(100_000));
      await trial.refuses(FORM, () => trial.subject.pay(long));
      await trial.refuses(FORM, () => trial.subject.receive(long));
      await trial.refuses(FORM, () => trial.subject.confirm(long));
    },
  },
];

/** Whether a command refuses bytes that are not quite what they were, and nothing changes. */
async function refusesGarbled(
  trial: Trial,
  good: Uint8Array,
  give: (bytes: Uint8Array) => Promise<unknown>,
  codes = FORM,
): Promise<void> {
  for (const bytes of cuts(good)) await trial.refuses(codes, () => give(bytes));
  for (const bytes of flips(trial.seed, good)) await trial.refuses("any", () => give(bytes));
}

function garblings(seed: Seed, good: Uint8Array): Uint8Array[] {
  return [...cuts(good), ...flips(seed, good)];
}

/** Too short and too long. */
function cuts(good: Uint8Array): Uint8Array[] {
  const half = good.length >> 1;
  const lengths = [0, 1, half, good.length - 1];
  return [...lengths.map((length) => good.slice(0, length)), concat(good, Uint8Array.of(0))];
}

/** One bit turned over: in the first and the last byte, and wherever the seed says. */
function flips(seed: Seed, good: Uint8Array): Uint8Array[] {
  const draw = new DataView(seed.bytes("flips", 4 * FLIPS).buffer);
  return Array.from({ length: FLIPS }, (_, i) => {
    const bit = draw.getUint32(4 * i) % (8 * good.length);
    const at = i === 0 ? 7 : i === 1 ? 8 * good.length - 1 : bit;
    return flipped(good, at);
  });
}

function flipped(good: Uint8Array, bit: number): Uint8Array {
  const changed = good.slice();
  changed[bit >> 3]! ^= 0x80 >> (bit & 7);
  return changed;
}

/** As a later version would begin. */
function versioned(good: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(2), good.subarray(1));
}
