/** Opening, changing and cancelling the service, at each place where that is done; and who reaches what. */
import { expect } from "chai";
import type { ServiceView } from "../../../gateway/authorization/schema.ts";
import { documentOf } from "../../support/described-fetch.ts";
import { until } from "../../support/until.ts";
import { OnlineWorld, PASSWORD, showing, shopCertificate } from "../support/online-world.ts";
import { refusal } from "../support/refusal.ts";

describe("the online service of a customer", () => {
  let world: OnlineWorld;

  before(async () => {
    world = await OnlineWorld.open();
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
  });
  const told = async () =>
    (await world.messages()).map(({ address, text }) => `${address}: ${text}`);
  const opening = (account: string) => ({
    identities: [{ kind: "chosen", text: `${account}.online` }],
    terminals: [{ channel: "file", address: `${account}-phone`, language: "en" }],
    password: PASSWORD,
  });

  it("is opened at the counter and at a terminal, and the holder is told at once [R-145, R-146]", async () => {
    for (const by of ["counter", "terminal"]) {
      await world.customers.customer(`by-${by}`, 100n);
      const opened = await world.openService(`by-${by}`, { by });
      expect(opened).to.include({ told: 1 });
      expect((await told()).at(-1)).to.equal(
        `by-${by}-phone: Online payments are now open for you. If you did not ask for it, call your bank.`,
      );
    }
    await refusal("not-found", world.openService("no-account"));
  });

  it("is opened over the network with what the bank has handed over, once [R-145, R-146]", async () => {
    await world.customers.customer("nina", 100n);
    const invited = { customer: "nina", accounts: ["nina"] };
    const { invitation } = await world.customers.staff<{ invitation: string }>(
      "/v1/online-invitations",
      invited,
    );
    const open = (text: string, account: string) =>
      world.page<ServiceView>("services", { invitation: text, ...opening(account) });
    await refusal("wrong-credentials", open("ANOTHER", "nina"));
    await refusal("conflict", open(invitation, "anna"));
    const written = invitation.toLowerCase().replace(/.{5}(?=.)/g, "$&-");
    expect(await open(written, "nina")).to.include({ told: 1, isLocked: false });
    await refusal("wrong-credentials", open(invitation, "nina-2"));
    await world.begin(await world.order("s-1", 1n), "nina.online");
    const row = await world.customers.staff("/v1/online-services?identity=nina.online");
    expect(row).to.include({ customer: "nina" });
  });

  it("is changed by its customer over the network: limits, password, terminals [R-132, R-143, R-144, R-149]", async () => {
    await world.customers.customer("olga", 100n);
    await world.openService("olga");
    const own = { identity: "olga.online", password: PASSWORD };
    const change = (fields: object) => world.page<ServiceView>("service", { ...own, ...fields });
    const seen = await change({});
    expect(seen.limits).to.deep.equal({ perPayment: null, perDay: null });
    expect(seen.accounts).to.deep.equal(["•••olga"]);
    expect(await change({ limits: { perPayment: "50" } })).to.deep.include({
      limits: { perPayment: "50", perDay: null },
    });
    const addTerminal = { channel: "mail", address: "olga@example.org", language: "zh" };
    const { terminals } = await change({ addTerminal });
    expect(terminals.map(({ name }) => name)).to.deep.equal([
      "file olga-phone",
      "mail o•••@example.org",
    ]);
    await change({ removeTerminal: terminals[1]!.id, newPassword: "another horse" });
    await refusal("wrong-credentials", change({}));
    expect((await told()).at(-1)).to.include("were changed");
  });

  it("is cancelled at the counter, over the network or at a terminal, and then nothing is paid [R-145, R-146]", async () => {
    for (const by of ["counter", "terminal", "network"]) {
      const account = `end-${by}`;
      await world.customers.customer(account, 100n);
      const { service } = await world.openService(account);
      const begun = await world.begin(await world.order(`s-${by}`, 1n), `${account}.online`);
      await world.sendCode(begun);
      const code = world.code(await world.lastMessage());
      const own = { identity: `${account}.online`, password: PASSWORD };
      if (by === "network") await world.page("service", { ...own, cancel: true });
      else await world.customers.staff(`/v1/online-services/${service}`, { cancel: true, by });
      expect((await told()).at(-1)).to.include(`${account}-phone: Online payments are now closed`);
      await refusal("forbidden", world.enter(begun, code));
      await refusal("wrong-credentials", world.page("service", own));
      expect(await world.available(world.customers, account)).to.equal("100");
    }
  });

  it("tells its holder when wrong passwords lock it, and is unlocked by the staff [R-146, R-171]", async () => {
    await world.customers.customer("paul", 100n);
    const { service } = await world.openService("paul");
    const text = await world.order("s-lock", 1n);
    for (let i = 0; i < 5; i++) {
      await refusal("wrong-credentials", world.begin(text, "paul.online", `a wrong one ${i}`));
    }
    await until("the holder is told", async () =>
      (await told()).some((each) => each.startsWith("paul-phone: Online payments are locked")),
    );
    await refusal("wrong-credentials", world.begin(text, "paul.online"));
    await world.customers.staff(`/v1/online-services/${service}`, { unlock: true });
    await world.begin(text, "paul.online");
  });

  it("tells its holder of what was changed before the rest was refused [R-146]", async () => {
    await world.customers.customer("half", 1n);
    await world.openService("half");
    const before = (await world.messages()).length;
    const intruder = { channel: "file", address: "an-intruders", language: "en" };
    const asked = { identity: "half.online", password: PASSWORD, addTerminal: intruder };
    await refusal("malformed", world.page("service", { ...asked, newPassword: "12345678" }));
    const told = (await world.messages()).slice(before);
    expect(told.map(({ address }) => address)).to.deep.equal(["half-phone"]);
    expect(told[0]!.text).to.include("settings for online payments were changed");
  });

  it("says when its holder could not be told [R-146]", async () => {
    await world.customers.customer("quin", 100n);
    const terminals = [{ channel: "sms", address: "+4915100000", language: "en" }];
    expect(await world.openService("quin", { terminals })).to.include({ told: 0 });
    const begun = await world.begin(await world.order("s-sms", 1n), "quin.online");
    const { detail } = await refusal("unavailable", world.sendCode(begun));
    expect(detail).to.include("sms");
  });

  it("is all that customers and merchants reach: nothing of the bank's system is on their listeners [R-150]", async () => {
    const { url, gateway } = world.customers;
    const pathsOf = async (origin: string) =>
      Object.keys((await documentOf(origin)).paths).filter((path) => path.startsWith("/v1/"));
    const staffPaths = await pathsOf(gateway.staffUrl);
    const customerPaths = await pathsOf(url);
    const asShop = showing(shopCertificate);
    expect(staffPaths).to.include.members([
      "/v1/accounts/{account}/deposits",
      "/v1/online-services",
    ]);
    expect(staffPaths.filter((path) => customerPaths.includes(path))).to.deep.equal([]);
    for (const path of staffPaths) {
      const at = path.replaceAll(/\{\w+\}/g, "anna");
      expect((await fetch(`${url}${at}`)).status, at).to.equal(404);
      const answer = await asShop(`${gateway.merchantsUrl}${at}`);
      expect(answer.status, at).to.equal(404);
    }
    const pay = await asShop(`${gateway.merchantsUrl}/v1/pay/banks`);
    expect(pay.status).to.equal(404);
    const orders = await fetch(`${url}/v1/orders`, { method: "POST" });
    expect(orders.status).to.equal(404);
  });
});
