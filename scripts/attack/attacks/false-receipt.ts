/** A member vouches for a coin that never was, and its customer pays with it: a case, and the member pays. */
import { randomBytes } from "node:crypto";
import { answerCase, enforce, openFalseReceipt, ruleCase } from "../../../node/chain/calls.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { joinOutpoint, lock } from "../../../protocol/output.ts";
import { signReceipt } from "../../../protocol/receipt.ts";
import type { Attack } from "../attack.ts";
import { until } from "../patience.ts";

const LIAR = 2;
const CLAIMANT = 1;

export const falseReceipt: Attack = {
  name: "false-receipt",
  tried:
    "a member signs a receipt for a coin that never was, and its customer pays with it offline",
  async run(stage) {
    const amount = stage.chance.amount(50_00n, 150_00n);
    const [accomplice, payee] = await Promise.all([
      stage.person("accomplice", LIAR),
      stage.person("payee", CLAIMANT),
    ]);
    const issuer = await stage.key(LIAR, "issuer");
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
      issuer,
    );
    await accomplice.purse.refresh({ receipts: [receipt] });
    const paid = await accomplice.pay(payee, amount);
    await payee.sync();
    await until("the payment is known to wait for a coin that is not there", async () => {
      const [status] = await stage.devnet.client(CLAIMANT).statuses([paid]);
      return status!.code === "unknown-coin";
    });
    await using claimant = await stage.operator(CLAIMANT);
    await using accused = await stage.operator(LIAR);
    await using regulator = await stage.regulator();
    const awards = [{ owner: payee.owner, custodian: CLAIMANT, amount }];
    const promise = { bytes: receipt.bytes, issuer: issuer.publicKey };
    await claimant.send(openFalseReceipt(promise, awards, toHex(randomBytes(32))));
    const caseId = Number((await claimant.reader.read("disputes", "caseCount"))[0]);
    await accused.send(answerCase(caseId, toHex(randomBytes(32))));
    await regulator.send(ruleCase(caseId, true));
    await claimant.send(enforce(caseId));
    await until("the award is on the ledger", async () => {
      const [short] = await stage.missing([payee]);
      return short === 0n;
    });
    return {
      cheats: [],
      promises: [{ bank: LIAR, amount }],
      honest: [payee],
      happened: [
        "the payee's bank opened a case; the accused denied it; the regulator ruled; the bond of the bank that signed paid",
      ],
    };
  },
};
