import { defineConfig } from "vitest/config";
import { mutantPlugins } from "./scripts/mutants.mjs";

// Six projects, one after the other: `unit` needs nothing and runs inside `npm run check`; `integration` talks to real
// NATS and Postgres and to scripted servers; `paced` runs trials on scripted servers that mostly wait, four files at
// a time; `measuring` times real inference, so its files run alone; `stacks` starts whole stacks that measure nothing; `e2e`
// starts whole stacks that do. This is a benchmark tool and its tests share two cores.
const real = { testTimeout: 120_000, hookTimeout: 120_000 };
const alone = { ...real, fileParallelism: false };
const paced = [
  "packages/agent/src/lies*.integration.test.ts",
  "packages/agent/src/protocol.integration.test.ts",
  "packages/agent/src/bench/silent-servers.integration.test.ts",
  "packages/agent/src/run-trial.integration.test.ts",
];
const measuring = [
  "packages/engine/test/**/*.integration.test.ts",
  "packages/agent/**/*.integration.test.ts",
];

/** Scenarios in which nothing is timed. */
const stacks = [
  "auth-callout",
  "enrolment",
  "enrolment-outside",
  "five-agents",
  "flat-rate",
  "hostile-agent",
  "hostile-bus",
  "kills",
  "outside",
  "preset-exports",
  "rollout-regressions",
  "shared-sweep",
  "simulated-schedules",
  "two-coordinators",
  "wrong-input",
].map((name) => `e2e/scenarios/${name}.test.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "packages/*/src/**/*.test.ts",
            "bench/**/*.test.ts",
            "e2e/{schedules,setup,upgrade,walk}/**/*.test.ts",
          ],
          exclude: ["**/*.integration.test.ts", "**/node_modules/**"],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "integration",
          include: ["packages/*/{src,test}/**/*.integration.test.ts", "e2e/**/*.integration.test.ts"],
          exclude: [...measuring, "**/node_modules/**"],
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
          ...real,
        },
      },
      {
        test: { name: "paced", include: paced, maxWorkers: 4, sequence: { groupOrder: 2 }, ...real },
      },
      {
        test: {
          name: "measuring",
          include: measuring,
          exclude: [...paced, "**/node_modules/**"],
          sequence: { groupOrder: 3 },
          ...alone,
        },
      },
      {
        test: {
          name: "stacks",
          include: stacks,
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
          ...real,
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/scenarios/**/*.test.ts"],
          exclude: [...stacks, "**/*.integration.test.ts", "**/node_modules/**"],
          sequence: { groupOrder: 5 },
          ...alone,
          testTimeout: 300_000,
        },
      },
    ].map((project) => ({ plugins: mutantPlugins(), ...project })),
  },
});
