/** The merchant sample and the customer without a browser, before two banks' gateways on one ledger. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { encodeBase64Url } from "../../../protocol/base64url.ts";
import { toHex, utf8 } from "../../../protocol/bytes.ts";
import { message } from "../../../protocol/message.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { codeIn, Customer } from "../../../scripts/shop/customer.ts";
import type { Result } from "../../../scripts/shop/result.ts";
import { Shop } from "../../../scripts/shop/shop.ts";
import { openShop } from "../../../scripts/shop/shop-file.ts";
import {
  merchantsTls,
  OnlineWorld,
  PASSWORD,
  PHONE,
  showing,
  shopCertificate,
} from "../../gateway/support/online-world.ts";
import { refusal } from "../../gateway/support/refusal.ts";
import { freePort } from "../../support/free-port.ts";
import { networkId } from "../../support/ledger-parts.ts";

describe("the merchant sample", () => {
  let world: OnlineWorld;
  let shop: Shop;
  let customer: Customer;
  const told: Result[] = [];

  before(async () => {
    world = await OnlineWorld.open();
    const { merchants, customers } = world;
    shop = await Shop.start({
      bank: showing(shopCertificate),
      bankUrl: merchants.gateway.merchantsUrl!,
      paymentOrigin: merchants.url,
      networkId,
      issuer: merchants.node.ledger.bank(merchants.member).issuer.publicKey,
      verifier: new NodeVerifier(),
      port: 0,
      onResult: (result) => told.push(result),
    });
    await world.register("kiosk", { resultsUrl: shop.resultsUrl });
    customer = new Customer({
      bank: customers.url,
      identity: "anna.online",
      password: PASSWORD,
      terminal: PHONE,
      messages: join(customers.folder, "messages"),
    });
  });
  after(async () => {
    await shop[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });
  const orderIn = (paymentUrl: string) => new URL(paymentUrl).hash.slice(1);
  const begin = async (amount: bigint) => {
    const order = await shop.order(amount);
    return { order, begun: await customer.begin(orderIn(order.paymentUrl)) };
  };

  it("is paid by a customer of another bank who has the code, and hears it from its own bank, signed [R-116, R-121, R-142, R-155, R-156]", async () => {
    const { order, begun } = await begin(12_34n);
    const text = await customer.askForCode(begun);
    expect(text).to.include("12.34 EUR").and.to.include(order.number);
    await refusal("wrong-code", customer.authorize(begun, "0000 0000"));
    expect(shop.delivered.has(order.number)).to.equal(false);
    await customer.authorize(begun, codeIn(text));
    expect((await customer.untilEnded(begun)).state).to.equal("paid");
    const result = await shop.paid(order.number);
    expect(result).to.include({ number: order.number, amount: "1234", state: "paid" });
    expect(result.to).to.equal(shop.resultsUrl);
    expect(result.record).to.match(/^0x[0-9a-f]{64}$/);
    expect(shop.delivered.has(order.number)).to.equal(true);
    expect(told).to.deep.equal([result]);
  });

  it("delivers nothing for a result of another amount, of another's, or that its bank has not signed [R-142, R-152]", async () => {
    const { issuer } = world.merchants.node.ledger.bank(world.merchants.member);
    const { number } = await shop.order(10_00n);
    const good = { result: "1-1", to: shop.resultsUrl, number, amount: "1000", state: "paid" };
    const hear = async (what: object, signed: object = what) => {
      const signature = await issuer.sign(
        message("result", networkId, utf8.encode(JSON.stringify(signed))),
      );
      const headers = { "tallystick-signature": encodeBase64Url(signature) };
      const body = JSON.stringify(what);
      return (await fetch(shop.resultsUrl, { method: "POST", body, headers })).status;
    };
    expect(await hear({ ...good, amount: "1" })).to.equal(409);
    expect(await hear({ ...good, to: "http://127.0.0.1:1/results" })).to.equal(403);
    expect(await hear(good, { ...good, number: "shop-0011223344556677" })).to.equal(401);
    expect(shop.delivered.has(number)).to.equal(false);
    expect(await hear(good)).to.equal(204);
    expect(shop.delivered.has(number)).to.equal(true);
  });

  it("opens before the bank of its file, and not with a key that others may read, or a bank of another network [R-116]", async () => {
    const { folder, url, member, gateway } = world.merchants;
    const tls = {
      certificate: join(folder, "shop.pem"),
      key: join(folder, "shop.key"),
      authority: join(folder, "authority.pem"),
    };
    await writeFile(tls.certificate, shopCertificate.certificate);
    await writeFile(tls.key, shopCertificate.key, { mode: 0o600 });
    await writeFile(tls.authority, merchantsTls.authority);
    const network = { ...world.merchants.parts().network, gateways: [{ member, url }] };
    const page = "https://pay.bank.example/pay/";
    const port = await freePort();
    const settings = { network, member, bank: gateway.merchantsUrl!, page, tls, port };
    await using opened = await openShop(settings);
    expect((await opened.order(100n)).paymentUrl).to.match(/^http:.+\/pay\/#./);
    const { headers } = await fetch(opened.url);
    expect(headers.get("content-security-policy")).to.include("'self' https://pay.bank.example;");
    await refusal("in-use", openShop(settings));
    const elsewhere = { ...network, networkId: toHex(new Uint8Array(32)) };
    await refusal("wrong-network", openShop({ ...settings, network: elsewhere }));
    await refusal("bad-configuration", openShop({ ...settings, member: 3 }));
    await chmod(tls.key, 0o644);
    await refusal("exposed-key", openShop(settings));
  });
});
