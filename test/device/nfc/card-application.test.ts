import { expect } from "chai";
import fc from "fast-check";
import { decodeResponse, encodeCommand } from "../../../device/nfc/apdu.ts";
import { APPLICATION_ID, ownIns } from "../../../device/nfc/card-commands.ts";
import { refusedWord } from "../../../device/nfc/status-words.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { limits } from "../../../protocol/limits.ts";
import { isCut } from "../support/cut-store.ts";
import { total, World } from "../support/world.ts";
import { TestCard } from "./support/test-card.ts";

const nothing: Uint8Array = new Uint8Array();
/** An amount of 5, no reference. */
const five = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5, 0);

/** A card that has power, with 100 on it. */
async function freshCard(): Promise<TestCard> {
  return TestCard.make(new World(), "card", { coins: [100n] });
}

async function send(card: TestCard, cla: number, ins: number, data = nothing, expected = 256) {
  const command = { cla, ins, p1: ins === 0xa4 ? 4 : 0, p2: 0, data, expected };
  return decodeResponse(await card.transmit(encodeCommand(command)));
}

async function selected(): Promise<TestCard> {
  const card = await freshCard();
  expect(await send(card, 0x00, 0xa4, APPLICATION_ID)).to.include({ sw: 0x9000 });
  return card;
}

describe("a card", () => {
  it("says its version and how much it takes when it is selected", async () => {
    const card = await freshCard();
    const { data, sw } = await send(card, 0x00, 0xa4, APPLICATION_ID);
    expect(sw).to.equal(0x9000);
    expect([...data]).to.deep.equal([1, 0xff, 0xff]);
  });

  it("does nothing before it is selected, or after another application was", async () => {
    const card = await freshCard();
    expect((await send(card, 0x80, ownIns.balance)).sw).to.equal(0x6985);
    await send(card, 0x00, 0xa4, APPLICATION_ID);
    expect((await send(card, 0x80, ownIns.balance)).sw).to.equal(0x9000);
    expect((await send(card, 0x00, 0xa4, utf8.encode("another"))).sw).to.equal(0x6a82);
    expect((await send(card, 0x80, ownIns.balance)).sw).to.equal(0x6985);
  });

  it("names what is wrong with a command", async () => {
    const card = await selected();
    expect((await send(card, 0x80, 0x77)).sw).to.equal(0x6d00);
    expect((await send(card, 0x00, 0x77)).sw).to.equal(0x6d00);
    expect((await send(card, 0xa0, ownIns.balance)).sw).to.equal(0x6e00);
    expect((await send(card, 0x10, 0xa4, APPLICATION_ID)).sw).to.equal(0x6e00);
    expect((await send(card, 0x00, 0xc0)).sw).to.equal(0x6985);
    expect((await send(card, 0x80, ownIns.reply)).sw).to.equal(0x6985);
    expect((await send(card, 0x80, ownIns.reason)).sw).to.equal(0x6a88);
    expect(decodeResponse(await card.transmit(Uint8Array.of(0x80, 1)))).to.include({ sw: 0x6700 });
    const parameters = { cla: 0x80, ins: ownIns.balance, p1: 1, p2: 0, data: nothing, expected: 0 };
    expect(decodeResponse(await card.transmit(encodeCommand(parameters)))).to.include({
      sw: 0x6a86,
    });
  });

  it("says with ISO's own words what has become of a PIN", async () => {
    const card = await selected();
    const verify = async (digits: string, p2 = 1, ins = 0x20) => {
      const command = { cla: 0, ins, p1: 0, p2, data: utf8.encode(digits), expected: 0 };
      return decodeResponse(await card.transmit(encodeCommand(command))).sw;
    };
    expect(await verify("")).to.equal(0x9000);
    await card.device.purse.pin.set("1234", "12345678");
    expect(await verify("")).to.equal(0x63c3);
    expect(await verify("1234", 2)).to.equal(0x6a86);
    expect(await verify("0000")).to.equal(0x63c2);
    expect(await verify("1234")).to.equal(0x9000);
    expect(await verify("")).to.equal(0x9000);
    const wrong = [await verify("0000"), await verify("0000"), await verify("0000")];
    expect(wrong).to.deep.equal([0x63c2, 0x63c1, 0x6983]);
    expect(await verify("000000005678", 1, 0x2c)).to.equal(0x63c9);
    expect(await verify("12345678", 1, 0x2c)).to.equal(refusedWord("malformed"));
    expect(await verify("123456785678", 1, 0x2c)).to.equal(0x9000);
  });

  it("refuses with a word of its own, and tells the reason when it is asked", async () => {
    const card = await selected();
    const { sw } = await send(card, 0x80, ownIns.pay, utf8.encode("no message"));
    expect(sw).to.equal(refusedWord("unsupported-version"));
    const reason = await send(card, 0x80, ownIns.reason);
    expect(Buffer.from(reason.data).toString()).to.include("unsupported-version");
    expect(Buffer.from(reason.data).toString()).to.include("request of version 110, not 1");
  });

  it("takes a command in pieces, and gives an answer in pieces of any size", async () => {
    const card = await selected();
    const pieces = [Uint8Array.of(0, 0, 0), Uint8Array.of(0, 0, 0, 0, 5), Uint8Array.of(0)];
    for (const piece of pieces.slice(0, 2)) {
      expect(await send(card, 0x90, ownIns.request, piece)).to.deep.equal({
        data: nothing,
        sw: 0x9000,
      });
    }
    const parts: Uint8Array[] = [];
    let { data, sw } = await send(card, 0x80, ownIns.request, pieces[2], 0);
    expect(data).to.have.length(0);
    while (sw >> 8 === 0x61) {
      ({ data, sw } = await send(card, 0x00, 0xc0, nothing, 100));
      parts.push(data);
    }
    expect(sw).to.equal(0x9000);
    const request = Buffer.concat(parts);
    expect(parts.slice(0, -1).every((part) => part.length === 100)).to.equal(true);
    const answer = await send(card, 0x80, ownIns.request, five, 65_536);
    expect(answer.sw).to.equal(0x9000);
    expect(answer.data).to.have.length(request.length);
  });

  it("lets go of half a command when another comes", async () => {
    const card = await selected();
    await send(card, 0x90, ownIns.request, Uint8Array.of(0, 0, 0));
    expect((await send(card, 0x80, ownIns.balance)).sw).to.equal(0x6883);
    expect((await send(card, 0x80, ownIns.balance)).sw).to.equal(0x9000);
  });

  it("lets go of half an answer when another command comes", async () => {
    const card = await selected();
    expect((await send(card, 0x80, ownIns.identity)).sw >> 8).to.equal(0x61);
    await send(card, 0x80, ownIns.balance);
    expect((await send(card, 0x00, 0xc0)).sw).to.equal(0x6985);
  });

  it("takes no more pieces than a message has", async () => {
    const card = await selected();
    const piece = new Uint8Array(32_768);
    expect((await send(card, 0x90, ownIns.pay, piece)).sw).to.equal(0x9000);
    expect(2 * piece.length).to.be.above(limits.cardDataMax);
    expect((await send(card, 0x90, ownIns.pay, piece)).sw).to.equal(0x6700);
    expect((await send(card, 0x80, ownIns.balance)).sw).to.equal(0x9000);
  });

  it("answers whatever comes, and keeps its money [R-028]", async () => {
    const card = await selected();
    const ins = fc.constantFrom(...Object.values(ownIns), 0xa4, 0xc0, 0x20, 0x2c, 0x01);
    const field = fc.constantFrom(0x00, 0x80, 0x90, 0x10, 0xff);
    const apdu = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(field, ins, fc.uint8Array({ maxLength: 300 }))
        .map(([cla, code, data]) =>
          encodeCommand({ cla, ins: code, p1: 0, p2: 0, data, expected: 256 }),
        ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(apdu, { maxLength: 6 }), async (apdus) => {
        for (const each of apdus) {
          expect((await card.transmit(each)).length).to.be.within(2, 65_538);
        }
      }),
      { numRuns: 200 },
    );
    expect(total(card.device.purse)).to.equal(100n);
    expect(card.device.purse.coins().every(({ state }) => state === "free")).to.equal(true);
  });

  it("is mute once its store has failed, until power comes again", async () => {
    const card = await selected();
    card.store.cut = { at: 1, isKept: false };
    const ask = send(card, 0x80, ownIns.request, five);
    expect(isCut(await ask.catch((error: unknown) => error))).to.equal(true);
    expect(isCut(await send(card, 0x80, ownIns.balance).catch((error: unknown) => error))).to.equal(
      true,
    );
    await card.powerOn();
    await send(card, 0x00, 0xa4, APPLICATION_ID);
    expect((await send(card, 0x80, ownIns.request, five)).sw >> 8).to.equal(0x61);
  });
});
