// What docs/operating.md asks people to type is there: read from the page as `npm run walk` reads it.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ROOT } from "../setup/processes.ts";
import { readSteps } from "./read-steps.ts";

const steps = readSteps(readFileSync(`${ROOT}docs/operating.md`, "utf8"));
const COMMANDS = `${ROOT}packages/cli/src/commands`;

/** Every `ozone` command that the page has people type: its file and the flags that are used. */
const typed = steps
  .flatMap(({ script }) => [...script.matchAll(/npx --no-install ozone ([^\n>]+)/g)])
  .map(([, text = ""]) => {
    const words = text.trim().split(/\s+/);
    const first = words.findIndex((word) => word.startsWith("-"));
    const path = (first < 0 ? words : words.slice(0, first)).join("/");
    return { path: `${COMMANDS}/${path}.ts`, flags: words.filter((word) => word.startsWith("--")) };
  });

it("the page has five steps, of which one is taken on each machine", () => {
  expect([...new Set(steps.map(({ number }) => number))]).toEqual([1, 2, 3, 4, 5]);
  expect(steps.filter(({ place }) => place === "machine").map(({ number }) => number)).toEqual([3]);
});

it("every command that the page has people type exists, with its flags", async () => {
  expect(typed.length).toBeGreaterThan(5);
  for (const { path, flags } of typed) {
    expect(existsSync(path), path).toBe(true);
    const { default: command } = (await import(path)) as { default: { flags: object; baseFlags: object } };
    const known = Object.keys({ ...command.flags, ...command.baseFlags });
    for (const flag of flags) expect(known, `${flag} of ${path}`).toContain(flag.slice(2));
  }
});
