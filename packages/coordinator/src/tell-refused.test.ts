import { pino } from "pino";
import { expect, it } from "vitest";
import type { Refused } from "./fleet/control-gate.ts";
import { createMeters } from "./observing/meters.ts";
import { tellRefused } from "./tell-refused.ts";

it("counts each message that was not read without naming its machine, and says few of them in the log", async () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "warn" }, { write: (line) => void lines.push(JSON.parse(line)) });
  const meters = createMeters();
  let nowMs = 0;
  const tell = tellRefused({ log, events: meters }, () => nowMs);
  const refuse = (machineId: string, why: Refused["why"] = "too_often") =>
    tell({ machineId, kind: "heartbeat", why });
  for (let round = 0; round < 1_000; round += 1) refuse("m-1");
  refuse("m-2", "replaced");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    machine_id: "m-1",
    msg: "a heartbeat was not read: its machine sends more than it may",
  });
  nowMs = 60_000;
  refuse("m-1");
  expect(lines[1]).toMatchObject({ machine_id: "m-1", lines_left_out: 999 });
  for (let machine = 0; machine < 500; machine += 1) refuse(`made-up-${machine}`);
  expect(lines).toHaveLength(1 + 20);
  const text = await meters.registry.metrics();
  const counts = text.split("\n").filter((line) => line.startsWith("ozone_control_refused_total"));
  expect(counts).toEqual([
    'ozone_control_refused_total{kind="heartbeat",why="too_often"} 1501',
    'ozone_control_refused_total{kind="heartbeat",why="replaced"} 1',
  ]);
});
