/** Two wallets in folders, of a person and of a shop at one bank: one has paid the other offline, and it settled. */
import { join } from "node:path";
import type { Hex } from "../../../protocol/bytes.ts";
import { decodeConfirmation } from "../../../protocol/confirmation.ts";
import type { DeviceClass } from "../../../protocol/certificate.ts";
import * as act from "../../../scripts/wallet/actions.ts";
import { Wallet } from "../../../scripts/wallet/wallet.ts";
import { makeWalletFile } from "../../../scripts/wallet/wallet-file.ts";
import { makeFolder } from "../../support/chain.ts";
import type { ConsortiumBank } from "../../support/consortium-bank.ts";
import type { Consortium } from "../../support/consortium.ts";
import { until } from "../../support/until.ts";

export type PayingWallets = {
  readonly person: Wallet;
  readonly shop: Wallet;
  readonly id: Hex;
} & AsyncDisposable;

/** @param label of the shop. */
export async function payingWallets(
  consortium: Consortium,
  bank: ConsortiumBank,
  label: string,
): Promise<PayingWallets> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await makeFolder()).path;
  const wallet = async (name: string, deviceClass: DeviceClass, shown: string) => {
    const path = join(folder, name);
    const opened = parts.use(await open(consortium, bank, path, deviceClass));
    await bank.staff("/v1/accounts", { account: name, customer: name });
    await bank.staff(`/v1/accounts/${name}/deposits`, {
      amount: "100",
      reference: `first:${name}`,
    });
    const { credential } = await bank.staff<{ credential: string }>(
      `/v1/accounts/${name}/credentials?${new URLSearchParams({ class: deviceClass, label: shown }).toString()}`,
      {},
    );
    await act.enrolWallet(opened, { credential, label: shown, wait: 30 });
    return opened;
  };
  const person = await wallet("person", "software", "");
  const shop = await wallet("shop", "merchant", label);
  await act.loadAmount(person, "1.00", { wait: 30 });

  const request = await act.requestAmount(shop, "0.30", "two coffees");
  const payment = await act.pay(person, request.message);
  const { message } = await act.receive(shop, payment.message);
  await act.confirm(person, message);
  const { id } = decodeConfirmation(message);
  await act.syncWallet(shop, {});
  const { url } = consortium.nodes.get(bank.member)!;
  await until("the payment is settled", async () => {
    const answer = await fetch(`${url}/v1/records/${id}/statement`);
    return answer.ok;
  });
  const held = parts.move();
  return { person, shop, id, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function open(
  { network }: Consortium,
  { gateway, member }: ConsortiumBank,
  folder: string,
  deviceClass: DeviceClass,
): Promise<Wallet> {
  const info = await fetch(`${gateway.url}/v1/network`);
  const { trustKey, receiptLifeS } = (await info.json()) as {
    readonly trustKey: Hex;
    readonly receiptLifeS: number;
  };
  const settings = { network, member, class: deviceClass, gateway: gateway.url };
  await makeWalletFile(folder, {
    ...settings,
    trustKey,
    receiptLifeS,
  });
  return await Wallet.open(folder);
}
