/** Which file a case is opened with, and what anyone may do about a case whose time has passed. */
import assert from "node:assert/strict";
import type { ContractCall } from "../../../node/chain/contracts.ts";
import type { CaseEntry } from "../../../node/chain/disputes.ts";
import { ChainRevert } from "../../../node/chain/errors.ts";
import { encodeBundle, makeBundle } from "../../../protocol/bundle.ts";
import { formatEvidence } from "../../../protocol/evidence.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { closingsOf, firstTaken } from "../../../scripts/admin/cases.ts";
import { decodeClaimFile } from "../../../scripts/admin/claim-file.ts";
import { World } from "../../device/support/world.ts";
import { makeEvidence } from "../../support/evidence.ts";
import { networkId, pay, spend } from "../../support/ledger-parts.ts";

const DEADLINE_S = 1_800_000_000;
const CLAIM_PERIOD_S = 30 * 86_400;
const NOTHING = `0x${"00".repeat(32)}` as const;

describe("the file of a claim", () => {
  it("is told by its bytes: evidence, what a device was shown, a receipt, a certificate", async () => {
    const world = new World();
    const ada = await world.device("Ada");
    const [receipt] = await world.load(ada, [100n]);
    const certificate = await world.certificate("Ada");
    const coin = { outpoint: receipt!.outpoint, output: receipt!.output };
    const record = await spend({
      signer: ada.signer,
      inputs: [coin],
      outputs: [pay(ada.signer, 1, 100n)],
    });
    const bundle = makeBundle(record, {
      record: () => undefined,
      certificate: () => certificate,
      receipt: () => receipt,
    });
    const { evidence } = await makeEvidence();
    const files = [
      ["evidence", Buffer.from(formatEvidence(evidence))],
      ["bundle", encodeBundle(bundle)],
      ["receipt", receipt!.bytes],
      ["certificate", certificate.bytes],
    ] as const;
    for (const [kind, bytes] of files) assert.equal(decodeClaimFile(networkId, bytes).kind, kind);
  });

  it("is refused where it is none of these", () => {
    for (const bytes of [new Uint8Array(), new Uint8Array(152), Buffer.from("{}"), Buffer.of(9)]) {
      assert.throws(
        () => decodeClaimFile(networkId, bytes),
        (error) => isRefusal(error, "malformed") || isRefusal(error, "unsupported-version"),
      );
    }
  });
});

describe("a case whose time has passed", () => {
  const opened: CaseEntry = {
    caseId: 3,
    kind: "false-receipt",
    status: "opened",
    claimant: 1,
    accused: 2,
    amount: 500n,
    deadlineS: DEADLINE_S,
    argument: NOTHING,
    answer: NOTHING,
    debts: [],
  };
  const closes = (changed: Partial<CaseEntry>, afterS: number) => {
    const nowMs = (DEADLINE_S + afterS) * 1000;
    const closings = closingsOf({ ...opened, ...changed }, nowMs, CLAIM_PERIOD_S);
    return closings.map(({ call }) => call.method);
  };
  const waits = (changed: Partial<CaseEntry>, afterS: number) =>
    assert.throws(
      () => closes(changed, afterS),
      (error) => isRefusal(error, "conflict"),
    );

  it("is ruled for the claimant where a false promise was not answered, or lapses a period later [R-166]", () => {
    waits({}, 0);
    assert.deepEqual(closes({}, 1), ["ruleUnanswered"]);
    assert.deepEqual(closes({ kind: "false-certificate" }, CLAIM_PERIOD_S), ["ruleUnanswered"]);
    assert.deepEqual(closes({}, CLAIM_PERIOD_S + 1), ["ruleUnanswered", "lapse"]);
  });

  it("lapses where nobody has ruled: a double spend a period after the time to answer it", () => {
    waits({ status: "answered" }, 0);
    assert.deepEqual(closes({ status: "answered" }, 1), ["lapse"]);
    waits({ kind: "double-spend" }, CLAIM_PERIOD_S);
    assert.deepEqual(closes({ kind: "double-spend" }, CLAIM_PERIOD_S + 1), ["lapse"]);
  });

  it("is closed in the first way that the contract takes, and its refusal of the first is told if it takes none", async () => {
    const refused: string[] = ["ruleUnanswered"];
    const client = {
      async simulate({ method }: ContractCall) {
        if (refused.includes(method)) throw new ChainRevert("DisputesRefuses", [method]);
      },
    };
    const nowMs = (DEADLINE_S + CLAIM_PERIOD_S + 1) * 1000;
    const closings = closingsOf(opened, nowMs, CLAIM_PERIOD_S);
    assert.equal((await firstTaken(client, closings)).call.method, "lapse");
    refused.push("lapse");
    await assert.rejects(firstTaken(client, closings), /DisputesRefuses\(ruleUnanswered\)/);
  });

  it("is not closed once it is ruled on or has ended", () => {
    for (const status of ["ruled", "enforced", "dismissed", "lapsed"] as const)
      waits({ status, deadlineS: 0 }, CLAIM_PERIOD_S);
  });
});
