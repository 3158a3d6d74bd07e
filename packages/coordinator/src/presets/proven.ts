// Whether a configuration is proven stable: the one rule for presets, tiers and recommendations. Pure.
import { stabilityGrade } from "@ozone/shared/statistics/success-bound";
import type { ConfigurationSummary } from "./summarise.ts";

/** Enough runs for the bound that production asks for, and figures from fresh samples. */
export const isProven = ({
  successes,
  runs,
  confirmed,
}: Pick<ConfigurationSummary, "successes" | "runs" | "confirmed">): boolean =>
  confirmed && stabilityGrade(successes, runs).production;

/** What succeeds less often than this, as seen, is not offered before what succeeds more often. */
export const SUCCESS_RATE_MIN = 0.95;

/** Whether the runs so far succeeded often enough; says nothing of what they prove. */
export const succeedsOften = ({
  successes,
  runs,
}: Pick<ConfigurationSummary, "successes" | "runs">): boolean => successes >= SUCCESS_RATE_MIN * runs;
