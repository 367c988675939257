/** Online payments from order to account, over two banks' gateways on one ledger: what each side sees and gets. */
import { expect } from "chai";
import { decodeBase64Url } from "../../../protocol/base64url.ts";
import { keys } from "../../../gateway/keys.ts";
import { fromHex, type Hex, toHex, utf8 } from "../../../protocol/bytes.ts";
import { ENC_LENGTH, makeSealingKey, open } from "../../../protocol/hpke.ts";
import { ownerOf } from "../../../protocol/key.ts";
import { message } from "../../../protocol/message.ts";
import { decodePaymentOrder, orderNonce } from "../../../protocol/payment-order.ts";
import { systemRandom } from "../../../protocol/random.ts";
import { decodeRecord } from "../../../protocol/record.ts";
import { networkId } from "../../support/ledger-parts.ts";
import { until } from "../../support/until.ts";
import { OnlineWorld, PASSWORD, PHONE } from "../support/online-world.ts";
import { refusal } from "../support/refusal.ts";

describe("an online payment", () => {
  let world: OnlineWorld;

  before(async () => {
    world = await OnlineWorld.open();
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
  });
  let number = 0;
  const order = (amount: bigint, fields: object = {}) =>
    world.order(`o-${++number}`, amount, fields);
  const shopSees = () => world.shop(`/v1/orders/o-${number}`);

  it("goes from the merchant's order over password and code to the merchant's account, and both are told [R-115, R-116, R-120, R-121, R-122, R-141, R-156]", async () => {
    const before = await world.available(world.customers, "anna");
    const text = await order(1_250n);
    const begun = await world.begin(text);
    expect(begun).to.include({ state: "named" });
    expect(begun.order).to.include({ merchant: "Kiosk am Tor", amount: "1250", number: "o-1" });
    expect(await world.sendCode(begun)).to.include({ state: "sent", triesLeft: 3, codesLeft: 2 });
    const paid = await world.enter(begun, world.code(await world.lastMessage()));
    expect(paid.state).to.be.oneOf(["authorised", "paid"]);
    await world.untilState(begun, "paid");
    await until("the merchant is told", () => world.results.results.length > 0);
    expect(world.results.forged).to.equal(0);
    expect(world.results.results.at(-1)).to.include({ number: "o-1", state: "paid" });
    expect(await shopSees()).to.include({ state: "paid", amount: "1250" });
    expect(await world.available(world.merchants, "kiosk")).to.equal("1250");
    const after = await world.available(world.customers, "anna");
    expect(BigInt(before) - BigInt(after)).to.equal(1_250n);
    for (const bank of [world.customers, world.merchants]) {
      expect((await bank.staff<{ total: string }>("/v1/books")).total).to.equal("0");
    }
  });

  it("is a record on the ledger, from treasury to treasury under the order's nonce [R-135, R-136]", async () => {
    const text = await order(300n);
    await world.untilState(await world.pay(text), "paid");
    await until("it is credited", async () => (await shopSees()).state === "paid");
    const { record } = await shopSees();
    const bytes = await fetch(`${world.customers.node.url}/v1/records/${record}/leaf`);
    const leaf = decodeRecord(new Uint8Array(await bytes.arrayBuffer()));
    const signed = decodePaymentOrder(decodeBase64Url(text));
    expect(toHex(leaf.nonce)).to.equal(toHex(orderNonce(networkId, signed)));
    const [payer, payee] = [1, 2].map((member) => world.customers.node.ledger.bank(member));
    expect(ownerOf(leaf.signer)).to.equal(ownerOf(payer!.treasury.publicKey));
    expect(leaf.outputs[0]).to.deep.include({
      owner: ownerOf(payee!.treasury.publicKey),
      custodian: 2,
      amount: 300n,
    });
  });

  it("freezes the amount until the ledger has it, and the books tie out then and after [R-135, R-141]", async () => {
    const { node } = world.customers;
    const differences = async () =>
      (await world.customers.staff<{ differences: unknown[] }>("/v1/tie-out")).differences;
    node.gatherMs = undefined;
    const begun = await world.pay(await order(250n));
    expect((await world.customers.balance("anna")).held).to.equal("250");
    expect(await world.state(begun)).to.include({ state: "authorised" });
    expect((await shopSees()).state).to.equal("open");
    expect(await differences()).to.deep.equal([]);
    node.gatherMs = 2;
    node.sequence();
    await world.untilState(begun, "paid");
    expect((await world.customers.balance("anna")).held).to.equal("0");
    expect(await differences()).to.deep.equal([]);
  });

  it("sends amount, merchant and code over a way that is not the page's [R-119, R-124, R-139, R-140]", async () => {
    const begun = await world.begin(await order(4_599n));
    const before = (await world.messages()).length;
    const answer = await world.sendCode(begun);
    const sent = (await world.messages()).slice(before);
    expect(sent).to.have.length(1);
    expect(sent[0]!.address).to.equal("anna-phone");
    expect(sent[0]!.text).to.include("45.99 EUR").and.to.include("Kiosk am Tor");
    const code = world.code(sent[0]!.text);
    expect(JSON.stringify(answer)).not.to.include(code.replace(" ", ""));
    await world
      .page(`payments/${begun.id}/cancellation`, { token: begun.token })
      .catch(() => undefined);
  });

  it("is refused for a wrong password before any code is made, and no money moves [R-116, R-138]", async () => {
    const text = await order(100n);
    const before = (await world.messages()).length;
    await refusal("wrong-credentials", world.begin(text, "anna.online", "a wrong horse"));
    await refusal("wrong-credentials", world.begin(text, "nobody"));
    expect(await world.messages()).to.have.length(before);
    expect((await shopSees()).state).to.equal("open");
  });

  it("is released by the right code alone: three tries each, three codes, and then it is over [R-121, R-125, R-126]", async () => {
    await world.customers.customer("cleo", 1_000n);
    const { service } = await world.openService("cleo");
    const begun = await world.begin(await order(100n), "cleo.online");
    const codes = new Set<string>();
    for (let sent = 1; sent <= 3; sent++) {
      const view = await world.sendCode(begun);
      codes.add(world.code(await world.lastMessage()));
      expect(view).to.include({ codesLeft: 3 - sent });
      if (sent === 3) break;
      for (let tries = 2; tries >= 0; tries--) {
        const wrong = await refusal("wrong-code", world.enter(begun, "0000 0000"));
        expect(wrong.detail).to.include(`${tries} tries are left`);
      }
      const spent = await refusal("wrong-code", world.enter(begun, [...codes].at(-1)!));
      expect(spent.detail).to.include("too often");
    }
    expect(codes.size).to.equal(3);
    await refusal("wrong-code", world.sendCode(begun));
    const [old] = codes;
    await refusal("wrong-code", world.enter(begun, old!));
    expect(await world.available(world.customers, "cleo")).to.equal("1000");
    await world.enter(begun, [...codes].at(-1)!);
    await world.untilState(begun, "paid");
    const row = await world.customers.staff<{ isLocked: boolean }>(
      "/v1/online-services?identity=cleo.online",
    );
    expect([service.length, row.isLocked]).to.deep.equal([10, false]);
  });

  it("takes a code for its own payment alone [R-126]", async () => {
    const first = await world.begin(await order(100n));
    const second = await world.begin(await order(100n));
    await world.sendCode(first);
    const code = world.code(await world.lastMessage());
    await world.sendCode(second);
    await refusal("wrong-code", world.enter(second, code));
    await world.enter(first, code);
    await world.untilState(first, "paid");
  });

  it("is answered the same when it is asked again, and moves money once [N-13]", async () => {
    const before = BigInt(await world.available(world.customers, "anna"));
    const begun = await world.begin(await order(700n));
    await world.sendCode(begun);
    const code = world.code(await world.lastMessage());
    const answers = await Promise.all([1, 2, 3].map(() => world.enter(begun, code)));
    for (const { state } of answers) expect(state).to.be.oneOf(["authorised", "paid"]);
    await world.untilState(begun, "paid");
    expect((await world.enter(begun, code)).state).to.equal("paid");
    const after = BigInt(await world.available(world.customers, "anna"));
    expect(before - after).to.equal(700n);
    await refusal("conflict", world.begin(await world.order(`o-${number}`, 700n)));
  });

  it("may be answered from the terminal, by whichever the customer has [R-131, R-153]", async () => {
    const begun = await world.begin(await order(150n));
    expect(await world.sendCode(begun, { mode: "reply" })).to.include({ mode: "reply" });
    const code = world.code(await world.lastMessage());
    await refusal("conflict", world.enter(begun, code));
    const reply = (fields: object) =>
      world.customers.staff("/v1/relay/replies", { address: "anna-phone", code, ...fields });
    await refusal("wrong-code", reply({ code: "12345678" }));
    await refusal("not-found", reply({ address: "another" }));
    await reply({});
    await world.untilState(begun, "paid");
  });

  it("is released by the reply to its own code, whoever else has had one sent to the terminal [R-126, R-131]", async () => {
    await world.customers.customer("eve", 1_000n);
    await world.openService("eve");
    await world.page("service", {
      identity: "eve.online",
      password: PASSWORD,
      mayDesignate: true,
    });
    const [annas, eves] = [
      await world.begin(await order(150n)),
      await world.begin(await order(160n), "eve.online"),
    ];
    await world.sendCode(annas, { mode: "reply" });
    const code = world.code(await world.lastMessage());
    const designated = { channel: "file", address: PHONE, language: "en" };
    await world.sendCode(eves, { mode: "reply", terminal: undefined, designated });
    const reply = (code: string) =>
      world.customers.staff("/v1/relay/replies", { address: PHONE, code });
    await refusal("wrong-code", reply("12345678"));
    expect((await world.state(annas)).triesLeft).to.equal(2);
    expect((await world.state(eves)).triesLeft, "it was guessed at as well").to.equal(2);
    await reply(code);
    await world.untilState(annas, "paid");
    expect(await world.state(eves)).to.include({ state: "sent", triesLeft: 2 });
    for (const left of [1, 0]) {
      await refusal("wrong-code", reply("12345678"));
      expect((await world.state(eves)).triesLeft).to.equal(left);
    }
    await refusal("wrong-code", reply(world.code(await world.lastMessage())));
    expect((await world.state(eves)).state).to.equal("sent");
    await world.cancel(eves);
  });

  it("goes to the terminal and the account that the customer chooses, of several [R-132, R-134, R-147, R-153]", async () => {
    for (const account of ["dora-1", "dora-2"]) await world.customers.customer(account, 1_000n);
    await world.openService("dora-1", {
      accounts: ["dora-1", "dora-2"],
      identities: [{ kind: "phone", text: "+49 151 2345678" }],
      terminals: ["phone-1", "phone-2"].map((address) => ({
        channel: "file",
        address,
        language: "en",
      })),
    });
    const begun = await world.begin(await order(400n), "+491512345678");
    expect(begun.accounts).to.deep.equal(["•••ra-1", "•••ra-2"]);
    await world.sendCode(begun, { account: 1, terminal: begun.terminals[1]!.id });
    expect((await world.messages()).at(-1)!.address).to.equal("phone-2");
    await world.enter(begun, world.code(await world.lastMessage()));
    await world.untilState(begun, "paid");
    expect(await world.available(world.customers, "dora-1")).to.equal("1000");
    expect(await world.available(world.customers, "dora-2")).to.equal("600");
  });

  it("sends no code to a terminal that is not registered, unless the customer has switched that on [R-123, R-133, R-134]", async () => {
    const designated = { channel: "file", address: "a-friends-phone", language: "zh" };
    const begun = await world.begin(await order(100n));
    await refusal("forbidden", world.sendCode(begun, { designated }));
    const settings = { identity: "anna.online", password: PASSWORD, mayDesignate: true };
    await world.page("service", settings);
    await world.sendCode(begun, { designated });
    const { address, text } = (await world.messages()).at(-1)!;
    expect(address).to.equal("a-friends-phone");
    expect(text).to.include("授权码");
    await world.page("service", { ...settings, mayDesignate: false });
    await world.enter(begun, world.code(text));
    await world.untilState(begun, "paid");
  });

  it("seals the message on top for a device that has a key, whoever has made it [R-127, R-128, R-129, R-130, R-154]", async () => {
    const device = makeSealingKey(systemRandom);
    const key = toHex(device.publicKey);
    await world.customers.customer("emil", 1_000n);
    await world.openService("emil", {
      terminals: [{ channel: "file", address: "set-top-box-9", language: "en", key }],
    });
    const begun = await world.begin(await order(200n), "emil.online");
    await world.sendCode(begun);
    const carried = await world.lastMessage();
    expect(carried).to.match(/^TALLY1\.[A-Za-z0-9_-]+$/);
    const bytes = decodeBase64Url(carried.slice("TALLY1.".length));
    const sealed = { enc: bytes.subarray(0, ENC_LENGTH), ciphertext: bytes.subarray(ENC_LENGTH) };
    const info = message("authorization", networkId, fromHex(key as Hex));
    const text = utf8.decode(await open(device, sealed, info, new Uint8Array()), "text");
    expect(text).to.include("2.00 EUR");
    const other = makeSealingKey(systemRandom);
    await refusal("not-for-us", open(other, sealed, info, new Uint8Array()));
    await world.enter(begun, world.code(text));
    await world.untilState(begun, "paid");
  });

  it("keeps to the customer's limits, one of a payment and one of the day [R-143, R-144]", async () => {
    await world.customers.customer("fritz", 10_000n);
    const { service } = await world.openService("fritz");
    const limits = { perPayment: "500", perDay: "800" };
    await world.customers.staff(`/v1/online-services/${service}`, { limits });
    const tooMuch = await world.begin(await order(501n), "fritz.online");
    await refusal("over-online-limit", world.sendCode(tooMuch));
    await world.untilState(await world.pay(await order(500n), "fritz.online"), "paid");
    const [first, second] = [await order(300n), await order(300n)];
    const both = await Promise.all(
      [first, second].map((each) => world.begin(each, "fritz.online")),
    );
    await world.sendCode(both[0]!);
    const code = world.code(await world.lastMessage());
    await world.sendCode(both[1]!);
    const late = world.code(await world.lastMessage());
    await world.enter(both[0]!, code);
    await refusal("over-online-limit", world.enter(both[1]!, late));
    await world.untilState(both[0]!, "paid");
    expect(await world.available(world.customers, "fritz")).to.equal("9200");
    const own = { identity: "fritz.online", password: PASSWORD, limits: { perDay: null } };
    await world.page("service", own);
    await world.enter(both[1]!, late);
    await world.untilState(both[1]!, "paid");
  });

  it("is refused by the bank's system for want of money, and both are told that nothing was paid [R-122, R-135]", async () => {
    await world.customers.customer("gerd", 99n);
    await world.openService("gerd");
    const begun = await world.pay(await order(100n), "gerd.online");
    expect(await world.untilState(begun, "refused")).to.include({ reason: "insufficient-funds" });
    expect(await world.available(world.customers, "gerd")).to.equal("99");
    expect((await shopSees()).state).to.equal("open");
    // The order is free again, for whoever can.
    await world.untilState(await world.pay(await world.order(`o-${number}`, 100n)), "paid");
  });

  it("is let be by the customer, and then nothing pays it [R-121]", async () => {
    const begun = await world.begin(await order(100n));
    await world.sendCode(begun);
    const code = world.code(await world.lastMessage());
    await world.cancel(begun);
    await refusal("conflict", world.enter(begun, code));
    expect(await world.state(begun)).to.include({ state: "refused", reason: "cancelled" });
  });

  it("ends when its time is up, though one that began before it cannot be looked after", async () => {
    const [first, second] = [
      await world.begin(await order(100n)),
      await world.begin(await order(100n)),
    ];
    const { store, ahead } = world.customers;
    const key = keys.onlinePayment(first.id as Hex);
    const before = (await store.get(key))!;
    await store.write([{ key, value: utf8.encode("{}") }]);
    world.customers.ahead = ahead + 16 * 60_000;
    await world.untilState(second, "refused");
    await store.write([{ key, value: before }]);
    await world.untilState(first, "refused");
    world.customers.ahead = ahead;
  });

  it("is nobody's but the one's who began it [R-152]", async () => {
    const begun = await world.begin(await order(100n));
    const token = toHex(systemRandom(32));
    await refusal("not-found", world.state({ ...begun, token }));
    await refusal("not-found", world.enter({ ...begun, token }, "12345678"));
    await refusal("not-found", world.state({ ...begun, id: toHex(systemRandom(16)) }));
  });

  it("pays no order but a member's word, whole and in time [R-116, R-152]", async () => {
    const text = await order(100n);
    const bytes = Buffer.from(text, "base64url");
    bytes[30]! ^= 1;
    await refusal("bad-signature", world.begin(bytes.toString("base64url")));
    await refusal("malformed", world.begin(text.slice(0, -8)));
    const seen = await world.page<object>("orders", { order: text });
    expect(seen).to.include({ amount: "100", merchant: "Kiosk am Tor" });
    const { ahead } = world.customers;
    world.customers.ahead = 16 * 60_000;
    await refusal("expired", world.begin(text));
    world.customers.ahead = ahead;
  });
});
