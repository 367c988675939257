/** The hash table against a Map: whatever is done to both, both say the same. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteTable } from "../../../node/ledger/byte-table.ts";

const KEY = 9;
const ROW = KEY + 4;

/** Keys of which many share their first eight bytes, or all but one byte. */
const keyArbitrary = fc
  .tuple(fc.constantFrom(0, 1, 0xff), fc.nat(3), fc.nat(30))
  .map(([fill, place, last]) => {
    const key = new Uint8Array(KEY).fill(fill);
    key[place]! ^= 1;
    key[KEY - 1] = last;
    return key;
  });

const operationArbitrary = fc.record({
  kind: fc.constantFrom("add", "add", "delete", "find"),
  key: keyArbitrary,
  value: fc.nat(0xffff_ffff),
});

type Operation = {
  readonly kind: string;
  readonly key: Uint8Array;
  readonly value: number;
};

const nameOf = (key: Uint8Array) => Buffer.from(key).toString("hex");

/** A key made from a number, spread like a hash. */
function keyOf(number: number): Uint8Array {
  const key = Buffer.alloc(KEY);
  key.writeUInt32BE(Math.imul(number, 0x9e37_79b1) >>> 0, 0);
  key.writeUInt32BE(number, 4);
  return key;
}

const SEED = 3;

/** Keys of four bytes that the table would all put first, with this seed and up to 2^16 slots. */
function keysOfOneHome(count: number): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (let word = 0; keys.length < count; word++) {
    const mixed = Math.imul(SEED ^ word, 0x85eb_ca6b);
    const hash = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2_ae35) >>> 0;
    if (hash >= 2 ** 16) continue;
    const key = Buffer.alloc(4);
    key.writeUInt32BE(word);
    keys.push(key);
  }
  return keys;
}

/** Does the same to both, and compares what they answer. */
function step(table: ByteTable, model: Map<string, number>, { kind, key, value }: Operation): void {
  const name = nameOf(key);
  const found = table.find(key);
  assert.equal(found >= 0, model.has(name));
  if (found >= 0) assert.equal(table.row(found).readUInt32BE(KEY), model.get(name));
  if (kind === "add") {
    const number = table.add(key);
    if (model.has(name)) assert.equal(number, found);
    else assert.equal(table.row(number).readUInt32BE(KEY), 0, "a new value is zero");
    table.row(number).writeUInt32BE(value, KEY);
    model.set(name, value);
  } else if (kind === "delete") {
    assert.equal(table.delete(key), model.delete(name));
  }
  assert.equal(table.size, model.size);
}

function checkWhole(table: ByteTable, model: ReadonlyMap<string, number>): void {
  const rows = [...table.numbers()].map((number) => table.row(number));
  const held = new Map(
    rows.map((row) => [nameOf(row.subarray(0, KEY)), row.readUInt32BE(KEY)] as const),
  );
  assert.equal(rows.length, model.size);
  assert.deepEqual(held, model);
}

/** As the parts of an image come back: in memory of their own. */
function copies(image: readonly Uint8Array[]): ArrayIterator<Uint8Array> {
  return image.map((part) => Uint8Array.from(part)).values();
}

describe("the byte table", () => {
  it("says what a Map says, whatever is added, found and deleted, with keys that collide", () => {
    fc.assert(
      fc.property(
        fc.array(operationArbitrary, { maxLength: 400, size: "max" }),
        fc.integer(),
        (steps, seed) => {
          const table = new ByteTable(KEY, ROW, seed);
          const model = new Map<string, number>();
          for (const operation of steps) step(table, model, operation);
          checkWhole(table, model);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("comes back from its image as it was, in a table of another seed, and goes on from there", () => {
    fc.assert(
      fc.property(
        fc.array(operationArbitrary, { maxLength: 200, size: "max" }),
        fc.array(operationArbitrary, { maxLength: 200, size: "max" }),
        fc.integer(),
        (before, after, seed) => {
          const table = new ByteTable(KEY, ROW, seed);
          const model = new Map<string, number>();
          for (const operation of before) step(table, model, operation);
          const numbers = [...table.numbers()];
          const restored = new ByteTable(KEY, ROW, seed + 1);
          restored.restore(copies(table.image()));
          assert.deepEqual([...restored.numbers()], numbers);
          for (const operation of after) step(restored, model, operation);
          checkWhole(restored, model);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("takes no image of another table, nor a part of one", () => {
    const table = new ByteTable(KEY, ROW, 1);
    for (let i = 0; i < 10_000; i++) table.add(keyOf(i));
    const image = table.image();
    for (const [keyLength, rowLength] of [
      [KEY + 1, ROW],
      [KEY, ROW + 4],
    ] as const) {
      const other = new ByteTable(keyLength, rowLength, 1);
      assert.throws(() => other.restore(copies(image)), /another table/);
    }
    for (let length = 0; length < image.length; length++) {
      const other = new ByteTable(KEY, ROW, 1);
      assert.throws(() => other.restore(copies(image.slice(0, length))), /breaks off/);
    }
    const short = [...image.slice(0, -1), image.at(-1)!.subarray(1)];
    assert.throws(() => new ByteTable(KEY, ROW, 1).restore(copies(short)), /another length/);
  });

  it("keeps 300,000 rows across blocks and growth, deletes half and fills up again", () => {
    const count = 300_000;
    const table = new ByteTable(KEY, ROW, 99);
    for (let i = 0; i < count; i++) table.row(table.add(keyOf(i))).writeUInt32BE(i, KEY);
    assert.equal(table.size, count);
    for (let i = 0; i < count; i += 2) assert.equal(table.delete(keyOf(i)), true);
    const bytes = table.sizeBytes;
    for (let i = 0; i < count; i++) {
      const number = table.find(keyOf(i));
      if (i % 2 === 0) assert.equal(number, -1);
      else assert.equal(table.row(number).readUInt32BE(KEY), i);
    }
    for (let i = 0; i < count; i += 2) table.add(keyOf(count + i));
    assert.equal(table.size, count);
    assert.equal(table.sizeBytes, bytes, "freed rows are used again");
    assert.equal([...table.numbers()].length, count);
  });

  it("keeps a row's number and its bytes while it lives, however the table grows", () => {
    const table = new ByteTable(KEY, ROW, 1);
    const number = table.add(keyOf(7));
    const row = table.row(number);
    row.writeUInt32BE(0xdead_beef, KEY);
    for (let i = 100; i < 50_000; i++) table.add(keyOf(i));
    for (let i = 100; i < 50_000; i += 3) table.delete(keyOf(i));
    assert.equal(table.find(keyOf(7)), number);
    assert.deepEqual(table.row(number), row);
  });

  it("gives a freed row to the next key with a value of zeros", () => {
    const table = new ByteTable(KEY, ROW, 1);
    const number = table.add(keyOf(1));
    table.row(number).writeUInt32BE(5, KEY);
    assert.equal(table.delete(keyOf(1)), true);
    assert.equal(table.delete(keyOf(1)), false);
    assert.equal(table.add(keyOf(2)), number);
    assert.equal(table.row(number).readUInt32BE(KEY), 0);
    assert.equal(table.find(keyOf(1)), -1);
  });

  it("grows until no run is too long, loses nothing and brings nothing back: keys made by someone who knows the seed", () => {
    const table = new ByteTable(4, 8, SEED);
    const keys = keysOfOneHome(100);
    const gone = keys.map((key) => Uint8Array.from(key, (byte) => byte ^ 0x5a));
    for (const key of gone) table.add(key);
    for (const key of gone) table.delete(key);
    const before = table.sizeBytes;
    for (const key of keys.slice(0, 64)) table.add(key);
    assert.equal(table.sizeBytes, before, "sixty-four share a home");
    for (const key of keys.slice(64)) table.add(key);
    assert.ok(table.sizeBytes - before > 4 * 10_000, "the index grew until they share it no more");
    assert.equal(new Set(keys.map((key) => table.find(key))).size, 100);
    assert.ok(keys.every((key) => table.find(key) >= 0));
    assert.equal([...table.numbers()].length, 100);
    for (const key of keys) assert.equal(table.delete(key), true);
    assert.deepEqual([...table.numbers()], []);
  });

  it("takes at most six bytes a row for its index", () => {
    const table = new ByteTable(KEY, ROW, 3);
    let most = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 100_000; i++) {
      table.add(keyOf(i));
      const rowBytes = Math.ceil(table.size / 8192) * 8192 * ROW;
      if (i < 10_000) continue;
      const indexBytes = (table.sizeBytes - rowBytes) / table.size;
      most = Math.max(most, indexBytes);
      least = Math.min(least, indexBytes);
    }
    // Four bytes an entry, at most 85% of them in use and at least 85% / 1.2.
    assert.ok(least >= (4 / 0.85) * 0.999, `${least} bytes`);
    assert.ok(most <= ((4 * 1.2) / 0.85) * 1.001, `${most} bytes`);
  });
});
