/** What a double spend means for each party, in every stage: plain words, and never a promise too much. */
import assert from "node:assert/strict";
import { type Conflict, type Stage, stages } from "../../node/evidence/conflict.ts";
import { type ConflictContext, explainConflict, type Party } from "../../node/explain-conflict.ts";
import { readDoubleSpend } from "../../protocol/double-spend.ts";
import { makeDoubleSpend } from "../support/evidence.ts";
import { keyOf, networkId, pay, reclaim } from "../support/ledger-parts.ts";

const context: ConflictContext = {
  currency: { code: "EUR", digits: 2 },
  openCycle: 8,
  penaltyPercent: 200,
  reclaimDelayS: 14 * 86_400,
  canPay: true,
  isVault: false,
};

async function conflictIn(
  stage: Stage,
  code = stage as string,
  isReclaim = false,
): Promise<Conflict> {
  const { coin, load, loser, winner } = await makeDoubleSpend();
  const treasury = keyOf("treasury of 1");
  const won = isReclaim
    ? await reclaim({ signer: treasury, inputs: [coin], outputs: [pay(treasury, 1, 500n)] })
    : winner;
  const bytes = { parent: load.bytes, loser: loser.bytes, winner: won.bytes };
  const spend = readDoubleSpend(networkId, { outpoint: coin.outpoint, ...bytes });
  const standing = { stage, code, detail: "why it is so" };
  return { spend, winner: { seq: 40, cycle: 7 }, isOurs: true, standing, number: 1 };
}

async function told(
  party: Party,
  stage: Stage,
  code?: string,
  more: Partial<ConflictContext> = {},
) {
  return explainConflict(party, await conflictIn(stage, code), { ...context, ...more }).join(" ");
}

describe("a double spend in plain words", () => {
  it("tells the loser what happened, what it gets, from whom and when, in every stage [R-030, R-031]", async () => {
    const words: Record<Stage, RegExp> = {
      waiting: /now it is this: why it is so/,
      due: /a member reports the double spend within seconds/,
      refused: /does not pay it now \(why it is so\)/,
      queued: /queue of member 1, whose bond is short/,
      restituted: /applies within seconds; member 1 can take the coin back after 14 days/,
      paid: /its payees have their money/,
      reclaimed: /did not come for it within 14 days: member 1 took it back/,
      void: /breaks a rule and could not apply with any coin \(void\)/,
    };
    for (const stage of stages) {
      const text = await told("loser", stage);
      assert.match(text, words[stage]);
      assert.match(
        text,
        /^Coin 0x\w{8}…\w{4} of 5\.00 EUR was spent twice: record 0x\w{64} took it first, at event 40 in cycle 7/,
      );
    }
  });

  it("says what the settlement waits for", async () => {
    assert.match(
      await told("loser", "waiting", "unsettled", { openCycle: 7 }),
      /Cycle 7 is still open/,
    );
    assert.match(await told("loser", "waiting", "unsettled"), /waits for a quorum of signatures/);
  });

  it("names the case that is left where the contract pays nothing", async () => {
    assert.match(
      await told("loser", "refused", "DisputesAboveGuarantee"),
      /guarantees for this device is used up. A member can open a case/,
    );
    assert.match(
      await told("loser", "refused", "DisputesBondNeeded"),
      /took the coin back, and its bond is too small .* a member can open a case/,
    );
    assert.match(await told("loser", "refused", "DisputesTooLate"), /time to report it is over/);
    assert.match(
      await told("loser", "refused", "DisputesPairTaken"),
      /already paid once more to the other record/,
    );
    assert.match(await told("loser", "due", "due", { canPay: false }), /no contract yet/);
  });

  it("tells the winner that it stands, and a descendant whom it waits for", async () => {
    assert.match(await told("winner", "waiting"), /This record took the coin and stands/);
    assert.match(
      await told("descendant", "queued"),
      /waits for record 0x\w{64}.*whose bond is short.*right after/,
    );
  });

  it("tells the bank what it pays, and the key what it faces [R-033]", async () => {
    const bank = await told("custodian", "due");
    assert.match(
      bank,
      /pays the coin, 5\.00 EUR, once more from its bond. It pays a fine of 10\.00 EUR too/,
    );
    assert.match(
      await told("owner", "due"),
      /signed both records, which nobody else could, and is revoked once it is reported/,
    );
    assert.match(await told("owner", "paid"), /is revoked for it/);
    assert.match(await told("custodian", "void"), /pays nothing/);
  });

  it("names the bank's own treasury key where the coin was of its vault", async () => {
    const vault = { isVault: true };
    assert.match(
      await told("custodian", "due", "due", vault),
      /pays a fine of 10\.00 EUR too: its own treasury key signed both records/,
    );
    assert.match(
      await told("owner", "paid", "paid", vault),
      /^.*Key owner 0x\w{40}, a treasury key of member 1, signed both records, which nobody else could, and is revoked for it\./,
    );
    assert.match(await told("custodian", "due"), /its customer's key signed both records/);
    assert.doesNotMatch(await told("owner", "due"), /treasury/);
  });

  it("accuses nobody where the bank took the coin back before it was spent on", async () => {
    const conflict = await conflictIn("due", "due", true);
    const bank = explainConflict("custodian", conflict, context).join(" ");
    assert.match(bank, /member 1's reclaim 0x\w{64} took it first/);
    assert.match(bank, /no fraud, and there is no fine/);
    assert.match(
      explainConflict("owner", conflict, context).join(" "),
      /nothing is held against it/,
    );
  });
});
