/** What people do with a wallet in a browser. */
import { expect } from "chai";
import { zh } from "../../../device/web/words/zh.ts";
import { until } from "../../support/until.ts";
import { findings } from "./support/axe.ts";
import { payByCamera, Person, scan } from "./support/person.ts";
import { shoot } from "./support/shoot.ts";
import type { World } from "./support/world.ts";

const RECEIVED = "Received offline, yours once you sync";
const AFTER_SYNC = "Ready after the next sync";

export function testWallet(world: () => World): void {
  describe("a wallet", () => {
    let people: Person[];
    let anna: Person;
    let ben: Person;
    let carl: Person;
    let tablet: Person;

    const join = async (name: string, customer = name) => {
      const { browser, bank } = world();
      const invitation = await bank.invite(name, 100_00n, "host", "", customer);
      const person = await Person.open(browser, bank.url);
      await person.setUp(invitation);
      return person;
    };
    before(async () => {
      // Anna and Ben are of one family, which is one customer of the bank.
      people = await Promise.all([join("anna"), join("ben", "anna"), join("carl")]);
      [anna, ben, carl] = people as [Person, Person, Person];
      await Promise.all([anna.load("80"), ben.load("50")]);
    });
    after(async () => {
      for (const person of people) await person[Symbol.asyncDispose]();
    });

    it("holds what was loaded into it, and the account holds as much less [R-074, R-075]", async () => {
      const { staff } = world().bank;
      expect(await anna.holdings()).to.deep.equal({ "": "€80.00" });
      const { available, onDevices } = await staff.account("anna");
      expect({ available, onDevices }).to.deep.equal({ available: "2000", onDevices: "8000" });
    });

    it("opens with the network off, once it was opened with it [R-095, R-097]", async () => {
      for (const person of people) {
        await person.context.setOffline(true);
        await person.page.reload();
        await person.sees("Offline. Paying works.");
      }
      expect(await anna.holdings()).to.deep.equal({ "": "€80.00" });
    });

    it("pays another by codes before cameras, with the network off on both sides, and is paid by it [R-022, R-024, R-037, R-072, R-096, R-114]", async () => {
      await payByCamera(anna, ben, "12.50");
      expect(await ben.holdings()).to.deep.equal({ "": "€50.00", [RECEIVED]: "€12.50" });
      await shoot(ben, "wallet-received-offline");
      const { "": ready, [AFTER_SYNC]: change } = await anna.holdings();
      expect(cents(ready!) + cents(change!)).to.equal(6750);
      await payByCamera(ben, anna, "5");
      expect((await anna.holdings())[RECEIVED]).to.equal("€5.00");
      await payByCamera(ben, carl, "20");
      expect(await carl.holdings()).to.deep.equal({ "": "€0.00", [RECEIVED]: "€20.00" });
    });

    it("does not pay what it received before the bank has seen it, and says so in a sentence [R-066, R-160, R-163, R-167]", async () => {
      await anna.ask("3");
      await carl.follow("Pay");
      await scan(anna, carl, "Is this right?");
      await carl.press("Pay €3.00");
      await carl.sees("The bank has to see this money before it can be paid on.");
      await carl.follow("Back");
      await anna.press("Do not ask any more");
    });

    it("settles all of it when one of the three gets a network, whoever paid whom [R-020, R-026, R-027, R-068, R-078]", async () => {
      const { staff } = world().bank;
      await ben.context.setOffline(false);
      await ben.sees("Settled with the bank");
      expect(await ben.holdings()).to.deep.equal({ "": "€37.50" });
      const onDevices = async (name: string) => (await staff.account(name)).onDevices;
      await until("the bank knows who has what", async () => {
        const held = await Promise.all(["anna", "ben", "carl"].map(onDevices));
        return held.join() === "7250,3750,2000";
      });
    });

    it("has the money ready once it has synced itself [R-012, R-068]", async () => {
      for (const person of [anna, carl]) {
        await person.context.setOffline(false);
        await person.sees("Settled with the bank");
      }
      expect(await anna.holdings()).to.deep.equal({ "": "€72.50" });
      expect(await carl.holdings()).to.deep.equal({ "": "€20.00" });
      expect(await carl.page.locator(".payments").innerText()).to.include("settled");
    });

    it("pays by keys alone, with codes as text, where there is neither camera nor pointer [R-096]", async () => {
      await anna.context.setOffline(true);
      const press = (person: Person, key: string) => person.page.keyboard.press(key);
      const copyCode = async (person: Person) => {
        await reach(person, "Without a camera");
        await press(person, "Enter");
        await reach(person, "Copy as text");
        await press(person, "Enter");
        await person.sees("Copied.");
        return (await person.page.evaluate("navigator.clipboard.readText()")) as string;
      };
      const pasteCode = async (person: Person, text: string) => {
        await reach(person, "Without a camera");
        await press(person, "Enter");
        await reach(person, "Text from the other device");
        await person.page.keyboard.insertText(text);
        await reach(person, "Use this text");
        await press(person, "Enter");
      };
      await reach(carl, "Be paid");
      await press(carl, "Enter");
      await reach(carl, "Amount");
      await carl.page.keyboard.type("4.20");
      // As one who sees that there is an amount now.
      const show = carl.page.getByRole("button", { name: "Show the code", exact: true });
      await until("the code can be shown", () => show.isEnabled());
      await press(carl, "Enter");
      await carl.sees("Let the payer scan this");
      const request = await copyCode(carl);
      await reach(anna, "Pay");
      await press(anna, "Enter");
      await pasteCode(anna, request);
      await anna.sees("Is this right?");
      await reach(anna, "Pay €4.20");
      await press(anna, "Enter");
      await anna.sees("Let the payee scan this");
      const payment = await copyCode(anna);
      await reach(carl, "Scan the payment");
      await press(carl, "Enter");
      await pasteCode(carl, payment);
      await carl.sees("Received offline. It is yours");
      const confirmation = await copyCode(carl);
      await reach(anna, "Scan the confirmation");
      await press(anna, "Enter");
      await pasteCode(anna, confirmation);
      await anna.sees(/^Paid to /);
      for (const person of [anna, carl]) {
        await reach(person, "Done");
        await press(person, "Enter");
      }
      await anna.context.setOffline(false);
    });

    it("goes on with a payment that was cut off when its page was closed [N-07, R-110]", async () => {
      await Promise.all([anna, ben].map((person) => person.context.setOffline(true)));
      await ben.ask("2", "Two coffees");
      await anna.follow("Pay");
      await scan(ben, anna, "Is this right?");
      await shoot(anna, "wallet-confirm");
      await anna.press("Pay €2.00");
      await anna.sees("Let the payee scan this");
      await shoot(anna, "wallet-pay");
      for (const person of [anna, ben]) {
        await person.page.goto(world().bank.url);
        await person.page.reload();
        await person.follow("Go on with it");
      }
      await ben.press("Scan the payment");
      await scan(anna, ben, "Received offline. It is yours");
      await shoot(ben, "wallet-accepted");
      await ben.page.reload();
      await ben.sees("Received offline. It is yours");
      await anna.press("Scan the confirmation");
      await scan(ben, anna, /^Paid to /);
      await Promise.all([anna, ben].map((person) => person.press("Done")));
      await Promise.all([anna, ben].map((person) => person.context.setOffline(false)));
    });

    it("asks for a PIN each time money leaves, once one was chosen, and forgives a wrong one [R-028]", async () => {
      await anna.follow("Limits and help");
      await anna.follow("Choose a PIN");
      await anna.page.getByLabel("New PIN").fill("2580");
      await anna.press("Set the PIN");
      await anna.press("Done");
      await ben.ask("1.50");
      await anna.follow("Pay");
      await scan(ben, anna, "Is this right?");
      await anna.page.getByLabel("PIN").fill("1111");
      await anna.press("Pay €1.50");
      await anna.sees("The PIN is wrong.");
      await anna.page.getByLabel("PIN").fill("2580");
      await anna.press("Pay €1.50");
      await anna.sees("Let the payee scan this");
      await ben.press("Scan the payment");
      await scan(anna, ben, "Received offline. It is yours");
      await ben.press("Done");
      await anna.press("The payee has gone: settle with the bank instead");
      await anna.sees("Settled with the bank");
    });

    it("pays somebody who has neither wallet nor account, by a code that a teller takes [R-049, R-162]", async () => {
      const { staff } = world().bank;
      await ben.follow("Pay by a code");
      await ben.page.getByLabel("Amount").fill("7");
      await ben.page.getByLabel("Password of the payee").fill("a word of dora's");
      await ben.press("Make the code");
      await ben.sees(/^Give the payee this code\. The money waits at /);
      const code = await ben.page.locator(".digits").innerText();
      await ben.press("Done");
      await ben.sees("Settled with the bank");
      await staff.openAccount("counter", "counter");
      const claim = () => staff.claim(code, "a word of dora's", "counter");
      await until("the money is there", async () => (await claim()).state === "paid");
      expect((await staff.account("counter")).available).to.equal("700");
      await ben.follow("All payments");
      expect(await ben.page.locator(".payments .digits").innerText()).to.equal(code);
      await ben.follow("Back");
    });

    it("asks for the code that the bank says by telephone, once the bank has set an amount [N-25, R-119, R-171]", async () => {
      const { staff } = world().bank;
      const [owner] = (await staff.account("anna")).devices;
      await staff.guard(owner!, 2_00n);
      await anna.page.reload();
      await anna.sees("Settled with the bank");
      await ben.ask("2.50");
      await anna.follow("Pay");
      await scan(ben, anna, "Is this right?");
      expect(await findings(anna.page)).to.deep.equal([]);
      await shoot(anna, "wallet-code");
      const pay = anna.page.getByRole("button", { name: "Pay €2.50", exact: true });
      await anna.page.getByLabel("PIN").fill("2580");
      expect(await pay.isDisabled()).to.equal(true);
      const hint = await anna.page.getByText(/and payee/).innerText();
      const [payee] = /\d{4} \d{4} \d{4}/.exec(hint)!;
      const code = anna.page.getByLabel("Code for this payment");
      await code.fill(await staff.say(owner!, 2_51n, payee!.replaceAll(" ", "")));
      await pay.click();
      await anna.sees("The code is not for this payment");
      await code.fill(await staff.say(owner!, 2_50n, payee!.replaceAll(" ", "")));
      await anna.page.getByLabel("PIN").fill("2580");
      await pay.click();
      await anna.sees("Let the payee scan this");
      await ben.press("Scan the payment");
      await scan(anna, ben, "Received offline. It is yours");
      await ben.press("Done");
      await anna.press("The payee has gone: settle with the bank instead");
      await anna.sees("Settled with the bank");
    });

    it("shows on a second device the code for what is said of a payment, with no network [N-25, R-119]", async () => {
      const { browser, bank } = world();
      const devicesOf = async (account: string) => (await bank.staff.account(account)).devices;
      const [[owner], [bens]] = [await devicesOf("anna"), await devicesOf("ben")];
      tablet = await Person.open(browser, bank.url);
      people.push(tablet);
      const credential = await bank.staff.credential("anna", { class: "host", label: "" });
      await tablet.setUp({ account: "anna", credential, label: "" });
      await tablet.follow("Limits and help");
      await tablet.follow("Show the code");
      await tablet.sees("This wallet shows no codes yet.");
      const second = (await devicesOf("anna")).find((each) => each !== owner);
      await bank.staff.guard(bens!, 50_00n, second!);
      await bank.staff.guard(owner!, 2_00n, second!);
      for (const person of [anna, tablet]) await person.page.reload();
      const payee = tablet.page.getByLabel("Number of the payee");
      await payee.waitFor();
      await anna.sees("Settled with the bank");
      for (const person of [anna, tablet]) await person.context.setOffline(true);

      await anna.follow("Limits and help");
      const own = await anna.page
        .getByText("Number of this device")
        .locator("+ .digits")
        .innerText();
      await anna.follow("Back");
      await ben.ask("3.20");
      await anna.follow("Pay");
      await scan(ben, anna, "Is this right?");
      const hint = await anna.page.getByText(/and payee/).innerText();
      const [number] = /\d{4} \d{4} \d{4}/.exec(hint)!;
      await tablet.page.getByLabel(`${own}, codes from €2.00 on`).check();
      await tablet.page.getByLabel("Amount").fill("3.20");
      await payee.fill(number!);
      expect(await findings(tablet.page)).to.deep.equal([]);
      await tablet.press("Show the code");
      await tablet.sees(`Confirms €3.20 to payee ${number}`);
      await tablet.sees(/^Good until \d+:\d+, once, for this amount and this payee alone\.$/);
      expect(await findings(tablet.page)).to.deep.equal([]);
      const code = await tablet.page.locator(".digits").innerText();
      expect(code).to.match(/^\d{4} \d{4}$/);

      await anna.page.getByLabel("Code for this payment").fill(code);
      await anna.page.getByLabel("PIN").fill("2580");
      await anna.press("Pay €3.20");
      await anna.sees("Let the payee scan this");
      await ben.press("Scan the payment");
      await scan(anna, ben, "Received offline. It is yours");
      await ben.press("Done");
      await anna.press("The payee has gone: settle with the bank instead");
      await anna.context.setOffline(false);
      await anna.sees("Settled with the bank");
    });

    it("shows it in Chinese too, for a code that it has scanned, after the PIN, and no longer than it is good [N-25, R-028, R-125]", async () => {
      const { page } = tablet;
      await page.goto(`${world().bank.url}#/pin`);
      await page.getByLabel("New PIN").fill("1379");
      await tablet.press("Set the PIN");
      await tablet.press("Done");
      await page.clock.install();
      await page.evaluate(`localStorage.setItem("language", "zh")`);
      await page.goto(`${world().bank.url}#/second-device`);
      await page.reload();
      await tablet.sees(zh.payeeNumberHint);
      expect(await findings(page)).to.deep.equal([]);
      await ben.ask("4.10");
      await tablet.press(zh.scanPayee);
      await scan(ben, tablet, zh.to(zh.someone));
      await ben.press("Do not ask any more");
      expect(await findings(page)).to.deep.equal([]);
      await page.getByLabel("PIN").fill("9731");
      await tablet.press(zh.showConfirmation);
      await tablet.sees(zh.refusals["wrong-pin"]);
      await page.getByLabel("PIN").fill("1379");
      await tablet.press(zh.showConfirmation);
      await page.getByText(/^\d{4} \d{4}$/).waitFor();
      expect(await findings(page)).to.deep.equal([]);
      await page.clock.fastForward("02:00");
      await tablet.sees(zh.codeIsOver);
      expect(await page.locator(".digits").count()).to.equal(0);
      await tablet.press(zh.showAnother);
      expect(await page.getByLabel("PIN").inputValue()).to.equal("");
    });

    it("is open in one window at a time [R-034]", async () => {
      const second = await anna.context.newPage();
      await second.goto(world().bank.url);
      await second.getByText("It is open in another window already.").waitFor();
      await second.close();
    });

    it("pays money into the account [R-005]", async () => {
      await ben.follow("Pay into account");
      await ben.page.getByLabel("Amount").fill("30");
      await ben.press("Pay €30.00 in");
      await ben.sees("It is in your account.");
      await ben.press("Done");
      const { staff } = world().bank;
      const isCredited = async () => (await staff.account("ben")).available === "8000";
      await until("the account is credited", isCredited);
    });

    it("says so when the bank has blocked it, and tells beforehand what to do when it is lost [R-097]", async () => {
      const { staff } = world().bank;
      await carl.follow("Limits and help");
      await carl.sees("If you lose this device");
      await carl.follow("Back");
      const { devices } = await staff.account("carl");
      await staff.block(devices[0]!);
      await carl.press("Sync");
      await carl.sees("This device has been blocked by its bank.");
    });
  });
}

/** Walks to what bears a name, by the key for it alone. */
async function reach(person: Person, name: string): Promise<void> {
  const { page } = person;
  for (let steps = 0; steps < 30; steps++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(FOCUSED)) === name) return;
  }
  throw new Error(`"${name}" is not reached by keys`);
}

/** The name of what has the focus: its label, or what stands in it. */
const FOCUSED = `(({ ariaLabel, labels, innerText }) =>
  (ariaLabel ?? labels?.[0]?.querySelector("span")?.innerText ?? labels?.[0]?.innerText ?? innerText).trim()
)(document.activeElement)`;

function cents(text: string): number {
  return Number(text.replaceAll(/\D/g, ""));
}
