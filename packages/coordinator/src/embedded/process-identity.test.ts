import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { commandLineOf, isAlive, matchesIdentity, waitUntilGone } from "./process-identity.ts";

const postgres = { program: "postgres", option: ["-D", "/data/cluster"] } as const;

describe("matching a command line with a server", () => {
  it("accepts the program with its folder, wherever the program lies", () => {
    expect(matchesIdentity("/x/bin/postgres -D /data/cluster -c port=1", postgres)).toBe(true);
    expect(matchesIdentity("postgres -D /data/cluster", postgres)).toBe(true);
    expect(matchesIdentity('"C:\\pg\\bin\\postgres.exe" -D "/data/cluster"', postgres)).toBe(true);
  });

  it("refuses another folder, a longer one, and another program on the same folder", () => {
    expect(matchesIdentity("/x/bin/postgres -D /data/cluster2", postgres)).toBe(false);
    expect(matchesIdentity("/x/bin/postgres -D /other/data/cluster", postgres)).toBe(false);
    expect(matchesIdentity("/opt/postgres-18/pg_ctl stop -D /data/cluster", postgres)).toBe(false);
    expect(matchesIdentity("vim /data/cluster", { program: null, option: ["-c", "/data/cluster"] })).toBe(
      false,
    );
  });

  it("accepts any program name when none is given", () => {
    const nats = { program: null, option: ["-c", "/data/my nats/nats.conf"] } as const;
    expect(matchesIdentity("/opt/server -c /data/my nats/nats.conf", nats)).toBe(true);
  });
});

describe("a process", () => {
  it("is alive with its command line until it ends", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()", "marker"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    const pid = child.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    expect(await commandLineOf(process.pid)).toContain("node");
    child.kill("SIGKILL");
    expect(await waitUntilGone(pid, 5_000)).toBe(true);
    expect(isAlive(pid)).toBe(false);
  });

  if (process.platform === "linux") {
    it("is not alive as a zombie, which its parent has not collected", async () => {
      // The shell turns into a sleep, which never asks after the child it inherited. The child must outlive the shell,
      // which would collect it.
      const script = "sleep 0.3 & echo $!; exec sleep 60";
      const parent = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
      const ended = new Promise((resolve) => parent.once("exit", resolve));
      const pid = await new Promise<number>((resolve) =>
        parent.stdout.once("data", (text) => resolve(Number(text))),
      );
      expect(await waitUntilGone(pid, 5_000)).toBe(true);
      expect(process.kill(pid, 0)).toBe(true);
      parent.kill("SIGKILL");
      await ended;
    });
  }

  it("is not alive by a number that can't be one", () => {
    expect([0, -1, 1, Number.NaN, 1.5].map(isAlive)).toEqual([false, false, false, false, false]);
  });
});
