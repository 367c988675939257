/** `tallystick wallet`, each command a process, at a real gateway and away from it. */
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { Command } from "commander";
import { readQr } from "../../../device/qr/qr-code.ts";
import { decodeBundle } from "../../../protocol/bundle.ts";
import { toHex } from "../../../protocol/bytes.ts";
import type { RefusalCode } from "../../../protocol/refusal.ts";
import { registerWallet } from "../../../scripts/commands/wallet.ts";
import { refused } from "../../device/support/refused.ts";
import { authority, Bank, MEMBER } from "../../gateway/support/bank.ts";
import { firstFrames, modulesIn, pictureOf } from "../../device/qr/support/picture.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { until } from "../../support/until.ts";
import { reach, readImportGraph, withoutTypes } from "../../support/imports.ts";
import { networkId } from "../../support/ledger-parts.ts";
import { writeNetworkFile } from "./support/network-file.ts";
import { Program } from "../terminal/support/program.ts";
import { said, saidJson, tallystick, transcript } from "./support/tallystick.ts";

describe("tallystick wallet", () => {
  const temporary = temporaryFolders();
  let folder: string;
  let bank: Bank;
  const at = (name: string) => join(folder, name);
  const wallet = (name: string, ...args: readonly string[]) => [
    "wallet",
    ...args,
    "--folder",
    at(name),
  ];
  const init = (name: string) =>
    wallet(
      name,
      "init",
      `--network=${at("network.json")}`,
      `--member=${MEMBER}`,
      `--gateway=${bank.url}`,
      `--trust-key=${toHex(authority.publicKey)}`,
    );
  const spendable = async (name: string) =>
    (await saidJson(wallet(name, "balance")))["spendable"] as string;

  before(async () => {
    folder = await temporary();
    bank = await Bank.open(await temporary());
    bank.node.ledger.deposit(MEMBER, 1_000_000n);
    await bank.start();
    await writeNetworkFile(at("network.json"));
  });

  after(async () => {
    await bank[Symbol.asyncDispose]();
  });

  it("pays whoever has a code and the password, and finds the code again in what was paid [R-049, R-162]", async () => {
    const credential = new TextDecoder().decode(await bank.customer("coder", 10_000n));
    await said(init("coder"));
    await said(wallet("coder", "enrol", "--credential", "-"), `${credential}\n`);
    await said(wallet("coder", "load", "30"));
    const payCode = wallet("coder", "pay-code", "20", "--password", "-");
    const told = await saidJson(payCode, "a word of dora's\n");
    expect(await said(wallet("coder", "history"))).to.include(told["code"] as string);
    await said(wallet("coder", "sync"));
    await bank.customer("counter", 0n);
    const body = { code: told["code"], password: "a word of dora's", account: "counter" };
    const claim = () => bank.staff<{ state: string }>("/v1/counter/claims", body);
    await until("the money is there", async () => (await claim()).state === "paid");
    expect(await bank.balance("counter")).to.include({ available: "2000" });
    const short = await tallystick(payCode, "abc\n");
    expect(short).to.include({ code: 1, stdout: "" });
    expect(short.stderr).to.match(/^malformed: .*password/);
  });

  it("holds money that two people pay each other by hand, with no network [R-037, R-095]", async () => {
    const open = async (name: string) => {
      const credential = new TextDecoder().decode(await bank.customer(name, 10_000n));
      expect(await said(init(name))).to.match(/certified not yet/);
      await said(wallet(name, "enrol", "--credential", "-"), `${credential}\n`);
    };
    await Promise.all([open("a"), open("b")]);
    expect(await said(wallet("a", "load", "50"))).to.match(
      /The load of 50\.00 EUR is in the purse/,
    );
    expect(await bank.balance("a")).to.include({ available: "5000", onDevices: "5000" });

    await bank.stop();
    const file = (number: number) => at(`${number}.message`);
    await said(wallet("b", "request", "12.50", "--reference", "two coffees", "--out", file(1)));
    const pay = wallet("a", "pay", "--in", file(1), "--out", file(2));
    expect(await said(pay)).to.match(/pays 12\.50 EUR to a device of member 1 for "two coffees"/);
    const second = await readFile(file(2));
    await said(pay);
    expect((await readFile(file(2))).equals(second), "the same payment").to.equal(true);
    const receive = wallet("b", "receive", "--in", file(2), "--out", file(3));
    expect(await said(receive)).to.match(/12\.50 EUR received/);
    expect(await said(receive)).to.match(/received before/);
    expect(await said(wallet("a", "confirm", "--in", file(3)))).to.match(/The payee has the money/);
    expect(await Promise.all([spendable("a"), spendable("b")])).to.deep.equal(["3750", "1250"]);
    type Waiting = { id: string; role: string; amount: string };
    const [waits] = await saidJson<Waiting[]>(wallet("b", "pending"));
    expect(waits).to.include({ role: "received", amount: "1250", acknowledgedBy: 0 });
    expect(await said(wallet("b", "proof", waits!.id, "--out", at("proof.bundle")))).to.match(
      /member 1 signed .* UTC that coin 0x\w{66} of \d+\.\d\d EUR was unspent/,
    );
    const { receipts, records } = decodeBundle(networkId, await readFile(at("proof.bundle")));
    expect(records[0]!.inputs).to.deep.equal(receipts.map(({ outpoint }) => outpoint));

    const away = await tallystick(wallet("b", "sync"));
    expect(away).to.include({ code: 1, stdout: "" });
    expect(away.stderr).to.match(/^unavailable: http.*ECONNREFUSED/);
  });

  it("settles what was paid, and brings it back to the account, when the bank is there again", async () => {
    await bank.start();
    const gateway = ["--gateway", bank.url];
    await said(wallet("b", "sync", ...gateway));
    const redeemed = await saidJson(wallet("b", "redeem", "2.50", ...gateway));
    expect(redeemed).to.include({ state: "applied", amount: "250" });
    expect(await bank.balance("b")).to.include({ available: "10250", onDevices: "1000" });
    expect(await saidJson(wallet("b", "pending"))).to.deep.equal([]);
    expect(await saidJson(wallet("a", "sync", ...gateway))).to.include({ member: MEMBER });
    const held = await saidJson<{ amount: string; receiptUntil?: number }[]>(wallet("a", "coins"));
    expect(held.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).to.equal(3750n);
    expect(held.every(({ receiptUntil }) => receiptUntil! > Date.now())).to.equal(true);
  });

  it("passes messages as text from hand to hand, and money back the same way [N-08]", async () => {
    const request = await said(wallet("b", "request", "1"));
    expect(request).to.match(/^[A-Za-z0-9+/]+=*\n$/);
    const paid = await saidJson(wallet("a", "pay", "--in", await fileOf(request)));
    const received = await tallystick(wallet("b", "receive"), paid["message"] as string);
    expect(received.stderr).to.match(/1\.00 EUR received/);
    const confirmed = await tallystick(wallet("a", "confirm"), received.stdout);
    expect(confirmed.stdout).to.match(/The payee has the money/);

    const [, record] = /record (0x\w{64})/.exec(received.stderr)!;
    const refund = await said(wallet("a", "request", "0.40", "--refund", record!));
    const back = await tallystick(wallet("b", "pay"), refund);
    const returned = await tallystick(wallet("a", "receive"), back.stdout);
    expect(returned.stderr).to.match(/0\.40 EUR received/);
    await tallystick(wallet("b", "confirm"), returned.stdout);
    const again = await tallystick(wallet("a", "request", "0.70", "--refund", record!));
    expect(again.stderr).to.match(/^over-refund: /);
  });

  it("shows messages as codes, and takes what a scanner prints, which never ends [R-022, R-024]", async () => {
    const scanned = (blocks: string) => `QR-Code:${readQr(pictureOf(modulesIn(blocks)))}\n`;
    const request = scanned(await said(wallet("b", "request", "1", "--qr")));
    await using paying = Program.start(wallet("a", "pay", "--qr"));
    paying.type("https://example.org/not-ours");
    paying.type(request.trim());
    expect(await paying.end()).to.equal(0);
    const paid = scanned(paying.output.slice(paying.output.indexOf("\u001b")));
    const received = await tallystick(wallet("b", "receive", "--qr"), paid);
    expect(received.stderr).to.match(/1\.00 EUR received/);
    const confirmed = await said(wallet("a", "confirm"), scanned(received.stdout));
    expect(confirmed).to.match(/The payee has the money/);

    const [first] = firstFrames(new Uint8Array(1000), 1);
    const part = await tallystick(wallet("a", "pay"), `${first}\n`);
    expect(part.stderr).to.match(/^malformed: the codes give 33 % of a message/);
  });

  it("asks for a load once, however often it is asked", async () => {
    const gateway = ["--gateway", bank.url];
    bank.node.gatherMs = undefined;
    await said(wallet("a", "sync", ...gateway));
    bank.node.sequence();
    await said(wallet("a", "sync", ...gateway));
    const load = (...more: readonly string[]) =>
      wallet("a", "load", "5", "--wait", "0", ...gateway, ...more);
    expect(await saidJson(load())).to.include({ state: "pending", isResumed: false });
    const other = await tallystick(wallet("a", "load", "6", ...gateway));
    expect(other.stderr).to.match(/^conflict: a load of 5\.00 EUR is under way/);
    bank.node.gatherMs = 2;
    bank.node.sequence();
    const again = wallet("a", "load", "5", ...gateway);
    expect(await saidJson(again)).to.include({ state: "applied", isResumed: true });
    expect(await bank.balance("a")).to.include({ available: "4500", held: "0" });
  });

  it("is of the class that the bank knows the device as", async () => {
    await said([...init("kiosk"), "--class", "merchant"]);
    await bank.customer("kiosk", 0n);
    const { credential } = await bank.staff<{ credential: string }>(
      "/v1/accounts/kiosk/credentials?class=merchant&label=Kiosk",
      {},
    );
    const gateway = ["--gateway", bank.url];
    const enrol = ["enrol", "--credential", credential, "--label", "Kiosk", ...gateway];
    expect(await said(wallet("kiosk", ...enrol))).to.match(/of class merchant\n[^]+ as Kiosk\n/);
    expect(bank.log.join("")).to.not.include(credential);
  });

  it("reaches the bank through another's wallet, and takes the answers that it brings back [N-14]", async () => {
    const stick = at("stick");
    await mkdir(stick);
    const parcel = (name: string, ...args: readonly string[]) => wallet(name, "parcel", ...args);
    const carry = (...args: readonly string[]) => saidJson(parcel("courier", ...args));
    const gateway = ["--gateway", bank.url];
    await said(init("courier"));
    const settled = () => saidJson(parcel("b", "take", stick));
    const acknowledged = async () => (await saidJson<object[]>(wallet("b", "pending"))).at(-1);

    const waits = await saidJson<object[]>(wallet("b", "pending"));
    expect(waits.at(-1)).to.include({ amount: "100", acknowledgedBy: 0 });
    expect(await saidJson(parcel("b", "write", stick))).to.deep.equal({ written: 1 });
    const [name] = await readdir(stick);
    await saidJson(parcel("b", "write", stick));
    expect(await readdir(stick), "the same parcel").to.deep.equal([name]);
    await writeFile(join(stick, "letter.parcel"), "no parcel");
    await writeFile(join(stick, "film.parcel"), new Uint8Array(1_000_000));
    expect(await carry("carry", stick)).to.deep.equal({
      carried: 1,
      answered: 0,
      passedOver: ["film.parcel", "letter.parcel"],
    });

    expect(await carry("deliver", ...gateway)).to.include({ answered: 1, kept: 0, refused: 0 });
    expect(await carry("carry", stick)).to.include({ answered: 1 });
    const answer = name!.replace("parcel", "answer");
    const honest = await readFile(join(stick, answer));
    await writeFile(join(stick, answer), honest.with(200, honest[200]! ^ 1));
    const forged = await settled();
    expect(forged).to.include({ taken: 0, waiting: 1 });
    expect(forged["refused"]).to.have.nested.property("[0].code", "not-for-us");
    await writeFile(join(stick, answer), honest);
    expect(await settled()).to.include({ taken: 1, waiting: 0 });
    expect(await readdir(stick)).to.have.members(["letter.parcel", "film.parcel"]);
    expect(await acknowledged()).to.include({ acknowledgedBy: MEMBER });

    bank.node.sequence();
    expect(await saidJson(parcel("b", "write", stick))).to.deep.equal({ written: 1 });
    await carry("carry", stick);
    await carry("deliver", ...gateway);
    await carry("carry", stick);
    expect(await settled()).to.include({ taken: 1, pending: 0 });
  });

  it("confirms a high amount by the code that another device shows for the same request [N-25, R-119]", async () => {
    const gateway = ["--gateway", bank.url];
    await said(init("tablet"));
    const credential = new TextDecoder().decode(await bank.credential("a"));
    await said(wallet("tablet", "enrol", "--credential", credential, ...gateway));
    const { owner } = await saidJson(wallet("a", "identity"));
    const { owner: tablet } = await saidJson(wallet("tablet", "identity"));
    const device = ["gateway", "device", "second-factor", owner, "--staff", bank.gateway.staffUrl];
    const set = await said([...device, "--from", "300", "--shown-by", tablet]);
    expect(set).to.match(/From 300 minor units on[^]+hears of it at its next sync/);
    await Promise.all(["a", "tablet"].map((name) => said(wallet(name, "sync", ...gateway))));

    const request = await fileOf(await said(wallet("b", "request", "4")));
    const pay = wallet("a", "pay", "--in", request);
    const without = await tallystick(pay);
    expect(without.stderr).to.match(
      /^second-factor-needed: a code confirms 4\.00 EUR to payee \d{4} \d{4} \d{4}/,
    );
    const shown = await said(wallet("tablet", "second-factor", "--in", request));
    expect(shown).to.match(
      /^\d{4} \d{4} {2}confirms 4\.00 EUR to a device of member 1\nIt is good until .* UTC, once/,
    );
    const [number] = /\d{4} \d{4} \d{4}/.exec(without.stderr)!;
    const typed = wallet("tablet", "second-factor", "--amount", "4", "--payee", number!);
    const byNumber = await said(typed);
    expect(byNumber).to.match(/^\d{4} \d{4} {2}confirms 4\.00 EUR to payee \d{4} \d{4} \d{4}\n/);
    const code = byNumber.slice(0, "1234 5678".length);
    const paid = await said([...pay, "--second-factor", code]);
    expect(await said([...pay, "--second-factor", code]), "the same payment").to.equal(paid);

    expect(await said([...device, "--lift"])).to.match(/No amount needs a code/);
  });

  it("refuses, and changes nothing", async () => {
    const request = await fileOf(await said(wallet("b", "request", "150")));
    const cases: readonly (readonly [readonly string[], RefusalCode, RegExp])[] = [
      [wallet("a", "pay", "--in", request), "insufficient-funds", /150/],
      [wallet("a", "request", "12.345"), "malformed", /EUR has 2 digits/],
      [wallet("a", "request", "0"), "malformed", /the amount is zero/],
      [wallet("a", "pay", "--in", at("nothing")), "bad-configuration", /nothing cannot be read/],
      [wallet("a", "pay", "--in", at("network.json")), "unsupported-version", /version/],
      [wallet("a", "sync", "--member", "2"), "bad-configuration", /member 2 is not known/],
      [wallet("tablet", "second-factor", "--payee", "1"), "malformed", /needs the --amount/],
      [
        wallet("tablet", "second-factor", "--amount", "4", "--payee", "1"),
        "malformed",
        /12 digits/,
      ],
      [wallet("nobody", "balance"), "wrong-folder", /there is no wallet/],
      [wallet("courier", "parcel", "write", folder), "unavailable", /sync with the bank once/],
      [wallet("courier", "parcel", "carry", at("no")), "bad-configuration", /cannot be read/],
      [wallet("nobody", "parcel", "carry", folder), "wrong-folder", /there is no wallet/],
      [[...init("new"), "--class", "gold"], "malformed", /"gold" is no class .* software, host/],
      [[...init("a"), "--class", "host"], "conflict", /wallet\.json is there already/],
      [[...init("a"), "--receipt-life", "60"], "conflict", /wallet\.json is there already/],
    ];
    const balance = await spendable("a");
    for (const [args, code, says] of cases) {
      const program = new Command().exitOverride();
      registerWallet(program);
      const refusal = await refused(code, program.parseAsync(args, { from: "user" }));
      expect(refusal.message).to.match(says);
    }
    expect(await spendable("a")).to.equal(balance);
  });

  it("lets no money leave without the PIN that it was given, nor with a wrong one [R-028]", async () => {
    const { unblockingCode } = await saidJson(
      wallet("a", "pin", "set", "--from", await fileOf("4711")),
    );
    const request = at("asked.message");
    await said(wallet("b", "request", "1", "--out", request));
    const pay = async (...pin: readonly string[]) => {
      const program = new Command().exitOverride();
      registerWallet(program);
      const args = wallet("a", "pay", "--in", request, "--out", at("paid.message"), ...pin);
      await program.parseAsync(args, { from: "user" });
    };
    const before = await spendable("a");
    const pinIn = async (pin: string) => ["--pin", await fileOf(pin)];
    await refused("pin-needed", pay());
    await refused("wrong-pin", pay(...(await pinIn("1174"))));
    await refused("wrong-pin", pay(...(await pinIn("1147"))));
    await refused("pin-blocked", pay(...(await pinIn("1417"))));
    expect(await spendable("a")).to.equal(before);
    const next = await fileOf(`${unblockingCode} 0815\n`);
    await said(wallet("a", "pin", "unblock", "--from", next));
    const paid = wallet("a", "pay", "--in", request, "--out", at("paid.message"));
    expect(await said([...paid, ...(await pinIn("0815"))])).to.match(/Message 2 pays 1\.00 EUR/);
  });

  it("says code, detail and remedy, and what was probably meant", async () => {
    const [refusal, typo] = await Promise.all([
      tallystick(wallet("nobody", "balance")),
      tallystick(wallet("b", "balnce")),
    ]);
    expect(refusal).to.deep.include({ code: 1, stdout: "" });
    expect(refusal.stderr).to.match(
      /^wrong-folder: there is no wallet in .+\nName the folder .+\n$/,
    );
    expect(typo).to.deep.include({ code: 1, stdout: "" });
    expect(typo.stderr).to.match(/Did you mean balance\?/);
  });

  it("refuses a copy of a wallet", async () => {
    await cp(at("a"), at("copy"), { recursive: true });
    const { code, stderr } = await tallystick(wallet("copy", "balance"));
    expect(code).to.equal(1);
    expect(stderr).to.match(/^wrong-folder: .*copy/);
  });

  it("shows no secret, and keeps its key for its owner alone", async () => {
    const { privateKey } = JSON.parse(await readFile(join(at("a"), "key.json"), "utf8"));
    const secret = (privateKey as string).slice(2);
    await said(wallet("a", "identity"));
    await said(wallet("a", "coins"));
    expect(transcript.join("\n")).to.include("device").and.not.include(secret);
    const others = (await readdir(at("a"))).filter(
      (name) => name.endsWith(".json") && name !== "key.json",
    );
    expect(others.toSorted()).to.deep.equal(["network.json", "wallet.json"]);
    for (const name of others)
      expect(await readFile(join(at("a"), name), "utf8")).to.not.include(secret);
  });

  it("starts without the libraries of nodes and gateways", () => {
    const graph = readImportGraph(withoutTypes);
    const reached = [...reach(graph, "scripts/commands/wallet.ts").keys()];
    expect(reached).to.include.members(["device/purse.ts", "@noble/curves/nist.js"]);
    const heavy = /^(@?libp2p|@multiformats|level|ethers|@?fastify|pino|ajv|yaml|hardhat)(\/|$)/;
    expect(reached.filter((each) => heavy.test(each))).to.deep.equal([]);
  });

  async function fileOf(content: string): Promise<string> {
    await writeFile(at("pasted.txt"), content);
    return at("pasted.txt");
  }
});
