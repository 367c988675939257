/** Tables as files: what is written is what the node said, whole, in bounded memory, and read by other readers. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { ExportPages } from "../../../node/export/pages.ts";
import { type Row, type TableName, tables } from "../../../node/export/tables.ts";
import type { DisclosureEntry } from "../../../node/chain/audit-log.ts";
import type { CaseEntry } from "../../../node/chain/disputes.ts";
import { ownerOf } from "../../../protocol/key.ts";
import { exportTable } from "../../../scripts/export/export-file.ts";
import { Rig } from "../../node/evidence/support/rig.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { burn, type Coin, coinsOf, idOf, keyOf, pay, spend } from "../../support/ledger-parts.ts";

const ZERO = `0x${"00".repeat(32)}` as const;

describe("an export", () => {
  const makeFolder = temporaryFolders();
  let folder: string;
  let rig: Rig;
  const cases = new Map<number, CaseEntry>();
  const disclosures = new Map<number, DisclosureEntry>();

  beforeEach(async () => {
    folder = await makeFolder();
    rig = await Rig.open();
    cases.clear();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  const client = () => {
    const { replica, leaves } = rig.now;
    const { store, state } = replica;
    const pages = new ExportPages({
      store,
      leaves,
      custodianOf: (owner) => state.memberOf(owner),
      settledCycle: () => state.parameters.settledCycle,
      caseCount: async () => cases.size,
      caseOf: async (caseId) => cases.get(caseId),
      disclosures: {
        counts: async () => ({ requests: disclosures.size }),
        disclosure: async (id) => disclosures.get(id),
      },
    });
    return {
      async exportPage(table: TableName, from?: string) {
        const { rows, next } = await pages.of(table, from);
        return { rows: [...rows], ...(next === undefined ? {} : { next }) };
      },
    };
  };

  const csv = async (table: TableName) => {
    const path = join(folder, `${table}.csv`);
    await exportTable(client(), table, path, "csv");
    const lines = (await readFile(path, "utf8")).split("\r\n");
    assert.equal(lines.pop(), "");
    return lines.map((line) => line.split(","));
  };

  const parquet = async (table: TableName) => {
    const path = join(folder, `${table}.parquet`);
    await exportTable(client(), table, path, "parquet");
    return await parquetReadObjects({ file: await asyncBufferFromFile(path) });
  };

  it("has a row for each record and each coin, in the order of the log, in both formats [R-036]", async () => {
    const anna = await rig.enrol("anna", 1);
    const bert = await rig.enrol("bert", 2);
    const [coin] = (await rig.load(anna, 1, 500n)) as [Coin];
    const outputs = [pay(bert, 2, 200n), pay(anna, 1, 300n)];
    const record = await spend({ signer: anna, inputs: [coin], outputs });
    await rig.sequence(1, record);
    const treasury = keyOf("treasury of 1");
    const vault = await rig.deposit(1, 70n);
    const burning = await spend({ signer: treasury, inputs: [vault], outputs: [burn(1, 70n)] });
    await rig.sequence(1, burning);

    const [head, ...rows] = await csv("records");
    assert.deepEqual(
      head,
      tables.records.map(({ name }) => name),
    );
    assert.equal(rows.length, 3);
    const second = Object.fromEntries(head!.map((name, i) => [name, rows[1]![i]]));
    assert.deepEqual(second, {
      seq: rows[1]![0],
      place: "0",
      cycle: "1",
      time: new Date(rig.timeS * 1000).toISOString().replace(".000", ""),
      id: idOf(record),
      kind: "spend",
      signer: ownerOf(anna.publicKey),
      member: "1",
      inputs: "1",
      outputs: "2",
      amount: "500",
      to_others: "200",
      burnt: "0",
      has_memo: "false",
    });
    assert.equal(rows[2]![head!.indexOf("burnt")], "70");

    const columnar = await parquet("records");
    assert.deepEqual(
      columnar.map(({ id }) => id),
      rows.map((row) => row[head!.indexOf("id")]),
    );
    assert.deepEqual(columnar[1]!["time"], new Date(rig.timeS * 1000));
    assert.equal(columnar[1]!["amount"], 500);
    assert.equal(columnar[1]!["has_memo"], false);

    const coins = await parquet("coins");
    assert.equal(coins.length, 4);
    const made = coinsOf(record);
    const paid = coins.find(({ outpoint }) => outpoint === made[0]!.outpoint)!;
    assert.equal(paid["taker"] ?? null, null);
    const spent = coins.find(({ outpoint }) => outpoint === coin.outpoint)!;
    assert.equal(spent["taker"], idOf(record));
    const text = await csv("coins");
    assert.equal(text.find((row) => row.includes(made[0]!.outpoint))!.at(-1), "");
  });

  it("goes over many pages and row groups without losing a row", async () => {
    const total = 50_000;
    const row = (i: number): Row<"coins"> => ({
      seq: i,
      time: i,
      outpoint: `0x${i}`,
      record: "0x",
      output: 0,
      lock: 0,
      owner: "0x",
      custodian: 1,
      amount: (2n ** 64n + BigInt(i)).toString(),
      taker: i % 2 === 0 ? null : "0x01",
    });
    const paged = {
      async exportPage(_: TableName, from = "0") {
        const first = Number(from);
        const rows = Array.from({ length: Math.min(1_000, total - first) }, (__, i) =>
          row(first + i),
        );
        return { rows, ...(first + 1_000 < total ? { next: String(first + 1_000) } : {}) };
      },
    };
    const path = join(folder, "many.parquet");
    assert.equal(await exportTable(paged, "coins", path, "parquet"), total);
    const file = await asyncBufferFromFile(path);
    const { row_groups, num_rows, schema } = await parquetMetadataAsync(file);
    assert.equal(Number(num_rows), total);
    assert.equal(row_groups.length, 3);
    assert.equal(schema.find(({ name }) => name === "amount")?.precision, 38);
    const read = await parquetReadObjects({ file, columns: ["seq", "amount", "taker"] });
    assert.equal(read.length, total);
    assert.deepEqual(
      read.map(({ seq }) => Number(seq)),
      Array.from({ length: total }, (_, i) => i),
    );
    assert.equal(BigInt(read[0]!["amount"]), 2n ** 64n);
    assert.equal(read[3]!["taker"], "0x01");
    assert.equal(read[4]!["taker"] ?? null, null);
  });

  it("has each member's position at each checkpoint, below zero too", async () => {
    const positions = [
      { member: 1, delta: -300n, withdrawn: 0n },
      { member: 2, delta: 300n, withdrawn: 5n },
    ];
    for (const number of [1, 2])
      await rig.now.replica.store.saveCheckpoint({
        number,
        seq: 10 * number,
        applied: 7,
        appliedRoot: ZERO,
        supply: 1_000n,
        positions,
        stateRoot: ZERO,
      });
    const rows = await parquet("positions");
    assert.deepEqual(
      rows.map(({ cycle, member, delta }) => [Number(cycle), Number(member), delta]),
      [
        [1, 1, -300],
        [1, 2, 300],
        [2, 1, -300],
        [2, 2, 300],
      ],
    );
    assert.deepEqual((await csv("positions"))[1], [
      "1",
      "10",
      "1",
      "-300",
      "0",
      "1000",
      "7",
      "false",
    ]);
  });

  it("has all cases, ended ones without a deadline, over more than one page", async () => {
    for (let caseId = 1; caseId <= 70; caseId++)
      cases.set(caseId, {
        caseId,
        kind: "false-receipt",
        status: caseId === 1 ? "dismissed" : "opened",
        claimant: 2,
        accused: 1,
        amount: 12n,
        deadlineS: 1_800_000_000,
        argument: ZERO,
        answer: ZERO,
        debts: [],
      });
    const [, ...rows] = await csv("cases");
    assert.deepEqual(
      rows.map(([number]) => Number(number)),
      Array.from({ length: 70 }, (_, i) => i + 1),
    );
    assert.equal(rows[0]![6], "");
    assert.equal(rows[1]![6], "2027-01-15T08:00:00Z");
    assert.equal((await parquet("cases")).length, 70);
  });

  it("has every request to open an identity, by whom and on which basis, and who agreed [N-10]", async () => {
    disclosures.set(1, {
      id: 1,
      requester: `0x${"12".repeat(20)}`,
      epoch: 1,
      untilS: 1_800_000_000,
      approvedBy: [1, 3],
      subject: `0x${"34".repeat(32)}`,
      legalBasis: `0x${"56".repeat(32)}`,
      requesterKey: new Uint8Array(33),
      isGranted: true,
    });
    const [head, row] = await csv("disclosures");
    assert.deepEqual(
      head,
      tables.disclosures.map(({ name }) => name),
    );
    const [request, , , until, approvals, by, granted] = row!;
    assert.deepEqual(
      [request, until, approvals, by, granted],
      ["1", "2027-01-15T08:00:00Z", "2", "1 3", "true"],
    );
    assert.equal(row!.at(-1), `0x${"56".repeat(32)}`);
    assert.equal((await parquet("disclosures")).length, 1);
    disclosures.clear();
  });

  it("of nothing is a file with its columns and no rows", async () => {
    assert.deepEqual(await csv("cases"), [tables.cases.map(({ name }) => name)]);
    const path = join(folder, "cases.parquet");
    await exportTable(client(), "cases", path, "parquet");
    const { num_rows, schema } = await parquetMetadataAsync(await asyncBufferFromFile(path));
    assert.equal(Number(num_rows), 0);
    assert.equal(schema.length, 1 + tables.cases.length);
  });

  it("of a node that is not honest is refused: no formula, nothing of another form, no page for ever", async () => {
    const good = { cycle: 1, seq: 2, member: 1, delta: "-5", withdrawn: "0", supply: "7" };
    const row = { ...good, records: 0, settled: true };
    const wrong: [object, RegExp][] = [
      [{ ...row, delta: "=1+1" }, /"delta" that is no amount/],
      [{ ...row, member: "@SUM(A1)" }, /"member" that is no integer/],
      [{ ...row, settled: null }, /row without "settled"/],
    ];
    const path = join(folder, "positions.csv");
    const write = (table: TableName, rows: readonly object[], next?: string) => {
      const page = { rows: rows as Row[], ...(next === undefined ? {} : { next }) };
      return exportTable({ exportPage: async () => page }, table, path, "csv");
    };
    for (const [cells, says] of wrong) await assert.rejects(write("positions", [cells]), says);
    const formula = { case: 1, kind: '=HYPERLINK("http://x")' };
    await assert.rejects(write("cases", [formula]), /"kind" that is no text/);
    await assert.rejects(write("positions", [row], "3.0"), /for ever/);
    assert.deepEqual(await readdir(folder), []);
  });

  it("that breaks off leaves no file, and none that was there before is touched", async () => {
    const path = join(folder, "records.csv");
    await exportTable(client(), "records", path, "csv");
    const before = await readFile(path);
    let pages = 0;
    const failing = {
      async exportPage() {
        if (++pages === 2) throw new Error("the node is gone");
        return { rows: [], next: "1.0" };
      },
    };
    await assert.rejects(exportTable(failing, "records", path, "csv"), /the node is gone/);
    assert.deepEqual(await readFile(path), before);
    assert.deepEqual(await readdir(folder), ["records.csv"]);
  });
});

describe("the columns of exports", () => {
  it("are documented as the code has them, each with its type and meaning", async () => {
    const text = await readFile(join(import.meta.dirname, "../../../docs/CONSOLE.md"), "utf8");
    for (const [table, columns] of Object.entries(tables)) {
      const rows = columns.map(
        ({ name, type, meaning }) => `| \`${name}\` | ${type} | ${meaning} |`,
      );
      const expected = ["| column | type | meaning |", "| --- | --- | --- |", ...rows].join("\n");
      assert.ok(text.includes(`### ${table}\n\n${expected}\n`), `docs/CONSOLE.md, ${table}`);
    }
  });
});
