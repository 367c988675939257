/** State roots: against a definition of its own, over changes, and while events go on. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { compareBytes, type Hex } from "../../../protocol/bytes.ts";
import { bucketOf, encodeStateEntry } from "../../../protocol/state-entry.ts";
import {
  type ReadBuckets,
  type Row,
  StateRoot,
  stateRootOver,
} from "../../../node/ledger/state-root.ts";
import { TestLedger } from "../../support/ledger.ts";
import { pay } from "../../support/ledger-parts.ts";

const sha = (...parts: readonly Uint8Array[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

/** RFC 6962, section 2.1, as it is written: split at the largest power of two below the length. */
function treeHash(entries: readonly Uint8Array[]): Buffer {
  if (entries.length === 0) return sha();
  if (entries.length === 1) return sha(Uint8Array.of(0), entries[0]!);
  let split = 1;
  while (2 * split < entries.length) split *= 2;
  return sha(Uint8Array.of(1), treeHash(entries.slice(0, split)), treeHash(entries.slice(split)));
}

/** The root from rows in hexadecimal, by sorting strings and cutting off three digits of a hash. */
function naiveRoot(rows: Iterable<Row>): Hex {
  const buckets = new Map<string, [string, string][]>();
  for (const [key, value] of rows) {
    const bucket = sha(key).toString("hex").slice(0, 3);
    const row: [string, string] = [hex(key), hex(value)];
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), row]);
  }
  const roots = Array.from({ length: 4096 }, (_, i) => {
    const held = buckets.get(i.toString(16).padStart(3, "0")) ?? [];
    const sorted = held.sort(([a], [b]) => (a < b ? -1 : 1));
    return treeHash(sorted.map(([key, value]) => Buffer.from(key + value, "hex")));
  });
  return `0x${treeHash(roots).toString("hex")}`;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Rows in memory that can be read bucket by bucket, as they are or as they were. */
class Rows {
  readonly #rows = new Map<string, Row>();

  set([key, value]: Row): number {
    this.#rows.set(hex(key), [key, value]);
    return bucketOf(key);
  }

  delete(key: Uint8Array): number {
    this.#rows.delete(hex(key));
    return bucketOf(key);
  }

  all(): Row[] {
    return [...this.#rows.values()];
  }

  /** Reads as of now, and lets `between` happen before each answer. */
  snapshot(between: () => void = () => {}): ReadBuckets {
    const buckets = Map.groupBy(
      this.all().sort(([a], [b]) => compareBytes(a, b)),
      ([key]) => bucketOf(key),
    );
    return async function* (first, last) {
      for (let bucket = first; bucket <= last; bucket++) {
        between();
        await Promise.resolve();
        yield buckets.get(bucket) ?? [];
      }
    };
  }
}

const row = (key: string, value: string): Row => [Buffer.from(key), Buffer.from(value)];

describe("the state root", () => {
  it("is the RFC 6962 root over 4,096 bucket roots, as another implementation works it out", async () => {
    const ledger = new TestLedger(1, 2, 3);
    const ann = await ledger.enrol("ann", 1);
    for (let i = 1n; i <= 300n; i++) ledger.deposit(Number(i % 3n) + 1, i);
    await ledger.coin(pay(ann, 1, 5n));
    ledger.revoke(1, ann);
    const rows = [...ledger.state.entries()].map(encodeStateEntry);
    assert.equal(stateRootOver(ledger.state.entries()), naiveRoot(rows));
    assert.equal(stateRootOver([]), naiveRoot([]));
  });

  it("holds rows of one bucket in the order of their keys, whichever came first", () => {
    const first = new Map<number, string>();
    const pairs: [Row, Row][] = [];
    for (let i = 0; pairs.length < 3; i++) {
      const key = `key ${i}`;
      const bucket = bucketOf(Buffer.from(key));
      const other = first.get(bucket);
      if (other !== undefined) pairs.push([row(other, "a"), row(key, "b")]);
      first.set(bucket, key);
    }
    for (const [one, two] of pairs) assert.equal(naiveRoot([one, two]), naiveRoot([two, one]));
  });

  it("is kept up over random changes bucket by bucket", async () => {
    const change = fc.record({ key: fc.nat(40), value: fc.option(fc.string()) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change), { maxLength: 5 }), async (rounds) => {
        const rows = new Rows();
        const root = new StateRoot();
        for (const changes of rounds) {
          for (const { key, value } of changes) {
            const [bytes, content] = row(`row ${key}`, value ?? "");
            root.touch(value === null ? rows.delete(bytes) : rows.set([bytes, content]));
          }
          assert.equal(await root.compute(rows.snapshot()), naiveRoot(rows.all()));
        }
      }),
      { numRuns: 8 },
    );
  });

  it("reads again only the buckets that were touched, those beside each other at once", async () => {
    const root = new StateRoot();
    const read: [number, number][] = [];
    const watched = (): ReadBuckets => {
      const inner = new Rows().snapshot();
      return (first, last) => {
        read.push([first, last]);
        return inner(first, last);
      };
    };
    await root.compute(watched());
    assert.deepEqual(read.splice(0), [[0, 4095]]);
    for (const bucket of [4095, 7, 9, 8, 0]) root.touch(bucket);
    await root.compute(watched());
    assert.deepEqual(read, [
      [0, 0],
      [7, 9],
      [4095, 4095],
    ]);
  });

  it("is of the snapshot, though rows change and are touched while it is worked out", async () => {
    const rows = new Rows();
    const root = new StateRoot();
    for (let i = 0; i < 50; i++) root.touch(rows.set(row(`row ${i}`, "old")));
    const old = naiveRoot(rows.all());
    let step = 0;
    const change = () => {
      if (step < 50) root.touch(rows.set(row(`row ${step}`, "new")));
      step++;
    };
    assert.equal(await root.compute(rows.snapshot(change)), old);
    assert.equal(await root.compute(rows.snapshot()), naiveRoot(rows.all()));
  });

  it("is of each snapshot, also where a root must wait for the one before", async () => {
    const rows = new Rows();
    const root = new StateRoot();
    const roots: Promise<Hex>[] = [];
    const expected: Hex[] = [];
    for (let i = 0; i < 4; i++) {
      root.touch(rows.set(row("the same row", `value ${i}`)));
      root.touch(rows.set(row(`row ${i}`, "")));
      roots.push(root.compute(rows.snapshot()));
      expected.push(naiveRoot(rows.all()));
    }
    root.touch(rows.set(row("the same row", "changed while all of them wait")));
    assert.deepEqual(await Promise.all(roots), expected);
    assert.equal(await root.compute(rows.snapshot()), naiveRoot(rows.all()));
  });

  it("leaves the buckets of a root that failed to the next one, waiting or later", async () => {
    const rows = new Rows();
    const root = new StateRoot();
    root.touch(rows.set(row("a", "1")));
    await root.compute(rows.snapshot());
    root.touch(rows.set(row("a", "2")));
    const failing = (message: string): ReadBuckets =>
      async function* (first, last) {
        yield* rows.snapshot()(first, last - 1);
        throw new Error(message);
      };
    const failed = root.compute(failing("the disk"));
    root.touch(rows.set(row("b", "1")));
    const next = root.compute(rows.snapshot());
    await assert.rejects(failed, /the disk/);
    assert.equal(await next, naiveRoot(rows.all()));
    root.touch(rows.set(row("a", "3")));
    await assert.rejects(root.compute(failing("again")), /again/);
    assert.equal(await root.compute(rows.snapshot()), naiveRoot(rows.all()));
  });
});
