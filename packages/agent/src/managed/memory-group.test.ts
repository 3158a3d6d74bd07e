import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { delegatedPath, makeMemoryGroup } from "./memory-group.ts";

const sysFolder = mkdtempSync(join(tmpdir(), "ozone-cgroup-"));
afterEach(() => rmSync(sysFolder, { recursive: true, force: true }));

it("finds the unit that was delegated to the agent, and nothing that belongs to systemd", () => {
  expect(delegatedPath("0::/system.slice/ozone-agent.service/agent\n")).toBe(
    "/system.slice/ozone-agent.service",
  );
  expect(delegatedPath("0::/system.slice/ozone-agent.service\n")).toBeNull();
  expect(delegatedPath("0::/\n")).toBeNull();
  expect(delegatedPath("")).toBeNull();
});

it("makes a limited group beside the agent's own and puts a process in", () => {
  const unit = join(sysFolder, "system.slice/ozone.service");
  mkdirSync(unit, { recursive: true });
  writeFileSync(join(unit, "cgroup.controllers"), "cpu memory pids\n");
  writeFileSync(join(unit, "cgroup.subtree_control"), "\n");
  const place = { sysFolder, ownCgroups: "0::/system.slice/ozone.service/agent\n" };
  const group = makeMemoryGroup("managed-1", 1e9, place);
  expect(group?.add(4711)).toBe(true);
  const read = (file: string) => readFileSync(join(unit, file), "utf8");
  expect(read("cgroup.subtree_control")).toBe("+memory");
  expect(read("managed-1/memory.max")).toBe("1000000000");
  expect(read("managed-1/cgroup.procs")).toBe("4711");
  writeFileSync(join(unit, "managed-1/memory.events"), "low 0\noom 2\noom_kill 1\n");
  expect(group?.kills()).toBe(1);
});

it("does without where memory is not among the controllers that were given", () => {
  const unit = join(sysFolder, "system.slice/ozone.service");
  mkdirSync(unit, { recursive: true });
  writeFileSync(join(unit, "cgroup.controllers"), "cpu pids\n");
  expect(
    makeMemoryGroup("m", 1, { sysFolder, ownCgroups: "0::/system.slice/ozone.service/agent" }),
  ).toBeNull();
});
