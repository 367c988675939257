import { expect } from "chai";
import { payOver, collect } from "../../../device/exchange.ts";
import { type CardChannel, CardClient, CardGoneError } from "../../../device/nfc/card-client.ts";
import { paidCard, payingCard } from "../../../device/nfc/card-transport.ts";
import { refused } from "../support/refused.ts";
import { TestGateway } from "../support/gateway.ts";
import { type Device, total, World } from "../support/world.ts";
import { TestCard } from "./support/test-card.ts";

for (const isExtended of [false, true]) {
  describe(`a terminal and a card, ${isExtended ? "extended length" : "pieces of 255 bytes"}`, () => {
    let world: World;
    let card: TestCard;
    let client: CardClient;
    let till: Device;

    beforeEach(async () => {
      world = new World();
      card = await TestCard.make(world, "card", { coins: [100n] });
      client = new CardClient(card, { isExtended });
      till = await world.device("till", { member: 2, coins: [50n] });
      await client.select();
    });

    it("are payer's and payee's: the card pays the amount of the terminal [R-039, R-040, R-052, R-054, R-093, R-094]", async () => {
      const { amount, refusal } = await collect(till.purse, payingCard(client), 30n, "till 4");
      expect({ amount, refusal }).to.deep.equal({ amount: 30n, refusal: undefined });
      expect(await client.balance()).to.deep.equal({
        spendable: 70n,
        frozen: 0n,
        waiting: 0n,
        doubtful: 0n,
      });
      expect(total(till.purse)).to.equal(80n);
    });

    it("are payee's and payer's: the card is paid [R-093, R-094]", async () => {
      await payOver(till.purse, paidCard(client, 20n, "refund"));
      expect(total(card.device.purse)).to.equal(120n);
      expect(till.purse.balance().spendable).to.equal(30n);
    });

    it("can be one: a watch reads a card, is read as a card, and passes on what it read [R-072, R-093]", async () => {
      const watch = await TestCard.make(world, "watch");
      const { purse } = watch.device;
      await collect(purse, payingCard(client), 30n);
      const read = new CardClient(watch, { isExtended });
      await read.select();
      await collect(till.purse, payingCard(read), 25n);
      await payOver(till.purse, paidCard(read, 10n));
      expect([total(card.device.purse), total(purse), total(till.purse)]).to.deep.equal([
        70n,
        15n,
        65n,
      ]);
    });

    it("know each other: the card says who it is [R-041]", async () => {
      const { deviceKey, member, versions, signedTime, certificate } = card.device.purse.identity();
      const identity = await client.identity();
      expect(identity).to.deep.include({ deviceKey, member, versions, signedTime });
      expect(identity.certificate!.bytes).to.deep.equal(certificate!.bytes);
    });

    it("refuse with the card's own reason", async () => {
      const much = await till.purse.request(101n);
      const refusal = await refused("insufficient-funds", client.pay(much));
      const own = await refused("insufficient-funds", card.device.purse.pay(much));
      expect(refusal.message).to.equal(own.message);
      expect(total(card.device.purse)).to.equal(100n);
    });

    it("ask for the PIN: one that is entered is good for one payment", async () => {
      const { pin } = card.device.purse;
      await pin.set("1234", "12345678");
      await card.powerOn();
      await client.select();
      const request = await till.purse.request(10n);
      await refused("pin-needed", client.pay(request));
      expect((await refused("wrong-pin", client.verify("0000"))).message).to.include("2 tries");
      await client.verify("1234");
      const payment = await client.pay(request);
      await refused("pin-needed", client.pay(await till.purse.request(1n)));
      expect(await client.pay(request), "the same payment again").to.deep.equal(payment);
      // Power that goes takes what was entered.
      await client.verify("1234");
      await card.powerOn();
      await client.select();
      await refused("pin-needed", client.pay(await till.purse.request(1n)));
    });

    it("block a PIN that was wrong too often, until it is set anew with the unblocking code", async () => {
      await refused("not-found", client.verify("1234"));
      await card.device.purse.pin.set("1234", "12345678");
      for (let i = 0; i < 2; i++) await refused("wrong-pin", client.verify("0000"));
      // No cut gives a try back.
      await card.powerOn();
      await client.select();
      await refused("pin-blocked", client.verify("0000"));
      await refused("pin-blocked", client.verify("1234"));
      await refused("wrong-pin", client.unblock("00000000", "5678"));
      await client.unblock("12345678", "5678");
      await client.verify("5678");
      expect(await client.pay(await till.purse.request(10n))).to.have.length.above(0);
    });

    it("hear why a card returns a payment", async () => {
      const asked = await client.request(999_800n);
      const rich = await world.device("rich", {
        coins: [999_999n],
        certificate: { maxBalance: 999_999n },
      });
      // The card is paid in between, and then has no room for what it asked for.
      const third = await world.device("third", { coins: [500n] });
      await payOver(third.purse, paidCard(client, 150n));
      const received = await client.receive(await rich.purse.pay(asked));
      expect(received.refusal).to.have.property("code", "over-balance-limit");
      const { status } = await rich.purse.confirm(received.confirmation);
      expect(status).to.equal("returned");
    });

    it("sync: the card's records and receipts go through the terminal [R-089, R-092]", async () => {
      await collect(till.purse, payingCard(client), 30n);
      expect(card.device.purse.pending()).to.have.length(1);
      const gateway = new TestGateway(world, 1);
      await client.sync(gateway);
      gateway.sequence();
      await client.sync(gateway);
      expect(card.device.purse.pending()).to.deep.equal([]);
      expect(card.device.purse.coins().map(({ receiptUntil }) => receiptUntil)).to.not.include(
        undefined,
      );
      expect(world.onLedger(card.device)).to.equal(70n);
      expect(world.onLedger(till)).to.equal(80n);
    });

    it("sync again after a gateway that broke off", async () => {
      const gateway = new TestGateway(world, 1);
      const broken = { member: 1, send: () => Promise.reject(new Error("no network")) };
      expect(await client.sync(broken).catch((error: Error) => error.message)).to.equal(
        "no network",
      );
      await client.sync(gateway);
      const forged = { member: 1, send: async () => Uint8Array.of(1, 2, 3) };
      await refused("malformed", client.sync(forged));
      await client.sync(gateway);
      expect(gateway.asked.length).to.be.above(2);
    });
  });
}

describe("a terminal and a strange card", () => {
  /** Answers the APDUs one after the other; the last for ever. */
  function strange(...responses: readonly (readonly number[])[]): CardClient {
    let count = 0;
    const channel: CardChannel = {
      transmit: async () => Uint8Array.from(responses[Math.min(count++, responses.length - 1)]!),
    };
    return new CardClient(channel);
  }

  const long = [...new Uint8Array(256), 0x61, 0x00];

  it("part when the card has no purse", async () => {
    await refused("not-found", strange([0x6a, 0x82]).select());
  });

  it("part when the card answers without end", async () => {
    await refused("too-large", strange(long).balance());
    await refused("too-large", strange([0x61, 0x05]).balance());
  });

  it("part when the card is gone, however the reader says so", async () => {
    const channels: CardChannel[] = [
      { transmit: async () => new Uint8Array() },
      { transmit: () => Promise.reject(new Error("no card")) },
    ];
    for (const channel of channels) {
      const error = await new CardClient(channel).select().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(CardGoneError);
    }
  });

  for (const [problem, code, client] of [
    ["less than a word", "malformed", strange([0x90])],
    ["a word of no meaning", "malformed", strange([0x12, 0x34])],
    ["a refusal without a reason", "malformed", strange([0x9a, 0x2b], [0x6a, 0x88])],
    [
      "a reason of another refusal",
      "malformed",
      strange([0x9a, 0x2b], [4, 98, 117, 115, 121, 0, 0x90, 0]),
    ],
    ["half a balance", "malformed", strange([0, 0, 0x90, 0])],
  ] as const) {
    it(`part when the card answers ${problem}`, async () => {
      await refused(code, client.balance());
    });
  }
});
