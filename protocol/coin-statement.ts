/**
 * The statement of a coin: that it stood unspent at the end of a settled cycle, for a court or whoever else is
 * shown it, with nothing but the network file beside it. It is a place in the state under the state root that
 * a quorum signed: first in its bucket, then of the bucket among 4,096. It says nothing of any other coin, and
 * nothing of what came after that cycle.
 */
import { fromHex, type Hex, Reader, toHex } from "./bytes.ts";
import { type Checkpoint, encodeCheckpoint } from "./checkpoint.ts";
import { parseCheckpoint, parseValidatorSet, type ValidatorSet } from "./evidence.ts";
import { checkSigned, type Standing } from "./evidence-check.ts";
import {
  bad,
  end,
  fieldsOf,
  hex,
  integer,
  list,
  type Parse,
  parseJson,
  take,
  text,
} from "./json-fields.ts";
import { limits } from "./limits.ts";
import { hashLeaf, isIncluded } from "./merkle.ts";
import type { NetworkFile } from "./network-file.ts";
import {
  type Outpoint,
  OUTPOINT_LENGTH,
  type Output,
  OUTPUT_LENGTH,
  readOutput,
} from "./output.ts";
import { Refusal } from "./refusal.ts";
import { BUCKETS, bucketOf, stateKey, stateLeaf, stateValue } from "./state-entry.ts";
import { VALIDATOR_SIGNATURE_LENGTH } from "./typed-data.ts";

export const COIN_FORMAT = "tallystick statement of a coin";
export const COIN_VERSION = 1;

/** 2^40 entries in one bucket. */
const PATH_MAX = 40;
const HASH = 32;

/** Where an entry stands in the state. */
export type StatePlace = {
  /** In its bucket, of so many. */
  readonly index: number;
  readonly count: number;
  /** From the entry up to its bucket's root; from there up to the state root. */
  readonly path: readonly Hex[];
  readonly bucketRoot: Hex;
  readonly bucketPath: readonly Hex[];
};

export type CoinStatement = {
  readonly networkId: Hex;
  readonly outpoint: Outpoint;
  /** The coin's output, encoded. */
  readonly output: Hex;
  readonly place: StatePlace;
  readonly checkpoint: Checkpoint;
  /** 65 bytes each, ascending by signer. */
  readonly signatures: readonly Hex[];
  readonly claims: { readonly validators: ValidatorSet };
};

export type CoinFindings = {
  readonly coin: Output;
  readonly cycle: number;
  /** The last event of which it is told. */
  readonly seq: number;
  readonly standing: Exclude<Standing, "not-shown">;
};

/** The text of a statement: the same bytes for the same statement. */
export function formatCoinStatement({ checkpoint, ...rest }: CoinStatement): string {
  const head = { format: COIN_FORMAT, version: COIN_VERSION };
  const file = { ...head, ...rest, checkpoint: toHex(encodeCheckpoint(checkpoint)) };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** @throws Refusal `malformed` naming the field, `unsupported-version`, `too-large`. */
export function parseCoinStatement(source: string): CoinStatement {
  if (source.length > limits.evidenceFileMax)
    throw new Refusal("too-large", `a statement has at most ${limits.evidenceFileMax} characters`);
  const file = fieldsOf(parseJson(source, "statement"), "statement");
  if (take(file, "format", text(64)) !== COIN_FORMAT)
    throw bad("format", "is not that of a statement of a coin");
  const version = take(file, "version", integer(1));
  if (version !== COIN_VERSION) {
    const known = `this software reads ${COIN_VERSION}`;
    throw new Refusal("unsupported-version", `a statement of version ${version}, ${known}`);
  }
  const statement: CoinStatement = {
    networkId: take(file, "networkId", hex(HASH)),
    outpoint: take(file, "outpoint", hex(OUTPOINT_LENGTH)),
    output: take(file, "output", hex(OUTPUT_LENGTH)),
    place: take(file, "place", statePlace),
    checkpoint: take(file, "checkpoint", parseCheckpoint),
    signatures: take(
      file,
      "signatures",
      list(hex(VALIDATOR_SIGNATURE_LENGTH), 1, limits.validatorsMax),
    ),
    claims: take(file, "claims", (value, field) => {
      const fields = fieldsOf(value, field);
      const validators = take(fields, "validators", parseValidatorSet, `${field}.`);
      end(fields, field);
      return { validators };
    }),
  };
  end(file, "statement");
  return statement;
}

/**
 * Checks all of it.
 * @param trusted addresses of validators that the reader has from elsewhere.
 * @throws Refusal `wrong-network`; `malformed`, `bad-proof`, `bad-signature` naming what does not hold.
 */
export function checkCoinStatement(
  statement: CoinStatement,
  network: NetworkFile,
  trusted?: ReadonlySet<Hex>,
): CoinFindings {
  const { networkId, outpoint, checkpoint, claims } = statement;
  if (networkId !== network.networkId)
    throw new Refusal(
      "wrong-network",
      `the statement is of network ${networkId}, the file of ${network.networkId}`,
    );
  const reader = new Reader(fromHex(statement.output));
  const coin = readOutput(reader, "output");
  reader.end("output");
  checkPlace(outpoint, coin, statement.place, checkpoint);
  const { number: cycle, seq } = checkpoint;
  const { validators } = claims;
  if (validators.cycle !== cycle)
    throw new Refusal("bad-proof", `the file names no validators for cycle ${cycle}`);
  const named = new Set(validators.members.map(({ address }) => address));
  checkSigned(network, statement, named);
  if (trusted === undefined) return { coin, cycle, seq, standing: "by-named-validators" };
  checkSigned(network, statement, trusted);
  return { coin, cycle, seq, standing: "by-trusted-validators" };
}

function checkPlace(
  outpoint: Outpoint,
  coin: Output,
  { index, count, path, bucketRoot, bucketPath }: StatePlace,
  { number, stateRoot }: Checkpoint,
): void {
  const key = stateKey.coin(outpoint);
  const entry = stateLeaf(key, stateValue.coin(coin));
  const root = fromHex(bucketRoot);
  const bytes = (hashes: readonly Hex[]) => hashes.map((hash) => fromHex(hash));
  const isIn =
    isIncluded(entry, index, count, bytes(path), root) &&
    isIncluded(hashLeaf(root), bucketOf(key), BUCKETS, bytes(bucketPath), fromHex(stateRoot));
  if (isIn) return;
  const detail = `coin ${outpoint} is not shown to have stood unspent at the end of cycle ${number}`;
  throw new Refusal("bad-proof", detail);
}

const statePlace: Parse<StatePlace> = (value, field) => {
  const fields = fieldsOf(value, field);
  const inside = `${field}.`;
  const hashes = list(hex(HASH), 0, PATH_MAX);
  const read = {
    index: take(fields, "index", integer(0), inside),
    count: take(fields, "count", integer(1), inside),
    path: take(fields, "path", hashes, inside),
    bucketRoot: take(fields, "bucketRoot", hex(HASH), inside),
    bucketPath: take(fields, "bucketPath", hashes, inside),
  };
  end(fields, field);
  return read;
};
