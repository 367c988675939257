/**
 * What no report pays is paid by a case, all of it by commands on a live network: opened by the payee's bank,
 * answered by the accused, ruled on with the regulator's key, enforced, and on the ledger in the end.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createKeyFile } from "../../node/service/key-file.ts";
import { StoredKey } from "../../node/service/stored-key.ts";
import { encodeBundle, makeBundle } from "../../protocol/bundle.ts";
import { type Hex, toHex } from "../../protocol/bytes.ts";
import { type Certificate, signCertificate } from "../../protocol/certificate.ts";
import { ownerOf } from "../../protocol/key.ts";
import { formatNetworkFile } from "../../protocol/network-file.ts";
import { joinOutpoint, type MemberId } from "../../protocol/output.ts";
import { NodeSigner } from "../../protocol/p256-node.ts";
import { signReceipt } from "../../protocol/receipt.ts";
import type { SignedRecord } from "../../protocol/record.ts";
import { said, saidJson, tallystick } from "../scripts/commands/support/tallystick.ts";
import { Consortium } from "../support/consortium.ts";
import { type HeldCoin, payTo } from "../support/money.ts";
import { account, seed } from "../support/network.ts";
import { until } from "../support/until.ts";

const OBSERVER = 0;
const CLAIMANT: MemberId = 1;
const ACCUSED: MemberId = 2;
const PATIENCE_MS = 60_000;
const DAY_MS = 86_400_000;

describe("a case", function () {
  this.timeout(240_000);
  let consortium: Consortium;
  const [carl, dora, mallory] = Array.from({ length: 3 }, () => NodeSigner.generate()) as [
    NodeSigner,
    NodeSigner,
    NodeSigner,
  ];

  before(async () => {
    const { address } = account("regulator");
    consortium = await Consortium.open(3, {}, { regulator: address });
    await consortium.startAll();
    await consortium.untilApplied(
      [
        await consortium.enrol(carl, CLAIMANT),
        await consortium.enrol(dora, 3),
        await consortium.enrol(mallory, ACCUSED),
      ],
      PATIENCE_MS,
    );
    await writeFile(at("network.json"), formatNetworkFile(consortium.network));
    for (const name of ["operator 1", "operator 2", "regulator"])
      await createKeyFile(at(`${name}.json`), new StoredKey("secp256k1", seed(`account ${name}`)));
  });

  after(async () => {
    await consortium[Symbol.asyncDispose]();
  });

  const at = (name: string) => join(consortium.folder, name);
  const admin = (...args: readonly string[]) => ["admin", ...args, "--network", at("network.json")];
  const as = (name: string, ...args: readonly string[]) =>
    admin(...args, "--key", at(`${name}.json`));

  async function applied(...records: readonly SignedRecord[]): Promise<void> {
    await consortium.untilApplied(
      records.map((record) => consortium.idOf(record)),
      PATIENCE_MS,
    );
  }

  /** What mallory's bank signed falsely: that she has a coin. */
  async function vouchFalsely(amount: bigint) {
    const issued = Date.now();
    const never: HeldCoin = {
      outpoint: joinOutpoint(toHex(seed(`a coin of ${amount} that never was`)), 0),
      output: payTo(mallory, ACCUSED, amount),
    };
    const issuer = NodeSigner.fromScalar(seed(`issuer ${ACCUSED}`));
    const life = { issued, notAfter: issued + DAY_MS };
    const receipt = await signReceipt(consortium.networkId, { ...never, seq: 1, ...life }, issuer);
    const certificate: Certificate = {
      deviceKey: mallory.publicKey,
      member: ACCUSED,
      class: "software",
      serial: new Uint8Array(16),
      notBefore: issued,
      notAfter: issued + DAY_MS,
      maxPayment: 0n,
      maxBalance: 100_000n,
      maxCount: 0,
      windowS: 0,
      maxDepth: 8,
      subject: new Uint8Array(32),
      label: "",
    };
    const certified = await signCertificate(consortium.networkId, certificate, issuer);
    return { never, receipt, certified };
  }

  async function identitiesHold(): Promise<void> {
    for (const member of consortium.nodes.keys()) {
      const { rows } = await consortium.client(member).identities();
      for (const [name, row] of Object.entries(rows))
        assert.ok(row.holds, `node ${member}, ${name}: ${row.ledger} and ${row.chain}`);
    }
  }

  const opened = () =>
    consortium.warnings.filter(({ msg }) => /case against this member waits/.test(msg));

  it("about a false receipt is opened with what the payee was shown, and its bank's bond pays when it has been topped up [R-030, R-032, R-164, R-166, N-12]", async () => {
    const { never, receipt, certified } = await vouchFalsely(500n);
    const outputs = [payTo(carl, CLAIMANT, 400n), payTo(mallory, ACCUSED, 100n)];
    const forged = await consortium.spend(mallory, [never], outputs);
    const bundle = makeBundle(forged, {
      record: () => undefined,
      certificate: () => certified,
      receipt: () => receipt,
    });
    await writeFile(at("shown.bundle"), encodeBundle(bundle));
    await consortium.client(CLAIMANT).submit([forged.bytes]);
    await until("the payee is told who pays", async () => {
      const { sentences } = await consortium.client(CLAIMANT).explain(consortium.idOf(forged));
      return sentences.some((each) => each.includes(`member ${ACCUSED} pays what it was good for`));
    });

    await writeFile(at("letter.txt"), "Our customer was paid with a coin that never was.");
    const open = ["case", "open", at("shown.bundle"), "--argument", at("letter.txt")];
    const text = await said(as("operator 1", ...open));
    assert.match(text, /claim 4\.00 EUR for 0x\w{40} with member 1 of member 2, whose receipt/);
    assert.match(text, /CaseOpened: caseId 1/);
    await until("the accused is told", () => opened().length > 0, PATIENCE_MS);
    const [told] = opened();
    assert.equal(told!["case"], 1);
    assert.equal(told!["amount"], "400");
    const [row] = await consortium.client(ACCUSED).cases();
    assert.match(
      row!.sentences.join(" "),
      /Member 2 may answer until .* If it says nothing.*Anyone may have/,
    );

    const early = await tallystick(as("regulator", "case", "rule", "1", "claimant"));
    assert.match(early.stderr, /DisputesDeadlineAhead/);
    await writeFile(at("answer.txt"), "We deny it.");
    await said(as("operator 2", "case", "answer", "1", at("answer.txt")));
    const wrong = await tallystick(as("operator 1", "case", "rule", "1", "claimant"));
    assert.match(wrong.stderr, /^forbidden: .*may not call rule/);
    await said(as("regulator", "case", "rule", "1", "claimant"));
    await said(as("operator 1", "case", "enforce", "1"));
    assert.match(
      await said(admin("bond", "show", "2")),
      /4\.00 EUR to 0x\w{40} with member 1, for an award/,
    );

    const owner = ownerOf(carl.publicKey);
    const coins = async (member: MemberId) =>
      (await consortium.client(member).coinsOf(owner)).coins;
    assert.deepEqual(await coins(OBSERVER), []);
    await said(as("operator 2", "bond", "deposit", "10.00"));
    for (const member of consortium.nodes.keys()) {
      await until(
        `node ${member} has folded the award`,
        async () => (await coins(member)).some(({ amount }) => amount === "400"),
        PATIENCE_MS,
      );
    }
    const [coin] = await coins(OBSERVER);
    const held: HeldCoin = {
      outpoint: coin!.outpoint as Hex,
      output: payTo(carl, CLAIMANT, 400n),
    };
    const onward = await consortium.spend(carl, [held], [payTo(dora, 3, 400n)]);
    await consortium.client(CLAIMANT).submit([onward.bytes]);
    await applied(onward);
    await identitiesHold();
    const bond = await saidJson(admin("bond", "show", "2"));
    assert.deepEqual([bond["amount"], bond["queued"]], ["600", "0"]);
    assert.equal(opened().length, 1, "it is told once");
    assert.match(await said(admin("case", "show", "1")), /^Case 1, false-receipt, enforced\n/);
    assert.deepEqual(await consortium.client(ACCUSED).cases(), []);
  });

  it("about a double spend above the guarantee is opened with the evidence that a node gives, and ends with the record applied [R-031, R-032, N-12]", async () => {
    const amount = 60_000n;
    const vault = await consortium.deposit(ACCUSED, amount);
    const loaded = await consortium.spend(
      consortium.treasury(ACCUSED),
      [vault],
      [payTo(mallory, ACCUSED, amount)],
    );
    await consortium.client(ACCUSED).submit([loaded.bytes]);
    await applied(loaded);
    const [coin] = consortium.coinsOf(loaded) as [HeldCoin];
    const winner = await consortium.spend(mallory, [coin], [payTo(dora, 3, amount)]);
    const loser = await consortium.spend(mallory, [coin], [payTo(carl, CLAIMANT, amount)]);
    await consortium.client(3).submit([winner.bytes]);
    await applied(winner);
    await consortium.client(CLAIMANT).submit([loser.bytes]);
    const id = consortium.idOf(loser);
    await until(
      "the contract has said no",
      async () => (await consortium.client(CLAIMANT).statuses([id]))[0]!.restitution === "refused",
      PATIENCE_MS,
    );
    const { url } = consortium.nodes.get(OBSERVER)!;
    const file = at("evidence.json");
    await said(["evidence", id, "--node", url, "--out", file]);
    await said(as("operator 2", "bond", "deposit", "1900.00"));
    assert.match(
      await said(as("operator 1", "case", "open", file)),
      /claim 600\.00 EUR of member 2, for coin 0x\w{66} that its device spent twice/,
    );
    await said(as("operator 2", "case", "answer", "2", at("answer.txt")));
    await said(as("regulator", "case", "rule", "2", "claimant"));
    await said(as("operator 2", "case", "enforce", "2"));
    await applied(loser);
    await identitiesHold();
    const { fines } = await saidJson(admin("bond", "show", "2"));
    assert.equal(fines, "0");
    const listed = await saidJson(admin("case", "list", "--all"));
    assert.deepEqual(
      (listed["cases"] as { status: string }[]).map(({ status }) => status),
      ["enforced", "enforced"],
    );
  });

  it("that is refused changes nothing, and says why", async () => {
    const evidence = at("evidence.json");
    // What the receipt is still good for.
    const rest = ["--award", `${ownerOf(carl.publicKey)}:1:1.00`];
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [as("operator 1", "case", "open", evidence), /^conflict: the contract refuses: Disputes/],
      [
        as("operator 1", "case", "open", at("shown.bundle"), "--coin", `0x${"00".repeat(33)}`),
        /^malformed: say which one of the file it is about: 0x/,
      ],
      [as("operator 2", "case", "open", at("shown.bundle"), ...rest), /DisputesOwnCase\(2\)/],
      [as("operator 1", "case", "open", at("nowhere")), /^bad-configuration: .*cannot be read/],
      [as("operator 1", "case", "answer", "1", at("answer.txt")), /DisputesWrongStatus/],
      [as("operator 1", "case", "close", "1"), /^conflict: case 1 is enforced/],
      [as("regulator", "case", "rule", "1", "nobody"), /^malformed: "nobody" is neither/],
      [admin("case", "show", "9"), /^not-found: no case 9 was ever opened/],
      [as("operator 2", "bond", "release"), /DisputesNoRelease/],
    ];
    for (const [args, says] of cases) {
      const { code, stderr } = await tallystick(args);
      assert.match(stderr, says);
      assert.equal(code, 1);
    }
  });
});
