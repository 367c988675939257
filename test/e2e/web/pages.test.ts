/** The wallet's and the till's pages in Chromium, against a bank of a devnet. */
import { testAccess } from "./access.suite.ts";
import { testOffline } from "./offline.suite.ts";
import { useChromium } from "./support/chromium.ts";
import { WebBank } from "./support/web-bank.ts";
import type { World } from "./support/world.ts";
import { testTill } from "./till.suite.ts";
import { testWallet } from "./wallet.suite.ts";

describe("the pages", () => {
  const browser = useChromium();
  let bank: WebBank;
  const world = (): World => ({ browser: browser(), bank });

  before(async () => {
    bank = await WebBank.open();
  });
  after(async () => {
    await bank[Symbol.asyncDispose]();
  });

  testWallet(world);
  testTill(world);
  testAccess(world);
  testOffline(world);
});
