/**
 * A member vouches for a coin that never was, and its customer pays with it. There is no coin to be made
 * once more: the case is the remedy, and it pays what the receipt was good for, however many took it.
 */
import { openFalseReceipt } from "../../../node/chain/calls.ts";
import { ChainRevert } from "../../../node/chain/errors.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { Amount } from "../../../protocol/money.ts";
import { joinOutpoint, lock } from "../../../protocol/output.ts";
import { type SignedReceipt, signReceipt } from "../../../protocol/receipt.ts";
import type { Attack } from "../attack.ts";
import { winCase } from "../court.ts";
import { until } from "../patience.ts";
import type { Person } from "../person.ts";
import type { Stage } from "../stage.ts";

const LIAR = 2;
const CLAIMANT = 1;

const once: Attack = {
  name: "false-receipt",
  tried:
    "a member signs a receipt for a coin that never was, and its customer pays with it offline",
  async run(stage) {
    const amount = stage.chance.amount(50_00n, 150_00n);
    const accomplice = await stage.person("accomplice", LIAR);
    const payee = await stage.person("payee", CLAIMANT);
    const receipt = await vouchFalsely(stage, accomplice, amount);
    await cheatOf(stage, accomplice, payee, amount);
    await winCase(stage, await claimFor(stage, receipt, payee, amount));
    await untilWhole(stage, payee);
    return {
      cheats: [],
      promises: [{ bank: LIAR, amount, taken: amount }],
      honest: [payee],
      happened: [
        "the payee's bank opened a case; the accused denied it; the regulator ruled; the bond of the bank that signed paid",
      ],
    };
  },
};

const cloned: Attack = {
  name: "false-receipt-twice",
  tried: "the customer with the false receipt is cloned, and pays two payees with it",
  async run(stage) {
    const amount = stage.chance.amount(50_00n, 150_00n);
    const accomplice = await stage.person("accomplice", LIAR);
    const payees = [await stage.person("payee", CLAIMANT), await stage.person("payee", CLAIMANT)];
    const receipt = await vouchFalsely(stage, accomplice, amount);
    const copy = await accomplice.clone();
    await cheatOf(stage, accomplice, payees[0]!, amount);
    await cheatOf(stage, copy, payees[1]!, amount);
    await winCase(stage, await claimFor(stage, receipt, payees[0]!, amount));
    await untilWhole(stage, payees[0]!);
    const answer = await winCase(stage, await claimFor(stage, receipt, payees[1]!, amount)).then(
      () => "paid",
      (error: unknown) => {
        if (error instanceof ChainRevert) return error.errorName;
        throw error;
      },
    );
    return {
      cheats: [],
      promises: [{ bank: LIAR, amount, taken: 2n * amount }],
      honest: payees,
      happened: [`the first payee is whole; a second case on the same receipt: ${answer}`],
    };
  },
};

async function vouchFalsely(
  stage: Stage,
  accomplice: Person,
  amount: Amount,
): Promise<SignedReceipt> {
  const issued = Date.now();
  const receipt = await signReceipt(
    stage.networkId,
    {
      outpoint: joinOutpoint(toHex(stage.chance.bytes(32)), 0),
      output: { lock: lock.key, owner: accomplice.owner, custodian: LIAR, amount },
      seq: (await stage.observer.status()).seq,
      issued,
      notAfter: issued + stage.chain.parameters.receiptLifeS * 1000,
    },
    await stage.key(LIAR, "issuer"),
  );
  await accomplice.purse.refresh({ receipts: [receipt] });
  return receipt;
}

/** Pays, and waits until the payee's bank knows that the coin is not there, and who vouched for it. */
async function cheatOf(stage: Stage, payer: Person, payee: Person, amount: Amount): Promise<void> {
  const paid = await payer.pay(payee, amount);
  await payee.sync();
  await until("the payment waits for a coin that is not there", async () => {
    const [status] = await stage.devnet.client(CLAIMANT).statuses([paid]);
    return status!.code === "unknown-coin";
  });
  const { sentences } = await stage.devnet.client(CLAIMANT).explain(paid);
  if (!sentences.some((sentence) => sentence.includes(`member ${LIAR} pays what it was good for`)))
    throw new Error(`the payee is not told who pays: ${sentences.join(" ")}`);
}

async function claimFor(stage: Stage, receipt: SignedReceipt, payee: Person, amount: Amount) {
  const { publicKey: issuer } = await stage.key(LIAR, "issuer");
  const awards = [{ owner: payee.owner, custodian: payee.bank, amount }];
  const argument = toHex(stage.chance.bytes(32));
  const opening = openFalseReceipt({ bytes: receipt.bytes, issuer }, awards, argument);
  return { claimant: CLAIMANT, accused: LIAR, opening };
}

async function untilWhole(stage: Stage, payee: Person): Promise<void> {
  await until("the award is on the ledger", async () => {
    const [missing] = await stage.missing([payee]);
    return missing === 0n;
  });
}

export const falseReceipts = [once, cloned];
