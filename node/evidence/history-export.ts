/** Puts together where a coin comes from, back to the deposits that money began with, as far as the bound lets it. */
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import type { CoinHistory } from "../../protocol/coin-history.ts";
import { limits } from "../../protocol/limits.ts";
import { type Outpoint, splitOutpoint } from "../../protocol/output.ts";
import { decodeParent } from "../../protocol/parent.ts";
import { Refusal } from "../../protocol/refusal.ts";
import { type ParentStores, parentsOf } from "../store/parents.ts";

export type HistoryExportParts = ParentStores & { readonly networkId: Hex };

export class HistoryExport {
  readonly #parts: HistoryExportParts;

  constructor(parts: HistoryExportParts) {
    this.#parts = parts;
  }

  /** @throws Refusal `not-found` for a coin that nothing here has made. */
  async of(outpoint: Outpoint): Promise<CoinHistory> {
    const { networkId } = this.#parts;
    const parents = await this.#backFrom(splitOutpoint(outpoint).id);
    const last = parents.at(-1);
    const index = splitOutpoint(outpoint).index;
    if (last === undefined || decodeParent(fromHex(networkId), last).outputs[index] === undefined)
      throw new Refusal("not-found", `no coin ${outpoint} was ever on the ledger`);
    return { networkId, outpoint, parents };
  }

  /** Each after what it comes from. What lies beyond the bound is what lies furthest back. */
  async #backFrom(id: Hex): Promise<Uint8Array[]> {
    const networkId = fromHex(this.#parts.networkId);
    const bytes = new Map<Hex, Uint8Array>();
    const inputs = new Map<Hex, readonly Hex[]>();
    for (let level = [id]; level.length > 0; ) {
      const next = new Set<Hex>();
      for (const each of level) {
        if (bytes.has(each) || bytes.size === limits.historyMax) continue;
        const found = await this.#bytesOf(each);
        if (found === undefined) continue;
        const { record } = decodeParent(networkId, found);
        const parents = (record?.inputs ?? []).map((input) => splitOutpoint(input).id);
        bytes.set(each, found);
        inputs.set(each, parents);
        for (const parent of parents) next.add(parent);
      }
      level = [...next];
    }
    return parentsFirst(id, inputs).map((each) => bytes.get(each)!);
  }

  async #bytesOf(id: Hex): Promise<Uint8Array | undefined> {
    return (await parentsOf(this.#parts, [id]))[0]?.bytes;
  }
}

/** No recursion: a history may be as deep as it is long. */
function parentsFirst(id: Hex, inputs: ReadonlyMap<Hex, readonly Hex[]>): Hex[] {
  const ordered = new Set<Hex>();
  const path = [id];
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    const missing = (inputs.get(last) ?? []).find((each) => inputs.has(each) && !ordered.has(each));
    if (missing !== undefined) path.push(missing);
    else {
      if (inputs.has(last)) ordered.add(last);
      path.pop();
    }
  }
  return [...ordered];
}
