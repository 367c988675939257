/** Money for a payee without an account, who is given a code. */
import { argon2id } from "#argon2";
import { codeSecret, parseCode } from "../../../protocol/claim-code.ts";
import { ownerOf } from "../../../protocol/key.ts";
import { lock } from "../../../protocol/output.ts";
import { checkRecordSignature, recordId, type SignedRecord } from "../../../protocol/record.ts";
import type { Case } from "../case.ts";
import { check, inOrder } from "../finding.ts";
import { OWN, type Trial } from "../trial.ts";

const PASSWORD = "open sesame";
const CUSTODIAN = 2;

export const codesCases: readonly Case[] = [
  {
    name: "code-locks",
    rules: ["D27"],
    title: "locks what it pays to a code and its password to both of them, and to a member",
    async run(trial) {
      await trial.needs("codes");
      await trial.start({ coins: [100n] });
      const code = await trial.subject.payCode(30n, PASSWORD, CUSTODIAN);
      const { networkId } = trial.consortium;
      const record = await pendingRecord(trial);
      const secret = await inOrder("the code", async () =>
        codeSecret(networkId, parseCode(networkId, code), PASSWORD, argon2id),
      );
      const [claimed, rest, ...others] = record.outputs;
      const isLocked =
        claimed?.lock === lock.claim &&
        claimed.owner === ownerOf(secret) &&
        claimed.custodian === CUSTODIAN &&
        claimed.amount === 30n;
      check(isLocked, "the record locks 30 to the code and the password, at the member asked for");
      const isChange =
        rest?.lock === lock.key &&
        rest.owner === trial.owner &&
        rest.custodian === OWN &&
        rest.amount === 70n;
      check(isChange && others.length === 0, "the rest goes back to the device");
      await inOrder("the record", () =>
        checkRecordSignature(networkId, record, trial.bench.verifier),
      );
    },
  },
  {
    name: "code-settles",
    rules: ["D27", "D5", "D21"],
    title: "has the change of what it paid to a code when its bank says that the record applied",
    async run(trial) {
      await trial.needs("codes");
      await trial.start({ coins: [100n] });
      await trial.subject.payCode(30n, PASSWORD, CUSTODIAN);
      await trial.holds({ spendable: 0n, waiting: 70n });
      await trial.subject.restart();
      await trial.holds({ spendable: 0n, waiting: 70n });
      const id = recordId(trial.consortium.networkId, (await pendingRecord(trial)).body);
      await trial.subject.settled(await trial.consortium.applied(id, OWN));
      const pending = await trial.subject.pending();
      check(pending.length === 0, "the record is pending no more");
      const balance = await trial.subject.balance();
      check(balance.waiting === 0n, "nothing waits any more");
      check(balance.spendable + balance.frozen === 70n, "the device has its change");
    },
  },
  {
    name: "code-limits",
    rules: ["D27", "D12"],
    title: "pays to a code within the limits of a payment, and counts it as one",
    async run(trial) {
      await trial.needs("codes");
      const certificate = { maxPayment: 40n, maxCount: 1, windowS: 3600 };
      await trial.start({ coins: [50n, 50n], certificate });
      const payCode = (amount: bigint) => trial.subject.payCode(amount, PASSWORD, CUSTODIAN);
      await trial.refuses(["over-payment-limit"], () => payCode(40n));
      await payCode(39n);
      await trial.refuses(["over-count-limit"], () => payCode(1n));
      const { request } = await (await trial.party("payee")).ask(1n);
      await trial.refuses(["over-count-limit"], () => trial.subject.pay(request.bytes));
    },
  },
];

async function pendingRecord(trial: Trial): Promise<SignedRecord> {
  const [record, ...others] = await trial.subject.pending();
  check(record !== undefined && others.length === 0, "one record is pending");
  return record!;
}
