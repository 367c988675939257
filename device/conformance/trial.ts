/** One case under way: the world it plays in, the implementation, and what both have done so far. */
import { equalBytes } from "../../protocol/bytes.ts";
import type { ListKind } from "../../protocol/carried-lists.ts";
import type { Certificate, SignedCertificate } from "../../protocol/certificate.ts";
import type { SignedConfirmation } from "../../protocol/confirmation.ts";
import { type Owner, ownerOf } from "../../protocol/key.ts";
import type { Amount } from "../../protocol/money.ts";
import type { MemberId } from "../../protocol/output.ts";
import type { SignedReceipt } from "../../protocol/receipt.ts";
import type { RefusalCode } from "../../protocol/refusal.ts";
import type { SignedRequest } from "../../protocol/request.ts";
import { normaliseSignature, type Verifier } from "../../protocol/signature.ts";
import { NotHere } from "./case.ts";
import type { Extra } from "./command.ts";
import { Consortium, RECEIPT_LIFE_MS } from "./consortium.ts";
import { check, Finding } from "./finding.ts";
import { type Bench, judgeConfirmation, judgePayment, judgeRequest, type Made } from "./judge.ts";
import { type Ask, type Paid, Party, type PaymentChanges } from "./party.ts";
import type { Seed } from "./seed.ts";
import { type Balance, type Received, type Subject, SubjectRefusal } from "./subject.ts";

export type StartOptions = {
  /** What the device's certificate says beside its key: no limits unless they are named. */
  readonly certificate?: Partial<Certificate>;
  /** What it is loaded with, a coin each. */
  readonly coins?: readonly Amount[];
};

/** The codes by which a device says that bytes are no message. */
export const FORM: readonly RefusalCode[] = ["malformed", "unsupported-version", "too-large"];

/** Where every device under test is. */
export const PLACE = "DE-BY";

/** The member of every device under test; the kit's parties are of the other unless a case says so. */
export const OWN: MemberId = 1;

export class Trial {
  readonly consortium: Consortium;
  readonly subject: Subject;
  readonly seed: Seed;
  readonly #verifier: Verifier;
  #certificate: SignedCertificate | undefined;
  #receipts: readonly SignedReceipt[] = [];

  constructor(seed: Seed, subject: Subject, verifier: Verifier) {
    this.seed = seed;
    this.consortium = new Consortium(seed);
    this.subject = subject;
    this.#verifier = verifier;
  }

  /** @throws NotHere if the implementation has no such thing. */
  async needs(extra: Extra): Promise<void> {
    const { extras = [] } = await this.subject.hello();
    if (!extras.includes(extra)) throw new NotHere(`the device says that it has no ${extra}`);
  }

  /** Makes the implementation a device of member 1 that knows no bank yet. @returns its key. */
  async personalise(): Promise<Uint8Array> {
    const { consortium, subject } = this;
    const { deviceKey } = await subject.personalise({
      networkId: consortium.networkId,
      member: OWN,
      trustKey: consortium.authority.publicKey,
      receiptLifeMs: RECEIPT_LIFE_MS,
      place: PLACE,
    });
    check(this.#verifier.isKey(deviceKey), "the device key is a compressed P-256 key");
    return deviceKey;
  }

  /** Makes it such a device: certified, up to date, and loaded. */
  async start({ certificate, coins = [] }: StartOptions = {}): Promise<void> {
    const { consortium, subject } = this;
    const deviceKey = await this.personalise();
    this.#certificate = await consortium.certify(deviceKey, OWN, certificate);
    await subject.refresh({ lists: await consortium.lists(), certificate: this.#certificate });
    if (coins.length > 0) await this.load(...coins);
  }

  /** Loads the device, a coin each. */
  async load(...coins: readonly Amount[]): Promise<void> {
    const receipts: SignedReceipt[] = [];
    for (const amount of coins) receipts.push(await this.consortium.coin(this.owner, OWN, amount));
    await this.subject.refresh({ receipts });
    this.#receipts = [...this.#receipts, ...receipts];
  }

  /** The bank tells the time and renews the certificate. @param changed against one without limits. */
  async recertify(changed: Partial<Certificate> = {}): Promise<void> {
    const { consortium, subject } = this;
    this.#certificate = await consortium.certify(this.certificate.deviceKey, OWN, changed);
    const lists = [await consortium.revocations(OWN)];
    await subject.refresh({ lists, certificate: this.#certificate });
  }

  /** The device's present certificate. */
  get certificate(): SignedCertificate {
    if (this.#certificate === undefined) throw new Error("the device has not been started");
    return this.#certificate;
  }

  /** Of what the device was loaded with. */
  get receipts(): readonly SignedReceipt[] {
    return this.#receipts;
  }

  get owner(): Owner {
    return ownerOf(this.certificate.deviceKey);
  }

  /** A high s has a case of its own: the others judge what was signed. */
  get bench(): Bench {
    const { networkId } = this.consortium;
    const strict = this.#verifier;
    const verifier: Verifier = {
      isKey: (key) => strict.isKey(key),
      verify: (key, message, signature) =>
        strict.verify(key, message, normaliseSignature(signature)),
    };
    return { networkId, verifier, certificate: this.certificate };
  }

  /** The same implementation in another world. */
  elsewhere(seed: Seed): Trial {
    return new Trial(seed, this.subject, this.#verifier);
  }

  party(name: string, member?: MemberId, changed?: Partial<Certificate>): Promise<Party> {
    return Party.make(this.consortium, name, member, changed);
  }

  /** Has the device ask to be paid. */
  async request(amount: Amount, reference = ""): Promise<SignedRequest> {
    const message = await this.subject.request(amount, reference);
    return judgeRequest(this.bench, message, amount, reference);
  }

  /** Has the device pay a party of the kit, and judges what comes. */
  async pay(payee: Party, amount: Amount): Promise<Made & { readonly ask: Ask }> {
    const ask = await payee.ask(amount);
    const message = await this.subject.pay(ask.request.bytes);
    return { ...(await judgePayment(this.bench, payee, ask, message)), ask };
  }

  /** The same up to message 3. */
  async payAndConfirm(payee: Party, amount: Amount): Promise<Made & { readonly ask: Ask }> {
    const made = await this.pay(payee, amount);
    await this.subject.confirm(await payee.confirm(made.id));
    return made;
  }

  /** Has a party pay the device with a new coin of that amount, or with other coins. */
  async payment(
    payer: Party,
    amount: Amount,
    changes: PaymentChanges & { readonly coins?: Parameters<Party["pay"]>[1] } = {},
  ): Promise<Paid> {
    const { bytes } = await this.request(amount);
    return payer.pay(bytes, changes.coins ?? [await payer.coin(amount)], changes);
  }

  /** Whether the device takes a payment as money. */
  async takes(paid: Paid, amount: Amount): Promise<SignedConfirmation> {
    const received = await this.subject.receive(paid.message);
    const why = received.refusal === undefined ? "" : `, not that it is ${received.refusal.code}`;
    check(received.amount === amount, `the device says that ${amount} came in${why}`);
    return judgeConfirmation(this.bench, received.message, paid.id, "accepted");
  }

  /** Whether the device does not take a payment, for one of these reasons, and holds nothing of it. */
  async turnsDown(paid: Paid, codes: readonly RefusalCode[]): Promise<void> {
    await this.leavesAsItWas(async () => {
      const received = await this.outcome(() => this.subject.receive(paid.message));
      if (received instanceof SubjectRefusal) return checkCode(received.refusal.code, codes);
      const code = received.refusal?.code;
      if (code === undefined) throw new Finding("the device turns the payment down; it took it");
      checkCode(code, codes);
      await judgeConfirmation(this.bench, received.message, paid.id, "invalid");
    });
  }

  /** Whether the device pays a payment back in message 3, for one of these reasons. */
  async returns(paid: Paid, codes: readonly RefusalCode[]): Promise<SignedConfirmation> {
    const before = await this.subject.balance();
    const received: Received = await this.subject.receive(paid.message);
    const code = received.refusal?.code;
    if (code === undefined) throw new Finding("the device pays the money back; it took it");
    checkCode(code, codes);
    checkBalance(before, await this.subject.balance());
    return judgeConfirmation(this.bench, received.message, paid.id, "returned");
  }

  /** Whether the device refuses, with one of these codes, and is as it was before. */
  async refuses(codes: readonly RefusalCode[] | "any", act: () => Promise<unknown>): Promise<void> {
    await this.leavesAsItWas(async () => {
      const outcome = await this.outcome(act);
      if (!(outcome instanceof SubjectRefusal)) {
        throw new Finding(
          `the device refuses${codes === "any" ? "" : ` with ${codes.join(" or ")}`}; it did not`,
        );
      }
      if (codes !== "any") checkCode(outcome.refusal.code, codes);
    });
  }

  /** Whether the balance is as it was afterwards, and the same records are pending. */
  async leavesAsItWas(act: () => Promise<void>): Promise<void> {
    const { subject } = this;
    const [balance, pending] = [await subject.balance(), await subject.pending()];
    await act();
    checkBalance(balance, await subject.balance());
    const now = await subject.pending();
    const isSame =
      now.length === pending.length &&
      now.every((record, i) => equalBytes(record.bytes, pending[i]!.bytes));
    check(isSame, "the same records are pending as before");
  }

  /** Whether the balance is this. */
  async holds(expected: Partial<Balance>): Promise<void> {
    checkBalance(expected, await this.subject.balance());
  }

  /** Shows the device a list that is not in order: it passes it over, or refuses. */
  async learnsNothing(kind: ListKind, bytes: Uint8Array): Promise<void> {
    await this.leavesAsItWas(async () => {
      await this.outcome(() => this.subject.refresh({ lists: [{ kind, bytes }] }));
    });
  }

  /** What an act gives, or its refusal. */
  async outcome<T>(act: () => Promise<T>): Promise<T | SubjectRefusal> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof SubjectRefusal) return error;
      throw error;
    }
  }
}

function checkCode(code: RefusalCode, codes: readonly RefusalCode[]): void {
  check(codes.includes(code), `the code of the refusal is ${codes.join(" or ")}, not ${code}`);
}

function checkBalance(expected: Partial<Balance>, seen: Balance): void {
  for (const name of ["spendable", "frozen", "waiting"] as const) {
    const amount = expected[name];
    if (amount === undefined) continue;
    check(seen[name] === amount, `${name} is ${amount} in the balance, not ${seen[name]}`);
  }
}
