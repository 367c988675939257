/**
 * On which business day something counts: that of its time before the cut-off, else the next. Holidays are known
 * for the years that the configuration lists, and for no other: a day of another year is refused, not guessed.
 */
import { Refusal } from "../../protocol/refusal.ts";

/** YYYY-MM-DD. */
export type Day = string;

export type CalendarOptions = {
  /** IANA's name of where the days begin and the cut-off is, such as Europe/Berlin. */
  readonly timeZone: string;
  /** HH:MM. What comes at this minute is late. */
  readonly cutOff: string;
  /** Days without business in every week: 1 Monday to 7 Sunday. */
  readonly weekend: readonly number[];
  /** By year, its other days without business. */
  readonly years: Readonly<Record<string, readonly Day[]>>;
};

const DAY_MS = 86_400_000;
/** No time zone is ahead of UTC by less than a multiple of it, or changes within it. */
const QUARTER_MS = 900_000;
const MINUTE_MS = 60_000;

/** What a clock on the wall shows. */
type Local = { readonly day: Day /** Of the day. */; readonly minute: number };

export class BusinessCalendar {
  readonly #options: CalendarOptions;
  readonly #cutOffMinute: number;
  readonly #format: Intl.DateTimeFormat;
  /** The quarter that was asked for last: a statement asks for each of its entries, and formatting is slow. */
  #quarter: (Local & { readonly start: number }) | undefined;

  /** @throws Refusal `bad-configuration` for a holiday that is no day of its year, an unknown time zone, or no business. */
  constructor(options: CalendarOptions) {
    this.#options = options;
    const { timeZone, years, weekend, cutOff } = options;
    this.#cutOffMinute = minuteOf(cutOff);
    try {
      this.#format = new Intl.DateTimeFormat("en-CA", {
        timeZone,
        dateStyle: "short",
        timeStyle: "short",
        hourCycle: "h23",
      });
    } catch {
      throw new Refusal("bad-configuration", `"${timeZone}" is no time zone that is known here`);
    }
    if (new Set(weekend).size >= 7) {
      throw new Refusal("bad-configuration", "a calendar whose weeks have no business day");
    }
    for (const [year, holidays] of Object.entries(years)) {
      for (const day of holidays) {
        if (isDay(day) && day.startsWith(`${year}-`)) continue;
        throw new Refusal(
          "bad-configuration",
          `"${day}" is not a day of ${year}, such as ${year}-01-01`,
        );
      }
    }
  }

  /** @throws Refusal `bad-configuration` for a year that is not listed. */
  isBusinessDay(day: Day): boolean {
    const holidays = this.#options.years[day.slice(0, 4)];
    if (holidays === undefined) {
      throw new Refusal(
        "bad-configuration",
        `the calendar has no ${day.slice(0, 4)}: list its holidays under banking.calendar.years`,
      );
    }
    return !holidays.includes(day) && !this.#options.weekend.includes(weekdayOf(day));
  }

  /** The day's date where the calendar is, whether there is business or not. @param time milliseconds. */
  dateOf(time: number): Day {
    return this.#local(time).day;
  }

  /** The first millisecond of a date where the calendar is. */
  startOf(day: Day): number {
    const near = Date.parse(`${day}T00:00:00Z`);
    let [before, from] = [near - DAY_MS, near + DAY_MS];
    while (from - before > 1) {
      const middle = Math.floor((before + from) / 2);
      if (this.dateOf(middle) < day) before = middle;
      else from = middle;
    }
    return from;
  }

  /** The business day on which what happens at a time counts. @throws Refusal as `isBusinessDay`. */
  businessDayOf(time: number): Day {
    const { day, minute } = this.#local(time);
    return this.#fromOn(minute < this.#cutOffMinute ? day : after(day));
  }

  /** @throws Refusal as `isBusinessDay`. */
  nextBusinessDay(day: Day): Day {
    return this.#fromOn(after(day));
  }

  #fromOn(day: Day): Day {
    let candidate = day;
    while (!this.isBusinessDay(candidate)) candidate = after(candidate);
    return candidate;
  }

  #local(time: number): Local {
    const start = Math.floor(time / QUARTER_MS) * QUARTER_MS;
    if (this.#quarter?.start !== start) {
      const [day, minute] = this.#format.format(start).split(", ");
      this.#quarter = { start, day: day!, minute: minuteOf(minute!) };
    }
    const { day, minute } = this.#quarter;
    return { day, minute: minute + Math.floor((time - start) / MINUTE_MS) };
  }
}

/** @param text HH:MM. */
function minuteOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** 1 Monday to 7 Sunday. */
function weekdayOf(day: Day): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
}

/** The day after, whether there is business or not. */
export function after(day: Day): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
