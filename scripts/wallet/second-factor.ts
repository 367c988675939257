/** What a person does with a second factor: pays by a code, and has one shown for another device's payment. */
import type { ToConfirm } from "../../device/second-factor-pad.ts";
import { NOBODY, type Owner, ownerOf } from "../../protocol/key.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import type { SignedRequest } from "../../protocol/request.ts";
import {
  type Confirmed,
  formatPayeeNumber,
  parsePayeeNumber,
  payeeNumber,
} from "../../protocol/second-factor-code.ts";
import { formatShortCode } from "../../protocol/short-code.ts";
import { type Report, timeText } from "../report.ts";
import type { Wallet } from "./wallet.ts";

/** A payment as a second factor knows it, and as a screen names its payee. */
export type NamedPayment = ToConfirm & { readonly name: string };

/** The same as a second device needs it: the payee by number. */
export type SaidPayment = Confirmed & { readonly name: string };

/**
 * Pays, by the code where one is needed: what was paid before needs none.
 * @throws Refusal `second-factor-needed`, in words for the voice line, if there is none; as the purse does.
 */
export async function payConfirmed<T>(
  wallet: Wallet,
  payment: () => NamedPayment,
  code: string | undefined,
  pay: () => Promise<T>,
): Promise<T> {
  try {
    return await pay();
  } catch (error) {
    if (!isRefusal(error, "second-factor-needed")) throw error;
    if (code === undefined) {
      const { amount, payee } = payment();
      const what = `${wallet.format(amount)} to payee ${formatPayeeNumber(payeeNumber(payee))}`;
      throw new Refusal(error.code, `a code confirms ${what}: say it with --second-factor`);
    }
    await wallet.purse.secondFactor.enter(payment(), code);
    return pay();
  }
}

/** The code that confirms what another device is to pay. @param said which; the only one there is by default. */
export function secondFactorReport(
  wallet: Wallet,
  { amount, payee, name }: SaidPayment,
  said: Owner | undefined,
): Report {
  const { secondFactor } = wallet.purse;
  const { code, expires } = secondFactor.codeFor(said ?? onlyOne(wallet), { amount, payee });
  const lines = [
    `${formatShortCode(code)}  confirms ${wallet.format(amount)} to ${name}`,
    `It is good until ${timeText(expires)}, once.`,
  ];
  return { lines, data: { code, expires, amount, payee } };
}

export function saidOf({ amount, payee, name }: NamedPayment): SaidPayment {
  return { amount, payee: payeeNumber(payee), name };
}

/** What the other device shows, typed. @throws Refusal `malformed`. */
export function typedPayment(wallet: Wallet, amount: string, number: string): SaidPayment {
  const payee = parsePayeeNumber(number);
  return { amount: wallet.parse(amount), payee, name: `payee ${formatPayeeNumber(payee)}` };
}

/** What message 1 asks for. @throws Refusal for a request that is not in order. */
export function requested({ purse }: Wallet, request: Uint8Array): NamedPayment {
  const asked = purse.checkRequest(request);
  const { amount, certificate } = asked;
  return { amount, payee: ownerOf(certificate.deviceKey), name: payeeText(asked) };
}

/** Money under a code is nobody's yet. */
export function underCode(wallet: Wallet, amount: string): NamedPayment {
  return { amount: wallet.parse(amount), payee: NOBODY, name: "whoever has a code" };
}

/** As a payer's screen names it. */
export function payeeText({ certificate: { label, member } }: SignedRequest): string {
  return label === "" ? `a device of member ${member}` : `${label} (member ${member})`;
}

function onlyOne({ purse }: Wallet): Owner {
  const shown = purse.secondFactor.shown();
  if (shown.length === 1) return shown[0]!.device;
  const names = shown.map(({ device }) => device).join(", ");
  throw shown.length === 0
    ? new Refusal("not-found", "the bank has this device show no codes: sync, if it should")
    : new Refusal("malformed", `say with --device whose code: ${names}`);
}
