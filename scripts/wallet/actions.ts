/** What a person does with a wallet: each action, and what it says when it is done. */
import { enrol, redeem } from "../../device/account.ts";
import { sync } from "../../device/sync.ts";
import { decodeBundle } from "../../protocol/bundle.ts";
import { type Hex, toHex, utf8 } from "../../protocol/bytes.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { checkPresentation, parsePresentation } from "../../protocol/presentation.ts";
import type { Refusal } from "../../protocol/refusal.ts";
import { decodeRequest } from "../../protocol/request.ts";
import { presentationReport } from "../presentation-report.ts";
import { type Report, tableLines, timeText } from "../report.ts";
import { loadWallet, untilDone } from "./load.ts";
import { payConfirmed, payeeText, requested } from "./second-factor.ts";
import type { GatewayChoice, Wallet } from "./wallet.ts";

/** A message to hand over, and what to say of it. */
export type Sent = {
  readonly message: Uint8Array;
  readonly report: Report;
  /** The message tells the other side of it. */
  readonly refusal?: Refusal | undefined;
};

type Waiting = GatewayChoice & { readonly wait: number };

export async function enrolWallet(
  wallet: Wallet,
  { credential, label, wait, ...choice }: Waiting & { credential: string; label: string },
): Promise<Report> {
  const gateway = await wallet.gateway(choice);
  const isDone = await untilDone(wait * 1000, () =>
    enrol(wallet.purse, gateway, utf8.encode(credential), label),
  );
  await wallet.noteIntake(choice.gateway);
  if (isDone) return identity(wallet);
  const lines = [
    "The enrolment is on its way to the ledger: run this again to fetch the certificate.",
  ];
  return { lines, data: { state: "pending" } };
}

export async function loadAmount(
  wallet: Wallet,
  text: string,
  { wait, anew, ...choice }: Waiting & { anew?: true },
): Promise<Report> {
  const amount = wallet.parse(text);
  const gateway = await wallet.gateway(choice);
  const options = { waitMs: wait * 1000, isAnew: anew ?? false };
  const { isApplied, isResumed } = await loadWallet(wallet, gateway, amount, options);
  const asked = isResumed ? " that was asked for before" : "";
  const lines = isApplied
    ? [`The load of ${wallet.format(amount)}${asked} is in the purse.`, ...balance(wallet).lines]
    : [
        `The load of ${wallet.format(amount)}${asked} is on its way: run this again, or sync later.`,
      ];
  const state = isApplied ? "applied" : "pending";
  return { lines, data: { state, amount, isResumed, ...balance(wallet).data } };
}

export async function redeemAmount(
  wallet: Wallet,
  text: string,
  { wait, gateway: url }: Waiting,
): Promise<Report> {
  const amount = wallet.parse(text);
  const gateway = await wallet.gateway({ gateway: url, member: wallet.settings.member });
  await sync(wallet.purse, gateway);
  const vault = await wallet.vault(url);
  const id = await redeem(wallet.purse, gateway, amount, vault);
  const isDone = await untilDone(wait * 1000, async () => {
    await sync(wallet.purse, gateway);
    return wallet.purse.pending().every((each) => each.id !== id);
  });
  const lines = [
    isDone
      ? `${wallet.format(amount)} is back in the account.`
      : `${wallet.format(amount)} is on its way to the account: sync later to hear of it.`,
    `record ${id}`,
  ];
  return { lines, data: { state: isDone ? "applied" : "pending", amount, record: id } };
}

export async function syncWallet(wallet: Wallet, choice: GatewayChoice): Promise<Report> {
  const gateway = await wallet.gateway(choice);
  const report = await sync(wallet.purse, gateway);
  if (gateway.member === wallet.settings.member) await wallet.noteIntake(choice.gateway);
  const { handedIn, settled, pending: waits, refused } = report;
  const lines = [
    `Member ${gateway.member}: ${handedIn} handed in, ${settled} settled, ${waits} on their way, ${refused.length} refused.`,
    ...refused.map(({ id, reason }) => `refused ${id}: ${reason.code}, ${reason.text}`),
  ];
  if (gateway.member !== wallet.settings.member && handedIn > 0)
    lines.push("What became of them, the own bank says: sync with it when it can be reached.");
  return { lines, data: { member: gateway.member, ...report } };
}

export async function requestAmount(
  wallet: Wallet,
  text: string,
  reference: string,
): Promise<Sent> {
  const amount = wallet.parse(text);
  const message = await wallet.purse.request(amount, reference);
  const lines = [`Message 1 asks for ${wallet.format(amount)}: the payer pays it.`];
  return { message, report: { lines, data: { amount, reference } } };
}

/** @param code that confirms it, where a second factor asks for one. */
export async function pay(wallet: Wallet, request: Uint8Array, code?: string): Promise<Sent> {
  const asked = decodeRequest(request);
  const payment = () => requested(wallet, request);
  const message = await payConfirmed(wallet, payment, code, () => wallet.purse.pay(request));
  const { amount, reference } = asked;
  const { member, label } = asked.certificate;
  const payee = payeeText(asked);
  const purpose = reference === "" ? "" : ` for "${reference}"`;
  const lines = [
    `Message 2 pays ${wallet.format(amount)} to ${payee}${purpose}: the payee receives it.`,
    "The money has left this purse. Its change is free with message 3, or after a sync.",
  ];
  return { message, report: { lines, data: { amount, reference, member, label } } };
}

export async function receive(wallet: Wallet, payment: Uint8Array): Promise<Sent> {
  const { confirmation, amount, refusal } = await wallet.purse.receive(payment);
  const { status, id, bytes } = confirmation;
  const says = {
    accepted:
      amount === 0n
        ? "This payment was received before: message 3 is the same."
        : `${wallet.format(amount)} received. Message 3 is for the payer.`,
    returned: `The payment goes back: message 3 returns it to the payer.`,
    invalid: "This is no money: message 3 tells the payer.",
  }[status];
  return {
    message: bytes,
    report: { lines: [says, `record ${id}`], data: { status, amount, record: id } },
    refusal,
  };
}

export async function confirm(wallet: Wallet, message: Uint8Array): Promise<Report> {
  const { status, id } = await wallet.purse.confirm(message);
  const says = {
    accepted: "The payee has the money, and the change is free.",
    returned: "The payee has returned the money.",
    invalid: "The payee says that it cannot use this payment: sync, and the ledger decides.",
  }[status];
  const { lines, data } = balance(wallet);
  return { lines: [says, ...lines], data: { status, record: id, ...data } };
}

/** One payment shown to whoever said `words`: the file for it, checked as that one will. */
export async function show(
  wallet: Wallet,
  id: Hex,
  { words, ...choice }: GatewayChoice & { readonly words: string },
): Promise<{ readonly file: string; readonly report: Report }> {
  const showing = await wallet.purse.show(id, words);
  const file = await wallet.presentation(showing.bytes, choice);
  const { network } = wallet.settings;
  const found = checkPresentation(parsePresentation(file), words, network, new NodeVerifier());
  return { file, report: presentationReport(found, network.currency) };
}

export function balance(wallet: Wallet): Report {
  const held = wallet.purse.balance();
  const meaning = {
    spendable: "can be paid now, offline too",
    frozen: "can be paid after a sync",
    waiting: "change of payments that are not confirmed",
    doubtful: "the ledger has refused where it comes from",
  } as const;
  const names = Object.keys(meaning) as (keyof typeof meaning)[];
  const rows = names
    .filter((name) => name === "spendable" || held[name] > 0n)
    .map((name) => [name, wallet.format(held[name]), meaning[name]]);
  return { lines: tableLines(["money", "amount", ""], rows), data: held };
}

/** The latest first, with the codes of what was paid to a code. */
export function history(wallet: Wallet): Report {
  const entries = wallet.purse.history();
  const rows = entries.map(({ time, kind, amount, counterparty, reference, state, code }) => [
    timeText(time),
    kind,
    wallet.format(amount),
    counterparty?.label ?? "",
    state,
    code ?? reference,
  ]);
  const head = ["when", "what", "amount", "with", "state", "for"];
  return { lines: rows.length === 0 ? ["nothing yet"] : tableLines(head, rows), data: entries };
}

export function coins(wallet: Wallet): Report {
  const held = wallet.purse.coins();
  const rows = held.map(({ outpoint, amount, state, receiptUntil }) => [
    outpoint,
    wallet.format(amount),
    state,
    receiptUntil === undefined ? "after a sync" : timeText(receiptUntil),
  ]);
  return {
    lines:
      rows.length === 0
        ? ["no coins"]
        : tableLines(["coin", "amount", "state", "vouched until"], rows),
    data: held,
  };
}

export function pending(wallet: Wallet): Report {
  const records = wallet.purse
    .pending()
    .map(({ id, role, amount, outcome, acknowledgedBy, reason }) => ({
      id,
      role,
      amount,
      outcome,
      acknowledgedBy,
      reason,
    }));
  const rows = records.map(({ id, role, amount, outcome, acknowledgedBy, reason }) => [
    id,
    role,
    wallet.format(amount),
    outcome ?? "",
    acknowledgedBy === 0 ? "not handed in" : `with member ${acknowledgedBy}`,
    reason === undefined ? "" : `${reason.code}: ${reason.text}`,
  ]);
  const head = ["record", "role", "amount", "payee says", "where", "refused"];
  return {
    lines: rows.length === 0 ? ["nothing is pending"] : tableLines(head, rows),
    data: records,
  };
}

/** What vouched for a record that the purse holds, and whose word each receipt is. */
export function proof(wallet: Wallet, record: Hex): Sent {
  const message = wallet.purse.proofOf(record);
  const { records, receipts } = decodeBundle(wallet.purse.networkId, message);
  const vouched = receipts.map(({ outpoint, output, issued, notAfter }) => {
    const { custodian: member, amount } = output;
    return { outpoint, member, amount, issued, notAfter };
  });
  const lines = [
    `Record ${record}${records.length === 1 ? "" : ` and ${records.length - 1} that lead to it`}, and who vouched for its coins:`,
    ...vouched.map(
      ({ outpoint, member, amount, issued }) =>
        `  member ${member} signed ${timeText(issued)} that coin ${outpoint} of ${wallet.format(amount)} was unspent`,
    ),
    "If that is false, the member that signed it pays, by a case: give the file to your bank.",
  ];
  return { message, report: { lines, data: { record, vouched } } };
}

export function identity(wallet: Wallet): Report {
  const { owner, deviceKey, member, certificate, signedTime } = wallet.purse.identity();
  const { class: named, network } = wallet.settings;
  const { code } = network.currency;
  const lines = [
    `device    ${owner}, a software purse in ${code}, of class ${named}`,
    `key       ${toHex(deviceKey)}`,
    `bank      member ${member}, gateway ${wallet.settings.gateway}`,
  ];
  if (certificate === undefined) {
    lines.push("certified not yet: enrol with a credential from the bank");
    return {
      lines,
      data: { owner, deviceKey: toHex(deviceKey), member, class: named, signedTime },
    };
  }
  const { notAfter, maxPayment, maxBalance, maxDepth, label } = certificate;
  const limit = maxPayment === 0n ? "any amount" : `below ${wallet.format(maxPayment)}`;
  lines.push(
    `certified until ${timeText(notAfter)}${label === "" ? "" : ` as ${label}`}`,
    `limits    a payment ${limit}, a balance up to ${wallet.format(maxBalance)}, ${maxDepth} hops offline`,
  );
  const secondFactor = wallet.purse.secondFactor.status();
  if (secondFactor !== undefined) {
    const { from, unconfirmed } = secondFactor;
    lines.push(
      `codes     from ${wallet.format(from)} in all, of which ${wallet.format(unconfirmed)} left without one`,
    );
  }
  const terms = { notAfter, maxPayment, maxBalance, maxDepth, label };
  return {
    lines,
    data: {
      owner,
      deviceKey: toHex(deviceKey),
      member,
      class: named,
      signedTime,
      certificate: terms,
      secondFactor,
    },
  };
}
