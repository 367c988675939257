/** A till and a card as a shop has them: programs, the system's PC/SC service, a gateway that is not always there. */
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { ownIns, standardIns } from "../../../device/nfc/card-commands.ts";
import { FrameCollector } from "../../../device/qr/frame-collector.ts";
import { planFrames } from "../../../device/qr/frames.ts";
import { readQr } from "../../../device/qr/qr-code.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { decodeRequest } from "../../../protocol/request.ts";
import { parseNetworkFile } from "../../../protocol/network-file.ts";
import * as act from "../../../scripts/wallet/actions.ts";
import { Wallet } from "../../../scripts/wallet/wallet.ts";
import { makeWalletFile } from "../../../scripts/wallet/wallet-file.ts";
import { authority, Bank, MEMBER } from "../../gateway/support/bank.ts";
import { firstFrames, modulesIn, pictureOf } from "../../device/qr/support/picture.ts";
import { freePort } from "../../support/free-port.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { useChromium } from "../../e2e/web/support/chromium.ts";
import { writeNetworkFile } from "../commands/support/network-file.ts";
import { CutLine } from "./support/cut-line.ts";
import { CardService, missingForCards } from "./support/pcscd.ts";
import { takePicture } from "./support/picture.ts";
import { Program } from "./support/program.ts";

describe("tallystick terminal and tallystick card", () => {
  const temporary = temporaryFolders();
  const parts = new AsyncDisposableStack();
  let folder: string;
  let bank: Bank;
  let line: CutLine;
  let till: Program;
  let environment: Record<string, string>;
  let card: Program;

  const at = (name: string) => join(folder, name);

  before(async function () {
    const missing = await missingForCards();
    if (missing !== undefined) {
      process.stdout.write(`      skipped, as ${missing}\n`);
      return this.skip();
    }
    folder = await temporary();
    const settings = { "devices.port": await freePort() };
    bank = parts.use(await Bank.open(await temporary(), { settings }));
    bank.node.ledger.deposit(MEMBER, 1_000_000n);
    await bank.start();
    await writeNetworkFile(at("network.json"));
    await openWallet("till");
    await openWallet("card", "50");
    await openWallet("phone", "10");
    await bank.stop();
    const service = parts.use(await CardService.start(await temporary()));
    environment = service.environment;
    line = parts.use(await CutLine.open(service.port));
    till = parts.use(
      Program.start(["terminal", "--folder", at("till"), "--sync-every", "1"], environment),
    );
    await till.says(/Ready/);
  });

  after(async () => {
    await card?.[Symbol.asyncDispose]();
    await parts.disposeAsync();
  });

  async function openWallet(name: string, load?: string): Promise<void> {
    const network = parseNetworkFile(await readFile(at("network.json"), "utf8"));
    const trustKey = toHex(authority.publicKey);
    const gateway = bank.url;
    await makeWalletFile(at(name), {
      network,
      member: MEMBER,
      class: "software",
      gateway,
      trustKey,
      receiptLifeS: 7 * 86_400,
    });
    const credential = new TextDecoder().decode(await bank.customer(name, 10_000n));
    await using wallet = await Wallet.open(at(name));
    await act.enrolWallet(wallet, { credential, label: "", wait: 30 });
    if (load !== undefined) await act.loadAmount(wallet, load, { wait: 30 });
  }

  /** Holds the card to the reader. */
  function insert(): void {
    card = Program.start(["card", "--folder", at("card"), "--port", String(line.port)]);
    line.cutOff = () => card.kill();
  }

  async function remove(): Promise<void> {
    await card[Symbol.asyncDispose]();
    expect(await card.end()).to.equal(0);
    expect(card.output).to.match(/The card is out of the reader/);
  }

  it("take a payment with no network, unverified until it is synced [R-038, R-039, R-040, R-043, R-052, R-092]", async () => {
    till.type("12.50");
    await till.says(/PAY 12\.50 EUR/);
    insert();
    await till.says(/ACCEPTED {2}12\.50 EUR\nunverified until synced/);
    till.type("t");
    await till.says(/unverified +1 +12\.50 EUR/);
    await remove();
  });

  it("say in plain words why a card does not pay, and go on with another means [R-041]", async () => {
    till.type("40");
    await till.says(/PAY 40\.00 EUR/);
    insert();
    await till.says(/REFUSED .*\nLoad more money, or pay less\.\nAnother card can pay, or cancel/);
    await remove();
    till.type("c");
    await till.says(/Cancelled/);
  });

  for (const [when, cut] of [
    ["before it pays", { ins: ownIns.pay, isSeen: false }],
    ["when it has paid", { ins: ownIns.pay, isSeen: true }],
    ["as it says who it is", { ins: standardIns.getResponse, isSeen: true }],
  ] as const) {
    it(`go on with the same payment when the card's program is killed ${when} [N-07, R-052]`, async () => {
      till.type("1");
      await till.says(/PAY 1\.00 EUR/);
      line.cut = cut;
      insert();
      await till.says(/The card was gone too early: hold it to the reader again/);
      insert();
      await till.says(/ACCEPTED {2}1\.00 EUR/);
      await remove();
    });
  }

  it("know that it is paid when the card's program is killed before it hears [N-07]", async () => {
    till.type("2");
    await till.says(/PAY 2\.00 EUR/);
    line.cut = { ins: ownIns.confirm, isSeen: false };
    insert();
    await till.says(/ACCEPTED {2}2\.00 EUR\nunverified until synced\nThe card has not heard/);
    insert();
    await till.says(/On the card: 32\.50 EUR to pay with/);
    await till.says(/It is not synced: http.* does not answer/);
    await remove();
  });

  it("take a payment by codes from a phone [R-022, R-024, R-096]", async () => {
    await using phone = await Wallet.open(at("phone"));
    till.type("3");
    const payment = await phone.purse.pay(
      messageIn(await till.says(/PAY 3\.00 EUR\n.*\nTALLY:.*\n/)),
    );
    for (const frame of firstFrames(payment, planFrames(payment.length).parts)) till.type(frame);
    const answer = await till.says(/ACCEPTED {2}3\.00 EUR\n.*\nThe payer scans this.\nTALLY:.*\n/);
    expect((await phone.purse.confirm(messageIn(answer))).status).to.equal("accepted");
  });

  it("sync by themselves when the gateway is there again: what was sold is settled [R-044, R-045]", async () => {
    await bank.start();
    await till.says(/Synced: 6 settled, 0 on their way/);
    till.type("t");
    const totals = await till.says(/all .*\n/);
    expect(totals).to.match(
      /settled +6 +20\.50 EUR\nunverified +0 +0\.00 EUR\nrefused +0 +0\.00 EUR\nall +6 /,
    );
  });

  it("let the card sync through the till [R-089, R-092]", async () => {
    insert();
    await till.says(/On the card: 32\.50 EUR to pay with\. It is synced\./);
    await remove();
    await using wallet = await Wallet.open(at("card"));
    expect(wallet.purse.pending()).to.deep.equal([]);
    expect(wallet.purse.balance().spendable).to.equal(3250n);
  });

  it("say what is missing for cards, and go on with codes", async () => {
    const nowhere = { PCSCLITE_CSOCK_NAME: at("nowhere") };
    await using phone = Program.start(["terminal", "--folder", at("phone")], nowhere);
    await phone.says(/the card service does not answer .*: start pcscd, and this again/);
    phone.type("1");
    await phone.says(/PAY 1\.00 EUR/);
    await using other = Program.start(["card", "--folder", at("card"), "--port", "1"]);
    await other.says(/unavailable: no virtual card reader at 127\.0\.0\.1:1 \(ECONNREFUSED\)/);
    expect(await other.end()).to.equal(1);
  });

  describe("on a screen", () => {
    const browser = useChromium();

    it("show a code that a camera reads, and have their picture taken [R-022, R-096]", async () => {
      await using shop = Program.onScreen(["terminal", "--folder", at("phone"), "--no-cards"]);
      await shop.says(/Ready/);
      shop.type("7.20");
      await shop.says(/PAY 7\.20 EUR[^>]*quit >/);
      const code = shop.screen.split("\n").filter((row) => row.startsWith("\u001b[30"));
      const text = readQr(pictureOf(modulesIn(`${code.join("\n")}\n`)));
      expect(decodeRequest(messageIn(text!)).amount).to.equal(720n);
      const picture = await takePicture(browser(), "terminal", shop.screen);
      expect(picture.length).to.be.above(5_000);
      shop.type("q");
      expect(await shop.end()).to.equal(0);
    });
  });

  it("have the same day's totals when the till is opened again, and end when they are told", async () => {
    till.type("q");
    expect(await till.end()).to.equal(0);
    const scans = at("scans");
    await writeFile(scans, "");
    await using again = Program.start([
      "terminal",
      "--no-cards",
      `--folder=${at("till")}`,
      `--scanner=tail -n +1 -f ${scans}`,
    ]);
    again.type("t");
    await again.says(/settled +6 +20\.50 EUR/);
    // A scanner that is a program, and a stranger's code before the payer's.
    await using phone = await Wallet.open(at("phone"));
    again.type("4");
    const payment = await phone.purse.pay(
      messageIn(await again.says(/PAY 4\.00 EUR\n.*\nTALLY:.*\n/)),
    );
    const frames = firstFrames(payment, planFrames(payment.length).parts);
    await appendFile(scans, ["https://example.org", ...frames].map((text) => `${text}\n`).join(""));
    await again.says(/ACCEPTED {2}4\.00 EUR/);
    again.type("s");
    await again.says(/Synced: 1 settled/);
    again.type("q");
    expect(await again.end()).to.equal(0);
  });
});

/** The message in the codes that a till without a screen prints. */
function messageIn(output: string): Uint8Array {
  const frames = new FrameCollector();
  for (const line of output.split("\n")) frames.take(line);
  return frames.message!;
}
