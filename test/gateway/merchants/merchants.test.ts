/** Merchants before their bank: who is let in, what they see, what they are told and paid, and what goes back. */
import { expect } from "chai";
import type { Payout } from "../../../gateway/merchants/schema.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { makeCertificate } from "../../../scripts/devnet/certificates.ts";
import { until } from "../../support/until.ts";
import type { Bank } from "../support/bank.ts";
import { OnlineWorld, showing } from "../support/online-world.ts";
import { refusal } from "../support/refusal.ts";

const DAY_MS = 86_400_000;

function codeOf(error: unknown): string {
  if (isRefusal(error)) return error.code;
  throw error;
}

describe("merchants", () => {
  let world: OnlineWorld;

  before(async () => {
    world = await OnlineWorld.open();
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
  });
  const today = () => new Date().toISOString().slice(0, 10);
  const began = today();
  /** All days' since these tests began: midnight may come between. */
  const payouts = async () => {
    const days = [...new Set([began, today()])];
    return Promise.all(days.map((day) => world.shop<Payout>(`/v1/payouts/${day}`)));
  };
  let count = 0;
  const next = () => `m-${++count}`;
  const order = (number: string, fields: object = {}) =>
    world.shop("/v1/orders", { number, amount: "1000", ...fields });
  const pay = async (number: string, amount = 1_000n) => {
    const begun = await world.pay(await world.order(number, amount));
    await world.untilState(begun, "paid");
    await until("it is credited", async () => {
      return (await world.shop(`/v1/orders/${number}`)).state === "paid";
    });
    return begun;
  };
  const available = async (account: string) =>
    BigInt(await world.available(world.merchants, account));

  it("are known by the certificate that the bank has registered, and by nothing else [R-116, R-137, R-152, R-157]", async () => {
    const { root } = world;
    const stranger = makeCertificate("stranger", root);
    await refusal(
      "unauthorised",
      world.shop("/v1/orders", { number: next(), amount: "1" }, showing(stranger)),
    );
    const other = makeCertificate("another authority");
    const foreign = makeCertificate("kiosk", {
      name: "another authority",
      privateKey: other.privateKey,
    });
    const failure = await world
      .shop("/v1/orders/x", undefined, showing(foreign))
      .catch((error: unknown) => error);
    expect(failure)
      .to.be.an("error")
      .with.property("code")
      .that.matches(/^(ERR_SSL|ECONNRESET|EPIPE)/);
    const plain = await fetch(world.merchants.gateway.merchantsUrl!.replace("https", "http")).catch(
      (error: unknown) => error,
    );
    expect(plain).to.be.an("error");
    await order(next());
  });

  it("are shut out from the moment a certificate is taken back, and each is one merchant's", async () => {
    const certificate = makeCertificate("kiosk 2", world.root);
    const fetching = showing(certificate);
    const pem = { certificate: certificate.certificate };
    const path = "/v1/merchants/kiosk/certificates";
    const { certificates } = await world.merchants.staff<{ certificates: string[] }>(path, pem);
    await world.shop("/v1/orders", { number: next(), amount: "1" }, fetching);
    await world.merchants.staff("/v1/accounts", { account: "other", customer: "other" });
    await world.register("other");
    await refusal("conflict", world.merchants.staff("/v1/merchants/other/certificates", pem));
    await refusal("malformed", world.merchants.staff(path, { certificate: "no certificate" }));
    const { staffUrl } = world.merchants.gateway;
    await fetch(`${staffUrl}${path}/${certificates.at(-1)}`, { method: "DELETE" });
    await refusal("unauthorised", world.shop("/v1/orders/m-1", undefined, fetching));
  });

  it("have one order under one number of theirs, however often they ask [N-13]", async () => {
    const number = next();
    const first = await order(number);
    expect(await order(number)).to.deep.equal(first);
    const many = await Promise.all([1, 2, 3].map(() => order(`${number}-b`)));
    expect(new Set(many.map(({ paymentUrl }) => paymentUrl)).size).to.equal(1);
    await refusal("conflict", order(number, { amount: "1001" }));
    await refusal("conflict", order(number, { returnUrl: "https://kiosk.example/" }));
    for (const amount of ["0", "-1", "1.5", ""])
      await refusal("malformed", order(next(), { amount }));
    for (const returnUrl of ["javascript:alert(1)", "http://kiosk.example/", "kiosk"]) {
      await refusal("malformed", order(next(), { returnUrl }));
    }
    await refusal("not-found", world.shop("/v1/orders/nothing"));
  });

  it("see of a payment that it is made, and nothing of who made it [R-151]", async () => {
    const number = next();
    await pay(number);
    await until("the merchant is told", () =>
      world.results.results.some((result) => result.number === number && result.state === "paid"),
    );
    const seen = JSON.stringify([await world.shop(`/v1/orders/${number}`), world.results.results]);
    for (const secret of ["anna", "customer of", "phone"]) expect(seen).not.to.include(secret);
  });

  it("deliver only when an order is paid: it is not while a customer is at it, and expires if none comes [R-142]", async () => {
    const number = next();
    const begun = await world.begin(await world.order(number, 1_000n));
    await world.sendCode(begun);
    expect((await order(number)).state).to.equal("open");
    const { ahead } = world.merchants;
    world.merchants.ahead = 16 * 60_000;
    expect((await order(number)).state).to.equal("expired");
    world.merchants.ahead = ahead;
    await world.cancel(begun);
  });

  it("are told until they have heard, each time with the order as it stands then, and signed [R-122, R-152]", async () => {
    world.results.status = 503;
    const number = next();
    await pay(number);
    const heard = () => world.results.results.filter((result) => result.number === number);
    expect(heard()).to.deep.equal([]);
    await world.merchants.restart();
    world.results.status = 204;
    await until("it is told after all", () => heard().length > 0);
    expect(heard()[0]).to.include({ state: "paid", amount: "1000" });
    expect(heard()[0]!.result).to.match(/^\d+-\d+$/);
    expect(world.results.forged).to.equal(0);
    expect(await world.merchants.staff("/v1/webhooks/dead")).to.deep.equal([]);
    const url = `${world.merchants.gateway.staffUrl}/v1/webhooks/dead/1`;
    expect((await fetch(url, { method: "POST" })).status).to.equal(404);
  });

  it("are sent nothing more once they have heard nothing for three days, and by their own word all that is kept [R-122]", async () => {
    world.results.status = 503;
    const number = next();
    await pay(number);
    type Standing = { waiting: number; failing?: number; parked?: number };
    const standing = () => world.shop<Standing>("/v1/results");
    await until("it was tried", async () => (await standing()).failing !== undefined);
    await refusal("not-found", world.shop("/v1/results/resume", {}));
    const { ahead } = world.merchants;
    world.merchants.ahead += 3 * DAY_MS;
    await until("it is parked", async () => (await standing()).parked !== undefined);
    const [row] = await world.merchants.staff<object[]>("/v1/webhooks/unheard");
    expect(row).to.deep.include({ to: "merchant:kiosk", waiting: 1, dropped: 0 });
    world.merchants.ahead = ahead;
    world.results.status = 204;
    expect(await world.shop("/v1/results/resume", {})).not.to.have.property("parked");
    await until("it is told", () => world.results.results.some((each) => each.number === number));
    await until("all is well", async () => (await standing()).waiting === 0);
    expect(await standing()).to.deep.equal({ waiting: 0 });
  });

  it("are credited once an order, whatever the bank goes through, and see it day by day [R-156]", async () => {
    const before = await available("kiosk");
    const numbers = [next(), next()];
    for (const number of numbers) await pay(number, 250n);
    await world.merchants.restart();
    expect(await available("kiosk")).to.equal(before + 500n);
    const all = await payouts();
    const credited = all.reduce((sum, payout) => sum + BigInt(payout.credited), 0n);
    expect(credited).to.equal(before + 500n);
    const items = all
      .flatMap(({ orders }) => orders)
      .filter(({ number }) => numbers.includes(number));
    expect(items.map(({ amount }) => amount)).to.deep.equal(["250", "250"]);
    for (const payout of all) {
      const itemised = payout.orders.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
      expect(String(itemised)).to.equal(payout.credited);
    }
    await refusal("malformed", world.shop("/v1/payouts/2026-13-40"));
  });

  it("give back all or part, once for each reference, to whoever paid, and never more than was paid [R-122, N-08]", async () => {
    const number = next();
    const customer = BigInt(await world.available(world.customers, "anna"));
    const merchant = await available("kiosk");
    await pay(number);
    const refund = (reference: string, amount: string) =>
      world.shop(`/v1/orders/${number}/refunds`, { reference, amount });
    await Promise.all([1, 2, 3].map(() => refund("r-1", "400")));
    await refund("r-2", "600");
    await refusal("conflict", refund("r-1", "401"));
    await refusal("over-refund", refund("r-3", "1"));
    await until("both have gone back", async () => {
      const { refunds } = await world.shop(`/v1/orders/${number}`);
      return refunds.length === 2 && refunds.every(({ state }) => state === "paid");
    });
    await until("the customer has it", async () => {
      return BigInt(await world.available(world.customers, "anna")) === customer;
    });
    expect(await available("kiosk")).to.equal(merchant);
    const unpaid = next();
    await order(unpaid);
    await refusal(
      "conflict",
      world.shop(`/v1/orders/${unpaid}/refunds`, { reference: "r", amount: "1" }),
    );
  });

  it("are refused a refund that their account does not cover, and may ask again [N-08]", async () => {
    const number = next();
    await pay(number);
    const all = await available("kiosk");
    await world.merchants.staff("/v1/accounts", { account: "empty", customer: "empty" });
    await world.register("kiosk", { account: "empty", resultsUrl: world.results.url });
    const second = next();
    await pay(second);
    const refund = (reference: string, of: string) =>
      world.shop(`/v1/orders/${of}/refunds`, { reference, amount: "1000" });
    await refund("whole", second);
    await until("it has gone back", async () => (await available("empty")) === 0n);
    expect(await available("kiosk")).to.equal(all);
    await world.register("kiosk", { resultsUrl: world.results.url });
  });

  it("may be an intermediary's, that holds orders for others and is paid for them; and nobody else may [R-155]", async () => {
    const asked = { onBehalfOf: "Blumen Rosa" };
    await refusal("forbidden", order(next(), asked));
    await world.register("kiosk", { isIntermediary: true, resultsUrl: world.results.url });
    const before = await available("kiosk");
    const number = next();
    const text = await world.order(number, 300n, asked);
    const begun = await world.pay(text);
    expect(begun.order.merchant).to.equal("Blumen Rosa");
    expect(await world.lastMessage()).to.include("Blumen Rosa");
    await until(
      "the intermediary is paid",
      async () => (await available("kiosk")) === before + 300n,
    );
    await refusal("malformed", order(next(), { onBehalfOf: "a\nname" }));
  });

  it("are paid once where two customers of two banks pay one order, and the second gets its money back [R-155, R-158]", async () => {
    const number = next();
    const text = await world.order(number, 700n);
    const before = await available("kiosk");
    const anna = BigInt(await world.available(world.customers, "anna"));
    await world.merchants.customer("bert", 1_000n);
    const { merchants } = world;
    const service = {
      customer: "bert",
      accounts: ["bert"],
      identities: [{ kind: "account", text: "bert" }],
      terminals: [{ channel: "file", address: "bert-phone", language: "en" }],
      password: "another horse",
    };
    await merchants.staff("/v1/online-services", service);
    const other = await world.beginAt(merchants, text, "bert", "another horse");
    expect(other.order).to.deep.include({ merchant: "Kiosk am Tor", amount: "700" });
    await world.sendCode(other, {}, merchants);
    const code = world.code(await world.lastMessage(merchants));
    const [first] = await Promise.all([world.pay(text), world.enter(other, code, merchants)]);
    await world.untilState(first, "paid");
    await world.untilState(other, "paid", merchants);
    await until("one of them has its money back, and the merchant is paid once", async () => {
      const left = BigInt(await world.available(world.customers, "anna"));
      const otherLeft = BigInt(await world.available(merchants, "bert"));
      return (
        left + otherLeft === anna + 1_000n - 700n && (await available("kiosk")) === before + 700n
      );
    });
    expect(await available("suspense")).to.equal(0n);
  });

  it("have orders and payments kept for a year: after that what they were is in the accounts alone, and refunds still find the customer [N-08, N-13]", async () => {
    const { customers, merchants } = world;
    const number = next();
    const begun = await pay(number);
    const customer = BigInt(await world.available(customers, "anna"));
    const yearLater = async (bank: Bank) => {
      bank.ahead = 367 * DAY_MS;
      await bank.restart();
    };
    const now = async (bank: Bank) => {
      bank.ahead = 0;
      await bank.restart();
    };
    await yearLater(customers);
    await until("the payment is let go of", async () => {
      return (await world.state(begun).catch(codeOf)) === "not-found";
    });
    await now(customers);
    await world.shop(`/v1/orders/${number}/refunds`, { reference: "late", amount: "400" });
    await until("the customer has it", async () => {
      return BigInt(await world.available(customers, "anna")) === customer + 400n;
    });
    const kiosk = await available("kiosk");
    const day = today();
    expect((await payouts()).flatMap(({ orders }) => orders)).to.not.deep.equal([]);

    await yearLater(merchants);
    await refusal("not-found", world.shop(`/v1/payouts/${day}`));
    // Until the coin that paid it has moved: it is met again, and its order has it credited once.
    await until("the coins have moved", async () => {
      const { record } = await merchants.staff<{ record: string | null }>("/v1/vault/merge", {});
      return record === null;
    });
    await merchants.restart();
    await until("the order is let go of", async () => {
      return (await world.shop(`/v1/orders/${number}`).catch(codeOf)) === "not-found";
    });
    await now(merchants);
    expect(await available("kiosk")).to.equal(kiosk);
    expect(await available("suspense")).to.equal(0n);
    const lines = await merchants.staff<{ reference: string }[]>("/v1/accounts/kiosk/statement");
    expect(lines.filter(({ reference }) => reference.startsWith("order:"))).to.not.deep.equal([]);
    const books = await merchants.staff("/v1/books");
    expect(books).to.include({ total: "0", held: "0" });
  });
});

describe("one bank for customer and merchant", () => {
  it("pays from account to account by the same way, over the ledger, and back [R-136, R-155]", async () => {
    await using world = await OnlineWorld.open({ isOne: true });
    const begun = await world.pay(await world.order("one", 500n));
    await world.untilState(begun, "paid");
    const seen = () => world.shop("/v1/orders/one");
    await until("the merchant is paid", async () => (await seen()).state === "paid");
    const bank = world.customers;
    expect(await world.available(bank, "anna")).to.equal("19500");
    expect(await world.available(bank, "kiosk")).to.equal("500");
    await world.shop("/v1/orders/one/refunds", { reference: "r", amount: "200" });
    await until("it has gone back", async () => (await world.available(bank, "anna")) === "19700");
    expect(await world.available(bank, "kiosk")).to.equal("300");
    await until("nothing is under way", async () => {
      const { amount, spending } = await bank.staff<{ amount: string; spending: number }>(
        "/v1/vault",
      );
      return spending === 0 && amount === "1000000";
    });
    const books = await bank.staff<{ total: string; settlement: string }>("/v1/books");
    expect(books).to.include({ total: "0", settlement: "0" });
  });

  it("tells the merchant at once when a customer could not pay [R-122, R-135]", async () => {
    await using world = await OnlineWorld.open({ isOne: true });
    await world.customers.customer("arm", 10n);
    await world.openService("arm");
    const begun = await world.pay(await world.order("two", 500n), "arm.online");
    await world.untilState(begun, "refused");
    await until("the merchant is told", () =>
      world.results.results.some(({ refused }) => refused === "insufficient-funds"),
    );
    expect(await world.shop("/v1/orders/two")).to.include({ state: "open" });
  });
});
