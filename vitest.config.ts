import { defineConfig } from "vitest/config";

// Three projects: `unit` needs nothing and runs inside `npm run check`; `integration` talks to real NATS, Postgres
// and inference; `e2e` starts whole stacks. The last two run one file after the other: this is a benchmark tool and
// its tests share two cores.
const sequential = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
          exclude: ["**/*.integration.test.ts", "**/node_modules/**"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["packages/*/src/**/*.integration.test.ts", "packages/*/test/**/*.integration.test.ts"],
          ...sequential,
        },
      },
      { test: { name: "e2e", include: ["e2e/scenarios/**/*.test.ts"], ...sequential, testTimeout: 300_000 } },
    ],
  },
});
