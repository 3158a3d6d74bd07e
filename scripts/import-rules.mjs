// Who may import whom: the table of docs/architecture.md as data. check-imports.mjs enforces it, check-docs.mjs compares.

/** Packages: what each may import of ours. */
export const PACKAGES = {
  proto: [],
  shared: ["proto"],
  agent: ["proto", "shared", "shared/bus", "shared/observing", "shared/tracing"],
  coordinator: ["proto", "shared", "shared/bus", "shared/observing", "shared/tracing"],
  cli: ["proto", "shared", "shared/tracing"],
  engine: [],
  simulator: ["proto", "shared", "agent (ports)", "coordinator (planning, search, presets, plug-ins)"],
  e2e: ["all"],
  bench: ["all"],
};

/** Rooms of the coordinator: which siblings each may import. Files beside the rooms wire them together. */
export const COORDINATOR_ROOMS = {
  api: [
    "planning",
    "search",
    "reports",
    "fleet",
    "intake",
    "rollouts",
    "schedules",
    "notifications",
    "store",
  ],
  planning: ["search", "store (types)"],
  search: [],
  "plug-ins": ["search", "store (types)"],
  dispatch: ["store"],
  intake: ["store"],
  presets: ["store"],
  reports: ["presets", "store"],
  fleet: ["store"],
  rollouts: ["store"],
  leading: ["store"],
  notifications: ["store"],
  observing: ["store"],
  store: [],
  embedded: [],
  certificates: ["embedded"],
  backup: ["store", "embedded"],
  retention: ["store"],
  schedules: ["planning", "fleet", "store"],
  callout: ["embedded", "store"],
  doctor: ["certificates", "callout", "embedded", "store"],
};

/** Rooms that must stay pure: no bus, no store (its types apart), no clock or disk. */
export const PURE_ROOMS = ["planning", "search"];

/** Libraries that only one place may import. */
export const ONLY_IN = {
  nats: ["packages/shared/src/bus/", "e2e/schedules/simulated/"],
  "drizzle-orm": ["packages/coordinator/src/store/"],
  "pg-copy-streams": ["packages/coordinator/src/store/"],
  pg: ["packages/coordinator/src/store/", "packages/coordinator/src/embedded/", "e2e/"],
  "@opentelemetry": ["packages/shared/src/tracing/"],
  croner: ["packages/coordinator/src/schedules/"],
  "prom-client": ["packages/coordinator/src/observing/", "packages/agent/src/observing/"],
  systeminformation: ["packages/agent/src/machine/"],
  ollama: ["packages/agent/src/ollama/"],
  "@oclif/core": ["packages/cli/"],
  "@grpc/grpc-js": ["packages/coordinator/src/api/", "packages/cli/", "packages/agent/src/enrolment/"],
  "node-llama-cpp": ["packages/engine/", "bench/equivalence/"],
};

/** A measurement that is to be independent may import no more of ours than this: nothing of what it is compared with. */
export const INDEPENDENT = {
  "bench/equivalence/": ["shared", "e2e"],
  "bench/claims/equivalence.ts": ["shared", "e2e"],
};
