/** `tallystick wallet`, each command a process, at a real gateway and away from it. */
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { toHex } from "../../../protocol/bytes.ts";
import { formatNetworkFile } from "../../../protocol/network-file.ts";
import { authority, Bank, MEMBER } from "../../gateway/support/bank.ts";
import { temporaryFolders } from "../../node/service/temporary-folder.ts";
import { networkId, networkPlace } from "../../support/ledger-parts.ts";
import { importsOfRun } from "./support/imports-of-run.ts";
import { said, saidJson, tallystick } from "./support/tallystick.ts";

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
      ...["init", "--network", at("network.json"), "--member", String(MEMBER)],
      ...["--gateway", bank.url, "--trust-key", toHex(authority.publicKey)],
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

  it("holds money that two people pay each other by hand, with no network [R-037, R-095]", async () => {
    for (const name of ["a", "b"]) {
      const credential = new TextDecoder().decode(await bank.customer(name, 10_000n));
      expect(await said(init(name))).to.match(/certified not yet/);
      await said(wallet(name, "enrol", "--credential", "-"), `${credential}\n`);
    }
    expect(await said(wallet("a", "load", "50"))).to.match(/The load of 50\.00 EUR is in the purse/);
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
    expect([await spendable("a"), await spendable("b")]).to.deep.equal(["3750", "1250"]);
    const [waits] = await saidJson<{ role: string; amount: string }[]>(wallet("b", "pending"));
    expect(waits).to.include({ role: "received", amount: "1250", acknowledgedBy: 0 });

    const away = await tallystick(wallet("b", "sync"));
    expect(away.code).to.equal(1);
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

  it("passes messages as text from hand to hand", async () => {
    const request = await said(wallet("b", "request", "1"));
    expect(request).to.match(/^[A-Za-z0-9+/]+=*\n$/);
    const paid = await saidJson(wallet("a", "pay", "--in", await fileOf(request)));
    const received = await tallystick(wallet("b", "receive"), paid["message"] as string);
    expect(received.stderr).to.match(/1\.00 EUR received/);
    const confirmed = await tallystick(wallet("a", "confirm"), received.stdout);
    expect(confirmed.stdout).to.match(/The payee has the money/);
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

  it("refuses with code, detail and remedy, and changes nothing", async () => {
    const before = await spendable("a");
    const request = at("large.message");
    await said(wallet("b", "request", "150", "--out", request));
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [wallet("a", "pay", "--in", request), /^insufficient-funds: .+\nLoad more money/],
      [wallet("a", "request", "12.345"), /^malformed: EUR has 2 digits .+\nEncode/],
      [wallet("a", "request", "0"), /^malformed: the amount is zero/],
      [wallet("a", "pay", "--in", at("nothing")), /^bad-configuration: .*nothing cannot be read/],
      [wallet("a", "confirm", "--in", request), /^(malformed|unsupported-version)/],
      [wallet("nobody", "balance"), /^wrong-folder: there is no wallet/],
      [[...init("a"), "--receipt-life", "60"], /^conflict: .*wallet\.json is there already/],
      [wallet("a", "balnce"), /Did you mean balance\?/],
    ];
    for (const [args, says] of cases) {
      const { code, stdout, stderr } = await tallystick(args);
      expect(stderr, args.join(" ")).to.match(says);
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
    }
    expect(await spendable("a")).to.equal(before);
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
    for (const name of ["identity", "balance", "coins", "pending"]) {
      for (const json of [[], ["--json"]])
        expect(await said([...wallet("a", name), ...json])).to.not.include(secret);
    }
    const others = (await readdir(at("a"))).filter((name) => /\.json$/.test(name) && name !== "key.json");
    expect(others.toSorted()).to.deep.equal(["network.json", "wallet.json"]);
    for (const name of others)
      expect(await readFile(join(at("a"), name), "utf8")).to.not.include(secret);
  });

  it("starts without the libraries of nodes and gateways", () => {
    const packages = importsOfRun("scripts/commands/wallet.ts");
    expect(packages).to.include("@noble/curves");
    for (const heavy of ["libp2p", "level", "ethers", "fastify", "pino", "ajv", "yaml", "hardhat"])
      expect(packages).to.not.include(heavy);
  });

  async function fileOf(content: string): Promise<string> {
    await writeFile(at("pasted.txt"), content);
    return at("pasted.txt");
  }
});

async function writeNetworkFile(path: string): Promise<void> {
  const { chainId, registry, anchor } = networkPlace;
  const contracts = { accessManager: registry, registry, token: registry, settlement: registry };
  const text = formatNetworkFile({
    version: 1,
    networkId: toHex(networkId),
    chainId,
    anchor,
    openedAtBlock: 1,
    contracts,
    rpcUrls: ["http://127.0.0.1:1"],
    currency: { code: "EUR", digits: 2 },
    gateways: [],
  });
  await writeFile(path, text);
}
