/**
 * Online payments, put together: the merchants' side, which takes orders and is paid (merchants/), the customers'
 * side, which authorizes (authorization/), and the transfers by which the bank's system pays for both. Each side
 * works without the other: what passes between them is on the ledger.
 */
import type { Hex } from "../protocol/bytes.ts";
import { type Owner, ownerOf } from "../protocol/key.ts";
import type { MemberId } from "../protocol/output.ts";
import type { NetworkFile } from "../protocol/network-file.ts";
import type { Random } from "../protocol/random.ts";
import type { Signer, Verifier } from "../protocol/signature.ts";
import type { NodeClient } from "../node/client.ts";
import type { Logger } from "../node/service/telemetry.ts";
import type { Accounts } from "./accounts.ts";
import type { Argon2Threads } from "./argon2-threads.ts";
import { Codes } from "./authorization/codes.ts";
import { FileRelay } from "./authorization/file-relay.ts";
import { Invitations } from "./authorization/invitations.ts";
import { MailRelay } from "./authorization/mail-relay.ts";
import { Notices } from "./authorization/notices.ts";
import { Passwords } from "./authorization/passwords.ts";
import { PaymentBook } from "./authorization/payment-book.ts";
import { Payments } from "./authorization/payments.ts";
import { Relays } from "./authorization/relay.ts";
import { ServiceChanges } from "./authorization/service-changes.ts";
import { Services } from "./authorization/services.ts";
import { SmsRelay } from "./authorization/sms-relay.ts";
import type { GatewayConfig } from "./config.ts";
import { Merchants } from "./merchants/merchants.ts";
import { Orders } from "./merchants/orders.ts";
import { orderView } from "./merchants/order-view.ts";
import { Refunds } from "./merchants/refunds.ts";
import type { NodeWatch } from "./node-watch.ts";
import type { PresentKey } from "./present-key.ts";
import type { Store } from "./store.ts";
import { Transfers } from "./transfers.ts";
import type { TrustLists } from "./trust-lists.ts";
import type { Vault } from "./vault.ts";
import { Outbox } from "./webhooks/outbox.ts";
import { Subscriptions } from "./webhooks/subscriptions.ts";

export type OnlineParts = {
  readonly network: NetworkFile;
  readonly networkId: Uint8Array;
  readonly member: MemberId;
  readonly issuer: Signer;
  readonly treasury: PresentKey;
  readonly trust: TrustLists;
  readonly store: Store;
  readonly node: NodeClient;
  readonly accounts: Accounts;
  readonly verifier: Verifier;
  readonly random: Random;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly threads: Argon2Threads;
};

export type OnlineOptions = Pick<
  GatewayConfig,
  "accounts" | "authorization" | "merchants" | "webhooks"
>;

/** Those for whom money comes in. @param page address of the payment page. */
export async function openPayees(parts: OnlineParts, options: OnlineOptions, page: () => string) {
  const { networkId, store, accounts, clock, treasury } = parts;
  const { orderLifeMs: lifeMs, ordersKeptMs: keptMs, resultsEveryMs: everyMs } = options.merchants;
  const { plainLoopback, parkAfterMs, keptMax } = options.webhooks;
  const merchants = new Merchants(store, clock, plainLoopback);
  const subscriptions = await Subscriptions.open({ ...parts, plainLoopback });
  const outbox = await Outbox.open({
    ...parts,
    plainLoopback,
    everyMs,
    parkAfterMs,
    keptMax,
    async describe(notice) {
      if (!notice.to.startsWith("merchant:")) return subscriptions.describe(notice);
      const row = await orders.named(notice.about as Hex);
      // What was kept for a receiver that was away longer than orders are.
      if (row === undefined) return undefined;
      const { resultsUrl: url } = await merchants.get(row.merchant);
      if (url === undefined) return undefined;
      return { url, what: orderView(row, orders.stateOf(row), page()) };
    },
  });
  const { suspense } = options.accounts;
  const vaultOwner = () => ownerOf(treasury.publicKey);
  const orders = new Orders({ ...parts, outbox, vaultOwner, lifeMs, keptMs, suspense });
  const book = new PaymentBook(networkId, store, accounts);
  return { merchants, orders, outbox, subscriptions, book };
}

/** What customers and merchants ask for. */
export async function openOnline(
  parts: OnlineParts & Awaited<ReturnType<typeof openPayees>> & { readonly vault: Vault },
  options: OnlineOptions,
  watch: NodeWatch,
) {
  const { network, networkId, trust, store, orders, random, clock, logger } = parts;
  const { authorization } = options;
  const { patienceMs, retryMs, keptMs } = authorization;
  const relays = new Relays({ networkId, random, logger, relays: relaysOf(authorization, clock) });
  const notices = new Notices(relays);
  const services = await Services.open({
    store,
    random,
    clock,
    passwords: new Passwords(random, parts.threads),
    onLocked: (service) => void notices.tell(service, "locked"),
  });
  const transfers = await Transfers.open({ ...parts, retryMs });
  const memberOf = (owner: Owner) => watch.memberOfTreasury(owner);
  const { suspense } = options.accounts;
  const refunds = new Refunds({ ...parts, transfers, memberOf, patienceMs, suspense });
  orders.onPaidTwice((...payment) => refunds.giveBack(...payment));
  transfers.onEnd((id, row) => refunds.end(id, row));
  const { codeEpochMs: epochMs, codeLifeMs, paymentLifeMs: lifeMs } = authorization;
  const payments = await Payments.open({
    ...parts,
    checks: {
      ...parts,
      issuersOf: (member) => [watch.issuerOf(member) ?? [], trust.issuersOf(member)].flat(),
      isTreasury: (member, owner) => watch.isTreasury(member, owner),
    },
    services,
    codes: await Codes.open({ networkId, store, random, clock, epochMs, lifeMs: codeLifeMs }),
    relays,
    transfers,
    currency: network.currency,
    onRefused: (nonce, { code }) => orders.noteRefusal(nonce, code),
    lifeMs,
    patienceMs,
    keptMs,
  });
  const invitations = new Invitations(store, random, clock);
  const serviceChanges = new ServiceChanges(services, notices);
  return { transfers, refunds, services, serviceChanges, invitations, notices, payments };
}

function relaysOf({ relays }: OnlineOptions["authorization"], clock: () => number) {
  const { file, mail, sms } = relays;
  return {
    ...(file === undefined ? {} : { file: new FileRelay(file, clock) }),
    ...(mail === undefined ? {} : { mail: new MailRelay(mail) }),
    ...(sms === undefined ? {} : { sms: new SmsRelay(sms) }),
  };
}
