// Ending real processes.
import { type ChildProcess, spawn } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { exists } from "./process-identity.ts";
import { stopProcess } from "./stop-process.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A process that looks like an agent of the data folder, once it is ready for signals. */
async function agentLike(script: string, folder = "/data"): Promise<number> {
  const child = spawn(
    process.execPath,
    ["-e", `${script};console.log("ready");setInterval(()=>{},1000)`, "ozone-agent"],
    {
      env: { OZONE_DATA_DIR: folder },
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  children.push(child);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return child.pid ?? 0;
}

describe("stopProcess()", () => {
  const lines: string[] = [];
  const options = { progress: (line: string) => void lines.push(line), patienceMs: 300 };

  it("ends a process that listens to SIGTERM", async () => {
    const pid = await agentLike("");
    expect(await stopProcess({ pid, program: "ozone-agent", folder: "/data" }, options)).toBe("stopped");
    expect(exists(pid)).toBe(false);
  });

  it("kills one that does not, and warns", async () => {
    const pid = await agentLike('process.on("SIGTERM",()=>{})');
    expect(await stopProcess({ pid, program: "ozone-agent", folder: "/data" }, options)).toBe("killed");
    expect(lines.join("\n")).toMatch(
      /warning: ozone-agent \(pid \d+\) did not stop within 0\.3 s; killing it/,
    );
  });

  it("leaves alone what is another program, or works for another data folder", async () => {
    const pid = await agentLike("", "/elsewhere");
    expect(await stopProcess({ pid, program: "ozone-agent", folder: "/data" }, options)).toBe("not running");
    expect(await stopProcess({ pid, program: "ozone-engine", folder: "/elsewhere" }, options)).toBe(
      "not running",
    );
    expect(exists(pid)).toBe(true);
  });
});
