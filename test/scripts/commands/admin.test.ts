/** `tallystick admin` against a network on a chain that runs. */
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { createKeyFile } from "../../../node/service/key-file.ts";
import { StoredKey } from "../../../node/service/stored-key.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { formatNetworkFile } from "../../../protocol/network-file.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { operator, p256Key, plannedMember, seed, TestNetwork } from "../../support/network.ts";
import { said, saidJson, tallystick, transcript } from "./support/tallystick.ts";

type Told = {
  readonly state: string;
  readonly transaction: string;
  readonly block: number;
  readonly events: readonly { name: string; seq?: number; fields: Record<string, string> }[];
};

describe("tallystick admin", () => {
  const temporary = temporaryFolders();
  let folder: string;
  let net: TestNetwork;
  const at = (name: string) => join(folder, name);
  const admin = (...args: readonly string[]) => ["admin", ...args, "--network", at("network.json")];
  const as = (name: string, ...args: readonly string[]) =>
    admin(...args, "--key", at(`${name}.json`));
  const directory = async () => {
    await using client = net.client();
    await client.start();
    return await client.reader.directory();
  };
  /** Long enough for the chain's clock to be a second late. */
  const wait = ["--wait", "10"];

  before(async () => {
    folder = await temporary();
    net = await TestNetwork.open(3, { delayS: 1 });
    await writeFile(at("network.json"), formatNetworkFile(net.network));
    for (const name of ["authority", "operator 1", "operator 2"])
      await createKeyFile(at(`${name}.json`), new StoredKey("secp256k1", seed(`account ${name}`)));
  });

  after(async () => {
    await net[Symbol.asyncDispose]();
  });

  it("shows who is in the network and what it holds, with no key", async () => {
    const [text, json] = await Promise.all([said(admin("status")), saidJson(admin("status"))]);
    expect(text).to.match(/^1 +Member 1 +active +0\.00 EUR +10,000\.00 EUR/m);
    expect(text).to.match(/cycle 1 is open, 0 is the last settled/);
    expect(text).to.match(/minCycleS +1\n/);
    expect(json["members"]).to.have.length(3);
    expect(json["members"][2]).to.include({ name: "Member 3", reserve: "0", quota: "1000000" });
    expect(json["observers"]).to.have.length(1);
  });

  it("deposits as a member's operator, and says in which transaction and under which seq", async () => {
    const before = (await saidJson(admin("status")))["settlement"].seq as number;
    const text = await said(as("operator 1", "deposit", "1500.50"));
    expect(text).to.match(/^As 0x[0-9a-f]{40}: deposit 1,500\.50 EUR for member 1\n/);
    expect(text).to.match(/Done in transaction 0x[0-9a-f]{64}, block \d+\n/);
    expect(text).to.include(`Deposited, event ${before + 1}: member 1, amount 150050`);
    const status = await saidJson(admin("status"));
    expect(status["members"][0]).to.include({ reserve: "150050", tokens: "349950" });
  });

  it("adds to a bond, its own or another's, and asks for part of it back", async () => {
    const text = await said(as("operator 1", "bond", "deposit", "700"));
    expect(text).to.match(/add 700\.00 EUR to the bond of member 1 \(Member 1\)\n/);
    expect(text).to.match(/BondDeposited: member 1, from 0x\w{40}, amount 70000/i);
    await said(as("operator 1", "bond", "deposit", "5", "--member", "2"));
    const { bonds } = await saidJson(admin("bond", "show"));
    expect((bonds as { amount: string }[]).map(({ amount }) => amount)).to.deep.equal([
      "70000",
      "500",
      "0",
    ]);
    await said(as("operator 1", "bond", "request", "50.00"));
    expect(await said(admin("bond", "show", "1"))).to.match(
      /^1 +700\.00 EUR .* 50\.00 EUR from 20\d\d-.* UTC/m,
    );
    const early = await tallystick(as("operator 1", "bond", "release"));
    expect(early.stderr).to.match(/^conflict: the contract refuses: DisputesReleaseTooEarly/);
    await said(as("operator 1", "bond", "request", "0"));
    expect(await saidJson(admin("bond", "show", "1"))).to.include({ leaving: "0" });
    expect(await said(admin("case", "list"))).to.match(/^No case is open/);
  });

  it("revokes devices as a member's operator", async () => {
    const owners = [`0x${"ab".repeat(20)}`, `0x${"cd".repeat(20)}`];
    const told = await saidJson<Told>(as("operator 2", "revoke", ...owners));
    expect(told.events.map(({ name, fields }) => [name, fields["owner"]])).to.deep.equal([
      ["Revoked", owners[0]],
      ["Revoked", owners[1]],
    ]);
    expect(told.events[1]!.seq).to.equal(told.events[0]!.seq! + 1);
  });

  it("rotates one key of the member's own, and leaves the others", async () => {
    const made = await saidJson(["admin", "keys", "new", "treasury", at("treasury.json")]);
    const told = await saidJson<Told>(as("operator 2", "rotate", "treasury", at("treasury.json")));
    expect(told.events).to.have.length(1);
    expect(told.events[0]).to.deep.include({ name: "MemberChanged" });
    const member = (await directory()).members[1]!;
    expect(toHex(member.treasury)).to.equal(made["publicKey"]);
    expect(toHex(member.issuer)).to.equal(toHex(p256Key("issuer 2")));
    expect(member.validator).to.equal(plannedMember(2).validator);
  });

  it("announces what the authority does, and makes it when it is run again after the delay", async () => {
    const quota = as("authority", "quota", "3", "77000");
    const first = await saidJson(quota.concat("--wait", "0"));
    expect(first).to.include({ state: "announced" });
    expect((await directory()).members[2]!.quota).to.equal(1_000_000n);
    const told = await saidJson<Told>(quota.concat(wait));
    expect(told.state).to.equal("done");
    expect(told.events[0]).to.deep.equal({
      name: "QuotaChanged",
      fields: { member: "3", quota: "7700000" },
    });
    expect((await directory()).members[2]!.quota).to.equal(7_700_000n);
  });

  it("admits a member, suspends one, changes a parameter and an observer for the authority", async () => {
    const { reserve: _, ...member } = plannedMember(4);
    const { issuer, treasury, intake } = member;
    const keys = { issuer: toHex(issuer), treasury: toHex(treasury), intake: toHex(intake) };
    const text = JSON.stringify({ ...member, ...keys, quota: "10000", guarantee: "500.00" });
    await writeFile(at("member.yaml"), text);
    // One account numbers its transactions: one command after the other.
    await said(as("authority", "admit", at("member.yaml"), ...wait));
    await said(as("authority", "suspend", "3", ...wait));
    await said(as("authority", "parameters", "minCycleS=2", ...wait));
    await said(as("authority", "observer", "remove", "peer-observer", ...wait));
    const { members, observers } = await directory();
    expect(members[3]).to.include({ name: "Member 4", quota: 1_000_000n, status: 1 });
    expect(members[2]).to.include({ status: 2 });
    expect(observers).to.deep.equal([]);
    expect(await said(admin("parameters"))).to.match(/minCycleS +2\n/);
  });

  it("refuses by code, detail and remedy, and changes nothing", async () => {
    const members = async () => (await saidJson(admin("status")))["members"] as unknown;
    const before = await members();
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [as("operator 1", "quota", "1", "5"), /^forbidden: .*may not call setQuota/m],
      [as("authority", "deposit", "5"), /^forbidden: .*operator of no member/],
      [
        as("operator 1", "deposit", "20000"),
        /^conflict: the contract refuses: SettlementQuotaExceeded\(1, /m,
      ],
      [as("operator 1", "withdraw"), /^insufficient-funds: nothing of member 1 is withdrawable/m],
      [as("operator 1", "revoke", "0xab"), /^malformed: "0xab" is not an owner/],
      [
        as("authority", "parameters", "minCycle=2"),
        /^malformed: "minCycle" is not one of .*minCycleS/,
      ],
      [admin("deposit", "5"), /^bad-configuration: say with --key/],
      [admin("status", "--rpc", "http://127.0.0.1:1"), /^unavailable: the chain does not answer/],
      [["admin", "keys", "new", "tresury", at("x")], /^malformed: "tresury" is not one of issuer/],
    ];
    const outcomes = await Promise.all(cases.map(([args]) => tallystick(args)));
    for (const [i, { code, stderr }] of outcomes.entries()) {
      expect(stderr, cases[i]![0].join(" ")).to.match(cases[i]![1]);
      expect(code).to.equal(1);
    }
    expect(await members()).to.deep.equal(before);
  });

  it("makes key files for their owner alone, never over another, and shows the public half", async () => {
    const [peer, validator] = await Promise.all([
      saidJson(["admin", "keys", "new", "peer", at("peer.json")]),
      saidJson(["admin", "keys", "new", "validator", at("validator.json")]),
    ]);
    expect(peer["peerId"]).to.match(/^12D3Koo/);
    expect(validator["address"]).to.match(/^0x[0-9a-f]{40}$/);
    expect((await stat(at("peer.json"))).mode & 0o777).to.equal(0o600);
    const [again, shown] = await Promise.all([
      tallystick(["admin", "keys", "new", "issuer", at("peer.json")]),
      saidJson(["admin", "keys", "show", at("operator 1.json")]),
    ]);
    expect(again.stderr).to.match(/^conflict: .*never written over/);
    expect(shown["address"]).to.equal(operator(1).address);
    const secret = toHex(seed("account operator 1")).slice(2);
    expect(transcript.join("\n")).to.include(operator(1).address).and.not.include(secret);
  });
});
