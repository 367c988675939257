/** What a browser brings to a purse, in a real one: rows in IndexedDB, a device key in WebCrypto. */
import { expect } from "chai";
import type { BrowserContext, Page } from "playwright-core";
import { fromHex, type Hex, utf8 } from "../../../protocol/bytes.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { isCanonicalSignature } from "../../../protocol/signature.ts";
import { testPurseStore } from "../../device/support/purse-store.suite.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { collectTests } from "./pages/collect.ts";
import { LocalChromium, useChromium } from "./support/chromium.ts";
import { act, bundlePage, openPage } from "./support/test-page.ts";

describe("storage in Chromium", () => {
  const browser = useChromium();
  const folders = temporaryFolders();
  let script: string;
  let context: BrowserContext;
  let page: Page;
  const open = () => openPage(context, script);

  before(async () => {
    script = await bundlePage("storage.ts");
    context = await browser().newContext();
    page = await open();
  });

  const notHere = () => Promise.reject(new Error("the tests run in the page"));
  for (const { title } of collectTests(() => testPurseStore("IndexedDB", notHere, notHere))) {
    it(title, async () => {
      await act(page, "runTest", title);
    });
  }

  it("refuses the purse to a second page, until the first is gone [R-034]", async () => {
    const first = await open();
    expect(await act(first, "openPurse", "one", "one")).to.equal("open");
    expect(await act(page, "openPurse", "one", "one")).to.equal("in-use");
    expect(await act(first, "openPurse", "one", "one")).to.equal("in-use");
    await first.close();
    expect(await act(page, "openPurse", "one", "one")).to.equal("open");
  });

  it("refuses the rows of another device's purse [R-034]", async () => {
    const first = await open();
    expect(await act(first, "openPurse", "two", "two")).to.equal("open");
    await first.close();
    expect(await act(page, "openPurse", "two", "not two")).to.equal("wrong-folder");
  });

  it("loses nothing it acknowledged, and writes nothing by halves, when the browser is killed [R-097]", async () => {
    const profile = await folders();
    let acknowledged: number;
    {
      await using killed = await LocalChromium.start(profile);
      const writing = await openPage(killed.context, script);
      await act(writing, "keepWriting", "rows");
      await writing.waitForTimeout(300);
      acknowledged = await act<number>(writing, "acknowledged");
    }
    await using reopened = await LocalChromium.start(profile);
    const [one, two] = await act<number[]>(
      await openPage(reopened.context, script),
      "written",
      "rows",
    );
    expect(acknowledged).to.be.above(0);
    expect(one).to.be.at.least(acknowledged);
    expect(two).to.equal(one);
  });

  it("signs as others verify, always with low s", async () => {
    const publicKey = fromHex(await act<Hex>(page, "publicKey", "signer"));
    const signatures = await act<Hex[]>(page, "sign", "signer", "a message", 64);
    const verifier = new NodeVerifier();
    for (const signature of signatures.map((hex) => fromHex(hex))) {
      expect(isCanonicalSignature(signature)).to.equal(true);
      expect(verifier.verify(publicKey, utf8.encode("a message"), signature)).to.equal(true);
    }
  });

  it("has the same key again after the page was closed, and another in another place", async () => {
    const first = await open();
    const key = await act(first, "publicKey", "kept");
    await first.close();
    expect(await act(page, "publicKey", "kept")).to.equal(key);
    expect(await act(page, "publicKey", "other")).to.not.equal(key);
  });

  it("gives the private key to no script [R-023]", async () => {
    await act(page, "publicKey", "closed");
    expect(await act(page, "exportKey", "closed")).to.equal("InvalidAccessError");
  });
});
