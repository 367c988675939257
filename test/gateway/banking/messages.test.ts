/** Banking messages: each keeps to its schema, says the ledger's and the books' figures, and is the same again. */
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { create } from "xmlbuilder2";
import { bookedDay, bookingsAfter } from "../../../gateway/banking/bookings.ts";
import { BusinessCalendar } from "../../../gateway/banking/business-calendar.ts";
import { CAMT053, camt053 } from "../../../gateway/banking/camt053.ts";
import { CAMT054, camt054 } from "../../../gateway/banking/camt054.ts";
import { cycleCsv, statementCsv } from "../../../gateway/banking/csv.ts";
import type { Cycle, Parties, SettledCycle } from "../../../gateway/banking/cycle.ts";
import { decimalOf, idOf } from "../../../gateway/banking/message-parts.ts";
import { PACS002, pacs002 } from "../../../gateway/banking/pacs002.ts";
import { PACS009, pacs009 } from "../../../gateway/banking/pacs009.ts";
import { SchemaCheck } from "../../../gateway/banking/schema-check.ts";
import { EmbeddedAccounts } from "../../../gateway/embedded-accounts.ts";
import { isRefusal } from "../../../protocol/refusal.ts";
import { temporaryFolders } from "../../support/temporary-folders.ts";
import { refusal } from "../support/refusal.ts";
import { testStores } from "../support/stores.ts";
import { writeSchemas } from "./schemas.ts";

const institutions = [
  {
    member: 1,
    bic: "DEUTDEFF",
    lei: "7LTWFZYICNSX8D621K86",
    name: "Bank & <One>",
    iban: "DE89370400440532013000",
  },
  { member: 2, bic: "CHASUS33" },
  { member: 3, bic: "NEDSZAJJXXX", name: "Drei" },
];
const euro = { code: "EUR", digits: 2 };
const parties: Parties = { own: 1, institutions, currency: euro };
const cycle: SettledCycle = {
  network: "ab12cd34",
  number: 12,
  positions: [
    { member: 1, delta: -70_050n },
    { member: 2, delta: 50_000n },
    { member: 3, delta: 20_050n },
  ],
  closed: Date.parse("2026-11-27T09:00:00Z"),
  settled: Date.parse("2026-11-27T09:01:00Z"),
  settlementDay: "2026-11-27",
};
const calendar = new BusinessCalendar({
  timeZone: "UTC",
  cutOff: "17:00",
  weekend: [6, 7],
  years: { "2026": [] },
});
const camt = { institution: institutions[0]!, currency: euro, calendar };

/** The texts of all elements of a name, in order. */
function textsOf(xml: string, name: string): string[] {
  const texts: string[] = [];
  create(xml).each(
    (node) => {
      if (node.node.nodeName === name)
        texts.push((node.node as unknown as { textContent: string }).textContent);
    },
    true,
    true,
  );
  return texts;
}

describe("banking messages", () => {
  const folder = temporaryFolders();
  const openStore = testStores();
  let schemas: SchemaCheck;

  beforeEach(async () => {
    const path = join(await folder(), "schemas");
    await writeSchemas(path);
    schemas = new SchemaCheck(path);
  });

  it("pay a settled cycle's net positions: from the member that owes, to each that is owed", async () => {
    const message = pacs009(cycle, parties)!;
    await schemas.check(PACS009, message);
    expect(textsOf(message, "EndToEndId")).to.deep.equal(["ab12cd34.c12.1.2", "ab12cd34.c12.1.3"]);
    expect(textsOf(message, "IntrBkSttlmAmt")).to.deep.equal(["500.00", "200.50"]);
    expect(textsOf(message, "TtlIntrBkSttlmAmt")).to.deep.equal(["700.50"]);
    expect(textsOf(message, "IntrBkSttlmDt")).to.deep.equal(["2026-11-27"]);
    expect(textsOf(message, "Nm")[0]).to.equal("Bank & <One>");
    expect(pacs009(cycle, parties)).to.equal(message);
    expect(pacs009(cycle, { ...parties, own: 2 })).to.equal(undefined);
  });

  it("say how far the payments are, each under the ids it was sent with", async () => {
    const { settled: _, settlementDay: __, ...closed } = cycle;
    for (const [each, status] of [
      [closed, "ACSP"],
      [cycle, "ACSC"],
    ] as [Cycle, string][]) {
      const message = pacs002(each, parties)!;
      await schemas.check(PACS002, message);
      expect(textsOf(message, "TxSts")).to.deep.equal([status, status]);
      const sent = pacs009(cycle, parties)!;
      expect(textsOf(message, "OrgnlMsgId")).to.deep.equal(textsOf(sent, "MsgId"));
      expect(textsOf(message, "OrgnlUETR")).to.deep.equal(textsOf(sent, "UETR"));
    }
  });

  it("name no member that the configuration does not", () => {
    const few = { ...parties, institutions: institutions.slice(0, 2) };
    try {
      pacs009(cycle, few);
    } catch (error) {
      expect(isRefusal(error, "bad-configuration"), String(error)).to.equal(true);
      return;
    }
    throw new Error("it was to be refused");
  });

  it("keep to their schemas whatever the cycle: amounts in every currency, many members, long numbers", async () => {
    const code = fc.constantFrom(euro, { code: "JPY", digits: 0 }, { code: "KWD", digits: 3 });
    const deltas = fc.array(fc.bigInt(1n, 10n ** 15n), { minLength: 1, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(code, deltas, fc.nat(2 ** 31), async (currency, owed, number) => {
        const total = owed.reduce((sum, amount) => sum + amount, 0n);
        const rest = owed.map((delta, i) => ({ member: i + 2, delta }));
        const any = { ...cycle, number, positions: [{ member: 1, delta: -total }, ...rest] };
        const message = pacs009(any, { ...parties, currency })!;
        await schemas.check(PACS009, message);
        const digits = textsOf(message, "IntrBkSttlmAmt").map((text) => text.split(".")[1] ?? "");
        expect(digits.every(({ length }) => length === currency.digits)).to.equal(true);
      }),
      { numRuns: 15 },
    );
  });

  it("are not handed out where a schema does not let them, and say why", async () => {
    const message = pacs009(cycle, parties)!;
    for (const [from, to] of [
      ["<NbOfTxs>2</NbOfTxs>", ""],
      ["<BICFI>DEUTDEFF", "<BICFI>deutdeff"],
      ["500.00", "500.000001"],
      [/(<MsgId>.*<\/MsgId>)\s*(<CreDtTm>.*<\/CreDtTm>)/, "$2$1"],
    ] as const) {
      const spoilt = message.replace(from, to);
      expect(spoilt).to.not.equal(message);
      const error = await schemas.check(PACS009, spoilt).then(
        () => undefined,
        (caught: Error) => caught,
      );
      expect(error?.message).to.include("does not keep to the schema of pacs.009.001.08");
    }
    await refusal("bad-configuration", new SchemaCheck(await folder()).check(PACS009, message));
  });

  it("refuse amounts and ids that are longer than messages have them", () => {
    expect(decimalOf(5n, euro)).to.equal("0.05");
    expect(decimalOf(-1234n, { code: "JPY", digits: 0 })).to.equal("1234");
    expect(() => decimalOf(10n ** 18n, euro)).to.throw("an amount of 19 digits");
    expect(() => idOf("x".repeat(36))).to.throw("more than 35 characters");
  });

  describe("of an account", () => {
    let now: number;
    let accounts: EmbeddedAccounts;
    const phone = "0x0101010101010101010101010101010101010101";

    beforeEach(async () => {
      now = Date.parse("2026-11-26T10:00:00Z");
      accounts = await EmbeddedAccounts.open(await openStore(), () => now);
      await accounts.openAccount("anna", "customer 7");
      await accounts.deposit("anna", 100_000n, "deposit:1");
      now = Date.parse("2026-11-27T18:00:00Z");
      await accounts.hold("anna", 30_000n, "load:1");
      await accounts.debit("load:1");
      await accounts.settle("anna", phone, 30_000n, 1);
      await accounts.hold("anna", 5_000n, "load:2");
      now = Date.parse("2026-11-28T07:00:00Z");
      await accounts.release("load:2");
      await accounts.credit("anna", 1_234n, 'redeem:",x');
    });

    const dayOf = (day: string) => bookedDay(accounts, calendar, "anna", day, now);

    it("open with the day before's closing balance and close with the books', holds apart [R-064]", async () => {
      now = Date.parse("2026-11-29T00:00:00Z");
      const balances: Record<string, string[]> = {};
      for (const day of ["2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28"]) {
        const booked = await dayOf(day);
        const message = await camt053(booked, camt);
        await schemas.check(CAMT053, message);
        const [opening, closing, available] = textsOf(message, "Amt");
        balances[day] = [opening!, closing!, available!];
      }
      expect(balances).to.deep.equal({
        "2026-11-25": ["0.00", "0.00", "0.00"],
        "2026-11-26": ["0.00", "1000.00", "1000.00"],
        "2026-11-27": ["1000.00", "700.00", "650.00"],
        "2026-11-28": ["700.00", "712.34", "712.34"],
      });
      const { available, held } = await accounts.balance("anna");
      expect(available + held).to.equal(71_234n);
    });

    it("list what was booked, on the business day it counts, and what is on devices", async () => {
      const message = await camt053(await dayOf("2026-11-27"), camt);
      expect(textsOf(message, "AddtlNtryInf")).to.deep.equal(["load:1"]);
      expect(textsOf(message, "CdtDbtInd").at(-1)).to.equal("DBIT");
      // Friday after the cut-off.
      expect(textsOf(message, "ValDt")).to.deep.equal(["2026-11-30"]);
      expect(textsOf(message, "AddtlStmtInf")[0]).to.include("300.00 EUR");
    });

    it("refuse a day that is not over, and are the same when asked for again", async () => {
      await refusal("malformed", dayOf("2026-11-28"));
      const first = await camt053(await dayOf("2026-11-27"), camt);
      now = Date.parse("2026-11-30T00:00:00Z");
      await accounts.deposit("anna", 1n, "deposit:2");
      expect(await camt053(await dayOf("2026-11-27"), camt)).to.equal(first);
      await refusal("not-found", bookedDay(accounts, calendar, "bert", "2026-11-27", now));
    });

    it("have each entry once, though the clock is set back over midnight, and over a restart", async () => {
      const store = await openStore();
      accounts = await EmbeddedAccounts.open(store, () => now);
      await accounts.openAccount("anna", "customer 7");
      now = Date.parse("2026-11-28T00:00:10Z");
      await accounts.deposit("anna", 1n, "deposit:after midnight");
      now = Date.parse("2026-11-27T23:59:50Z");
      accounts = await EmbeddedAccounts.open(store, () => now);
      await accounts.deposit("anna", 2n, "deposit:after it was set back");
      await accounts.deposit("anna", 4n, "deposit:once more");
      now = Date.parse("2026-11-29T00:00:00Z");
      const days = await Promise.all(["2026-11-27", "2026-11-28"].map(dayOf));
      expect(days.map(({ bookings }) => bookings.map(({ amount }) => amount))).to.deep.equal([
        [],
        [1n, 2n, 4n],
      ]);
      expect(days.map(({ closing }) => closing)).to.deep.equal([0n, 7n]);
    });

    it("keep to the schema with as many entries as a shop has on a good day", async () => {
      const day = await dayOf("2026-11-27");
      const booking = { ...day.bookings[0]!, reference: "r".repeat(64) };
      const message = await camt053({ ...day, bookings: Array(12_000).fill(booking) }, camt);
      await schemas.check(CAMT053, message);
    });

    it("keep to the schema whatever a core system calls its own bookings", async () => {
      const day = await dayOf("2026-11-27");
      const bookings = ["", "🏦".repeat(501), "a"].map((reference, i) => {
        return { ...day.bookings[0]!, number: i + 1, reference };
      });
      const message = await camt053({ ...day, bookings }, camt);
      await schemas.check(CAMT053, message);
      expect(textsOf(message, "AddtlNtryInf")).to.deep.equal(["🏦".repeat(500), "a"]);
    });

    it("say in ISO's codes what was cash at the counter, and what came and went by devices", async () => {
      await accounts.withdraw("anna", 100n, "withdrawal:1");
      const message = camt054("anna", await bookingsAfter(accounts, "anna", 0), camt);
      await schemas.check(CAMT054, message);
      expect(textsOf(message, "Fmly")).to.deep.equal([
        "CNTRCDPT",
        "MDOPOTHR",
        "MCOPOTHR",
        "CNTRCWDL",
      ]);
    });

    it("give notice of what was booked since an entry, and of nothing else", async () => {
      const all = await bookingsAfter(accounts, "anna", 0);
      expect(all.map(({ amount }) => amount)).to.deep.equal([100_000n, -30_000n, 1_234n]);
      const message = camt054("anna", all.slice(1), camt);
      await schemas.check(CAMT054, message);
      expect(textsOf(message, "NtryRef")).to.deep.equal(
        all.slice(1).map(({ number }) => String(number)),
      );
      const last = all.at(-1)!.number;
      const none = await bookingsAfter(accounts, "anna", last);
      expect(() => camt054("anna", none, camt)).to.throw("nothing was booked");
    });

    it("are rows for a spreadsheet that let others have their turn, however many there are", async () => {
      const day = await dayOf("2026-11-27");
      const bookings = Array.from({ length: 20_000 }, (_, i) => {
        return { ...day.bookings[0]!, number: i + 1, amount: 1n };
      });
      let turns = 0;
      let isOver = false;
      const turn = () => {
        turns++;
        if (!isOver) setImmediate(turn);
      };
      setImmediate(turn);
      const text = await statementCsv({ ...day, opening: 0n, bookings }, calendar, euro);
      isOver = true;
      expect(turns).to.be.at.least(15);
      const rows = text.trimEnd().split("\r\n").slice(1);
      expect(rows.map((row) => Number(row.split(",")[1]))).to.deep.equal(
        bookings.map(({ number }) => number),
      );
      expect(rows.at(-1)).to.include(",0.01,200.00,EUR");
    });

    it("are rows for a spreadsheet, too, with texts kept apart", async () => {
      now = Date.parse("2026-11-29T00:00:00Z");
      const text = await statementCsv(await dayOf("2026-11-28"), calendar, euro);
      const rows = text.split("\r\n");
      expect(rows[1]).to.match(
        /^anna,\d+,2026-11-28,2026-11-30,credit,"redeem:"",x",12\.34,712\.34,EUR$/,
      );
      expect(cycleCsv(cycle, parties).split("\r\n").slice(1, 3)).to.deep.equal([
        "12,2026-11-27,ab12cd34.c12.1.2,DEUTDEFF,CHASUS33,500.00,EUR",
        "12,2026-11-27,ab12cd34.c12.1.3,DEUTDEFF,NEDSZAJJXXX,200.50,EUR",
      ]);
    });
  });
});
