/**
 * Purses with a mistake in them, each one that somebody could make: a place in the sources, and what stands
 * there instead. Both are expressions without effects, so that where they never differ the purse is whole.
 */

export type Defect = {
  readonly name: string;
  readonly file: string;
  /** Stands in the file once, with what follows it. */
  readonly expression: string;
  readonly followedBy?: string;
  readonly instead: string;
  /** The cases that find it, and no others do. */
  readonly found: readonly string[];
};

/** Whose signature is taken for granted. */
function unverified(
  name: string,
  file: string,
  expression: string,
  found: readonly string[],
): Defect {
  return { name: `takes ${name} unverified`, file, expression, instead: "true", found };
}

/** A check that is not made. */
function unchecked(
  name: string,
  file: string,
  expression: string,
  found: readonly string[],
): Defect {
  return { name, file, expression, instead: "false", found };
}

/** What is not there any more when the purse is opened again. */
function forgotten(name: string, table: string, found: readonly string[]): Defect {
  const rows = "await store.rows()";
  const instead = `new Map([...(${rows})].filter(([row]) => !row.startsWith("${table}/")))`;
  return {
    name: `forgets ${name} without power`,
    file: "device/purse-rows.ts",
    expression: rows,
    instead,
    found,
  };
}

const trust = "device/trust.ts";
const lists = "device/held-lists.ts";
const payee = "device/payment-checks.ts";
const payer = "device/payer.ts";
const state = "device/purse-state.ts";
const ancestry = "device/ancestry.ts";
const back = "device/paying-back.ts";
const factor = "device/second-factor.ts";
const code = "protocol/second-factor-code.ts";

/** A purse that two programs may have open. */
export const secondOpener: Defect = {
  name: "lets a second program have it open",
  file: "device/folder-lock.ts",
  expression: "isAlive(Number(pid), birth!)",
  instead: "false",
  found: ["in-one-place"],
};

export const defects: readonly Defect[] = [
  unverified(
    "certificates",
    "protocol/certificate.ts",
    "verifier.verify(issuer, signed, certificate.signature)",
    [
      "payee-certificate-forged",
      "payer-certificate-forged",
      "issuer-rotated",
      "ancestor-uncertified",
      "certificate-forged",
      "high-s-from-banks",
    ],
  ),
  unverified(
    "receipts",
    "protocol/receipt.ts",
    `verifier.verify(issuer, message("receipt", networkId, receipt.body), receipt.signature)`,
    ["receipt-forged", "receipt-untrue", "high-s-from-banks", "garbled-receipts"],
  ),
  unverified(
    "records",
    "protocol/record.ts",
    "isSigned(networkId, signatureOf(record), verifier)",
    ["record-forged", "ancestor-forged", "high-s-from-devices"],
  ),
  unverified(
    "requests",
    "protocol/request.ts",
    "verifier.verify(request.certificate.deviceKey, signed, request.signature)",
    ["request-forged", "high-s-from-devices", "garbled-requests"],
  ),
  unverified(
    "confirmations",
    "protocol/confirmation.ts",
    "verifier.verify(payee, signed, confirmation.signature)",
    ["confirmation-forged", "high-s-from-devices", "garbled-confirmations"],
  ),
  unverified(
    "revocation lists",
    "protocol/lists.ts",
    `verifier.verify(issuer, message("revocations", networkId, list.body), list.signature)`,
    [
      "list-forged",
      "lists-in-messages-forged",
      "high-s-from-banks",
      "garbled-lists",
      "vectors-revocations",
    ],
  ),
  unverified(
    "trust lists",
    "protocol/lists.ts",
    `verifier.verify(trustKey, message("trust", networkId, list.body), list.signature)`,
    [
      "trust-list-forged",
      "trust-key-passes-on",
      "lists-in-messages-forged",
      "garbled-lists",
      "vectors-trust",
    ],
  ),
  unverified(
    "emergency profiles",
    "protocol/emergency-profile.ts",
    "verifier.verify(trustKey, signed, profile.signature)",
    ["emergency-forged"],
  ),
  unverified(
    "statements",
    "protocol/statement.ts",
    "verifier.verify(issuer, signed, statement.signature)",
    ["statement-forged"],
  ),
  unchecked("takes expired certificates", trust, "known.now >= notAfter", [
    "own-certificate-expired",
    "payee-certificate-expired",
    "payer-certificate-expired",
    "time-of-others",
    "time-by-receipt",
    "time-never-back",
  ]),
  unchecked("takes certificates that have not begun", trust, "known.now < notBefore", [
    "payer-certificate-early",
  ]),
  unchecked("takes certificates without end", trust, "notAfter - notBefore > known.receiptLifeMs", [
    "payer-certificate-long",
    "certificate-forged",
  ]),
  unchecked(
    "never looks whom a bank has revoked",
    trust,
    "list !== undefined && list.prefixes.includes(prefixOf(ownerOf(deviceKey)))",
    [
      "own-key-revoked",
      "payee-revoked",
      "payer-revoked",
      "ancestor-revoked",
      "list-older",
      "list-older-after-restart",
      "learns-when-paid",
      "learns-when-paying",
      "long-lists-stay",
    ],
  ),
  unchecked("forgets the guarantee", trust, "certificate.maxBalance > member.guarantee", [
    "payee-over-guarantee",
    "payer-over-guarantee",
    "payer-bank-impaired",
  ]),
  {
    name: "trusts a bank whatever its standing",
    file: trust,
    expression: "member?.status !== memberStatus.active",
    instead: "member === undefined",
    found: [
      "payee-bank-suspended",
      "payer-bank-suspended",
      "trust-list-older",
      "trust-key-passes-on",
    ],
  },
  unchecked("takes expired receipts", trust, "known.now >= receipt.notAfter", [
    "receipt-expired",
    "receipt-untrue",
  ]),
  unchecked(
    "takes receipts without end",
    trust,
    "receipt.notAfter - receipt.issued > known.receiptLifeMs",
    ["receipt-long", "receipt-untrue"],
  ),
  unchecked("trusts a replaced issuer key for ever", trust, "known.now >= lastsUntil", [
    "issuer-rotated",
  ]),
  unchecked("takes an older trust list", lists, "list.version <= (known.trust?.version ?? -1)", [
    "trust-list-older",
  ]),
  unchecked(
    "takes an older revocation list",
    lists,
    "list.version <= (known.revocations(list.member)?.version ?? -1)",
    ["list-older", "list-older-after-restart"],
  ),
  {
    name: "keeps the trust key that it was made with",
    file: lists,
    expression: "list.nextTrustKey",
    instead: "purse.trustKey",
    found: ["trust-key-passes-on"],
  },
  {
    name: "takes the time from any bank",
    file: lists,
    expression: `list.member === draft.get("purse", "")!.member`,
    instead: `list.member === draft.get("purse", "")!.member || list.issued > draft.get("purse", "")!.signedTime`,
    found: ["time-of-others"],
  },
  {
    name: "goes back in time",
    file: lists,
    expression: "issued > purse.signedTime",
    instead: "issued !== purse.signedTime",
    found: ["time-never-back"],
  },
  unchecked("hands no lists on", lists, "version > (held.get(member) ?? unnamed)", [
    "hands-on-when-paying",
    "hands-on-when-paid",
  ]),
  unchecked("takes what belongs to no signer", ancestry, "!sources.every(isOwn)", [
    "spends-anothers",
  ]),
  {
    name: "lets a record make more than it spends",
    file: ancestry,
    expression: "balance !== 0n",
    instead: "balance > 0n",
    found: ["makes-more", "ancestor-makes-more"],
  },
  {
    name: "counts depth from one",
    file: ancestry,
    expression: "deepest > maxDepth",
    instead: "deepest > maxDepth + 1",
    found: ["depth-of-payer", "depth-of-ancestor"],
  },
  {
    name: "holds a return to the depth of who returns it",
    file: ancestry,
    expression: "!isReturn(record, sources)",
    instead: "true",
    found: ["depth-of-return"],
  },
  {
    name: "takes more than it asked for",
    file: payee,
    expression: "paid !== request.amount",
    instead: "paid < request.amount",
    found: ["returns-wrong-amount"],
  },
  unchecked(
    "takes a record for another request",
    payee,
    "!equalBytes(payment.nonce, requestNonce(holder.networkId, request))",
    ["nonce-of-other", "learns-when-paid"],
  ),
  unchecked(
    "takes a payment that pays strangers too",
    payee,
    "!payment.outputs.every((output) => isOwn(holder, output) || isChange(output))",
    ["pays-others-too"],
  ),
  unchecked("takes the same coin twice", payee, "rival !== undefined", [
    "double-spend-seen",
    "alarm-heard",
  ]),
  {
    name: "lets a payer pay as much as its limit",
    file: payee,
    expression: "paid >= maxPayment",
    instead: "paid > maxPayment",
    found: ["payer-max-payment", "emergency-when-paid"],
  },
  {
    name: "counts what comes in alone against its maxBalance",
    file: payee,
    expression: "spendable + frozen + waiting + amount > maxBalance",
    instead: "amount > maxBalance",
    found: ["returns-over-balance", "max-balance-asked"],
  },
  {
    name: "takes coins that another bank keeps",
    file: "device/holder.ts",
    expression: "output.custodian === holder.member",
    instead: "true",
    found: ["custodian-other", "receipt-foreign"],
  },
  {
    name: "pays as much as its limit",
    file: state,
    expression: "amount >= maxPayment",
    instead: "amount > maxPayment",
    found: ["max-payment", "limits-lowered", "emergency-lowers", "emergency-forged", "code-limits"],
  },
  {
    name: "pays once more than its limit",
    file: state,
    expression: "count >= maxCount",
    instead: "count > maxCount",
    found: ["max-count", "max-count-window", "emergency-raises", "limits-kept", "code-limits"],
  },
  {
    name: "counts its window by the host's clock",
    file: state,
    expression: `draft.get("purse", "")!.signedTime - windowS * 1000`,
    instead: "Date.now() - windowS * 1000",
    found: ["max-count-window"],
  },
  unchecked("pays its own request", payer, "toHex(certificate.deviceKey) === holder.key", [
    "request-own",
  ]),
  unchecked("frees change when it hears invalid", payer, `confirmation.status === "invalid"`, [
    "change-not-by-invalid",
  ]),
  {
    name: "takes a return that gives back less",
    file: payer,
    expression: "total !== made.request!.amount",
    instead: "total > made.request!.amount",
    found: ["return-short"],
  },
  {
    name: "mixes coins with and without receipts",
    file: "device/selection.ts",
    expression: "deep.filter((coin) => coin.depth <= depth)",
    instead: "coins.filter((coin) => coin.depth <= depth)",
    found: ["receipts-first"],
  },
  {
    name: "spends coins of any depth",
    file: "device/selection.ts",
    expression: "fresh.filter((coin) => coin.depth <= maxDepth)",
    instead: "fresh",
    found: ["frozen-when-received", "change-as-deep", "emergency-off-stays-off"],
  },
  {
    name: "takes limits back that were lowered",
    file: "device/news.ts",
    expression: "held.notBefore <= certificate.notBefore",
    instead: "true",
    found: ["limits-lowered"],
  },
  unchecked("believes another bank's statement", "device/news.ts", "statement.member !== member", [
    "statement-forged",
  ]),
  {
    name: "revives a spent coin by a receipt",
    file: state,
    expression: `draft.get("coins", outpoint) === undefined`,
    followedBy: ") {",
    instead: "true",
    found: ["receipt-revives-nothing"],
  },
  {
    name: "pays back more than it received",
    file: back,
    expression: "past.givenBack + amount > past.amount",
    instead: "amount > past.amount",
    found: ["refund-paid", "refund-counted-after-restart", "refund-asked"],
  },
  {
    name: "pays back anybody",
    file: back,
    expression: "toHex(other) !== past.counterparty?.deviceKey",
    instead: "false",
    found: ["refund-foreign", "refund-asked"],
  },
  {
    name: "goes by an emergency profile for another place",
    file: "device/offline-limits.ts",
    expression: "!isForPlace(emergency, place)",
    instead: "false",
    found: ["emergency-elsewhere"],
  },
  {
    name: "goes by an emergency profile for ever",
    file: "device/offline-limits.ts",
    expression: "now >= emergency.notBefore && now < emergency.notAfter",
    instead: "now >= emergency.notBefore",
    found: ["emergency-lowers"],
  },
  {
    name: "pays with its PIN not entered",
    file: "device/pin-pad.ts",
    expression: `draft.get("pin", "") === undefined || this.#isUnlocked`,
    instead: "true",
    found: ["pin-needed", "pin-tries"],
  },
  {
    name: "never counts a wrong PIN",
    file: "device/pin.ts",
    expression: "row.tries[secret] - 1",
    instead: "row.tries[secret]",
    found: ["pin-tries", "unblocking-tries"],
  },
  {
    name: "never gives tries back",
    file: "device/pin.ts",
    expression: "TRIES[secret]",
    instead: "row.tries[secret]",
    found: ["pin-right-gives-tries-back"],
  },
  {
    name: "keeps the PIN that was unblocked",
    file: "device/pin.ts",
    expression: "hashOf(row.salt, pin)",
    instead: "row.pin",
    found: ["pin-unblocked"],
  },
  forgotten("its PIN", "pin", [
    "pin-needed",
    "pin-tries",
    "pin-right-gives-tries-back",
    "pin-unblocked",
    "unblocking-tries",
  ]),
  {
    name: "locks money to a code alone",
    file: payer,
    expression: "ownerOf(secret)",
    instead: "ownerOf(code)",
    found: ["code-locks"],
  },
  {
    name: "does not count what it pays to codes",
    file: state,
    expression: "isToCode(payment)",
    instead: "false",
    found: ["code-limits"],
  },
  unverified(
    "acknowledgements",
    "protocol/acknowledgement.ts",
    "verifier.verify(issuer, signed, acknowledgement.signature)",
    ["parcel-answer-changed"],
  ),
  unchecked(
    "takes the answer to another request",
    "protocol/device-reply.ts",
    "kind !== request.ask.kind || !equalBytes(reply.nonce, request.nonce)",
    ["parcel-answer-changed"],
  ),
  unchecked(
    "seals its parcels anew each time",
    "device/courier/sender.ts",
    "before !== undefined",
    ["parcel-opens", "parcel-answer-changed"],
  ),
  {
    name: "forgets the keys of its parcels without power",
    file: "device/courier/sender.ts",
    expression: "await parts.store.rows()",
    instead: "new Map()",
    found: ["parcel-opens", "parcel-answered"],
  },
  {
    name: "has no ear for the other tills of its shop",
    file: "device/pending-store.ts",
    expression: "holder.rival(input)",
    instead: "undefined",
    found: ["alarm-heard"],
  },
  unchecked("lets bytes be left over", "protocol/bytes.ts", "this.remaining !== 0", [
    "garbled-requests",
    "garbled-bundles",
    "garbled-confirmations",
    "garbled-certificates",
    "garbled-receipts",
    "garbled-lists",
    "oversized",
    "vectors-requests",
    "vectors-confirmations",
    "vectors-certificates",
    "vectors-receipts",
    "vectors-bundles",
    "vectors-revocations",
    "vectors-trust",
  ]),
  unchecked(
    "reads every version as the first",
    "protocol/version.ts",
    "version !== FORMAT_VERSION",
    [
      "garbled-requests",
      "garbled-payments",
      "garbled-bundles",
      "garbled-confirmations",
      "vectors-requests",
      "vectors-confirmations",
      "vectors-bundles",
    ],
  ),
  {
    name: "counts amounts as floating-point numbers",
    file: "device/record-body.ts",
    expression: `draft.get("coins", input)!.amount`,
    instead: `BigInt(Number(draft.get("coins", input)!.amount))`,
    found: ["pays-largest-amount"],
  },
  unchecked(
    "takes a record again in another message 2",
    "device/payee.ts",
    "isForThis && given !== undefined",
    ["answers-resealed-the-same"],
  ),
  {
    name: "asks for no code of a second factor",
    file: factor,
    expression: "unconfirmed + amount >= from",
    instead: "false",
    found: [
      "second-factor-needed",
      "second-factor-adds-up",
      "second-factor-bound",
      "second-factor-opens-one",
      "second-factor-tries",
      "second-factor-to-codes",
      "second-factor-granted",
    ],
  },
  {
    name: "does not add up what leaves without a code",
    file: factor,
    expression: "unconfirmed + amount >= from",
    instead: "amount >= from",
    found: ["second-factor-adds-up"],
  },
  {
    name: "lets a code open a payment to another payee",
    file: factor,
    expression: "opened?.amount === amount && opened.payee === payee && now < opened.until",
    instead: "opened?.amount === amount && now < opened.until",
    found: ["second-factor-opens-one"],
  },
  {
    name: "lets a code open a payment of another amount",
    file: factor,
    expression: "opened?.amount === amount && opened.payee === payee && now < opened.until",
    instead: "opened?.payee === payee && now < opened.until",
    found: ["second-factor-opens-one"],
  },
  {
    name: "keeps open what a code opened, for ever",
    file: factor,
    expression: "opened?.amount === amount && opened.payee === payee && now < opened.until",
    instead: "opened?.amount === amount && opened.payee === payee",
    found: ["second-factor-opens-one"],
  },
  {
    name: "pays twice by one code",
    file: factor,
    expression: "undefined",
    followedBy: " });\n  } else if",
    instead: "factor.opened",
    found: ["second-factor-needed", "second-factor-adds-up"],
  },
  {
    name: "takes the code of a past minute",
    file: code,
    expression: "Math.max(windowOf(time) - WINDOW_DRIFT, lastWindow + 1)",
    instead: "Math.max(windowOf(time) - 2, lastWindow + 1)",
    found: ["second-factor-bound"],
  },
  {
    name: "takes a code a second time",
    file: code,
    expression: "Math.max(windowOf(time) - WINDOW_DRIFT, lastWindow + 1)",
    instead: "windowOf(time) - WINDOW_DRIFT",
    found: ["second-factor-needed"],
  },
  {
    name: "takes the code of a minute to come",
    file: code,
    expression: "windowOf(time) + WINDOW_DRIFT",
    instead: "windowOf(time) + 2",
    found: ["second-factor-bound"],
  },
  {
    name: "never counts a wrong code",
    file: factor,
    expression: "factor.tries - 1",
    instead: "factor.tries",
    found: ["second-factor-tries", "second-factor-cut"],
  },
  {
    name: "never gives the tries of codes back",
    file: factor,
    expression: "TRIES",
    followedBy: ", lastWindow: window",
    instead: "factor.tries",
    found: ["second-factor-right-gives-tries-back"],
  },
  {
    name: "pays to claim codes without a second factor",
    file: factor,
    expression: "!needsCode(factor, amount)",
    instead: `!needsCode(factor, amount) || /^0+$/.test(payee)`,
    found: ["second-factor-to-codes"],
  },
  unverified(
    "second factors",
    "protocol/second-factor-grant.ts",
    "verifier.verify(issuer, signed, grant.signature)",
    ["second-factor-granted"],
  ),
  unchecked("takes an older second factor back", factor, "held.version >= version", [
    "second-factor-granted",
  ]),
  unchecked(
    "takes a second factor for another device",
    factor,
    "grant.member !== member || toHex(grant.keeper) !== holder.key",
    ["second-factor-granted"],
  ),
  {
    name: "takes a second factor that answers an earlier question",
    file: "device/second-factor-pad.ts",
    expression: "makeSealingKey(this.#holder.random)",
    instead: "this.#reader ?? makeSealingKey(this.#holder.random)",
    found: ["second-factor-granted"],
  },
  forgotten("its second factor", "secondFactor", [
    "second-factor-needed",
    "second-factor-adds-up",
    "second-factor-tries",
    "second-factor-cut",
  ]),
  forgotten("its answers", "answers", ["answer-kept"]),
  forgotten("its payments", "payments", [
    "pin-needed",
    "code-settles",
    "second-factor-needed",
    "payment-kept",
    "limits-kept",
    "cut-when-paying",
    "cut-when-confirmed",
  ]),
  forgotten("its open requests", "requests", [
    "request-kept",
    "request-stays-closed",
    "cut-when-paid",
  ]),
  forgotten("revocation lists", "revocations", ["list-older-after-restart"]),
  forgotten("its history", "history", ["refund-counted-after-restart"]),
];
