// What the coordinator counts while it works, as Prometheus metrics. Labels are states and names that the code knows:
// never a machine, a model or a trial.
import { Counter, Histogram, Registry } from "prom-client";

/** What happens while the coordinator works, told to whoever counts. All times in milliseconds. */
export interface Events {
  /** A run of a background task ended. */
  taskRan(task: string, tookMs: number, failed: boolean): void;
  /** A batch of results was committed: one word per result, stored, duplicate, stale or why it was refused. */
  resultsRecorded(outcomes: readonly string[], tookMs: number): void;
  ordersSent(orders: number): void;
  leasesExpired(leases: number): void;
  busReconnected(): void;
  /** A notification was tried: delivered, refused or failed. */
  notificationTried(outcome: string): void;
  /** A control message of a machine was not read: what it was, and why. */
  controlRefused(kind: string, why: string): void;
}

/** Metrics and what feeds them. */
export interface Meters extends Events {
  readonly registry: Registry;
}

const TASK_SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 5, 30];
const INTAKE_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const MS_PER_SECOND = 1_000;

/** Metrics of a registry of their own. Prometheus counts in seconds. */
export function createMeters(): Meters {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const histogram = (name: string, help: string, buckets: number[], labelNames: readonly string[] = []) =>
    new Histogram({ name, help, buckets, labelNames: [...labelNames], registers });

  const results = counter("ozone_results_total", "Results taken in, by outcome.", ["outcome"]);
  const intake = histogram("ozone_intake_seconds", "Time to commit a batch of results.", INTAKE_SECONDS);
  const orders = counter("ozone_orders_sent_total", "Attempts opened and sent to machines.");
  const leases = counter("ozone_leases_expired_total", "Attempts whose lease ran out.");
  const tasks = histogram("ozone_task_seconds", "Time of one run of a background task.", TASK_SECONDS, [
    "task",
  ]);
  const failures = counter("ozone_task_failures_total", "Runs of a background task that failed.", ["task"]);
  const reconnects = counter("ozone_bus_reconnects_total", "Times the connection to NATS came back.");
  const tries = counter("ozone_notification_tries_total", "Tries to deliver a notification, by outcome.", [
    "outcome",
  ]);
  const refused = counter("ozone_control_refused_total", "Control messages of machines that were not read.", [
    "kind",
    "why",
  ]);
  return {
    registry,
    taskRan(task, tookMs, failed) {
      tasks.observe({ task }, tookMs / MS_PER_SECOND);
      failures.inc({ task }, failed ? 1 : 0);
    },
    resultsRecorded(outcomes, tookMs) {
      intake.observe(tookMs / MS_PER_SECOND);
      for (const outcome of outcomes) results.inc({ outcome });
    },
    ordersSent: (sent) => orders.inc(sent),
    leasesExpired: (expired) => leases.inc(expired),
    busReconnected: () => reconnects.inc(),
    notificationTried: (outcome) => tries.inc({ outcome }),
    controlRefused: (kind, why) => refused.inc({ kind, why }),
  };
}
