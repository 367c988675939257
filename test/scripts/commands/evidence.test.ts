/** `tallystick evidence verify`: what a file proves, what it does not, and nothing taken for good that is not. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatEvidence } from "../../../protocol/evidence.ts";
import { ownerOf } from "../../../protocol/key.ts";
import { formatNetworkFile } from "../../../protocol/network-file.ts";
import type { NodeSigner } from "../../../protocol/p256-node.ts";
import { validatorAddress } from "../../../protocol/typed-data.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { evidenceNetwork, evidenceOf, lossOf, makeEvidence } from "../../support/evidence.ts";
import { type Coin, coinsOf, keyOf, pay, spend } from "../../support/ledger-parts.ts";
import { validatorKey } from "../../support/network.ts";
import { said, saidJson, tallystick } from "./support/tallystick.ts";

describe("tallystick evidence", () => {
  const folder = temporaryFolders();
  let file: string;
  let network: string;

  beforeEach(async () => {
    const path = await folder();
    [file, network] = [join(path, "evidence.json"), join(path, "network.json")];
    await writeFile(network, formatNetworkFile(evidenceNetwork));
    await writeFile(file, formatEvidence((await makeEvidence()).evidence));
  });

  it("says what is proven, on whose word the rest stands, and what no such file shows [R-032, R-036, R-087]", async () => {
    const text = await said(["evidence", "verify", file, "--network", network]);
    assert.match(
      text,
      /Coin 0x\w{66} of 5\.00 EUR belonged to key owner 0x\w{40}, with member 1\./,
    );
    assert.match(text, /That key signed two records that spend it/);
    assert.match(
      text,
      /Proven if these are the validators of the consortium:\n {2}Record 0x\w{64} applied in cycle 7/,
    );
    assert.match(text, new RegExp(`member 1, Bank 1: ${validatorAddress(validatorKey(1))}`));
    assert.match(
      text,
      /Not proven here, to be compared on chain:\n {2}the winner's batch: event 30 in block 12/,
    );
    assert.match(text, /Not shown by any such file/);
  });

  it("takes the reader's word for the validators, and gives machines one JSON value", async () => {
    const validators = [1, 2, 3, 4]
      .map((member) => validatorAddress(validatorKey(member)))
      .join(",");
    const base = ["evidence", "verify", file, "--network", network];
    const [named, trusted] = await Promise.all([
      saidJson(base),
      saidJson([...base, "--validators", validators]),
    ]);
    assert.equal(named["losses"][0].winnerApplied, "by-named-validators");
    assert.equal(trusted["losses"][0].winnerApplied, "by-trusted-validators");
    assert.equal(trusted["losses"][0].amount, "500");
  });

  it("names who forked first over several files, and clears those who were paid [N-03, R-088]", async () => {
    const { winner } = await makeEvidence();
    const [dora, bert, carl] = ["dora", "bert", "carl"].map(keyOf) as [
      NodeSigner,
      NodeSigner,
      NodeSigner,
    ];
    // Dora, who was paid by the winner, forks what she got.
    const [coin] = coinsOf(winner) as [Coin];
    const paying = (to: NodeSigner) =>
      spend({ signer: dora, inputs: [coin], outputs: [pay(to, 2, 500n)] });
    const [lost, won] = [await paying(bert), await paying(carl)];
    const second = `${file}.second`;
    const later = evidenceOf(lost, [lossOf(coin.outpoint, winner.bytes, won)]);
    await writeFile(second, formatEvidence(later));
    const blame = ["evidence", "blame", second, file, "--network", network];
    const text = await said(blame);
    const { forks, forkers, cleared } = await saidJson(blame);
    const ownerOfKey = (name: string) => ownerOf(keyOf(name).publicKey);
    assert.deepEqual(
      (forks as { owner: string; isFirst: boolean }[]).map(({ owner, isFirst }) => [
        owner,
        isFirst,
      ]),
      [
        [ownerOfKey("anna"), true],
        [ownerOfKey("dora"), false],
      ],
    );
    assert.deepEqual(forkers, [ownerOfKey("anna"), ownerOfKey("dora")]);
    assert.deepEqual(new Set(cleared), new Set([ownerOfKey("bert"), ownerOfKey("carl")]));
    assert.match(text, /^2 files show 2 coins for which a key signed more than once:\n/);
    assert.match(text, new RegExp(`${ownerOfKey("anna")}[^]*here it began[^]*Another fork leads`));
    const wrong = await tallystick(["evidence", "blame", network, "--network", network]);
    assert.match(wrong.stderr, /^malformed: /);
  });

  it("refuses what does not hold, and whom it cannot ask", async () => {
    const stranger = validatorAddress(validatorKey(9));
    const changed = `${file}.changed`;
    const text = await readFile(file, "utf8");
    await writeFile(changed, text.replace('"index": 2', '"index": 3'));
    const verify = ["evidence", "verify"];
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[...verify, changed, "--network", network], /^bad-proof: /],
      [[...verify, file, "--network", network, "--validators", stranger], /^bad-signature: /],
      [[...verify, network, "--network", network], /^malformed: /],
      [
        [...verify, "nowhere.json", "--network", network],
        /^bad-configuration: nowhere.json cannot/,
      ],
      [["evidence", `0x${"12".repeat(32)}`], /^bad-configuration: say with --node/],
      [["evidence", "0x12", "--node", "http://127.0.0.1:1"], /^malformed: "0x12" is not an id/],
    ];
    const outcomes = await Promise.all(cases.map(([args]) => tallystick(args)));
    for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
      assert.match(stderr, cases[i]![1]);
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    }
  });
});
