// What came out of the server together while several requests shared it. Pure, and on the client's clock alone: with
// fewer slots than requests they run one after the other, and their own rates added up would be tokens that never came.
import { create } from "@bufbuild/protobuf";
import { type Round, RoundSchema } from "@ozone/proto/trial";
import type { SampleFacts } from "./certificate/facts.ts";

/** The rounds of more than one request, in their order. */
export function roundsOf(samples: readonly SampleFacts[]): Round[] {
  const shared = samples.filter(({ evidence }) => evidence.atOnce > 1);
  const numbers = [...new Set(shared.map(({ evidence }) => evidence.round))];
  return numbers.map((round) =>
    roundOf(
      round,
      shared.filter(({ evidence }) => evidence.round === round),
    ),
  );
}

function roundOf(round: number, requests: readonly SampleFacts[]): Round {
  const firstMs = Math.min(...requests.map(({ evidence }) => evidence.stream.textTimesMs.at(0) ?? Infinity));
  const lastMs = Math.max(...requests.map(({ evidence }) => evidence.stream.textTimesMs.at(-1) ?? -Infinity));
  const intendedMs = Math.min(...requests.map(({ evidence }) => evidence.intendedAtMs));
  const tokens = requests.reduce((sum, one) => sum + tokensAfterFirstText(one), 0);
  const complete = requests.every(({ evidence }) => evidence.stream.textTimesMs.length > 0);
  return create(RoundSchema, {
    round,
    requests: requests.length,
    ...(complete && lastMs > firstMs ? { decodeTokensPerSecond: (1000 * tokens) / (lastMs - firstMs) } : {}),
    ...(lastMs > intendedMs ? { wallMs: lastMs - intendedMs } : {}),
  });
}

/**
 * Tokens that came after a request's first text, which stands for one token, or for its share of them where a server
 * sends several at a time: what was in the first text came before the clock started.
 */
function tokensAfterFirstText({ figures, evidence }: SampleFacts): number {
  const chunks = evidence.stream.textTimesMs.length;
  return chunks === 0 ? 0 : (figures.generatedTokens * (chunks - 1)) / chunks;
}
