/** Where a coin comes from, as a file: what its bytes prove, and nothing taken for good that does not fit. */
import assert from "node:assert/strict";
import { toHex } from "../../protocol/bytes.ts";
import {
  checkHistory,
  type CoinHistory,
  formatHistory,
  parseHistory,
} from "../../protocol/coin-history.ts";
import { encodeDeposit } from "../../protocol/deposit.ts";
import { NodeVerifier } from "../../protocol/p256-node.ts";
import { encodeRecord, type SignedRecord } from "../../protocol/record.ts";
import { isRefusal, type RefusalCode } from "../../protocol/refusal.ts";
import { makeDoubleSpend } from "../support/evidence.ts";
import { coinsOf, keyOf, networkId, pay, spend } from "../support/ledger-parts.ts";

const verifier = new NodeVerifier();
const network = toHex(networkId);

describe("the history of a coin", () => {
  let history: CoinHistory;
  let winner: SignedRecord;
  let load: SignedRecord;
  let deposit: Uint8Array;

  before(async () => {
    const made = await makeDoubleSpend();
    ({ winner, load } = made);
    deposit = encodeDeposit(made.vault);
    const { outpoint } = coinsOf(winner)[0]!;
    history = { networkId: network, outpoint, parents: [deposit, load.bytes, winner.bytes] };
  });

  function refuses(changed: Partial<CoinHistory>, code: RefusalCode): void {
    assert.throws(
      () => checkHistory({ ...history, ...changed }, network, verifier),
      (error) => isRefusal(error, code),
    );
  }

  it("leads from the coin back to deposits, and reads as it was written [R-035, R-036]", () => {
    assert.deepEqual(parseHistory(formatHistory(history)), history);
    const { coin, parents, beyond } = checkHistory(history, network, verifier);
    assert.equal(coin.amount, 500n);
    assert.deepEqual(beyond, []);
    assert.deepEqual(
      parents.map(({ record }) => record?.kind ?? "deposit"),
      ["deposit", "spend", "spend"],
    );
  });

  it("says what it does not show, where it was cut off", () => {
    const { beyond } = checkHistory({ ...history, parents: [winner.bytes] }, network, verifier);
    assert.deepEqual(beyond, winner.inputs);
  });

  it("is refused where a coin, a signature, an order or a sum does not fit [R-035]", async () => {
    const signature = load.signature.slice();
    signature[5]! ^= 1;
    const forged = encodeRecord({ ...load, signature });
    refuses({ parents: [deposit, forged, winner.bytes] }, "bad-signature");
    refuses({ parents: [deposit, load.bytes] }, "bad-proof");
    refuses(
      { outpoint: `${history.outpoint.slice(0, -2)}01` as typeof history.outpoint },
      "bad-proof",
    );
    const anna = keyOf("anna");
    const more = await spend({
      signer: anna,
      inputs: coinsOf(load),
      outputs: [pay(anna, 1, 501n)],
    });
    const { outpoint } = coinsOf(more)[0]!;
    refuses({ outpoint, parents: [deposit, load.bytes, more.bytes] }, "bad-proof");
    refuses({ outpoint, parents: [winner.bytes, more.bytes] }, "bad-proof");
    assert.throws(
      () => checkHistory(history, `0x${"11".repeat(32)}`, verifier),
      (error) => isRefusal(error, "wrong-network"),
    );
    const text = formatHistory(history);
    for (const changed of [
      text.replace("history", "story"),
      text.replace('"version": 1', '"version": 2'),
      "{}",
    ]) {
      assert.throws(
        () => parseHistory(changed),
        (error) => isRefusal(error, "malformed") || isRefusal(error, "unsupported-version"),
      );
    }
  });
});
