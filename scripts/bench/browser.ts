/** What a payment by codes takes in a real browser, from the amount until both sides know that it is done. */
import { join } from "node:path";
import { build } from "esbuild";
import { chromium, type Page } from "playwright-core";
import { fromHex, type Hex, toHex } from "../../protocol/bytes.ts";
import { ownerOf } from "../../protocol/key.ts";
import { CHROMIUM_ARGUMENTS, chromiumPath } from "../chromium.ts";
import { median } from "./anchor.ts";
import { DeviceBank, LIFE_MS, MEMBER, NETWORK_ID } from "./device-bank.ts";
import type { Journey, Settings, Supply } from "./page/spoken.ts";

/** Nobody is asked for it: the page answers itself. Browsers trust https alone with keys, rows and cameras. */
const ORIGIN = "https://tallystick.test/";
const ROUNDS = 5;
const COIN = 1_000n;

/** Medians; undefined where there is no Chromium. */
export async function measureBrowser(): Promise<Journey | undefined> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) return undefined;
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS] });
  try {
    const page = await openPage(await browser.newPage());
    const bank = new DeviceBank();
    const journeys: Journey[] = [];
    await addPurse(page, bank, "payee");
    await addPurse(page, bank, "payer", ROUNDS);
    for (let round = 0; round < ROUNDS; round++) {
      journeys.push(await act<Journey>(page, "measure", "payer", "payee", String(COIN)));
    }
    return {
      paymentMs: median(journeys.map(({ paymentMs }) => paymentMs)),
      codesMs: median(journeys.map(({ codesMs }) => codesMs)),
    };
  } finally {
    await browser.close();
  }
}

async function openPage(page: Page): Promise<Page> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "page/journey.ts")],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    logLevel: "silent",
  });
  await page.route(`${ORIGIN}**`, (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>bench</title>" }),
  );
  await page.goto(ORIGIN);
  await page.addScriptTag({ content: outputFiles[0]!.text });
  return page;
}

/** A purse that is certified, with a coin for each payment. */
async function addPurse(page: Page, bank: DeviceBank, name: string, coins = 0): Promise<void> {
  const settings: Settings = {
    networkId: toHex(NETWORK_ID),
    member: MEMBER,
    trustKey: toHex(bank.trustKey),
    lifeMs: LIFE_MS,
  };
  const deviceKey = fromHex(await act<Hex>(page, "open", name, settings));
  const receipts: Hex[] = [];
  for (let i = 0; i < coins; i++) {
    receipts.push(toHex((await bank.coinOf(ownerOf(deviceKey), COIN)).bytes));
  }
  const supply: Supply = {
    trustList: toHex(await bank.trustList()),
    certificate: toHex((await bank.certify(deviceKey)).bytes),
    receipts,
  };
  await act(page, "supply", name, supply);
}

/** Calls an action of the page. What it gives is JSON, in the form that the caller knows. */
async function act<T>(page: Page, name: string, ...args: readonly unknown[]): Promise<T> {
  return (await page.evaluate(`actions.${name}(...${JSON.stringify(args)})`)) as T;
}
