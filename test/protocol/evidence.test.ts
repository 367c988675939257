import assert from "node:assert/strict";
import fc from "fast-check";
import { toHex } from "../../protocol/bytes.ts";
import { encodeDeposit } from "../../protocol/deposit.ts";
import {
  type Evidence,
  formatEvidence,
  type Loss,
  parseEvidence,
} from "../../protocol/evidence.ts";
import { checkEvidence } from "../../protocol/evidence-check.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { signRecord } from "../../protocol/record.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import { portableVerifier } from "../../protocol/signature.ts";
import { validatorAddress } from "../../protocol/typed-data.ts";
import {
  evidenceNetwork,
  evidenceOf,
  lossOf,
  makeDoubleSpend,
  makeEvidence,
  MEMBERS,
  settled,
} from "../support/evidence.ts";
import { idOf, keyOf, networkId, pay, reclaim, spend } from "../support/ledger-parts.ts";
import { validatorKey } from "../support/network.ts";

const network = evidenceNetwork;
const verifier = new NodeVerifier();
const [anna, bert, dora] = [keyOf("anna"), keyOf("bert"), keyOf("dora")];

async function sample(): Promise<Evidence> {
  return (await makeEvidence()).evidence;
}

function refuses(code: RefusalCode, work: () => unknown): void {
  assert.throws(work, (error) => isRefusal(error, code));
}

/** The same evidence with its one loss changed. */
function withLoss(evidence: Evidence, change: Partial<Loss>): Evidence {
  return { ...evidence, losses: [{ ...evidence.losses[0]!, ...change }] };
}

describe("evidence of a double spend", () => {
  it("comes back from its text as it was, and its text is the same every time [R-087]", async () => {
    const evidence = await sample();
    const text = formatEvidence(evidence);
    assert.deepEqual(parseEvidence(text), evidence);
    assert.equal(formatEvidence(parseEvidence(text)), text);
    const open = withLoss(evidence, { settlement: null });
    assert.deepEqual(parseEvidence(formatEvidence(open)), open);
  });

  it("shows by itself that one key signed two records for one coin, and whose coin it was [R-033, R-087]", async () => {
    const { coin, loser, winner } = await makeDoubleSpend();
    for (const each of [verifier, portableVerifier]) {
      const findings = checkEvidence(await sample(), network, each);
      assert.equal(findings.loser, idOf(loser));
      const [{ doubleSpend, standing, cycle }] = findings.losses as [(typeof findings.losses)[0]];
      assert.equal(doubleSpend.wonId, idOf(winner));
      assert.equal(doubleSpend.owner, coin.output.owner);
      assert.equal(doubleSpend.custodian, 1);
      assert.equal(doubleSpend.amount, 500n);
      assert.equal(standing, "by-named-validators");
      assert.equal(cycle, 7);
    }
  });

  it("says that it does not show the winner applied while no checkpoint is there", async () => {
    const evidence = withLoss(await sample(), { settlement: null });
    const [loss] = checkEvidence(evidence, network, verifier).losses;
    assert.equal(loss!.standing, "not-shown");
  });

  it("rests on the reader's validators where they are given, and refuses a file signed by others", async () => {
    const evidence = await sample();
    const known = new Set(MEMBERS.map((member) => validatorAddress(validatorKey(member))));
    const [loss] = checkEvidence(evidence, network, verifier, known).losses;
    assert.equal(loss!.standing, "by-trusted-validators");
    const others = new Set([5, 6, 7, 8].map((member) => validatorAddress(validatorKey(member))));
    refuses("bad-signature", () => checkEvidence(evidence, network, verifier, others));
  });

  it("takes a vault coin's deposit for the parent, and a reclaim for the winner", async () => {
    const { vault, loaded } = await makeDoubleSpend();
    const treasury = keyOf("treasury of 1");
    const loser = await spend({
      signer: treasury,
      inputs: [loaded],
      outputs: [pay(bert, 2, 500n)],
    });
    const winner = await reclaim({ signer: treasury, inputs: [loaded], outputs: [vault.output] });
    const loss = lossOf(loaded.outpoint, encodeDeposit(vault), winner);
    const [found] = checkEvidence(evidenceOf(loser, [loss]), network, verifier).losses;
    assert.equal(found!.doubleSpend.won.kind, "reclaim");
  });

  it("is refused for what does not hold, each with its code [R-030, R-033]", async () => {
    const { coin, load, loser, winner, loaded } = await makeDoubleSpend();
    const evidence = await sample();
    const settlement = evidence.losses[0]!.settlement!;
    const check = (changed: Evidence) => () => checkEvidence(changed, network, verifier);
    const again = await signRecord(networkId, loser, anna);
    const stranger = await spend({ signer: dora, inputs: [coin], outputs: [pay(bert, 2, 500n)] });
    const forged = winner.bytes.slice();
    forged[winner.body.length + 33 + 40]! ^= 1;

    refuses("wrong-network", check({ ...evidence, networkId: `0x${"00".repeat(32)}` }));
    // The same record signed again is one spend.
    refuses("bad-proof", check(withLoss(evidence, { winner: toHex(again.bytes) })));
    refuses("bad-proof", check({ ...evidence, loser: toHex(stranger.bytes) }));
    refuses("bad-proof", check(withLoss(evidence, { winner: toHex(stranger.bytes) })));
    refuses("bad-proof", check(withLoss(evidence, { parent: toHex(winner.bytes) })));
    refuses("bad-proof", check(withLoss(evidence, { outpoint: loaded.outpoint })));
    refuses("bad-proof", check(withLoss(evidence, { winner: toHex(load.bytes) })));
    refuses("bad-signature", check(withLoss(evidence, { winner: toHex(forged) })));
    refuses("bad-proof", check(withLoss(evidence, { settlement: { ...settlement, index: 1 } })));
    const few = settled([idOf(winner)], 0, [1, 2]);
    refuses("bad-signature", check(withLoss(evidence, { settlement: few })));
    const foreign = settled([idOf(winner)], 0, [1, 2, 9]);
    refuses("bad-signature", check(withLoss(evidence, { settlement: foreign })));
    const changed = { ...settlement.checkpoint, supply: 501n };
    refuses(
      "bad-signature",
      check(withLoss(evidence, { settlement: { ...settlement, checkpoint: changed } })),
    );
    const nobody = { ...evidence.claims, validators: [] };
    refuses("bad-proof", check({ ...evidence, claims: nobody }));
  });

  it("reads nothing but what belongs in the file", async () => {
    const text = formatEvidence(await sample());
    const changed = (change: (file: Record<string, any>) => void) => () => {
      const file = JSON.parse(text) as Record<string, any>;
      change(file);
      return parseEvidence(JSON.stringify(file));
    };
    refuses("malformed", () => parseEvidence("evidence"));
    refuses("too-large", () => parseEvidence(" ".repeat(5 * 1024 * 1024)));
    refuses(
      "unsupported-version",
      changed((file) => (file["version"] = 2)),
    );
    refuses(
      "malformed",
      changed((file) => (file["format"] = "another")),
    );
    refuses(
      "malformed",
      changed((file) => (file["note"] = "")),
    );
    refuses(
      "malformed",
      changed((file) => (file["loser"] = "0xAB")),
    );
    refuses(
      "malformed",
      changed((file) => (file["losses"] = [])),
    );
    refuses(
      "malformed",
      changed((file) => file["losses"].push(file["losses"][0])),
    );
    refuses(
      "malformed",
      changed((file) => (file["losses"][0].settlement.checkpoint += "00")),
    );
    refuses(
      "malformed",
      changed((file) => (file["claims"].chain[0].seq = -1)),
    );
    refuses(
      "malformed",
      changed((file) => delete file["claims"].validators[0].members),
    );
  });

  it("is never taken for good after any change of one character of what was signed", async () => {
    const evidence = await sample();
    const text = formatEvidence(evidence);
    const end = text.indexOf('"claims"');
    await fc.assert(
      fc.asyncProperty(
        fc.nat(end - 1),
        fc.constantFrom(..."0123456789abcdef".split("")),
        async (at, digit) => {
          const other = text.slice(0, at) + digit + text.slice(at + 1);
          if (other === text) return;
          assert.throws(
            () => checkEvidence(parseEvidence(other), network, verifier),
            (error) => isRefusal(error),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});
