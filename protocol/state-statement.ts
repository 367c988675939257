/**
 * The statement of an entry of the state: that it stood so at the end of a settled cycle, for a court or whoever
 * else is shown it, with nothing but the network file beside it. A coin that is an entry was unspent there; a
 * member's entry has its issuer key, an owner's its bank. It is a place in the state under the state root that
 * a quorum signed: first in its bucket, then of the bucket among 4,096. It says nothing of any other entry, and
 * nothing of what came after that cycle.
 */
import { fromHex, type Hex, toHex } from "./bytes.ts";
import { type Checkpoint, encodeCheckpoint } from "./checkpoint.ts";
import { parseCheckpoint } from "./evidence.ts";
import {
  end,
  type Fields,
  fieldsOf,
  hex,
  hexUpTo,
  integer,
  list,
  type Parse,
  take,
} from "./json-fields.ts";
import { limits } from "./limits.ts";
import { hashLeaf, isIncluded } from "./merkle.ts";
import type { NetworkFile } from "./network-file.ts";
import { Refusal } from "./refusal.ts";
import { BUCKETS, bucketOf, decodeStateEntry, type StateEntry, stateLeaf } from "./state-entry.ts";
import {
  checkNetwork,
  checkShown,
  type FileFormat,
  headOf,
  type NamedValidators,
  openFile,
  parseNamedValidators,
  type ShownBy,
} from "./statement-file.ts";
import { VALIDATOR_SIGNATURE_LENGTH } from "./typed-data.ts";

const format: FileFormat = { what: "statement of the state", version: 1 };

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

/** An entry as it is stored, and where. */
export type PlacedEntry = { readonly key: Hex; readonly value: Hex; readonly place: StatePlace };

export type StateStatement = PlacedEntry & {
  readonly networkId: Hex;
  readonly checkpoint: Checkpoint;
  /** 65 bytes each, ascending by signer. */
  readonly signatures: readonly Hex[];
  readonly claims: NamedValidators;
};

export type StateFindings = {
  readonly entry: StateEntry;
  readonly cycle: number;
  /** The last event of which it is told. */
  readonly seq: number;
  readonly standing: ShownBy;
};

/** The text of a statement: the same bytes for the same statement. */
export function formatStateStatement(statement: StateStatement): string {
  return `${JSON.stringify({ ...headOf(format), ...plainState(statement) }, undefined, 2)}\n`;
}

/** A statement as JSON carries it. */
export function plainState({ checkpoint, ...rest }: StateStatement): object {
  return { ...rest, checkpoint: toHex(encodeCheckpoint(checkpoint)) };
}

/** @throws Refusal `malformed` naming the field, `unsupported-version`, `too-large`. */
export function parseStateStatement(source: string): StateStatement {
  return readState(openFile(source, format), format.what);
}

/** A statement inside another file. */
export const parseState: Parse<StateStatement> = (value, field) =>
  readState(fieldsOf(value, field), field, `${field}.`);

/**
 * Checks all of it.
 * @param trusted addresses of validators that the reader has from elsewhere.
 * @throws Refusal `wrong-network`; `malformed`, `bad-proof`, `bad-signature` naming what does not hold.
 */
export function checkStateStatement(
  statement: StateStatement,
  network: NetworkFile,
  trusted?: ReadonlySet<Hex>,
): StateFindings {
  checkNetwork(format.what, statement.networkId, network);
  const { number: cycle, seq } = statement.checkpoint;
  const entry = decodeStateEntry(fromHex(statement.key), fromHex(statement.value));
  if (!isPlaced(statement)) {
    const detail = `entry ${statement.key} is not shown to have stood so at the end of cycle ${cycle}`;
    throw new Refusal("bad-proof", detail);
  }
  const standing = checkShown(network, statement, statement.claims, trusted);
  return { entry, cycle, seq, standing };
}

function isPlaced({ key, value, place, checkpoint }: StateStatement): boolean {
  const { index, count, path, bucketRoot, bucketPath } = place;
  const name = fromHex(key);
  const root = fromHex(bucketRoot);
  const bytes = (hashes: readonly Hex[]) => hashes.map((hash) => fromHex(hash));
  return (
    isIncluded(stateLeaf(name, fromHex(value)), index, count, bytes(path), root) &&
    isIncluded(
      hashLeaf(root),
      bucketOf(name),
      BUCKETS,
      bytes(bucketPath),
      fromHex(checkpoint.stateRoot),
    )
  );
}

function readState(fields: Fields, what: string, path = ""): StateStatement {
  const statement: StateStatement = {
    networkId: take(fields, "networkId", hex(HASH), path),
    key: take(fields, "key", hexUpTo(limits.stateKeyMax), path),
    value: take(fields, "value", hexUpTo(limits.stateValueMax), path),
    place: take(fields, "place", statePlace, path),
    checkpoint: take(fields, "checkpoint", parseCheckpoint, path),
    signatures: take(fields, "signatures", signatures, path),
    claims: take(fields, "claims", parseNamedValidators, path),
  };
  end(fields, what);
  return statement;
}

const signatures = list(hex(VALIDATOR_SIGNATURE_LENGTH), 1, limits.validatorsMax);
const hashes = list(hex(HASH), 0, PATH_MAX);

const statePlace: Parse<StatePlace> = (value, field) => {
  const fields = fieldsOf(value, field);
  const path = `${field}.`;
  const read = {
    index: take(fields, "index", integer(0), path),
    count: take(fields, "count", integer(1), path),
    path: take(fields, "path", hashes, path),
    bucketRoot: take(fields, "bucketRoot", hex(HASH), path),
    bucketPath: take(fields, "bucketPath", hashes, path),
  };
  end(fields, field);
  return read;
};
