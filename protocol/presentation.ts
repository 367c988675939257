/**
 * The presentation of a payment: one payment that a party to it shows to somebody else, and nothing else of
 * what it ever paid or was paid. JSON, for whoever has the network file beside it: the party's showing, the
 * statement that the payment applied, and for each certificate in the showing the statement of its member's
 * entry in the state, which has the issuer key.
 */
import { compareBytes, fromHex, type Hex, toHex } from "./bytes.ts";
import { checkCertificateSignature, type SignedCertificate } from "./certificate.ts";
import { bad, end, hexUpTo, list, type Parse, take } from "./json-fields.ts";
import { type Owner, ownerOf } from "./key.ts";
import { limits } from "./limits.ts";
import type { NetworkFile } from "./network-file.ts";
import { lock, type MemberId } from "./output.ts";
import {
  checkPaymentStatement,
  parsePayment,
  type PaymentFindings,
  type PaymentStatement,
  plainPayment,
} from "./payment-statement.ts";
import { isRefusal, Refusal } from "./refusal.ts";
import type { SignedRecord } from "./record.ts";
import { checkShowingSignature, decodeShowing, type SignedShowing } from "./showing.ts";
import type { Verifier } from "./signature.ts";
import {
  checkStateStatement,
  parseState,
  plainState,
  type StateStatement,
} from "./state-statement.ts";
import { type FileFormat, headOf, openFile } from "./statement-file.ts";

const format: FileFormat = { what: "presentation of a payment", version: 1 };

export type Presentation = {
  readonly showing: SignedShowing;
  readonly payment: PaymentStatement;
  /** Of the members that signed the certificates in the showing, ascending, each once. */
  readonly issuers: readonly StateStatement[];
};

export type Role = "payer" | "payee";

/** A party's name, on the word of its bank. */
export type NamedParty = {
  readonly owner: Owner;
  readonly role: Role;
  readonly label: string;
  readonly certificate: SignedCertificate;
};

export type PresentationFindings = PaymentFindings & {
  /** Who shows it. */
  readonly shownBy: { readonly owner: Owner; readonly role: Role; readonly time: number };
  /** Parties that are named; the others are keys. */
  readonly named: readonly NamedParty[];
};

/** The text of a presentation: the same bytes for the same presentation. */
export function formatPresentation({ showing, payment, issuers }: Presentation): string {
  const file = {
    ...headOf(format),
    showing: toHex(showing.bytes),
    payment: plainPayment(payment),
    issuers: issuers.map(plainState),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** @throws Refusal `malformed` naming the field, `unsupported-version`, `too-large`. */
export function parsePresentation(source: string): Presentation {
  const file = openFile(source, format);
  const presentation: Presentation = {
    showing: take(file, "showing", parseShowing),
    payment: take(file, "payment", parsePayment),
    issuers: take(file, "issuers", list(parseState, 0, 2)),
  };
  end(file, format.what);
  return presentation;
}

/**
 * Checks all of it.
 * @param words that the reader asked the party to show it in.
 * @param trusted addresses of validators that the reader has from elsewhere.
 * @throws Refusal `not-for-us` for other words; `wrong-network`; `malformed`, `bad-proof`, `bad-signature`
 *   naming what does not hold.
 */
export function checkPresentation(
  { showing, payment, issuers }: Presentation,
  words: string,
  network: NetworkFile,
  verifier: Verifier,
  trusted?: ReadonlySet<Hex>,
): PresentationFindings {
  const networkId = fromHex(network.networkId, 32);
  const found = checkPaymentStatement(payment, network, verifier, trusted);
  checkShowingSignature(networkId, showing, verifier);
  if (showing.id !== found.id)
    throw new Refusal("bad-proof", `record ${showing.id} is shown, and ${found.id} stands there`);
  if (showing.words !== words)
    throw new Refusal("not-for-us", `it is shown to whoever said ${JSON.stringify(showing.words)}`);
  const shownBy = { ...partyOf(found.record, showing.deviceKey), time: showing.time };
  const keys = issuerKeys(issuers, network, trusted);
  const members = new Set(showing.certificates.map(({ member }) => member));
  if ([...keys.keys()].join() !== [...members].sort((a, b) => a - b).join())
    throw new Refusal("bad-proof", "the members that are shown are not those of the certificates");
  const named = showing.certificates.map((certificate): NamedParty => {
    const { deviceKey, member, label } = certificate;
    checkCertificateSignature(networkId, certificate, keys.get(member)!, verifier);
    return { ...partyOf(found.record, deviceKey), label, certificate };
  });
  return { ...found, shownBy, named };
}

/** Which side of a payment a key is on. @throws Refusal `bad-proof` for neither. */
export function partyOf(
  { signer, outputs }: Pick<SignedRecord, "signer" | "outputs">,
  deviceKey: Uint8Array,
): { readonly owner: Owner; readonly role: Role } {
  const owner = ownerOf(deviceKey);
  if (compareBytes(signer, deviceKey) === 0) return { owner, role: "payer" };
  if (outputs.some((output) => output.lock === lock.key && output.owner === owner))
    return { owner, role: "payee" };
  throw new Refusal("bad-proof", `key owner ${owner} is no party to this payment`);
}

/** Issuer keys by member, in the order of the file. */
function issuerKeys(
  issuers: readonly StateStatement[],
  network: NetworkFile,
  trusted: ReadonlySet<Hex> | undefined,
): ReadonlyMap<MemberId, Uint8Array> {
  const keys = new Map<MemberId, Uint8Array>();
  for (const statement of issuers) {
    const { entry } = checkStateStatement(statement, network, trusted);
    if (entry.kind !== "member" || keys.has(entry.id))
      throw new Refusal("bad-proof", "an issuer is shown twice, or by the entry of something else");
    keys.set(entry.id, entry.member.issuer);
  }
  return keys;
}

const parseShowing: Parse<SignedShowing> = (value, field) => {
  const bytes = fromHex(hexUpTo(limits.showingMax)(value, field));
  try {
    return decodeShowing(bytes);
  } catch (error) {
    if (!isRefusal(error, "malformed")) throw error;
    throw bad(field, `is no showing: ${error.message}`);
  }
};
