/** On which business day something counts, and that a year nobody has listed is not guessed at. */
import { expect } from "chai";
import fc from "fast-check";
import {
  after,
  BusinessCalendar,
  type CalendarOptions,
} from "../../../gateway/banking/business-calendar.ts";
import { isRefusal } from "../../../protocol/refusal.ts";

const options: CalendarOptions = {
  timeZone: "Europe/Berlin",
  cutOff: "17:00",
  weekend: [6, 7],
  years: { "2026": ["2026-12-25"], "2027": ["2027-01-01"] },
};
const calendar = new BusinessCalendar(options);
const at = (text: string) => Date.parse(text);
const refused = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    if (isRefusal(error, "bad-configuration")) return error.detail;
    throw error;
  }
  throw new Error("it was to be refused");
};

describe("the business calendar", () => {
  it("counts what comes before the cut-off on the day, and from that minute on on the next", () => {
    // Berlin is an hour ahead of UTC in winter, two in summer.
    expect(calendar.businessDayOf(at("2026-11-27T15:59:59Z"))).to.equal("2026-11-27");
    expect(calendar.businessDayOf(at("2026-11-27T16:00:00Z"))).to.equal("2026-11-30");
    expect(calendar.businessDayOf(at("2026-07-01T14:59:00Z"))).to.equal("2026-07-01");
    expect(calendar.businessDayOf(at("2026-07-01T15:00:00Z"))).to.equal("2026-07-02");
    expect(calendar.businessDayOf(at("2026-11-29T23:30:00Z"))).to.equal("2026-11-30");
  });

  it("passes over weekends and holidays, into the next year", () => {
    expect(calendar.businessDayOf(at("2026-12-24T18:00:00Z"))).to.equal("2026-12-28");
    expect(calendar.businessDayOf(at("2026-12-31T18:00:00Z"))).to.equal("2027-01-04");
    expect(calendar.isBusinessDay("2026-12-25")).to.equal(false);
    expect(calendar.nextBusinessDay("2026-12-24")).to.equal("2026-12-28");
  });

  it("refuses a year that is not listed, and says where to list it", () => {
    expect(refused(() => calendar.businessDayOf(at("2027-12-31T18:00:00Z")))).to.include("no 2028");
    expect(refused(() => calendar.isBusinessDay("2025-12-31"))).to.include(
      "banking.calendar.years",
    );
  });

  it("refuses holidays that are no days of their year, unknown time zones, and weeks without business", () => {
    const wrong: Partial<CalendarOptions>[] = [
      { years: { "2026": ["2026-02-30"] } },
      { years: { "2026": ["2027-01-01"] } },
      { timeZone: "Europe/Atlantis" },
      { weekend: [1, 2, 3, 4, 5, 6, 7] },
    ];
    for (const change of wrong) refused(() => new BusinessCalendar({ ...options, ...change }));
  });

  it("knows when a date begins, also on days of 23 and 25 hours", () => {
    for (const [day, begins] of [
      ["2026-03-29", "2026-03-28T23:00:00Z"],
      ["2026-03-30", "2026-03-29T22:00:00Z"],
      ["2026-10-25", "2026-10-24T22:00:00Z"],
      ["2026-10-26", "2026-10-25T23:00:00Z"],
    ] as const) {
      expect(calendar.startOf(day)).to.equal(at(begins));
    }
    for (const timeZone of ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"]) {
      const there = new BusinessCalendar({ ...options, timeZone });
      const begins = there.startOf("2026-11-28");
      expect(there.dateOf(begins)).to.equal("2026-11-28");
      expect(there.dateOf(begins - 1)).to.equal("2026-11-27");
    }
  });

  it("gives a business day that is never before the date, and never earlier for what comes later", () => {
    const time = fc.integer({ min: at("2026-01-02T00:00:00Z"), max: at("2027-12-30T00:00:00Z") });
    fc.assert(
      fc.property(time, time, (one, two) => {
        const [early, late] = one < two ? [one, two] : [two, one];
        const day = calendar.businessDayOf(early);
        expect(calendar.isBusinessDay(day)).to.equal(true);
        expect(day >= calendar.dateOf(early)).to.equal(true);
        expect(day <= calendar.businessDayOf(late)).to.equal(true);
      }),
    );
  });

  it("shows what a clock on the wall does, whatever the zone and its summer time", () => {
    const from = at("2026-01-02T00:00:00Z");
    const zones = ["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"];
    for (const timeZone of zones) {
      const all = { timeZone, weekend: [], years: { "2026": [], "2027": [] } };
      const here = new BusinessCalendar({ ...options, ...all });
      const wall = new Intl.DateTimeFormat("sv-SE", {
        timeZone,
        dateStyle: "short",
        timeStyle: "short",
      });
      const times = fc.integer({ min: from, max: from + 362 * 86_400_000 });
      fc.assert(
        fc.property(times, (time) => {
          const [day, minute] = wall.format(time).split(" ") as [string, string];
          expect(here.dateOf(time)).to.equal(day);
          expect(here.businessDayOf(time)).to.equal(minute < "17:00" ? day : after(day));
        }),
      );
    }
  });
});
