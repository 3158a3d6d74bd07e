// The agent's memory of what its machine was.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MachineFacts, parseMachineFacts } from "@ozone/shared/machine-facts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rememberFacts } from "./last-facts.ts";
import { probeMachine } from "./machine/identify.ts";
import type { RunTool } from "./machine/run-tool.ts";

let dataDir = "";
let facts: MachineFacts;
let problems: string[];
beforeEach(async () => {
  problems = [];
  dataDir = mkdtempSync(join(tmpdir(), "ozone-facts-"));
  const noTools: RunTool = async (command) => ({ ok: false, missing: true, reason: `${command} is missing` });
  facts = await probeMachine({ measureBandwidth: false, run: noTools });
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const remember = (now: MachineFacts) => rememberFacts(dataDir, now, (problem) => problems.push(problem));
const withMemory = (totalBytes: number): MachineFacts => ({
  ...facts,
  memory: { ...facts.memory, totalBytes, limitBytes: null },
});

describe("facts kept from start to start", () => {
  it("tell at the next start what changed, once, and keep it in what is announced", async () => {
    expect((await remember(withMemory(8 * 1024 ** 3))).noticed).toEqual([]);
    const second = await remember(withMemory(16 * 1024 ** 3));
    expect(second.noticed).toEqual(["The main memory changed from 8.0 GiB to 16.0 GiB."]);
    const third = await remember(withMemory(16 * 1024 ** 3));
    expect(third.noticed).toEqual([]);
    const announced = parseMachineFacts(JSON.parse(JSON.stringify(third.facts)));
    expect(problems).toEqual([]);
    expect(announced.changes?.map(({ what }) => what)).toEqual(second.noticed);
  });

  it("are started anew when the file can't be read, which is told once", async () => {
    writeFileSync(join(dataDir, "machine-facts.json"), "{ damaged");
    expect((await remember(facts)).noticed).toEqual([]);
    expect(problems).toEqual([
      expect.stringMatching(/can't be read from .*machine-facts\.json .*written anew/),
    ]);
    expect((await remember(facts)).facts.changes).toEqual([]);
    expect(problems).toHaveLength(1);
  });
});
