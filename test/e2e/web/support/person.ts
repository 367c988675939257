/** Somebody with a browser of their own: a wallet's or a till's page, and a camera to hold things before. */
import { expect } from "chai";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { act, bundlePage } from "./test-page.ts";
import type { Invitation } from "./web-bank.ts";

/** A phone in the hand. */
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 780 },
  deviceScaleFactor: 2,
  locale: "en-GB",
  permissions: ["clipboard-read", "clipboard-write"],
};

export class Person implements AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page has thrown. */
  readonly faults: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on("pageerror", (error) => this.faults.push(error.stack ?? error.message));
  }

  /** Opens a page in a browser's profile of its own. @param url of the page. */
  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<Person> {
    const context = await browser.newContext({ ...PHONE, ...options });
    await context.addInitScript(await bundlePage("fake-camera.ts"));
    const person = new Person(context, await context.newPage());
    await person.page.goto(url);
    return person;
  }

  /** Sets the device up with what the bank has handed over, and waits until it is certified. */
  async setUp({ credential, label }: Invitation): Promise<void> {
    await this.page.getByLabel("Code from your bank").fill(credential);
    if (label !== "") await this.page.getByLabel("Name of the shop").fill(label);
    await this.press("Set up");
    await this.sees("Settled with the bank");
  }

  async load(amount: string): Promise<void> {
    await this.follow("Load money");
    await this.page.getByLabel("Amount").fill(amount);
    await this.press(/^Load /);
    await this.sees("It is in your wallet");
    await this.press("Done");
  }

  /** Asks to be paid, so that the code is on the screen. */
  async ask(amount: string, reference = ""): Promise<void> {
    await this.follow("Be paid");
    await this.page.getByLabel("Amount").fill(amount);
    await this.page.getByLabel("What for").fill(reference);
    await this.press("Show the code");
    await this.sees("Let the payer scan this");
  }

  async press(name: string | RegExp): Promise<void> {
    await this.page.getByRole("button", { name, exact: true }).click();
  }

  async follow(name: string): Promise<void> {
    await this.page.getByRole("link", { name, exact: true }).click();
  }

  /** Waits for a text. */
  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** What the page says of the money there is: by state, and ready to pay under "". */
  async holdings(): Promise<Record<string, string>> {
    const box = this.page.getByLabel("Balance", { exact: true });
    const names = await box.locator("dt").allInnerTexts();
    const amounts = await box.locator("dd").allInnerTexts();
    const ready = (await box.locator(".hero").innerText()).replaceAll(/\s/g, "");
    return { "": ready, ...Object.fromEntries(names.map((name, i) => [name, amounts[i]!])) };
  }

  /** Ends it, and expects that the page has thrown nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    expect(this.faults).to.deep.equal([]);
  }
}

/** Holds what one page shows as a code before another's camera, as it changes, until that page shows `text`. */
export async function scan(shown: Person, camera: Person, text: string | RegExp): Promise<void> {
  const code = shown.page.locator(".code canvas");
  const seen = camera.page.getByText(text).first();
  do {
    const picture = await code.screenshot({ animations: "allow" });
    await act(camera.page, "hold", picture.toString("base64"));
  } while (!(await seen.isVisible()));
  await act(camera.page, "hold");
}

/** The three codes of a payment between two wallets, of which both are at their first screens. */
export async function payByCamera(payer: Person, payee: Person, amount: string): Promise<void> {
  await payee.ask(amount);
  await payer.follow("Pay");
  await scan(payee, payer, "Is this right?");
  await payer.press(/^Pay /);
  await payer.sees("Let the payee scan this");
  await payee.press("Scan the payment");
  await scan(payer, payee, "Received offline. It is yours");
  await payer.press("Scan the confirmation");
  await scan(payee, payer, /^Paid to /);
  await payer.press("Done");
  await payee.press("Done");
}
