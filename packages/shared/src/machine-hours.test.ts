import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hoursReason, hoursText, isOutside, isWithin, nextChange, parseHours } from "./machine-hours.ts";
import { waitWords } from "./wait-reason.ts";

const MINUTE_MS = 60_000;
const at = (text: string) => new Date(text);
const berlin = (...allow: string[]) => parseHours(allow, "Europe/Berlin");
const next = (hours: ReturnType<typeof berlin>, text: string) =>
  nextChange(hours, at(text))?.toISOString().slice(0, 16) ?? null;

describe("hours as people write them", () => {
  it.each([
    ["Mon-Fri 19:00-07:00", "Mon-Fri 19:00-07:00"],
    ["sat, SUN 0:00-24:00", "Sat,Sun 00:00-24:00"],
    ["Fri-Mon 20:00 - 00:00", "Mon,Fri-Sun 20:00-24:00"],
    ["22:00-6:30", "Mon-Sun 22:00-06:30"],
  ])("%s is read", (written, read) => {
    const hours = berlin(written);
    expect(hours.allow).toEqual([read]);
    expect(berlin(...hours.allow).spans).toEqual(hours.spans);
  });

  it.each([
    ["", /is no span of hours; write it like/],
    ["Mon-Fri", /is no span of hours/],
    ["Mon-Fri 19-7", /is no span of hours/],
    ["Mo-Fr 19:00-07:00", /has no day "Mo"/],
    ["Mon,,Tue 19:00-07:00", /has no day ""/],
    ["Mon-Tue-Wed 19:00-07:00", /range of days that is none/],
    ["Mon 25:00-07:00", /has no time of day at "25:00"/],
    ["Mon 10:75-12:00", /has no time of day at "10:75"/],
    ["Mon 24:00-07:00", /begins at 24:00/],
    ["Mon 08:00-08:00", /begins and ends at one time/],
  ])("%j is refused with one sentence", (written, sentence) => {
    expect(() => berlin(written)).toThrow(sentence);
  });

  it("need a time zone that there is, and at least one span", () => {
    expect(() => parseHours(["Mon 08:00-09:00"], "Europe/Nowhere")).toThrow(/There is no time zone/);
    expect(() => berlin()).toThrow(/1 to 20 spans; 0 are given/);
  });
});

describe("a machine's hours", () => {
  const nights = berlin("Mon-Fri 19:00-07:00", "Sat,Sun 00:00-24:00");

  it("pass midnight into a day that is not named, by the clock of their time zone", () => {
    expect(isWithin(nights, at("2026-11-27T17:59:00Z"))).toBe(false); // Friday 18:59
    expect(isWithin(nights, at("2026-11-27T18:00:00Z"))).toBe(true);
    expect(isWithin(nights, at("2026-11-27T05:59:59Z"))).toBe(true); // Friday 06:59:59, of Thursday's span
    expect(isWithin(nights, at("2026-11-27T06:00:00Z"))).toBe(false);
    expect(isWithin(berlin("Fri 19:00-07:00"), at("2026-11-28T05:00:00Z"))).toBe(true); // Saturday 06:00
    expect(isWithin(berlin("Fri 19:00-07:00"), at("2026-11-27T05:00:00Z"))).toBe(false); // Friday 06:00
  });

  it("change next where one of them begins or ends, over days that run into one another", () => {
    expect(next(nights, "2026-11-26T12:00:00Z")).toBe("2026-11-26T18:00");
    // Friday evening to Sunday 24:00; Monday 00:00 belongs to nobody, since Sunday's span ended.
    expect(next(nights, "2026-11-27T18:00:00Z")).toBe("2026-11-29T23:00");
    expect(next(berlin("00:00-24:00"), "2026-11-27T18:00:00Z")).toBeNull();
  });

  it("end and begin by the wall clock while summer time begins", () => {
    // 2026-03-29: 01:59 is followed by 03:00 (01:00 UTC).
    const until = berlin("Sat 19:00-02:30");
    expect(isWithin(until, at("2026-03-29T00:59:00Z"))).toBe(true);
    expect(isWithin(until, at("2026-03-29T01:00:00Z"))).toBe(false);
    expect(next(until, "2026-03-28T20:00:00Z")).toBe("2026-03-29T01:00");
    expect(next(berlin("Sun 02:30-05:00"), "2026-03-28T20:00:00Z")).toBe("2026-03-29T01:00");
    expect(next(berlin("Sun 05:00-06:00"), "2026-03-28T20:00:00Z")).toBe("2026-03-29T03:00");
    // What lies in the hour that is left out comes a week later.
    expect(next(berlin("Sun 02:10-02:40"), "2026-03-23T00:00:00Z")).toBe("2026-04-05T00:10");
  });

  it("hold twice for the hour that comes twice in autumn", () => {
    // 2026-10-25: 02:59 is followed by 02:00 (01:00 UTC).
    const until = berlin("Sat 19:00-02:30");
    expect(next(until, "2026-10-24T20:00:00Z")).toBe("2026-10-25T00:30");
    expect(next(until, "2026-10-25T00:30:00Z")).toBe("2026-10-25T01:00");
    expect(next(until, "2026-10-25T01:00:00Z")).toBe("2026-10-25T01:30");
    expect(next(berlin("Sun 05:00-06:00"), "2026-10-24T20:00:00Z")).toBe("2026-10-25T04:00");
  });

  const spans = fc
    .record({
      days: fc.subarray(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], { minLength: 1 }),
      from: fc.integer({ min: 0, max: 1_439 }),
      length: fc.integer({ min: 1, max: 1_439 }),
    })
    .map(({ days, from, length }) => {
      const time = (minute: number) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
      return `${days.join(",")} ${time(from)}-${time((from + length) % 1_440)}`;
    });
  // Around both changes of 2026, and in a time zone that changes by half an hour.
  const starts = fc
    .tuple(fc.constantFrom("2026-03-28T12:00Z", "2026-10-24T12:00Z", "2026-04-04T06:00Z"), fc.nat(2_000))
    .map(([day, minutes]) => new Date(Date.parse(day) + minutes * MINUTE_MS + 17_000));

  it("change next at the first minute at which they say something else", () => {
    fc.assert(
      fc.property(
        fc.array(spans, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("Europe/Berlin", "Australia/Lord_Howe", "UTC"),
        starts,
        (allow, timeZone, start) => {
          const hours = parseHours(allow, timeZone);
          const changed = nextChange(hours, start);
          const now = isWithin(hours, start);
          const first = Math.floor(start.getTime() / MINUTE_MS) + 1;
          const end = changed ? changed.getTime() / MINUTE_MS : first + 10_080;
          for (let minute = first; minute < end; minute += 1)
            if (isWithin(hours, new Date(minute * MINUTE_MS)) !== now) return false;
          return changed === null || isWithin(hours, changed) !== now;
        },
      ),
      { numRuns: 40 },
    );
  });

  it("are said in words, with the time by their own clock at which it goes on", () => {
    const now = at("2026-11-26T12:00:00Z");
    const reason = hoursReason({ ...nights, at: now });
    expect(reason && waitWords(reason, now.getTime())).toBe(
      "waits: outside its hours until 19:00 Europe/Berlin",
    );
    const monday = hoursReason({ ...berlin("Mon 00:00-07:00"), at: now });
    expect(monday && waitWords(monday, now.getTime())).toBe(
      "waits: outside its hours until 2026-11-30 00:00 Europe/Berlin",
    );
    expect(hoursReason({ ...nights, at: at("2026-11-26T22:00:00Z") })).toBeNull();
    expect(hoursReason(null)).toBeNull();
    expect(waitWords({ kind: "hours", detail: "Mars/Base", untilMs: now.getTime() }, 0)).toBe(
      "waits: outside its hours until 2026-11-26 12:00 UTC",
    );
    expect(hoursText(nights)).toBe("Mon-Fri 19:00-07:00; Sat,Sun 00:00-24:00 in Europe/Berlin");
  });

  it("let nothing in when they are of a form that this version does not know", () => {
    const later = { allow: ["first Mon 10:00-12:00"], timeZone: "UTC", at: at("2026-11-26T12:00:00Z") };
    expect(isOutside(later)).toBe(true);
    expect(hoursReason(later)).toEqual({ kind: "hours", detail: "UTC" });
    expect(isOutside(null)).toBe(false);
  });
});
