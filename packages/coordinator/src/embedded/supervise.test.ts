import { describe, expect, it } from "vitest";
import type { ServerExit } from "./daemon.ts";
import { keepRunning, type ServerChange, type SupervisedServer } from "./supervise.ts";

/** A server that ends when told to. */
function scripted(pid: number) {
  let end: (exit: ServerExit) => void = () => undefined;
  const exited = new Promise<ServerExit>((resolve) => {
    end = resolve;
  });
  const server: SupervisedServer = {
    url: "x://",
    pid,
    adopted: false,
    exited,
    stop: async () => end({ code: 0, signal: null }),
  };
  return { server, crash: () => end({ code: null, signal: "SIGKILL" }) };
}

/** Collects the changes and lets a test wait for the n-th. */
function recorder() {
  const changes: ServerChange[] = [];
  let wake: () => void = () => undefined;
  const onChange = (change: ServerChange): void => {
    changes.push(change);
    wake();
  };
  const reach = async (count: number): Promise<void> => {
    while (changes.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { changes, onChange, reach };
}

describe("supervision", () => {
  it("restarts after an unexpected end, tries again when that fails, and says so", async () => {
    const first = scripted(1);
    const second = scripted(2);
    const outcomes: (() => Promise<SupervisedServer>)[] = [
      () => Promise.reject(new Error("disk full")),
      () => Promise.resolve(second.server),
    ];
    const { changes, onChange, reach } = recorder();
    const start = () => outcomes.shift()?.() ?? Promise.reject(new Error("started too often"));
    const supervision = keepRunning(first.server, start, onChange);
    first.crash();
    await reach(4);
    expect(changes).toEqual([
      { state: "running", pid: 1, adopted: false },
      { state: "ended", code: null, signal: "SIGKILL", restartInMs: 0 },
      { state: "restart-failed", message: "disk full", restartInMs: expect.any(Number) },
      { state: "running", pid: 2, adopted: false },
    ]);
    expect(supervision.current()).toBe(second.server);
    await supervision.stop();
    expect(changes.at(-1)).toEqual({ state: "stopped" });
    expect(outcomes).toEqual([]);
  });

  it("doesn't restart a server that is stopped, and stops only once", async () => {
    const first = scripted(1);
    const { changes, onChange } = recorder();
    const never = () => Promise.reject(new Error("must not be started"));
    const supervision = keepRunning(first.server, never, onChange);
    await Promise.all([supervision.stop(), supervision.stop()]);
    expect(changes.map((change) => change.state)).toEqual(["running", "stopped"]);
  });

  it("ends what a restart under way has started when it is stopped meanwhile", async () => {
    const first = scripted(1);
    const second = scripted(2);
    const { changes, onChange } = recorder();
    let startCalled: () => void = () => undefined;
    let finishStart: (server: SupervisedServer) => void = () => undefined;
    const underWay = new Promise<void>((resolve) => {
      startCalled = resolve;
    });
    const starting = new Promise<SupervisedServer>((resolve) => {
      finishStart = resolve;
    });
    const start = (): Promise<SupervisedServer> => {
      startCalled();
      return starting;
    };
    const supervision = keepRunning(first.server, start, onChange);
    first.crash();
    await underWay;
    const stopped = supervision.stop();
    finishStart(second.server);
    await stopped;
    expect(changes.at(-1)).toEqual({ state: "stopped" });
    expect(await Promise.race([second.server.exited, Promise.resolve("still running")])).toEqual({
      code: 0,
      signal: null,
    });
  });
});
