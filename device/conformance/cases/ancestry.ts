/** Where a device believes that money comes from: receipts, and the records that lead from them. */
import type { RefusalCode } from "../../../protocol/refusal.ts";
import type { SignedReceipt } from "../../../protocol/receipt.ts";
import type { Case } from "../case.ts";
import { DAY_MS, RECEIPT_LIFE_MS } from "../consortium.ts";
import { check } from "../finding.ts";
import { type Coin, coinOf, type Party, payTo } from "../party.ts";
import { OWN, type Trial } from "../trial.ts";

export const ancestryCases: readonly Case[] = [
  {
    name: "takes-after-hops",
    rules: ["D9", "D10"],
    title: "takes money that has come eight hops, and settles its parents first",
    async run(trial) {
      await trial.start();
      const { coin, holder } = await travel(trial, 7);
      await trial.takes(await trial.payment(holder, 30n, { coins: [coin] }), 30n);
      const pending = await trial.subject.pending();
      check(pending.length === 8, `eight records are pending, not ${pending.length}`);
      const expected = coin.ancestry.records.map(({ body }) => body);
      const isOrdered = expected.every((body, i) => pending[i]?.body.join() === body.join());
      check(isOrdered, "each is pending after those it descends from");
    },
  },
  {
    name: "passes-on",
    rules: ["D9", "D10"],
    title: "passes on what it has received, with all that makes it good",
    async run(trial) {
      await trial.start();
      const { coin, holder } = await travel(trial, 2);
      await trial.takes(await trial.payment(holder, 30n, { coins: [coin] }), 30n);
      const { payment } = await trial.pay(await trial.party("next"), 20n);
      const count = payment.bundle.records.length;
      check(count === 4, `the way from the receipt has four records, not ${count}`);
    },
  },
  {
    name: "receipt-forged",
    rules: ["D9"],
    title: "takes no coin whose receipt its custodian has not signed",
    async run(trial) {
      const { consortium, seed } = trial;
      await trial.start();
      const payer = await trial.party("payer");
      const { receipt } = await coinWith(payer);
      for (const issuer of [seed.key("stranger"), consortium.issuer(OWN)]) {
        const forged = await consortium.vouch(receipt, {}, issuer);
        await turnsDown(trial, payer, coinOf(forged), ["false-receipt"]);
      }
    },
  },
  {
    name: "receipt-expired",
    rules: ["D9", "D18"],
    title: "takes no coin whose receipt has expired by signed time",
    async run(trial) {
      const { consortium, subject } = trial;
      await trial.start();
      const payer = await trial.party("payer");
      const { receipt } = await coinWith(payer);
      const notAfter = consortium.now + DAY_MS;
      const short = await consortium.vouch(receipt, { notAfter });
      consortium.pass(DAY_MS);
      await subject.refresh({ lists: [await consortium.revocations(OWN)] });
      await turnsDown(trial, payer, coinOf(short), ["expired"]);
    },
  },
  {
    name: "receipt-long",
    rules: ["D9"],
    title: "takes no coin whose receipt lives longer than receiptLife",
    async run(trial) {
      const { consortium } = trial;
      await trial.start();
      const payer = await trial.party("payer");
      const { receipt } = await coinWith(payer);
      const notAfter = consortium.now + RECEIPT_LIFE_MS + 1;
      const long = await consortium.vouch(receipt, { notAfter });
      await turnsDown(trial, payer, coinOf(long), ["false-receipt"]);
    },
  },
  {
    name: "spends-anothers",
    rules: ["D9"],
    title: "takes no coin that was not its payer's",
    async run(trial) {
      await trial.start();
      const [payer, other] = [await trial.party("payer"), await trial.party("other")];
      await turnsDown(trial, payer, await other.coin(30n), ["wrong-owner"]);
      const elsewhere = await trial.consortium.coin(payer.owner, OWN, 30n);
      await turnsDown(trial, payer, coinOf(elsewhere), ["wrong-owner"]);
    },
  },
  {
    name: "makes-more",
    rules: ["D9"],
    title: "takes no record that makes more than it spends, or less",
    async run(trial) {
      await trial.start();
      const payer = await trial.party("payer");
      for (const amount of [29n, 31n]) {
        const coins = [await payer.coin(amount)];
        const outputs = [payTo(trial.certificate, 30n)];
        await trial.turnsDown(await trial.payment(payer, 30n, { coins, outputs }), ["unbalanced"]);
      }
    },
  },
  {
    name: "ancestor-forged",
    rules: ["D9"],
    title: "takes no money that came through a record that its signer has not signed",
    async run(trial) {
      await trial.start();
      const [first, payer] = [await trial.party("first"), await trial.party("payer")];
      const signer = { ...trial.seed.key("stranger"), publicKey: first.key.publicKey };
      const forged = await first.spend(
        [await first.coin(30n)],
        [payer.output(30n)],
        {},
        { signer },
      );
      await turnsDown(trial, payer, forged.coins[0]!, ["bad-signature"]);
    },
  },
  {
    name: "ancestor-makes-more",
    rules: ["D9"],
    title: "takes no money that came through a record that makes more than it spends",
    async run(trial) {
      await trial.start();
      const [first, payer] = [await trial.party("first"), await trial.party("payer")];
      const { coins } = await first.spend([await first.coin(29n)], [payer.output(30n)]);
      await turnsDown(trial, payer, coins[0]!, ["unbalanced"]);
    },
  },
  {
    name: "ancestor-revoked",
    rules: ["D7", "D9"],
    title: "takes no money that came through a key that is revoked",
    async run(trial) {
      await trial.start();
      const [first, payer] = [await trial.party("first"), await trial.party("payer")];
      const coin = await first.hand(await first.coin(30n), payer);
      const lists = [await trial.consortium.revocations(2, [first.owner])];
      await trial.subject.refresh({ lists });
      await turnsDown(trial, payer, coin, ["revoked"]);
    },
  },
  {
    name: "ancestor-uncertified",
    rules: ["D7", "D9"],
    title: "takes no money that came through a key that no bank has certified",
    async run(trial) {
      await trial.start();
      const [first, payer] = [await trial.party("first"), await trial.party("payer")];
      const stranger = trial.seed.key("stranger");
      const certificate = await trial.consortium.certify(first.key.publicKey, 2, {}, stranger);
      const outputs = [payer.output(30n)];
      const { coins } = await first.spend([await first.coin(30n)], outputs, {}, { certificate });
      await turnsDown(trial, payer, coins[0]!, ["bad-signature"]);
    },
  },
  {
    name: "depth-of-payer",
    rules: ["D10"],
    title: "takes a coin as deep as its payer may spend, and none that is deeper",
    async run(trial) {
      await trial.start();
      const { coin, holder } = await travel(trial, 2, { last: { maxDepth: 2 } });
      await trial.takes(await trial.payment(holder, 30n, { coins: [coin] }), 30n);
      const deeper = await travel(trial, 2, { last: { maxDepth: 1 }, name: "deeper" });
      await turnsDown(trial, deeper.holder, deeper.coin, ["over-depth-limit"]);
    },
  },
  {
    name: "depth-of-ancestor",
    rules: ["D10"],
    title: "takes no money that one of its holders spent deeper than it may",
    async run(trial) {
      await trial.start();
      const [first, second, payer] = [
        await trial.party("first"),
        await trial.party("second", 2, { maxDepth: 0 }),
        await trial.party("payer"),
      ];
      const received = await first.hand(await first.coin(30n), second);
      await turnsDown(trial, payer, await second.hand(received, payer), ["over-depth-limit"]);
    },
  },
  {
    name: "depth-of-return",
    rules: ["D10"],
    title:
      "takes money that was paid back to its payer, however deep the one who paid it back may spend",
    async run(trial) {
      await trial.start();
      const [payer, other] = [
        await trial.party("payer"),
        await trial.party("other", 2, { maxDepth: 0 }),
      ];
      const paid = await payer.hand(await payer.coin(30n), other);
      const back = await other.hand(paid, payer);
      await trial.takes(await trial.payment(payer, 30n, { coins: [back] }), 30n);
    },
  },
];

async function coinWith(party: Party): Promise<{ readonly receipt: SignedReceipt }> {
  const [receipt] = (await party.coin(30n)).ancestry.receipts;
  return { receipt: receipt! };
}

/** A coin of 30 that has come so many hops, and who holds it. */
async function travel(
  trial: Trial,
  hops: number,
  { last = {}, name = "hop" }: { last?: { maxDepth?: number }; name?: string } = {},
): Promise<{ readonly coin: Coin; readonly holder: Party }> {
  let holder = await trial.party(`${name} 0`);
  let coin = await holder.coin(30n);
  for (let i = 1; i <= hops; i++) {
    const next = await trial.party(`${name} ${i}`, 1 + (i % 2), i === hops ? last : {});
    coin = await holder.hand(coin, next);
    holder = next;
  }
  return { coin, holder };
}

/** Whether a payment that is in order but for where its coin comes from is turned down. */
async function turnsDown(
  trial: Trial,
  payer: Party,
  coin: Coin,
  codes: readonly RefusalCode[],
): Promise<void> {
  await trial.turnsDown(await trial.payment(payer, 30n, { coins: [coin] }), codes);
}
