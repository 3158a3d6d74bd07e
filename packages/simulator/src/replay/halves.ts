// Which grids a search may be tuned on, and which it is judged by: decided by the hash of the name, before any tuning.
import { createHash } from "node:crypto";

/** development: for tuning. report: looked at once, when the tuning is over. */
export const halfOf = (name: string): "development" | "report" =>
  (createHash("sha256").update(name).digest()[0] ?? 0) % 2 === 0 ? "development" : "report";
