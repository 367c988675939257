/**
 * Where a coin comes from, as a file that shows it to whoever was not there: the record or deposit that made
 * the coin, those that made what these spent, and so on back to deposits. A coin's name is the digest of what
 * made it, so the bytes prove the descent by themselves; that they applied is the ledger's to say.
 */
import { fromHex, type Hex, toHex } from "./bytes.ts";
import {
  bad,
  end,
  fieldsOf,
  hex,
  hexUpTo,
  integer,
  list,
  parseJson,
  take,
  text,
} from "./json-fields.ts";
import { limits } from "./limits.ts";
import {
  joinOutpoint,
  type Outpoint,
  OUTPOINT_LENGTH,
  type Output,
  splitOutpoint,
} from "./output.ts";
import { decodeParent, outputOf, type Parent } from "./parent.ts";
import { checkRecordSignature } from "./record.ts";
import { Refusal } from "./refusal.ts";
import type { Verifier } from "./signature.ts";

export const HISTORY_FORMAT = "tallystick history of a coin";
export const HISTORY_VERSION = 1;

export type CoinHistory = {
  readonly networkId: Hex;
  readonly outpoint: Outpoint;
  /** Whole records and deposits, each after what it comes from; the last made the coin. */
  readonly parents: readonly Uint8Array[];
};

export type HistoryFindings = {
  readonly coin: Output;
  readonly parents: readonly Parent[];
  /** Coins that were spent on the way and whose origin is not in the file: it is bounded. */
  readonly beyond: readonly Outpoint[];
};

/** The text of a history file: the same bytes for the same history. */
export function formatHistory({ networkId, outpoint, parents }: CoinHistory): string {
  const head = { format: HISTORY_FORMAT, version: HISTORY_VERSION };
  const file = { ...head, networkId, outpoint, parents: parents.map(toHex) };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** @throws Refusal `malformed` naming the field, `unsupported-version`, `too-large`. */
export function parseHistory(source: string): CoinHistory {
  if (source.length > limits.evidenceFileMax)
    throw new Refusal("too-large", `a history has at most ${limits.evidenceFileMax} characters`);
  const file = fieldsOf(parseJson(source, "history"), "history");
  if (take(file, "format", text(64)) !== HISTORY_FORMAT)
    throw bad("format", "is not that of a coin's history");
  const version = take(file, "version", integer(1));
  if (version !== HISTORY_VERSION)
    throw new Refusal(
      "unsupported-version",
      `a history of version ${version}, this software reads ${HISTORY_VERSION}`,
    );
  const history = {
    networkId: take(file, "networkId", hex(32)),
    outpoint: take(file, "outpoint", hex(OUTPOINT_LENGTH)),
    parents: take(file, "parents", list(hexUpTo(limits.leafBytesMax), 1, limits.historyMax)),
  };
  end(file, "history");
  return { ...history, parents: history.parents.map((bytes) => fromHex(bytes)) };
}

/**
 * Checks that the bytes lead to the coin, that every signature holds, and that no record makes more than it
 * spends, where all that it spends is shown.
 * @throws Refusal `wrong-network`, `malformed`, `bad-signature`; `bad-proof` naming what does not fit.
 */
export function checkHistory(
  { networkId, outpoint, parents: shown }: CoinHistory,
  expected: Hex,
  verifier: Verifier,
): HistoryFindings {
  if (networkId !== expected)
    throw new Refusal("wrong-network", `the history is of network ${networkId}, not ${expected}`);
  const id = fromHex(networkId, 32);
  const parents = shown.map((bytes) => decodeParent(id, bytes));
  const made = new Map<Outpoint, Output>();
  const beyond: Outpoint[] = [];
  const needed = new Set<Hex>([parents.at(-1)!.id]);
  for (const { record } of parents) {
    for (const input of record?.inputs ?? []) needed.add(splitOutpoint(input).id);
  }
  for (const parent of parents) {
    const { record, outputs } = parent;
    if (!needed.has(parent.id)) throw unfit(`nothing in the file comes from ${parent.id}`);
    if (record !== undefined) {
      checkRecordSignature(id, record, verifier);
      const unknown = record.inputs.filter((input) => !made.has(input));
      beyond.push(...unknown);
      const spent = record.inputs.map((input) => made.get(input)?.amount ?? 0n);
      if (unknown.length === 0 && sum(spent) !== sum(outputs.map(({ amount }) => amount)))
        throw unfit(`record ${parent.id} does not make what it spends`);
    }
    outputs.forEach((output, i) => made.set(joinOutpoint(parent.id, i), output));
  }
  const coin = outputOf(parents.at(-1)!, outpoint);
  if (coin === undefined) throw unfit(`the last of the file did not make coin ${outpoint}`);
  return { coin, parents, beyond };
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function unfit(detail: string): Refusal {
  return new Refusal("bad-proof", detail);
}
