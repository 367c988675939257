/** A till's rules, with purses in memory and cards that can be torn out. */
import { expect } from "chai";
import { planFrames } from "../../../device/qr/frames.ts";
import type { Purse } from "../../../device/purse.ts";
import { formatAmount, parseAmount } from "../../../protocol/money.ts";
import { formatReference } from "../../../protocol/reference.ts";
import { Refusal } from "../../../protocol/refusal.ts";
import { Till } from "../../../scripts/terminal/till.ts";
import type { View } from "../../../scripts/terminal/words.ts";
import { TestCard } from "../../device/nfc/support/test-card.ts";
import { firstFrames } from "../../device/qr/support/picture.ts";
import { TestGateway } from "../../device/support/gateway.ts";
import { type Device, total, World } from "../../device/support/world.ts";

const euro = { code: "EUR", digits: 2 };
/** APDUs until a card has paid: select, identity and its rest, the request in two pieces. */
const UNTIL_PAID = 5;

describe("a till", () => {
  let world: World;
  let shop: Device;
  let till: Till;
  let views: View[];
  let gateway: TestGateway;

  beforeEach(async () => {
    world = new World();
    shop = await world.device("shop");
    gateway = new TestGateway(world, 1);
    views = [];
    till = openTill(shop.purse);
  });

  function openTill(purse: Purse): Till {
    const wallet = {
      purse,
      parse: (text: string) => parseAmount(text, euro),
      format: (amount: bigint) => formatAmount(amount, euro),
      gateway: async () => gateway,
    };
    return new Till(wallet, {
      clock: () => world.now,
      show: (view) => views.push(view),
      note: (lines) => views.push({ lines }),
    });
  }

  const shown = () => views.at(-1)!.lines.join("\n");

  it("asks for nothing that is no amount", async () => {
    await till.ask("a lot");
    expect(shown()).to.match(/REFUSED {2}"a lot" is not an amount/);
    await till.scan("TALLY:");
    expect(shown()).to.match(/nothing to be paid/);
  });

  it("lets no second card pay what the first may have paid, until it is cancelled", async () => {
    const [first, second] = await Promise.all(
      ["first", "second"].map((name) => TestCard.make(world, name, { coins: [100n] })),
    );
    await till.ask("0.60");
    first!.tear = { at: UNTIL_PAID, isSeen: true };
    await till.card(first!);
    expect(shown()).to.match(/gone too early: hold it to the reader again/);
    await till.card(second!);
    expect(shown()).to.match(/Another card has begun to pay/);
    expect(total(second!.device.purse)).to.equal(100n);
    await first!.powerOn();
    await till.card(first!);
    expect(shown()).to.match(/ACCEPTED {2}0\.60 EUR/);
    expect([total(first!.device.purse), total(shop.purse)]).to.deep.equal([40n, 60n]);
  });

  it("asks for the PIN of a card that wants it", async () => {
    const card = await TestCard.make(world, "card", { coins: [100n] });
    await card.device.purse.pin.set("1234", "12345678");
    await card.powerOn();
    await till.ask("0.60");
    await till.card(card);
    expect(shown()).to.match(/The card asks for its PIN/);
    await till.enterPin("0000");
    await till.card(card);
    expect(shown()).to.match(/REFUSED {2}It is wrong, and 2 tries are left/);
    await till.card(card);
    expect(shown(), "it is not tried again").to.match(/The card asks for its PIN/);
    await till.enterPin("1234");
    await till.card(card);
    expect(shown()).to.match(/ACCEPTED {2}0\.60 EUR/);
  });

  it("says that a cancelled card's money may come, and it comes", async () => {
    const card = await TestCard.make(world, "card", { coins: [100n] });
    await till.ask("0.60");
    card.tear = { at: UNTIL_PAID, isSeen: true };
    await till.card(card);
    await till.cancel();
    expect(shown()).to.match(/Cancelled\. A card may have paid/);
    await card.powerOn();
    await till.card(card);
    expect(shown()).to.match(/On the card: 0\.00 EUR to pay with\. It is synced/);
    gateway.sequence();
    await till.syncNow();
    expect(total(shop.purse)).to.equal(60n);
  });

  it("gives money back that it does not want, and says why", async () => {
    const phone = await world.device("phone", { coins: [999_950n] });
    await till.ask("9999.00");
    const payment = await phone.purse.pay(views.at(-1)!.message!);
    const other = await world.device("other", { coins: [500n] });
    await shop.purse.receive(await other.purse.pay(await shop.purse.request(200n)));
    await scan(payment);
    expect(shown()).to.match(/REFUSED {2}.*\n.*\nThe payer has the money back/);
    const { status } = await phone.purse.confirm(views.at(-1)!.message!);
    expect(status).to.equal("returned");
    await till.totals();
    expect(shown()).to.match(/all +1 +2\.00 EUR/);
  });

  it("gives money back to who paid it, never more than was paid, and nothing for any other code [N-08]", async () => {
    const phone = await world.device("phone", { coins: [500n] });
    await till.ask("5");
    await scan(await phone.purse.pay(views.at(-1)!.message!));
    await phone.purse.confirm(views.at(-1)!.message!);
    await settle();
    const [bought] = phone.purse.history();
    const reference = formatReference({ kind: "refund", of: bought!.id });

    await till.refund();
    await scan(await phone.purse.request(100n));
    expect(shown()).to.match(/REFUSED {2}The code asks for no refund/);
    expect(total(shop.purse)).to.equal(500n);
    await scan(await phone.purse.request(200n, reference));
    expect(shown()).to.match(/GOES BACK {2}2\.00 EUR/);
    await scan((await phone.purse.receive(views.at(-1)!.message!)).confirmation.bytes);
    expect(shown()).to.match(/REFUNDED {2}2\.00 EUR/);
    expect([total(shop.purse), total(phone.purse)]).to.deep.equal([300n, 200n]);

    const stale = await phone.purse.request(300n, reference);
    const again = await phone.purse.request(300n, reference);
    for (const [request, says] of [
      [stale, /GOES BACK {2}3\.00 EUR/],
      [again, /REFUSED {2}.*\n.*\nScan another code/],
    ] as const) {
      await till.refund();
      await scan(request);
      expect(shown()).to.match(says);
    }
    await till.cancel();
    expect(shown()).to.equal("Cancelled.");
  });

  it("waits on when what was scanned pays something else", async () => {
    const phone = await world.device("phone", { coins: [100n] });
    const elsewhere = await world.device("elsewhere");
    await till.ask("0.30");
    const request = views.at(-1)!.message!;
    await scan(await phone.purse.pay(await elsewhere.purse.request(10n)));
    expect(shown()).to.match(/REFUSED .*answers no request/);
    const rich = await world.device("rich", { coins: [100n] });
    await scan(await rich.purse.pay(request));
    expect(shown()).to.match(/ACCEPTED {2}0\.30 EUR/);
  });

  it("says which sale the ledger does not take [R-043, R-044]", async () => {
    const cheat = await world.device("cheat", { coins: [100n] });
    await till.ask("1");
    await scan(await cheat.purse.pay(views.at(-1)!.message!));
    await till.syncNow();
    gateway.waiting.clear();
    gateway.refused.set(shop.purse.pending()[0]!.id, {
      code: "spent",
      text: "another record took it",
    });
    await till.syncNow();
    expect(shown()).to.match(
      /The sale of 1\.00 EUR at \d\d:\d\d is not settled: another record took it/,
    );
    const count = views.length;
    await till.syncQuietly();
    expect(views, "it is said once").to.have.length(count);
    await till.totals();
    expect(shown()).to.match(/refused +1 +1\.00 EUR/);
  });

  it("says that it could not sync", async () => {
    gateway.send = () => Promise.reject(new Refusal("unavailable", "nobody answers"));
    await till.syncNow();
    expect(shown()).to.match(/Not synced: nobody answers/);
  });

  it("adds up the day's sales alone, also when it is opened again", async () => {
    for (const amount of ["1", "2"]) {
      const phone = await world.device(`phone ${amount}`, { coins: [1_000n] });
      await till.ask(amount);
      await scan(await phone.purse.pay(views.at(-1)!.message!));
      if (amount === "1") world.pass(86_400_000);
    }
    await world.reopen(shop);
    till = openTill(shop.purse);
    await till.totals();
    expect(shown()).to.match(/unverified +1 +2\.00 EUR\n.*\nall +1 +2\.00 EUR/);
  });

  /** Both sides of what was paid are known to the ledger, and have receipts. */
  async function settle(): Promise<void> {
    await till.syncNow();
    gateway.sequence();
    await till.syncNow();
  }

  /** Shows the till a message as codes. */
  async function scan(message: Uint8Array): Promise<void> {
    const { parts } = planFrames(message.length);
    for (const frame of firstFrames(message, parts)) await till.scan(frame);
  }
});
