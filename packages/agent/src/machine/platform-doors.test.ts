// Each door to a system's own code, opened under every platform's name: which way it leads, and that none leads nowhere.
// This shows the choice, not that the code behind it runs on those systems.
import os from "node:os";
import { dataFolder } from "@ozone/shared/data-folder";
import { platformOf } from "@ozone/shared/platform";
import { describe, expect, it } from "vitest";
import { canOpenFolders } from "../outbox/durable-file.ts";
import { openMemoryGauge } from "./available-memory.ts";
import { readLoadAverage } from "./conditions.ts";
import { coresOfAHundred } from "./foreign-load.ts";
import { nvidiaPlaces } from "./gpu-nvidia.ts";
import { readGpuProcesses } from "./gpu-processes.ts";
import { readGpuUse } from "./gpu-use.ts";
import { endpointOf } from "./host-lock-endpoint.ts";
import { freeBytes } from "./memory-bandwidth.ts";
import { readPowerSource } from "./power-source.ts";
import { hasProc } from "./proc.ts";
import type { RunTool } from "./run-tool.ts";

const PLATFORMS = ["linux", "darwin", "win32", "freebsd"] as const;

/** What each of the four gets. */
const onEach = <Value>(door: (platform: string) => Value): Value[] => PLATFORMS.map(door);

/** Notes the tools that are asked for; none is there. */
function tools() {
  const asked = new Set<string>();
  const run: RunTool = async (command) => {
    asked.add(command);
    return { ok: false, missing: true, reason: `${command} is not installed` };
  };
  return { asked, run };
}

describe("the doors to what differs by platform", () => {
  it("know three systems by Node's names and take any other for a Unix", () => {
    expect(onEach(platformOf)).toEqual(["linux", "macos", "windows", "other"]);
  });

  it("put the host lock where only one process can listen", () => {
    expect(onEach((platform) => endpointOf("x", platform).kind)).toEqual([
      ...["abstract", "file", "pipe", "file"],
    ]);
    expect(endpointOf("x", "win32").path).toBe("\\\\.\\pipe\\x");
  });

  it("keep data where each system keeps it", () => {
    const folders = onEach((platform) => dataFolder({ env: {}, platform, homeDir: "/h", isRoot: false }));
    expect(folders).toEqual([
      "/h/.local/share/ozone",
      "/h/Library/Application Support/ozone",
      "/h\\AppData\\Local\\ozone",
      "/h/.local/share/ozone",
    ]);
  });

  it("read /proc and /sys on Linux alone", () => {
    expect(onEach(hasProc)).toEqual([true, false, false, false]);
  });

  it("take memory for available only where the system tells it", () => {
    const [linux, mac, windows, other] = onEach((platform) => openMemoryGauge(platform)());
    expect([mac, other]).toEqual([null, null]);
    expect(windows).toBeGreaterThan(0);
    expect(linux ?? 1).toBeGreaterThan(0);
    for (const bytes of onEach(freeBytes)) expect(bytes).toBeGreaterThan(0);
  });

  it("have a load average everywhere but on Windows, and count its percent by the whole machine", () => {
    expect(readLoadAverage("win32")).toBeNull();
    for (const platform of ["linux", "darwin", "freebsd"]) expect(readLoadAverage(platform)).not.toBeNull();
    expect(onEach(coresOfAHundred)).toEqual([1, 1, os.cpus().length, 1]);
  });

  it("flush folders everywhere but on Windows, which can't open them", () => {
    expect(onEach(canOpenFolders)).toEqual([true, true, false, true]);
  });

  it("look for nvidia-smi where WSL has it only on Linux, and ask a Mac's own tool on a Mac", async () => {
    expect(onEach((platform) => nvidiaPlaces(platform).length)).toEqual([2, 1, 1, 1]);
    const used = await Promise.all(
      PLATFORMS.map(async (platform) => {
        const { asked, run } = tools();
        await readGpuUse(run, platform);
        await readGpuProcesses(run, platform);
        return [...asked].filter((command) => !command.includes("wsl"));
      }),
    );
    expect(used).toEqual([["nvidia-smi"], ["ioreg"], ["nvidia-smi"], ["nvidia-smi"]]);
  });

  it("read the power supplies of Linux from files, and leave it unknown where there are none", async () => {
    expect(await readPowerSource([], "/nowhere", "linux")).toBe("unknown");
  });
});
