/** The console in Chromium, against the observer of a devnet: what it shows, what it checks, and to whom it is closed. */
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { ownerOf } from "../../../protocol/key.ts";
import { buildConsole } from "../../../scripts/pages.ts";
import { findings } from "./support/axe.ts";
import { useChromium } from "./support/chromium.ts";
import { shoot } from "./support/shoot.ts";
import { WatchedNetwork } from "./support/watched-network.ts";

const DESK = { viewport: { width: 1360, height: 900 }, locale: "en-GB" } as const;

describe("the console", () => {
  const browser = useChromium();
  let watched: WatchedNetwork;
  let viewer: Viewer;

  before(async () => {
    await buildConsole();
    watched = await WatchedNetwork.open();
    viewer = await Viewer.open(browser(), await watched.link());
  });
  after(async () => {
    await viewer?.[Symbol.asyncDispose]();
    await watched?.[Symbol.asyncDispose]();
  });

  it("is closed to whoever does not show the token, and loads nothing from elsewhere", async () => {
    const { origin } = new URL(await watched.link());
    for (const headers of [{}, { authorization: "Bearer guess" }]) {
      for (const path of [
        "v1/status",
        "v1/trace?from=cycle:1",
        "v1/events",
        "metrics",
        "nothing",
      ]) {
        const answer = await fetch(`${origin}/${path}`, { headers });
        expect(answer.status, path).to.equal(401);
      }
    }
    const page = await fetch(`${origin}/`);
    expect(page.status).to.equal(200);
    const policy = page.headers.get("content-security-policy");
    expect(policy).to.include("default-src 'none'").and.include("script-src 'self'");
    expect(policy).not.to.include("unsafe");
    await using stranger = await Viewer.open(browser(), `${origin}/#token=${"A".repeat(43)}`);
    await stranger.sees("This console is closed");
    expect(viewer.page.url()).to.equal(`${origin}/#/`);
    expect(viewer.hosts).to.deep.equal(new Set([new URL(origin).host]));
  });

  it("changes nothing: what acts is not there", async () => {
    const { origin, hash } = new URL(await watched.link());
    const authorization = `Bearer ${hash.slice("#token=".length)}`;
    for (const path of ["v1/leaves", "v1/revocations"]) {
      const answer = await fetch(`${origin}/${path}`, {
        method: "POST",
        headers: { authorization },
      });
      expect(answer.status, path).to.equal(404);
    }
  });

  it("shows supply, custody, what moved between members and how many records, live", async () => {
    await viewer.go("");
    await viewer.sees("Money in circulation");
    await viewer.page.locator(".card .hero").filter({ hasText: "€1,500.00" }).waitFor();
    const custody = viewer.page.getByRole("group", { name: "Custody by member" });
    await custody.getByRole("row", { name: /Banco de Brisa.*€500\.00/ }).waitFor();
    await viewer.page.getByRole("img", { name: /in the latest cycle/ }).waitFor();
    await shoot(viewer, "console-overview");
    // Nothing is pressed: it comes by itself.
    await watched.payOn(250_00n);
    await viewer.page.locator(".card .hero").filter({ hasText: "€1,750.00" }).waitFor();
    await viewer.page.getByRole("group", { name: "Between members" }).locator("td.h5").waitFor();
  });

  it("finds a record by its id, and says in plain words what became of it", async () => {
    await viewer.find(watched.loser);
    await viewer.sees("What happened");
    await viewer.sees("of 500.00 EUR was spent twice");
    await viewer.find("not an id");
    await viewer.sees("That is none of these.");
    await viewer.find(ownerOf(watched.anna.publicKey));
    await viewer.sees("A key under a false name.");
    await viewer.sees(/Enrolled with/);
  });

  it("draws where the money came from and went, with the first fork marked, and as a table", async () => {
    await viewer.go(`record/${watched.loser}`);
    const graph = viewer.page.locator("svg.graph");
    await graph.waitFor();
    await graph.getByRole("link", { name: /Paid once more/ }).waitFor();
    expect(await graph.locator(".maker.first").count()).to.equal(2);
    expect(await graph.locator(".coin.lost").count()).to.equal(1);
    await viewer.sees("here it began");
    await viewer.page.getByText("As a table").scrollIntoViewIfNeeded();
    await shoot(viewer, "console-trace");
    await viewer.page.getByText("As a table").click();
    const rows = viewer.page.getByRole("group", { name: "As a table" }).getByRole("row");
    await rows.filter({ hasText: "The forking began here" }).first().waitFor();
    // By keys alone: a box is a link to its record.
    await graph.getByRole("link", { name: /Paid once more/ }).focus();
    await viewer.page.keyboard.press("Enter");
    await viewer.page.waitForURL((url) => !url.hash.includes(watched.loser));
  });

  it("checks in the browser that a quorum signed the checkpoint, and that a record is under its root [R-087, N-11]", async () => {
    await viewer.go(`record/${watched.winner}`);
    await viewer.press("Verify in this browser");
    await viewer.sees("It holds");
    await viewer.sees(/of 4 validators signed/);
    await viewer.sees(/The record is number \d+ of \d+ under the root of cycle \d+/);
    await viewer.go("checkpoints");
    await viewer.press(/^Verify in this browser: Cycle/);
    await viewer.sees("The positions of all members add up to zero.");
    await shoot(viewer, "console-checkpoints");
  });

  it("does not take the node's word: one digit changed on the way, and it does not hold [R-087]", async () => {
    const forge = async (path: string, change: (text: string) => string) => {
      await viewer.page.route(path, async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, body: change(await answer.text()) });
      });
      await viewer.go(`record/${watched.winner}`);
      await viewer.page.reload();
      await viewer.press("Verify in this browser");
      await viewer.sees("It does not hold");
      await viewer.page.unroute(path);
    };
    await forge("**/settlement", (text) => text.replace(/"supply":"(\d)/, '"supply":"9$1'));
    await forge("**/inclusion", (text) => text.replace(/"index":\d+/, '"index":77'));
    // Well signed, and not what is shown beside it.
    await viewer.page.route("**/v1/checkpoints", async (route) => {
      const answer = await route.fetch();
      const text = (await answer.text()).replaceAll(/"supply":"(\d)/g, '"supply":"9$1');
      await route.fulfill({ response: answer, body: text });
    });
    await viewer.go("checkpoints");
    await viewer.page.reload();
    await viewer.press(/^Verify in this browser: Cycle/);
    await viewer.sees("the node shows another supply than was signed");
    await viewer.page.unroute("**/v1/checkpoints");
  });

  it("shows double spends and how far each has come, cases with their deadlines, and the commands to run", async () => {
    await viewer.go("disputes");
    await viewer.page.getByRole("row", { name: /Paid €500\.00/ }).waitFor();
    await viewer.sees("False receipt 1");
    await viewer.sees("Member 2 asks 74.03 EUR of the bond of member 1");
    await viewer.page.getByText("What can be done").click();
    await viewer.sees("tallystick admin case answer 1 answer.pdf");
    await viewer.sees("tallystick admin case rule 1 claimant");
    await shoot(viewer, "console-disputes");
    await viewer.page.getByRole("link", { name: "False receipt 1" }).click();
    await viewer.sees("case:1");
  });

  it("shows who asked for an identity, on which basis, and how many holders are still to agree [N-10]", async () => {
    await viewer.go("disclosures");
    await viewer.sees("Requests so far: 1; granted: 0.");
    await viewer.sees("Needs 1 more approval");
    await viewer.page.getByRole("img", { name: "Approved by holders 1" }).waitFor();
    await viewer.sees("2 of 3 holders of the audit key of epoch 1 open together.");
    await viewer.sees(`0x${"33".repeat(32)}`);
    await viewer.page.getByText("What can be done").click();
    await viewer.sees("tallystick audit approve 1 --item item.bin");
    await shoot(viewer, "console-disclosures");
    await watched.approve(2);
    await watched.payOn(1_00n);
    await viewer.sees("Granted");
    await viewer.page.getByRole("img", { name: "Approved by holders 1, 2" }).waitFor();
  });

  for (const language of ["en", "zh"]) {
    it(`is without a fault that axe knows, in light and dark, when it speaks "${language}"`, async () => {
      await viewer.page.getByRole("combobox").selectOption(language);
      await viewer.page.locator(`html[lang=${language}]`).waitFor();
      for (const view of [
        "",
        `record/${watched.loser}`,
        `owner/${ownerOf(watched.anna.publicKey)}`,
        "trace/cycle:1",
        "disputes",
        "disclosures",
        "checkpoints",
      ]) {
        await viewer.go(view);
        await viewer.settles();
        expect(await findings(viewer.page), view).to.deep.equal([]);
      }
      if (language === "zh") {
        await viewer.go(`record/${watched.loser}`);
        await viewer.sees("被花费两次");
        await viewer.go("disputes");
        await viewer.sees("成员 2 要求从成员 1 的保证金支付 74.03 EUR");
      }
      await viewer.page.getByRole("combobox").selectOption("en");
    });
  }

  it("says which member is silent, and since when", async () => {
    await viewer.go("");
    const member = viewer.page.locator(".health li").filter({ hasText: "Dunmark Sparbank" });
    await member.filter({ hasText: "Connected since" }).waitFor();
    await watched.silence();
    await watched.payOn(1_00n);
    await member.filter({ hasText: /Silent since \d/ }).waitFor();
  });
});

/** Somebody at a desk with the console open. */
class Viewer implements AsyncDisposable {
  readonly page: Page;
  /** Whom the page has asked for anything. */
  readonly hosts = new Set<string>();
  readonly #faults: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.#faults.push(error.stack ?? error.message));
    page.on("console", (line) => {
      if (/Content Security Policy/.test(line.text())) this.#faults.push(line.text());
    });
    page.on("request", (request) => this.hosts.add(new URL(request.url()).host));
  }

  static async open(browser: Browser, link: string): Promise<Viewer> {
    const context = await browser.newContext(DESK);
    const viewer = new Viewer(await context.newPage());
    await viewer.page.goto(link);
    return viewer;
  }

  async go(view: string): Promise<void> {
    await this.page.evaluate(`location.hash = "#/${view}"`);
    await this.page.locator("h1").waitFor();
  }

  async find(text: string): Promise<void> {
    await this.page.getByRole("searchbox").fill(text);
    await this.page.getByRole("searchbox").press("Enter");
  }

  async press(name: string | RegExp): Promise<void> {
    await this.page.getByRole("button", { name }).first().click();
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** Until nothing is asked of the node but its events. */
  async settles(): Promise<void> {
    await this.page.waitForTimeout(700);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
    expect(this.#faults).to.deep.equal([]);
  }
}
