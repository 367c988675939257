/** Where a coin comes from, as a node puts it together from what it folded. */
import assert from "node:assert/strict";
import { HistoryExport } from "../../../node/evidence/history-export.ts";
import { toHex } from "../../../protocol/bytes.ts";
import { checkHistory } from "../../../protocol/coin-history.ts";
import { joinOutpoint } from "../../../protocol/output.ts";
import { NodeVerifier } from "../../../protocol/p256-node.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { type Coin, coinsOf, idOf, networkId, pay, spend } from "../../support/ledger-parts.ts";
import { Rig } from "./support/rig.ts";

describe("the history of a coin at a node", () => {
  let rig: Rig;

  beforeEach(async () => {
    rig = await Rig.open();
  });

  afterEach(() => rig[Symbol.asyncDispose]());

  const histories = () => {
    const { replica, leaves } = rig.now;
    return new HistoryExport({ networkId: toHex(networkId), store: replica.store, leaves });
  };

  it("goes back over every record to all the deposits, each once, spent coins too [R-036]", async () => {
    const [anna, bert] = [await rig.enrol("anna", 1), await rig.enrol("bert", 2)];
    const [a, b] = (await rig.load(anna, 1, 100n, 200n)) as [Coin, Coin];
    const [c] = (await rig.load(anna, 1, 300n)) as [Coin];
    const split = await spend({
      signer: anna,
      inputs: [a],
      outputs: [pay(anna, 1, 40n), pay(anna, 1, 60n)],
    });
    const merged = await spend({
      signer: anna,
      inputs: [...coinsOf(split), b, c],
      outputs: [pay(bert, 2, 600n)],
    });
    await rig.sequence(2, split, merged);
    const [paid] = coinsOf(merged) as [Coin];
    const onward = await spend({ signer: bert, inputs: [paid], outputs: [pay(anna, 1, 600n)] });
    await rig.sequence(2, onward);
    const history = await histories().of(paid.outpoint);
    const { coin, parents, beyond } = checkHistory(history, toHex(networkId), new NodeVerifier());
    assert.equal(coin.amount, 600n);
    assert.deepEqual(beyond, []);
    const kinds = parents.map(({ record }) => record?.kind ?? "deposit");
    assert.equal(kinds.filter((kind) => kind === "deposit").length, 2);
    assert.equal(new Set(parents.map(({ id }) => id)).size, 6);
    const all = await histories().of(coinsOf(onward)[0]!.outpoint);
    assert.equal(all.parents.length, 7);
  });

  it("is refused for a coin that never was, and for one that was only handed in", async () => {
    const anna = await rig.enrol("anna", 1);
    const [coin] = (await rig.load(anna, 1, 100n)) as [Coin];
    const record = await spend({ signer: anna, inputs: [coin], outputs: [pay(anna, 1, 100n)] });
    await rig.submit(record);
    for (const outpoint of [joinOutpoint(idOf(record), 0), `0x${"ab".repeat(33)}` as const]) {
      await assert.rejects(histories().of(outpoint), (error) => isRefusal(error, "not-found"));
    }
  });
});
