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
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "ozone-facts-"));
  const noTools: RunTool = async (command) => ({ ok: false, missing: true, reason: `${command} is missing` });
  facts = await probeMachine({ measureBandwidth: false, run: noTools });
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const withMemory = (totalBytes: number): MachineFacts => ({
  ...facts,
  memory: { ...facts.memory, totalBytes, limitBytes: null },
});

describe("facts kept from start to start", () => {
  it("tell at the next start what changed, once, and keep it in what is announced", async () => {
    expect((await rememberFacts(dataDir, withMemory(8 * 1024 ** 3))).noticed).toEqual([]);
    const second = await rememberFacts(dataDir, withMemory(16 * 1024 ** 3));
    expect(second.noticed).toEqual(["The main memory changed from 8.0 GiB to 16.0 GiB."]);
    const third = await rememberFacts(dataDir, withMemory(16 * 1024 ** 3));
    expect(third.noticed).toEqual([]);
    const announced = parseMachineFacts(JSON.parse(JSON.stringify(third.facts)));
    expect(announced.changes?.map(({ what }) => what)).toEqual(second.noticed);
  });

  it("are started anew when the file can't be read", async () => {
    writeFileSync(join(dataDir, "machine-facts.json"), "{ damaged");
    expect((await rememberFacts(dataDir, facts)).noticed).toEqual([]);
    expect((await rememberFacts(dataDir, facts)).facts.changes).toEqual([]);
  });
});
