/** What the tests of the pages share: one browser, one bank. */
import type { Browser } from "playwright-core";
import type { WebBank } from "./web-bank.ts";

export type World = { readonly browser: Browser; readonly bank: WebBank };
