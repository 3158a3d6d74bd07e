// How long all targets of a sweep take together: hosts work side by side, one host does one thing after the other. Pure.
import type { TargetForecast } from "@ozone/proto/sweep_service";
import { groupBy } from "@ozone/shared/group-by";
import { type Ends, ends, sumOf } from "./estimate-cost.ts";

/** A target's forecast and the host that it runs on. */
export interface HostForecast {
  readonly hostId: string;
  readonly forecast: TargetForecast;
}

/** Until the last host has ended; null when a target's time is unknown. */
export function totalDuration(forecasts: readonly HostForecast[]): Ends<number> | null {
  const hosts = [...groupBy(forecasts, ({ hostId }) => hostId).values()].map((host) =>
    host.map(({ forecast }) => forecast.duration),
  );
  if (hosts.flat().some((duration) => duration === undefined)) return null;
  const sums = hosts.map((durations) =>
    sumOf(
      durations.flatMap((duration) =>
        duration ? [{ low: duration.lowMs, likely: duration.likelyMs, high: duration.highMs }] : [],
      ),
    ),
  );
  return ends((end) => Math.max(0, ...sums.map((sum) => sum[end])));
}
