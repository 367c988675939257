/** Whether everyone can use the pages: what axe says of each screen, in light and dark, in both languages. */
import { expect } from "chai";
import { findings } from "./support/axe.ts";
import { Person, scan } from "./support/person.ts";
import type { World } from "./support/world.ts";

/** Screens that an address leads to. */
const screens = [
  "",
  "pay",
  "code",
  "ask",
  "history",
  "load",
  "redeem",
  "more",
  "pin",
  "second-device",
];

export function testAccess(world: () => World): void {
  describe("every screen", () => {
    let eva: Person;
    let till: Person;
    let visitor: Person;

    before(async () => {
      const { browser, bank } = world();
      const invitations = await Promise.all([
        bank.invite("eva", 100_00n, "host"),
        bank.invite("kiosk", 0n, "terminal", "Kiosk"),
      ]);
      [eva, till, visitor] = await Promise.all([
        Person.open(browser, bank.url),
        Person.open(browser, `${bank.url}terminal/`),
        Person.open(browser, bank.url),
      ]);
      await Promise.all([eva.setUp(invitations[0]), till.setUp(invitations[1])]);
      await eva.load("20");
    });
    after(async () => {
      for (const person of [eva, till, visitor]) await person[Symbol.asyncDispose]();
    });

    const speak = async (person: Person, language: string) => {
      await person.page.evaluate(`localStorage.setItem("language", "${language}")`);
      await person.page.reload();
      await person.page.locator("h1").waitFor();
      const spoken = person.page.locator(`html[lang=${language}]`);
      expect(await spoken.count(), language).to.equal(1);
    };
    const check = async (person: Person, screen: string) => {
      expect(await findings(person.page), screen).to.deep.equal([]);
    };

    for (const language of ["en", "zh"]) {
      it(`is without a fault that axe knows, in light and dark, when it speaks "${language}"`, async () => {
        await Promise.all([eva, till, visitor].map((person) => speak(person, language)));
        await check(visitor, "setting up");
        await check(till, "a sale");
        for (const screen of ["day", "pay-back", "more"]) {
          await till.page.goto(`${world().bank.url}terminal/#/${screen}`);
          await check(till, screen);
        }
        await till.page.goto(`${world().bank.url}terminal/#/`);
        for (const screen of screens) {
          await eva.page.goto(`${world().bank.url}#/${screen}`);
          await eva.page.locator("h1").waitFor();
          await check(eva, screen);
        }
        await eva.page.goto(`${world().bank.url}#/`);
      });
    }

    it("is without such a fault amid a payment, too", async () => {
      await Promise.all([eva, till].map((person) => speak(person, "en")));
      await till.page.getByLabel("Amount", { exact: true }).fill("3");
      await till.press("Ask for payment");
      await till.page.locator(".code canvas").waitFor();
      await check(till, "a till that asks");
      await eva.follow("Pay");
      await scan(till, eva, "Is this right?");
      await check(eva, "what is asked for");
      await eva.press("Pay €3.00");
      await eva.sees("Let the payee scan this");
      await eva.page.getByText("Without a camera").click();
      await check(eva, "a payment's code");
      await scan(eva, till, "Unverified until the till has synced.");
      await check(till, "a payment that is accepted");
      await eva.press("Scan the confirmation");
      await scan(till, eva, "Paid to Kiosk.");
      await check(eva, "a payment that is done");
      await eva.press("Done");
      await eva.follow("Be paid");
      await eva.page.getByLabel("Amount").fill("1000");
      await eva.press("Show the code");
      await eva.sees("The receiver would hold more than the bank allows.");
      await check(eva, "a refusal");
    });
  });
}
