/**
 * Payments with a card whose power goes: at each APDU, before the card has it or after it has answered, and
 * at each write of the card's purse, kept or not. Afterwards the card is put back and the terminal goes on;
 * or it never comes back and one of the two syncs. Value is never lost and never doubled.
 */
import { expect } from "chai";
import { CardClient } from "../../../device/nfc/card-client.ts";
import { sync } from "../../../device/sync.ts";
import { isCut } from "../support/cut-store.ts";
import { TestGateway } from "../support/gateway.ts";
import { type Device, total, World } from "../support/world.ts";
import { TestCard, type Tear } from "./support/test-card.ts";

const LOADED = 100n;
const PAID = 30n;

type Cut =
  | { readonly apdu: Tear }
  | { readonly write: { readonly at: number; readonly isKept: boolean } };

/** A payment between a card and a terminal, of which messages that arrived are kept. */
class CardPayment {
  readonly world = new World();
  readonly role: "pays" | "is paid";
  card!: TestCard;
  till!: Device;
  #request: Uint8Array | undefined;
  #payment: Uint8Array | undefined;

  private constructor(role: "pays" | "is paid") {
    this.role = role;
  }

  static async start(role: "pays" | "is paid"): Promise<CardPayment> {
    const each = new CardPayment(role);
    const [card, till] = role === "pays" ? [[LOADED], []] : [[], [LOADED]];
    each.card = await TestCard.make(each.world, "card", { coins: card });
    each.till = await each.world.device("till", { member: 2, coins: till });
    return each;
  }

  /** From power on to the end, taking up what is known. */
  async run(): Promise<void> {
    const client = new CardClient(this.card);
    await client.select();
    if (this.role === "pays") {
      this.#request ??= await this.till.purse.request(PAID);
      this.#payment = same(this.#payment, await client.pay(this.#request));
      const { confirmation } = await this.till.purse.receive(this.#payment);
      await client.confirm(confirmation.bytes);
    } else {
      this.#request ??= await client.request(PAID);
      this.#payment ??= await this.till.purse.pay(this.#request);
      const { confirmation, refusal } = await client.receive(this.#payment);
      expect(refusal).to.equal(undefined);
      await this.till.purse.confirm(confirmation);
    }
  }

  async sync(side: "card" | "till"): Promise<void> {
    const device = side === "card" ? this.card.device : this.till;
    const gateway = new TestGateway(this.world, device.member);
    await sync(device.purse, gateway);
    gateway.sequence();
    await sync(device.purse, gateway);
  }

  /** All syncs, then both know what the ledger knows, and all the money is there. */
  async isWhole(paid: bigint): Promise<void> {
    for (const side of ["card", "till", "card", "till"] as const) await this.sync(side);
    const { device } = this.card;
    const [payer, payee] = this.role === "pays" ? [device, this.till] : [this.till, device];
    for (const [side, sum] of [
      [payer, LOADED - paid],
      [payee, paid],
    ] as const) {
      expect(total(side.purse), side.name).to.equal(sum);
      expect(this.world.onLedger(side), `${side.name} on the ledger`).to.equal(sum);
      expect(side.purse.pending()).to.deep.equal([]);
    }
  }

  /** Whether the payer is bound: its purse has made a record. */
  get isPaid(): boolean {
    const payer = this.role === "pays" ? this.card.device : this.till;
    return payer.purse.pending().length > 0;
  }
}

function same(before: Uint8Array | undefined, now: Uint8Array): Uint8Array {
  if (before !== undefined) expect(now).to.deep.equal(before);
  return now;
}

for (const role of ["pays", "is paid"] as const) {
  describe(`a card that ${role}, and loses power`, () => {
    let cuts: Cut[];

    before(async () => {
      const whole = await CardPayment.start(role);
      await whole.run();
      const { apdus, store } = whole.card;
      const both = [false, true];
      const at = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
      cuts = [
        ...at(apdus).flatMap((n) => both.map((isSeen) => ({ apdu: { at: n, isSeen } }))),
        ...at(store.writes).flatMap((n) => both.map((isKept) => ({ write: { at: n, isKept } }))),
      ];
    });

    async function tornAt(cut: Cut): Promise<CardPayment> {
      const payment = await CardPayment.start(role);
      if ("apdu" in cut) payment.card.tear = cut.apdu;
      else payment.card.store.cut = cut.write;
      const error = await payment.run().catch((reason: unknown) => reason);
      expect(isCut(error), `${JSON.stringify(cut)}: ${String(error)}`).to.equal(true);
      await payment.card.powerOn();
      return payment;
    }

    it("has at least eight APDUs and two writes at which it can go", () => {
      expect(cuts.filter((cut) => "apdu" in cut).length).to.be.at.least(16);
      expect(cuts.filter((cut) => "write" in cut).length).to.be.at.least(4);
    });

    it("goes on when it is put back, with the same payment [N-07, R-052, R-110]", async () => {
      for (const cut of cuts) {
        const payment = await tornAt(cut);
        await payment.run();
        await payment.isWhole(PAID);
      }
    });

    it("goes on when it is torn out a second time, at each APDU again [N-07, R-110]", async () => {
      for (const cut of cuts.filter((each) => "apdu" in each)) {
        const payment = await tornAt(cut);
        for (let at = 1; ; at++) {
          payment.card.tear = { at: payment.card.apdus + at, isSeen: true };
          const error = await payment.run().catch((reason: unknown) => reason);
          await payment.card.powerOn();
          if (error === undefined) break;
          expect(isCut(error)).to.equal(true);
        }
        await payment.isWhole(PAID);
      }
    });

    for (const side of ["card", "till"] as const) {
      it(`is whole when the two never meet again and the ${side} syncs first [N-07, R-078]`, async () => {
        for (const cut of cuts) {
          const payment = await tornAt(cut);
          const paid = payment.isPaid ? PAID : 0n;
          await payment.sync(side);
          await payment.isWhole(paid);
        }
      });
    }
  });
}
