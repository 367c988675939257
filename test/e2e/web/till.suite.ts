/** What a shop does with a till in a browser. */
import { expect } from "chai";
import { Person, scan } from "./support/person.ts";
import { shoot } from "./support/shoot.ts";
import { linkOf } from "./support/web-bank.ts";
import type { World } from "./support/world.ts";

const SHOP = "Corner Shop";

export function testTill(world: () => World): void {
  describe("a till", () => {
    let till: Person;
    let dora: Person;

    before(async () => {
      const { browser, bank } = world();
      const [shop, customer] = await Promise.all([
        bank.invite("shop", 0n, "terminal", SHOP),
        bank.invite("dora", 100_00n, "host"),
      ]);
      const counter = { viewport: { width: 1024, height: 720 }, deviceScaleFactor: 1 };
      [till, dora] = await Promise.all([
        Person.open(browser, `${bank.url}terminal/${linkOf(shop)}`, counter),
        Person.open(browser, bank.url),
      ]);
      await till.press("Set up");
      await Promise.all([till.sees("Settled with the bank"), dora.setUp(customer)]);
      expect(till.page.url()).to.equal(`${bank.url}terminal/`);
      await dora.load("50");
      for (const person of [till, dora]) {
        await person.context.setOffline(true);
        await person.page.reload();
        await person.sees("Offline. Paying works.");
      }
    });
    after(async () => {
      for (const person of [till, dora]) await person[Symbol.asyncDispose]();
    });

    /** The customer reads the till's code and agrees. */
    const agree = async (amount: string, reference = "") => {
      await dora.follow("Pay");
      await scan(till, dora, "Is this right?");
      await dora.sees(`to ${SHOP}`);
      await dora.sees(reference);
      await dora.press(`Pay ${amount}`);
      await dora.sees("Let the payee scan this");
    };
    const total = async () => (await till.page.locator(".hero").innerText()).replaceAll(/\s/g, "");

    it("takes a payment with the network off, from code to code, and calls it unverified [R-072, R-096, R-113]", async () => {
      for (const key of ["1", "2", ".", "5"]) await till.press(key);
      await till.page.getByLabel("Order or table").fill("Table 4");
      await shoot(till, "till-sale");
      await till.press("Ask for payment");
      await agree("€12.50", "Table 4");
      await scan(dora, till, "Unverified until the till has synced.");
      expect(await till.page.locator(".outcome.good").innerText()).to.include("€12.50");
      await shoot(till, "till-accepted");
      await dora.press("Scan the confirmation");
      await scan(till, dora, `Paid to ${SHOP}.`);
      await dora.press("Done");
      await till.press("Next sale");
    });

    it("says so when a customer pays an earlier request, by the amount that was paid [R-057]", async () => {
      await till.page.getByLabel("Amount", { exact: true }).fill("8");
      await till.press("Ask for payment");
      await agree("€8.00");
      await till.press("Cancel");
      await till.page.getByLabel("Amount", { exact: true }).fill("9");
      await till.press("Ask for payment");
      await scan(dora, till, "The one for €9.00 has not been paid.");
      expect(await till.page.locator(".outcome.good").innerText()).to.include("€8.00");
      await till.press("Next sale");
    });

    it("refuses the code of a payment that it has taken before, and says what to do", async () => {
      await till.page.getByLabel("Amount", { exact: true }).fill("8");
      await till.press("Ask for payment");
      await scan(dora, till, "This code answers another request");
      await till.press("Cancel");
      await dora.press("The payee has gone: settle with the bank instead");
    });

    it("pays a part of a payment back, and never more than was paid, with the network off [N-08]", async () => {
      const takeBack = async (amount: string) => {
        await dora.follow("All payments");
        await dora.page.getByRole("link", { name: "Ask for money back" }).last().click();
        await dora.page.getByLabel("Amount").fill(amount);
        await dora.press("Show the code");
      };
      await takeBack("2.50");
      await till.follow("Pay money back");
      await scan(dora, till, "money back");
      await till.press("Pay €2.50");
      await dora.press("Scan the payment");
      await scan(till, dora, "Received offline. It is yours");
      await till.press("Scan the confirmation");
      await scan(dora, till, /^Paid to /);
      await Promise.all([till, dora].map((person) => person.press("Done")));
      await dora.follow("All payments");
      await dora.sees("€2.50 of it has been paid back");
      await dora.follow("Back");
      await takeBack("10.01");
      await dora.sees("More would go back than was paid.");
      await dora.follow("Back");
    });

    it("adds up the day, what is unverified and what is settled apart, and syncs by itself [R-067, R-078]", async () => {
      await till.follow("Today");
      expect(await total()).to.equal("€20.50");
      await till.sees("Taken in 2 payments");
      await shoot(till, "till-day");
      expect(await till.page.locator("dd").allInnerTexts()).to.deep.equal(["€20.50", "€2.50"]);
      await till.context.setOffline(false);
      await till.sees("Settled with the bank");
      expect(await total()).to.equal("€20.50");
      expect(await till.page.locator("dd").allInnerTexts()).to.deep.equal(["€0.00", "€2.50"]);
      expect(await till.page.locator(".payments").innerText()).to.include("Table 4");
    });
  });
}
