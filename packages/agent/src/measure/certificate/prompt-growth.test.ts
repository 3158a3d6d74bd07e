// The second half of a prompt costs about what the first does, or it was not computed.
import { SampleKind } from "@ozone/proto/trial";
import { describe, expect, it } from "vitest";
import type { SampleEvidence } from "../evidence.ts";
import { halfComputed } from "./prompt-growth.ts";
import { attempt, evidence, honestStream, sampleOf } from "./sample-material.ts";

const SHORT = { promptTokens: 128, ttftMs: 80 };

/** A sample of 1843 tokens whose first text comes after `ttftMs`. */
const waited = (ttftMs: number, change: Partial<SampleEvidence> = {}): SampleEvidence => {
  const stream = honestStream();
  const earlierMs = (stream.textTimesMs[0] ?? 0) - stream.startedAtMs - ttftMs;
  const textTimesMs = stream.textTimesMs.map((time) => time - earlierMs);
  return evidence({ stream: { ...stream, textTimesMs }, ...change });
};

const judged = (one: SampleEvidence, halfMs: number | null, halfTokens = 921): string | null => {
  const halfPrompt = halfMs === null ? null : { promptTokens: halfTokens, ttftMs: halfMs };
  return halfComputed(sampleOf(one), attempt([sampleOf(one)], { shortPrompt: SHORT, halfPrompt }));
};

describe("a prompt beside one of half its length", () => {
  it("is believed when its second half took as long as its first, or longer", () => {
    for (const ttftMs of [960, 1000, 1500, 3000]) expect(judged(waited(ttftMs), 500)).toBeNull();
  });

  it("is not believed when its second half took next to nothing, and the sentence has both waits", () => {
    expect(judged(waited(510), 500)).toMatch(
      /510.0 ms for 1843 tokens and after 500.0 ms for 921.*not computed/,
    );
    expect(judged(waited(500), 500)).not.toBeNull();
  });

  it("may take two fifths per token on a quiet machine, no less", () => {
    // (500 - 80) / (921 - 128) is 0.53 ms a token: two fifths of it are 195 ms for the other 922.
    expect(judged(waited(690), 500)).not.toBeNull();
    expect(judged(waited(700), 500)).toBeNull();
  });

  it("gets more room while others use the machine", () => {
    const { resources } = evidence();
    const busy = waited(650, { resources: { ...resources, contended: true, foreignLoadCores: 1 } });
    expect(judged(busy, 500)).toBeNull();
    expect(judged(waited(650), 500)).not.toBeNull();
  });

  it("is not judged where it can't be: nothing to compare, too short, shared, repeated on purpose, or too fast to tell", () => {
    const cheap = waited(510);
    expect(judged(cheap, null)).toBeNull();
    expect(judged(cheap, 500, 1200)).toBeNull();
    expect(judged({ ...cheap, atOnce: 2 }, 500)).toBeNull();
    expect(judged({ ...cheap, kind: SampleKind.WARM_PREFIX, repeatedTokens: 1800 }, 500)).toBeNull();
    expect(judged(waited(92), 90)).toBeNull();
  });
});
