/**
 * Online payments, step by step: the customer says who it is, chooses an account, a terminal and how it will
 * answer, gets a code there, and gives it back; then the bank's system is asked for one transfer, and both sides
 * hear what came of it. Every step is on the disk before it is answered, and every call may be repeated.
 *
 * What is authorized is paid by the transfer alone: nothing here moves money, and a payment that waits for it
 * asks again under the same name after a restart.
 */
import { timingSafeEqual } from "node:crypto";
import { sha256 } from "#sha256";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import type { Currency } from "../../protocol/money.ts";
import type { SignedPaymentOrder } from "../../protocol/payment-order.ts";
import type { Random } from "../../protocol/random.ts";
import { isRefusal, Refusal } from "../../protocol/refusal.ts";
import { parseShortCode } from "../../protocol/short-code.ts";
import type { Logger } from "../../node/service/telemetry.ts";
import { Recurring } from "../recurring.ts";
import { Serial } from "../serial.ts";
import type { TransferRow, Transfers } from "../transfers.ts";
import type { Codes } from "./codes.ts";
import { codeText } from "./message-words.ts";
import { checkOffered, type OrderChecks } from "./offered-order.ts";
import { checkOnlineLimits, dayOf } from "./online-limits.ts";
import {
  authorizedOn,
  orderOf,
  type Payment,
  type PaymentBook,
  type PaymentId,
  transferOf,
} from "./payment-book.ts";
import {
  advance,
  isFinal,
  type Mode,
  NAMED,
  type PaymentEvent,
  type PaymentState,
  type Reason,
} from "./payment-state.ts";
import type { Relays } from "./relay.ts";
import { isLocked, type Service, type Services } from "./services.ts";
import { checkTerminal, type NewTerminal } from "./terminals.ts";

export type PaymentsParts = {
  readonly checks: OrderChecks;
  readonly services: Services;
  readonly codes: Codes;
  readonly relays: Relays;
  readonly book: PaymentBook;
  readonly transfers: Transfers;
  readonly currency: Currency;
  readonly random: Random;
  readonly clock: () => number;
  readonly logger: Logger;
  /** Told of what came to nothing: the order may be of a merchant's here. */
  readonly onRefused: (nonce: Hex, reason: Reason) => Promise<void>;
  /** How long a customer has from the password to the right code. */
  readonly lifeMs: number;
  /** How long the vault may take to pay what is authorized. */
  readonly patienceMs: number;
  /** For how long a payment that has ended is kept. */
  readonly keptMs: number;
};

/** What a customer chooses once the password was right. */
export type Choice = {
  /** Of the service's accounts. */
  readonly account: number;
  /** The id of a registered terminal, or one that the customer designates for this payment. */
  readonly terminal: string | NewTerminal;
  readonly mode: Mode;
};

export type Opened = {
  readonly id: PaymentId;
  readonly payment: Payment;
  readonly service: Service;
};

/** Payments of one customer that wait for a code: more are a machine's. */
const OPEN_MAX = 5;
const ID_LENGTH = 16;
const TOKEN_LENGTH = 32;
const SWEEP_MS = 1_000;
const PRUNE_MS = 86_400_000;

export class Payments {
  readonly #parts: PaymentsParts;
  readonly #serial = new Serial();
  /** Payments that are not at their end. */
  readonly #open = new Map<PaymentId, Payment>();
  readonly #sweeping: Recurring;
  readonly #pruning: Recurring;

  private constructor(parts: PaymentsParts) {
    this.#parts = parts;
    const { logger } = parts;
    const failure = "online payments could not be looked after";
    this.#sweeping = new Recurring({
      task: () => this.#sweep(),
      everyMs: SWEEP_MS,
      logger,
      failure,
    });
    const { book, clock, keptMs } = parts;
    this.#pruning = new Recurring({
      task: () => book.prune(clock() - keptMs),
      everyMs: PRUNE_MS,
      logger,
      failure: "old online payments could not be let go of",
    });
  }

  /** Finds the payments that were under way. */
  static async open(parts: PaymentsParts): Promise<Payments> {
    const payments = new Payments(parts);
    for (const [id, payment] of await parts.book.open()) payments.#open.set(id, payment);
    parts.transfers.onEnd((id, row) => payments.#end(id, row));
    return payments;
  }

  start(): void {
    this.#sweeping.start();
    this.#pruning.start();
  }

  async stop(): Promise<void> {
    await this.#sweeping.stop();
    await this.#pruning.stop();
    await this.#serial.idle();
  }

  /** An order as a member's bank has signed it. @throws Refusal as `checkOffered`. */
  order(text: string): SignedPaymentOrder {
    return checkOffered(text, this.#parts.checks);
  }

  /**
   * Begins a payment for whoever knows the password.
   * @returns with it the token that all further calls must show.
   * @throws Refusal as `order`, `wrong-credentials`, `busy`; `conflict` if the order is being paid, or too many
   *   payments of the customer wait for a code.
   */
  async begin(
    text: string,
    identity: string,
    password: string,
  ): Promise<Opened & { readonly token: Hex }> {
    const { services, book, random, clock } = this.#parts;
    const order = this.order(text);
    const service = await services.authenticate(identity, password);
    const id = toHex(random(ID_LENGTH));
    const token = toHex(random(TOKEN_LENGTH));
    const payment: Payment = {
      service: service.id,
      order: toHex(order.bytes),
      token: hashOf(token),
      began: clock(),
      state: NAMED,
    };
    await this.#serial.run(async () => {
      await book.checkFree(id, order);
      const waiting = [...this.#open.values()].filter((each) => each.service === service.id);
      if (waiting.length >= OPEN_MAX) {
        throw new Refusal(
          "conflict",
          `${OPEN_MAX} payments wait for their codes: finish them first`,
        );
      }
      await this.#save(id, payment);
    });
    return { id, token, payment, service };
  }

  /** @throws Refusal `not-found`, in the same words for a wrong token. */
  async get(id: PaymentId, token: Hex): Promise<Opened> {
    const payment = await this.#known(id, token);
    return { id, payment, service: await this.#parts.services.get(payment.service) };
  }

  /**
   * Sends a code to the terminal that the customer chooses.
   * @throws Refusal `not-found`; `conflict` when it is too late for that; `forbidden` for a terminal that is not
   *   registered; `over-online-limit`; `wrong-code` when no further code is sent; `unavailable`.
   */
  async sendCode(id: PaymentId, token: Hex, choice: Choice): Promise<Opened> {
    const { services, codes, relays, currency } = this.#parts;
    const { terminal, text, ...sent } = await this.#serial.run(async () => {
      const payment = await this.#known(id, token);
      const service = await services.get(payment.service);
      const order = orderOf(payment);
      const account = service.accounts[choice.account];
      if (account === undefined) throw new Refusal("malformed", "there is no such account");
      const terminal = chosenTerminal(service, choice.terminal);
      await this.#checkLimits(service, order);
      const name = await codes.name();
      const { address, language } = terminal;
      const challenge = { ...name, account, terminal: address, mode: choice.mode };
      const sent = await this.#advance(id, payment, { kind: "sent", challenge });
      const code = codes.codeOf(name, order, account);
      const text = codeText(language, order, code, currency, name.expires);
      return { terminal, text, id, payment: sent, service };
    });
    // Others' payments do not wait for a relay.
    await relays.send(terminal, text);
    return sent;
  }

  /**
   * The code as the customer typed it on the page.
   * @throws Refusal `not-found`, `malformed`; `conflict` if it is to come from the terminal; `wrong-code`;
   *   `over-online-limit`.
   */
  async authorize(id: PaymentId, token: Hex, typed: string): Promise<Opened> {
    const payment = await this.#known(id, token);
    if (payment.state.kind === "sent" && payment.state.challenge.mode === "reply") {
      throw new Refusal("conflict", "the code is to be sent back from the terminal");
    }
    const authorized = await this.#enter(id, typed);
    const service = await this.#parts.services.get(payment.service);
    return { id, payment: authorized, service };
  }

  /**
   * The code as it came back from a terminal, by the bank's relay. Others may have had codes sent there as well: the
   * code itself says which payment it releases.
   * @throws Refusal `not-found` if none was sent there that is to come back; as `authorize`.
   */
  async reply(address: string, typed: string): Promise<void> {
    const code = parseShortCode(typed);
    const { id, payment } = await this.#serial.run(() => this.#compareAt(address, code));
    await this.#pay(id, payment);
  }

  /** Lets a payment be. @throws Refusal `not-found`; `conflict` once it is authorized. */
  async cancel(id: PaymentId, token: Hex): Promise<void> {
    await this.#serial.run(async () => {
      const payment = await this.#known(id, token);
      if (payment.state.kind === "authorised") {
        throw new Refusal("conflict", "the payment is authorized: it cannot be cancelled any more");
      }
      const reason = {
        code: "cancelled",
        detail: "the customer has cancelled the payment",
      } as const;
      await this.#refuse(id, payment, reason);
    });
  }

  async #enter(id: PaymentId, typed: string): Promise<Payment> {
    const code = parseShortCode(typed);
    const payment = await this.#serial.run(() => this.#compare(id, code));
    await this.#pay(id, payment);
    return (await this.#parts.book.get(id))!;
  }

  /** Takes a try, durably, before it says anything about the code. */
  async #compare(id: PaymentId, code: string): Promise<Payment> {
    const { services, codes, book, clock } = this.#parts;
    const payment = (await book.get(id))!;
    if (payment.state.kind === "authorised" || payment.state.kind === "paid") return payment;
    const tried = await this.#advance(id, payment, { kind: "tried" });
    if (tried.state.kind !== "sent") return tried;
    const { challenge, tries } = tried.state;
    const order = orderOf(payment);
    try {
      codes.check(code, challenge, order, challenge.account);
    } catch (error) {
      if (!isRefusal(error, "wrong-code")) throw error;
      await services.countWrongCode(payment.service);
      throw new Refusal("wrong-code", `${error.detail}; ${tries} tries are left`);
    }
    const service = await services.get(payment.service);
    if (isLocked(service) || service.cancelled !== undefined) {
      throw new Refusal("forbidden", "the service is locked or cancelled: ask the bank");
    }
    await book.checkFree(id, order);
    await this.#checkLimits(service, order);
    await services.forgetWrongCodes(service.id);
    return this.#advance(id, authorizedOn(tried, clock()), { kind: "right-code" }, tried);
  }

  /** What is wrong takes a try of each payment that it might have released: all of them were guessed at. */
  async #compareAt(address: string, code: string): Promise<{ id: PaymentId; payment: Payment }> {
    const waiting = [...this.#open].filter(([, { state }]) => isAwaitedFrom(address, state));
    if (waiting.length === 0) {
      throw new Refusal("not-found", "no code is awaited from this terminal");
    }
    const [right, another] = waiting.filter(([, payment]) => this.#isRight(payment, code));
    if (another !== undefined) {
      throw new Refusal("wrong-code", "two payments await this code: ask for another");
    }
    if (right !== undefined) {
      const [id] = right;
      return { id, payment: await this.#compare(id, code) };
    }
    const tries = await Promise.allSettled(waiting.map(([id]) => this.#compare(id, code)));
    throw tries.find((tried) => tried.status === "rejected")!.reason;
  }

  #isRight(payment: Payment, code: string): boolean {
    const { state } = payment;
    if (state.kind !== "sent") return false;
    const { challenge } = state;
    return this.#parts.codes.isRight(code, challenge, orderOf(payment), challenge.account);
  }

  async #checkLimits(service: Service, { amount }: SignedPaymentOrder): Promise<void> {
    const { book, clock } = this.#parts;
    checkOnlineLimits(service.limits, amount, await book.spentOn(service.id, dayOf(clock())));
  }

  /** Has the bank's system pay what is authorized. Asked again, it is the same transfer. */
  async #pay(id: PaymentId, payment: Payment): Promise<void> {
    if (payment.state.kind !== "authorised") return;
    const { transfers, book, clock, patienceMs } = this.#parts;
    const order = orderOf(payment);
    const row = await transfers.ask(transferOf(id), {
      account: payment.state.account,
      amount: order.amount,
      payee: order.payee,
      member: order.member,
      nonce: book.nonceOf(order),
      payBefore: clock() + patienceMs,
    });
    await this.#end(transferOf(id), row);
  }

  /** What became of a transfer, if it is a payment's and has ended. */
  async #end(name: string, { state, record, reason }: TransferRow): Promise<void> {
    if (!name.startsWith("order:") || state === "asked" || state === "paid") return;
    const id = name.slice("order:".length) as PaymentId;
    await this.#serial.run(async () => {
      const payment = (await this.#parts.book.get(id))!;
      if (isFinal(payment.state)) return;
      if (state === "applied")
        await this.#advance(id, payment, { kind: "applied", record: record! });
      else await this.#refuse(id, payment, reason!);
    });
  }

  async #refuse(id: PaymentId, payment: Payment, reason: Reason): Promise<void> {
    const { book, onRefused } = this.#parts;
    if (payment.state.kind !== "refused") await onRefused(book.nonceOf(orderOf(payment)), reason);
    await this.#advance(id, payment, { kind: "refused", reason });
  }

  /** Payments whose time is up, and those that wait for their transfer. */
  async #sweep(): Promise<void> {
    const { clock, lifeMs, logger } = this.#parts;
    for (const [id, payment] of this.#open) {
      try {
        if (payment.state.kind === "authorised") await this.#pay(id, payment);
        else if (clock() - payment.began >= lifeMs) await this.#timeOut(id);
      } catch (err) {
        // Others' payments do not wait for it.
        logger.warn({ err, id }, "an online payment could not be looked after: it is tried again");
      }
    }
  }

  async #timeOut(id: PaymentId): Promise<void> {
    await this.#serial.run(async () => {
      const payment = (await this.#parts.book.get(id))!;
      if (payment.state.kind !== "named" && payment.state.kind !== "sent") return;
      const reason = { code: "timed-out", detail: "no right code came in time" } as const;
      await this.#refuse(id, payment, reason);
    });
  }

  async #advance(
    id: PaymentId,
    payment: Payment,
    event: PaymentEvent,
    before = payment,
  ): Promise<Payment> {
    const state = advance(payment.state, event);
    if (state === payment.state) return payment;
    const next = { ...payment, state };
    await this.#save(id, next, before);
    return next;
  }

  async #save(id: PaymentId, payment: Payment, before?: Payment): Promise<void> {
    await this.#parts.book.save(id, payment, before);
    if (isFinal(payment.state)) this.#open.delete(id);
    else this.#open.set(id, payment);
  }

  async #known(id: PaymentId, token: Hex): Promise<Payment> {
    const payment = await this.#parts.book.get(id);
    const isIts =
      payment !== undefined && timingSafeEqual(fromHex(hashOf(token)), fromHex(payment.token));
    if (!isIts) throw new Refusal("not-found", "there is no such payment");
    return payment;
  }
}

/** @throws Refusal `forbidden` if it is not registered, and may not be designated; `not-found`, `malformed`. */
function chosenTerminal(service: Service, chosen: string | NewTerminal): NewTerminal {
  if (typeof chosen === "string") {
    const terminal = service.terminals.find(({ id }) => id === chosen);
    if (terminal !== undefined) return terminal;
    throw new Refusal("not-found", "no such terminal is registered");
  }
  if (!service.mayDesignate) {
    throw new Refusal(
      "forbidden",
      "codes go to registered terminals alone, unless you switch it on",
    );
  }
  checkTerminal(chosen);
  return chosen;
}

function isAwaitedFrom(address: string, state: PaymentState): boolean {
  if (state.kind !== "sent") return false;
  const { mode, terminal } = state.challenge;
  return mode === "reply" && terminal === address;
}

function hashOf(token: Hex): Hex {
  return toHex(sha256(fromHex(token)));
}
