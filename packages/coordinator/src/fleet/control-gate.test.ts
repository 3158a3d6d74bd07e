import { describe, expect, it } from "vitest";
import { type ControlKind, openControlGate, type Refused } from "./control-gate.ts";

/** A gate at a clock that stands still until it is moved, and whose messages are read for as long as the test says. */
function gateAtRest() {
  let nowMs = 0;
  const refused: Refused[] = [];
  const gate = openControlGate(
    () => nowMs,
    (one) => refused.push(one),
  );
  const lanes = new Map<ControlKind, ReturnType<typeof gate.admit>>();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    gate,
    begun,
    why: () => refused.map(({ machineId, why }) => `${machineId} ${why}`),
    send(machineId: string, name: string, { kind = "heartbeat" as ControlKind, bytes = 10 } = {}) {
      const lane = lanes.get(kind) ?? gate.admit(kind);
      lanes.set(kind, lane);
      lane({ machineId, bytes }, () => {
        begun.push(name);
        return new Promise((resolve) => ends.set(name, resolve));
      });
    },
    async end(name: string) {
      ends.get(name)?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
    passSeconds: (seconds: number) => {
      nowMs += seconds * 1_000;
    },
  };
}

describe("the gate of control messages", () => {
  it("reads one of a machine at a time, and of those that came meanwhile the newest", async () => {
    const { send, end, begun, why } = gateAtRest();
    for (const name of ["first", "second", "third"]) send("m-1", name);
    expect(begun).toEqual(["first"]);
    await end("first");
    expect(begun).toEqual(["first", "third"]);
    expect(why()).toEqual(["m-1 replaced"]);
    await end("third");
    send("m-1", "fourth");
    expect(begun).toEqual(["first", "third", "fourth"]);
  });

  it("lets a machine that sends without end take one turn while every other one takes its own", async () => {
    const { send, end, begun } = gateAtRest();
    for (let round = 0; round < 50; round += 1) send("m-liar", `liar ${round}`);
    for (const id of ["a", "b", "c", "d"]) send(`m-${id}`, id);
    expect(begun).toEqual(["liar 0", "a", "b", "c"]);
    for (let round = 50; round < 100; round += 1) send("m-liar", `liar ${round}`);
    await end("liar 0");
    // It waited longer: it came first.
    expect(begun.at(-1)).toBe("liar 99");
    send("m-liar", "liar 100");
    await end("a");
    expect(begun.at(-1)).toBe("d");
    await end("b");
    expect(begun.at(-1)).toBe("d");
  });

  it("keeps the turn of a machine that asks again", async () => {
    const { send, end, begun } = gateAtRest();
    for (const id of ["a", "b", "c", "d", "e", "f"]) send(`m-${id}`, id);
    send("m-e", "e again");
    await end("a");
    await end("b");
    expect(begun).toEqual(["a", "b", "c", "d", "e again", "f"]);
  });

  it("gives each machine and kind an allowance that comes back, and reads nothing beyond it", async () => {
    const { send, end, begun, why, passSeconds } = gateAtRest();
    const sendAndEnd = async (kind: ControlKind, count: number) => {
      begun.length = 0;
      for (let round = 0; round < count; round += 1) {
        send("m-1", `${kind} ${round}`, { kind });
        await end(`${kind} ${round}`);
      }
      return begun.length;
    };
    expect(await sendAndEnd("heartbeat", 1_000)).toBe(200);
    expect(await sendAndEnd("announcement", 1_000)).toBe(20);
    expect(await sendAndEnd("applying", 1_000)).toBe(50);
    expect(new Set(why())).toEqual(new Set(["m-1 too_often"]));
    send("m-2", "another's");
    expect(begun.at(-1)).toBe("another's");
    passSeconds(2);
    expect(await sendAndEnd("heartbeat", 1_000)).toBe(40);
    expect(await sendAndEnd("announcement", 1_000)).toBe(1);
  });

  it("does not let slow announcements keep heartbeats waiting", () => {
    const { send, begun } = gateAtRest();
    for (let id = 0; id < 20; id += 1) send(`m-${id}`, `announcement ${id}`, { kind: "announcement" });
    send("m-1", "heartbeat");
    expect(begun).toEqual([...[0, 1, 2, 3, 4, 5, 6, 7].map((id) => `announcement ${id}`), "heartbeat"]);
  });

  it("holds a bounded number of messages and of bytes that wait, and nothing once it is closed", async () => {
    const { gate, send, end, begun, why } = gateAtRest();
    const kind = "announcement";
    for (let id = 0; id < 100; id += 1) send(`m-${id}`, `${id}`, { kind, bytes: 1024 * 1024 });
    // Eight are being read, 64 MiB wait.
    expect(why()).toHaveLength(100 - 8 - 64);
    for (let id = 0; id < 12_000; id += 1) send(`h-${id}`, `h ${id}`);
    expect(why().slice(28)).toHaveLength(12_000 - 4 - 10_000);
    expect(new Set(why().map((words) => words.split(" ")[1]))).toEqual(new Set(["full", "too_often"]));
    gate.close();
    await end("0");
    expect(begun).toHaveLength(8 + 4);
  });
});
