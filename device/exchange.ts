/** The three messages between two purses over any transport, when nothing goes wrong on the way. */
import type { SignedConfirmation } from "../protocol/confirmation.ts";
import type { Amount } from "../protocol/money.ts";
import type { Received } from "./payee.ts";
import type { Purse } from "./purse.ts";
import type { Transport } from "./transport.ts";

/** The payee's side: asks for `amount`, takes the payment, confirms it. */
export async function collect(
  purse: Purse,
  transport: Transport,
  amount: Amount,
  reference?: string,
): Promise<Received> {
  await transport.send(await purse.request(amount, reference));
  const received = await purse.receive(await transport.receive());
  await transport.send(received.confirmation.bytes);
  return received;
}

/** The payer's side: pays what is asked, takes the confirmation. */
export async function payOver(purse: Purse, transport: Transport): Promise<SignedConfirmation> {
  await transport.send(await purse.pay(await transport.receive()));
  return purse.confirm(await transport.receive());
}
