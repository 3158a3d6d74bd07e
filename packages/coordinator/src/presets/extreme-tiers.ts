// The extreme tiers: the best of what was filled beyond 64K, 128K and 256K, proven or not, with what that takes. Pure.
import { create } from "@bufbuild/protobuf";
import { type RecoveryStep, RecoveryStepSchema } from "@ozone/proto/preset";
import { describeConfiguration } from "@ozone/shared/configuration";
import { memoryStress } from "@ozone/shared/memory-stress";
import { EXTREME_TIERS, type ExtremeTier } from "@ozone/shared/objective";
import { describeStability } from "@ozone/shared/statistics/success-bound";
import { formatBytes } from "@ozone/shared/units";
import type { ConfigurationSummary } from "./summarise.ts";

/** A tier with those that were filled in it, best first: by how often they succeed, then by decode rate. */
export interface TierChoice {
  readonly tier: ExtremeTier;
  readonly ranked: readonly ConfigurationSummary[];
}

const successRate = ({ successes, runs }: ConfigurationSummary): number =>
  runs === 0 ? 0 : successes / runs;

/** Tiers in which anything was filled at all. What was confirmed goes before what was only screened. */
export function extremeChoices(summaries: readonly ConfigurationSummary[]): TierChoice[] {
  return EXTREME_TIERS.flatMap((tier) => {
    const inTier = summaries.filter(
      ({ configuration: { numCtx } }) => numCtx >= tier.numCtxFrom && numCtx < tier.numCtxBelow,
    );
    const confirmed = inTier.filter((one) => one.confirmed);
    const ranked = (confirmed.length > 0 ? confirmed : inTier).toSorted(
      (a, b) =>
        successRate(b) - successRate(a) ||
        b.figures.decodeTokensPerSecond - a.figures.decodeTokensPerSecond ||
        (a.key < b.key ? -1 : 1),
    );
    return ranked.length > 0 ? [{ tier, ranked }] : [];
  });
}

const most = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.max(...values));

/** Memory as it was seen, and settings of the server. */
export function requirements({ configuration, memories }: ConfigurationSummary): string[] {
  const stress = memories.map(memoryStress);
  const ram = most(stress.flatMap(({ ram: one }) => one?.usedBytes ?? []));
  const vram = most(stress.flatMap(({ vram: one }) => one?.usedBytes ?? []));
  const { kvCacheType, flashAttention, concurrency } = configuration;
  return [
    ram === null
      ? "Main memory: not known, nothing told how much was used."
      : `Main memory: ${formatBytes(ram)} were in use at the peak; have more than that available before the load.`,
    ...(vram === null ? [] : [`GPU memory: ${formatBytes(vram)} were in use at the peak.`]),
    ...(kvCacheType === "" && flashAttention === "" && concurrency === 1
      ? []
      : ["The server's settings of this configuration (`ozone preset export` writes them)."]),
  ];
}

/** What a person does on purpose: nothing sets an extreme preset by itself. */
export const overrides = (modelName: string, { tier }: Pick<TierChoice, "tier">): string[] => [
  `Nothing sets it by itself. To use it: ozone preset export ${modelName} --purpose ${tier.purpose} --format modelfile`,
  "Watch the memory while it runs, and keep what you can't lose elsewhere.",
];

/** Proven or at least confirmed configurations with less context, the largest first, one per context. */
export function recoveryPlan(
  chosen: ConfigurationSummary,
  summaries: readonly ConfigurationSummary[],
): RecoveryStep[] {
  const below = summaries
    .filter(
      ({ confirmed, configuration, successes, runs }) =>
        confirmed && configuration.numCtx < chosen.configuration.numCtx && successes === runs,
    )
    .toSorted(
      (a, b) =>
        b.configuration.numCtx - a.configuration.numCtx ||
        b.runs - a.runs ||
        b.figures.decodeTokensPerSecond - a.figures.decodeTokensPerSecond ||
        (a.key < b.key ? -1 : 1),
    );
  const contexts = new Set<number>();
  const steps = below.filter(({ configuration: { numCtx } }) => {
    const isNew = !contexts.has(numCtx);
    contexts.add(numCtx);
    return isNew;
  });
  return steps.slice(0, RECOVERY_STEPS_MAX).map(({ configuration, successes, runs }) =>
    create(RecoveryStepSchema, {
      configuration,
      reason: `${describeConfiguration(configuration)}: ${describeStability(successes, runs)}`,
    }),
  );
}

const RECOVERY_STEPS_MAX = 3;
