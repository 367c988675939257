/** The payment page and the merchant sample in Chromium, before two banks' gateways on one ledger. */
import { expect } from "chai";
import type { BrowserContext, Page } from "playwright-core";
import { encodeBase64Url } from "../../../protocol/base64url.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { message } from "../../../protocol/message.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { buildPaymentPage } from "../../../scripts/pages.ts";
import { Shop } from "../../../scripts/shop/shop.ts";
import type { Bank } from "../../gateway/support/bank.ts";
import {
  OnlineWorld,
  openBank,
  PASSWORD,
  showing,
  shopCertificate,
} from "../../gateway/support/online-world.ts";
import { freePort } from "../../support/free-port.ts";
import { networkId } from "../../support/ledger-parts.ts";
import { findings } from "./support/axe.ts";
import { useChromium } from "./support/chromium.ts";

const OTHER = 2;

describe("the payment page", () => {
  const browser = useChromium();
  const running = new AsyncDisposableStack();
  let world: OnlineWorld;
  /** Where the shop has no account. */
  let otherBank: Bank;
  let shop: Shop;
  let context: BrowserContext;
  let page: Page;
  /** Addresses that a page has asked, and what it has thrown. */
  const asked = new Set<string>();
  const faults: string[] = [];

  before(async () => {
    await buildPaymentPage();
    const port = await freePort();
    const gateways = [{ member: OTHER, url: `http://127.0.0.1:${port}` }];
    world = running.use(await OnlineWorld.open({ isOne: true, gateways }));
    const { node } = world.customers;
    otherBank = running.use(
      await openBank({ member: OTHER, node, settings: { "devices.port": port } }),
    );
    node.ledger.deposit(OTHER, 50_000n);
    await otherBank.start();
    const bank = world.customers;
    const { merchantsUrl } = bank.gateway;
    shop = running.use(
      await Shop.start({
        bank: showing(shopCertificate),
        bankUrl: merchantsUrl!,
        paymentOrigin: bank.url,
        networkId,
        issuer: bank.node.ledger.bank(bank.member).issuer.publicKey,
        verifier: new NodeVerifier(),
        port: 0,
      }),
    );
    await world.register("kiosk", { resultsUrl: shop.resultsUrl });
  });
  after(async () => {
    await running.disposeAsync();
  });
  const open = async (locale: string) => {
    context = await browser().newContext({ viewport: { width: 390, height: 780 }, locale });
    page = await context.newPage();
    page.on("pageerror", (error) => faults.push(error.stack ?? error.message));
    page.on("console", (entry) => {
      if (/Content Security Policy/.test(entry.text())) faults.push(entry.text());
    });
    page.on("request", (request) => asked.add(new URL(request.url()).host));
    await page.goto(shop.url);
  };
  afterEach(async () => {
    await context?.close();
    expect(faults.splice(0)).to.deep.equal([]);
  });
  const press = (name: string | RegExp) => page.getByRole("button", { name }).click();
  const sees = (text: string | RegExp) => page.getByText(text).first().waitFor();
  const check = async (screen: string) => expect(await findings(page), screen).to.deep.equal([]);
  const signIn = async (password: string, identity = "anna.online") => {
    await page.getByLabel("Online identity").fill(identity);
    await page.getByLabel("Payment password").fill(password);
    await press("Go on");
  };
  const typeCode = async (code: string) => {
    await page.getByLabel("Code", { exact: true }).fill(code);
    await press(/^Pay /);
  };

  it("leads a shop's customer from the order over password and code to the goods, without a fault that axe knows [R-115, R-121, R-139, R-140, R-142, R-153]", async () => {
    await open("en-GB");
    await check("the shop");
    await press("Buy");
    await sees("Sign in to pay");
    await sees("€12.50");
    await sees("Kiosk am Tor");
    await check("signing in");
    const number = (await page.locator(".order .soft").innerText()).replace("Order ", "");
    await signIn("a wrong horse");
    await sees(/wrong tries/);
    await check("a wrong password");
    await signIn(PASSWORD);
    await sees("How do you want to pay?");
    await check("choosing");
    await press("Send the code");
    await sees("Enter the code");
    await check("entering the code");
    const sent = await world.lastMessage();
    expect(sent).to.include("12.50 EUR").and.to.include("Kiosk am Tor").and.to.include(number);
    await typeCode("0000 0000");
    await sees(/not the code/);
    expect(shop.delivered.has(number)).to.equal(false);
    await typeCode(world.code(sent));
    await sees("Paid");
    await check("paid");
    await page.getByRole("link", { name: "Back to Kiosk am Tor" }).click();
    await sees("Paid and delivered. Thank you!");
    await check("delivered");
    expect(shop.delivered.has(number)).to.equal(true);
  });

  it("is every bank's: the customer of another chooses it from the list, and pays the same order there [R-136, R-155, R-158]", async () => {
    await otherBank.customer("cleo", 5_000n);
    await world.openService("cleo", {}, otherBank);
    const before = BigInt(await world.available(world.customers, "kiosk"));
    await open("en-GB");
    await press("Buy");
    await sees("Sign in to pay");
    const number = (await page.locator(".order .soft").innerText()).replace("Order ", "");
    const banks = page.getByRole("navigation", { name: "Pay from another bank" });
    await check("the list of banks");
    await banks.getByRole("link", { name: "Bank 2" }).click();
    await page.waitForURL(`${otherBank.url}/pay/**`);
    await sees("Sign in to pay");
    await sees("€12.50");
    await sees("Kiosk am Tor");
    await signIn(PASSWORD, "cleo.online");
    await press("Send the code");
    await sees("Enter the code");
    await typeCode(world.code(await world.lastMessage(otherBank)));
    await sees("Paid");
    await check("paid at another bank");
    await page.getByRole("link", { name: "Back to Kiosk am Tor" }).click();
    await sees("Paid and delivered. Thank you!");
    expect(shop.delivered.has(number)).to.equal(true);
    expect(await world.available(otherBank, "cleo")).to.equal("3750");
    expect(BigInt(await world.available(world.customers, "kiosk"))).to.equal(before + 1_250n);
    asked.clear();
  });

  it("speaks Chinese to whoever does, and changes over [R-139]", async () => {
    await open("zh-CN");
    await press("购买");
    await sees("登录付款");
    expect(await page.locator("html").getAttribute("lang")).to.equal("zh");
    await check("signing in, in Chinese");
    await press("English");
    await sees("Sign in to pay");
  });

  it("goes on after a reload, sends another code, and takes the answer from the terminal [R-131, R-153]", async () => {
    await open("en-GB");
    await press("Buy");
    await sees("Sign in to pay");
    await signIn(PASSWORD);
    await press("Send the code");
    await sees("Enter the code");
    await page.reload();
    await sees("Enter the code");
    await press(/^Send another code/);
    await page.getByLabel("I send it back from there").check();
    await press("Send the code");
    await sees(/send the code back from your terminal/);
    await check("waiting for the terminal");
    const code = world.code(await world.lastMessage());
    await world.customers.staff("/v1/relay/replies", { address: "anna-phone", code });
    await sees("is told, and delivers now.");
  });

  it("lets the customer cancel, and the shop delivers nothing [R-142]", async () => {
    await open("en-GB");
    await press("Buy");
    await sees("Sign in to pay");
    const before = shop.delivered.size;
    await signIn(PASSWORD);
    await press("Send the code");
    await press("Cancel");
    await sees("You have cancelled the payment. No money has moved.");
    await check("cancelled");
    await page.getByRole("link", { name: /Back to/ }).click();
    await sees("We wait for your bank.");
    expect(shop.delivered.size).to.equal(before);
  });

  it("asks nobody but the bank that serves it, types no card number, and says so where there is no order [R-150, R-151]", async () => {
    await open("en-GB");
    await page.goto(`${world.customers.url}/pay/#nonsense`);
    await sees(/There is no order here/);
    await check("no order");
    const hosts = [shop.url, world.customers.url].map((url) => new URL(url).host);
    expect([...asked].toSorted()).to.deep.equal(hosts.toSorted());
    const answer = await page.request.get(`${world.customers.url}/pay/`);
    const policy = answer.headers()["content-security-policy"]!;
    expect(policy).to.include("default-src 'none'").and.to.include("frame-ancestors 'none'");
    const source = await answer.text();
    expect(source).not.to.match(/https?:\/\//);
  });

  it("is heard by the shop through a signed result alone: nobody else makes it deliver [R-142, R-152]", async () => {
    await open("en-GB");
    const before = shop.delivered.size;
    const body = JSON.stringify({ number: "shop-0011223344556677", state: "paid" });
    for (const signature of ["", "AAAA", "x".repeat(86)]) {
      const headers = { "tallystick-signature": signature };
      const answer = await fetch(`${shop.url}results`, { method: "POST", body, headers });
      expect(answer.status).to.equal(401);
    }
    expect(shop.delivered.size).to.equal(before);
  });

  it("is not heard by the shop where the bank signed it for another merchant [R-142, R-152]", async () => {
    const { issuer } = world.customers.node.ledger.bank(world.customers.member);
    const number = "shop-0011223344556677";
    const hear = async (to: string) => {
      const body = JSON.stringify({ result: "1-1", to, number, state: "paid" });
      const signature = await issuer.sign(message("result", networkId, utf8.encode(body)));
      const headers = { "tallystick-signature": encodeBase64Url(signature) };
      return (await fetch(shop.resultsUrl, { method: "POST", body, headers })).status;
    };
    expect(await hear("https://rival.example/results")).to.equal(403);
    expect(shop.delivered.has(number)).to.equal(false);
    expect(await hear(shop.resultsUrl)).to.equal(204);
    expect(shop.delivered.has(number)).to.equal(true);
  });
});
