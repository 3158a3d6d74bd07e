// What the samples of an attempt have in common. Noise hits single samples, and only ever makes the client see things
// late; a difference that all or most of them show is the server's account, and is held to a closer tolerance.
import { median } from "@ozone/shared/statistics/median";
import { hiccupMs, leastLateMs, type Part, uniformExcessMs } from "./clock-tolerance.ts";
import { type AttemptFacts, ms, nsToMs, type SampleFacts } from "./facts.ts";

/** From so many samples on, what they have in common is no accident. */
const SYSTEMATIC_FROM = 3;

/** Of the median: a share of a hiccup, and of what was waited for. */
const MEDIAN_HICCUP = 0.6;
const SHARE = 0.02;

/** A wait of the client with what the server accounts for, reasons for a difference included. */
interface Account {
  readonly what: string;
  readonly clientMs: number;
  readonly serverMs: number;
  readonly allowedMs: number;
}

/** Complaints about what most samples of an attempt, or all of them, show. */
export function systematicDifferences(attempt: AttemptFacts): string[] {
  const complete = attempt.samples.filter(
    ({ evidence, timings }) => evidence.stream.done !== null && timings.spanMs !== null,
  );
  if (complete.length < SYSTEMATIC_FROM) return [];
  const alone = complete.filter(({ evidence }) => evidence.atOnce === 1);
  if (alone.length < SYSTEMATIC_FROM) return mostSamples(complete, attempt);
  return [...mostSamples(complete, attempt), ...allSamples(alone, attempt), ...longLoads(alone, attempt)];
}

function accountsOf(sample: SampleFacts, attempt: AttemptFacts): Record<Part, Account> {
  const { timings, figures } = sample;
  const steps = Math.max(1, figures.generatedTokens - 1);
  return {
    // One step more: text may be held back until the next token shows that a character is complete.
    first: {
      what: "first text",
      clientMs: timings.ttftMs ?? 0,
      serverMs: nsToMs(figures.loadNs + figures.promptEvalNs),
      allowedMs: (2 * nsToMs(figures.evalNs)) / steps,
    },
    text: {
      what: "text",
      clientMs: timings.spanMs ?? 0,
      serverMs: nsToMs(figures.evalNs),
      allowedMs: uniformExcessMs(sample, attempt),
    },
    total: {
      what: "all",
      clientMs: timings.totalMs ?? 0,
      serverMs: nsToMs(figures.totalNs),
      allowedMs: 0,
    },
  };
}

function mostSamples(samples: readonly SampleFacts[], attempt: AttemptFacts): string[] {
  const toleratedMs =
    MEDIAN_HICCUP * median(samples.map(hiccupMs)) +
    median(samples.map((one) => uniformExcessMs(one, attempt)));
  const accounts = samples.map((one) => accountsOf(one, attempt));
  return [accounts.map(({ text }) => text), accounts.map(({ total }) => total)].flatMap((same) => {
    const offMs = median(same.map(({ clientMs, serverMs }) => clientMs - serverMs));
    const sizeMs = median(same.map(({ clientMs }) => clientMs));
    if (Math.abs(offMs) <= toleratedMs + SHARE * sizeMs) return [];
    return [`in most samples the client's ${ms(sizeMs)} differ by ${ms(offMs)} from the server's account`];
  });
}

/** Each sample may be late for a reason of its own; the least late one has the least of them. */
function allSamples(samples: readonly SampleFacts[], attempt: AttemptFacts): string[] {
  const accounts = samples.map((one) => accountsOf(one, attempt));
  return (["first", "text", "total"] as const).flatMap((which) => {
    const lateMs = accounts.map((one) => {
      const { clientMs, serverMs, allowedMs } = one[which];
      return clientMs - serverMs - allowedMs - SHARE * clientMs;
    });
    const leastMs = Math.min(...lateMs);
    const toleratedMs = Math.max(...samples.map((one) => leastLateMs(one, which)));
    if (leastMs <= toleratedMs) return [];
    return [
      `in all ${samples.length} samples the client waited for ${accounts[0]?.[which].what ?? which} at least ${ms(leastMs)} more than the server accounts for`,
    ];
  });
}

/** A warm request's time in the scheduler does not depend on its prompt. */
const LOAD_OVER_WARM = 3;
const LOAD_BEYOND_MS = 10;

/** Time that load_duration has too much is time that the prefill has too little. */
function longLoads(samples: readonly SampleFacts[], { warmUp }: AttemptFacts): string[] {
  const leastMs = Math.min(...samples.map(({ figures }) => nsToMs(figures.loadNs)));
  const toleratedMs = LOAD_BEYOND_MS + Math.max(...samples.map((one) => leastLateMs(one, "text")));
  if (warmUp.loadMs === null || leastMs <= LOAD_OVER_WARM * warmUp.loadMs + toleratedMs) return [];
  return [
    `load_duration is at least ${ms(leastMs)} in all ${samples.length} samples, ${ms(warmUp.loadMs)} in a shorter request to the same runner`,
  ];
}
