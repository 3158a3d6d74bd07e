import { describe, expect, it } from "vitest";
import { busySecondsOf, foreignLoadCores } from "./foreign-load.ts";
import { listeningInodes } from "./listening-port.ts";
import { parsePssBytes, parseRssBytes } from "./process-memory.ts";
import { parseProcessStat, treeOf } from "./process-tree.ts";

describe("parseProcessStat", () => {
  it("reads parent and times behind a hostile name", () => {
    const line = "4242 (evil) S 1 (x) R 7 4242 4242 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 100";
    // The name is everything up to the last ")": fields count from there.
    expect(parseProcessStat(line)).toEqual({ pid: 4242, parentPid: 7, cpuTicks: 100 });
  });

  it("reads nothing from an empty text", () => {
    expect(parseProcessStat("")).toBeNull();
  });
});

describe("treeOf", () => {
  const processes = [
    { pid: 1, parentPid: 0 },
    { pid: 10, parentPid: 1 },
    { pid: 11, parentPid: 10 },
    { pid: 12, parentPid: 11 },
    { pid: 20, parentPid: 1 },
  ];

  it("is the roots and all their descendants", () => {
    expect([...treeOf([10, 20], processes)].sort()).toEqual([10, 11, 12, 20]);
  });

  it("leaves out roots that are gone, and survives a cycle", () => {
    expect([...treeOf([99], processes)]).toEqual([]);
    const cycle = [
      { pid: 5, parentPid: 6 },
      { pid: 6, parentPid: 5 },
    ];
    expect([...treeOf([5], cycle)].sort()).toEqual([5, 6]);
  });
});

describe("foreignLoadCores", () => {
  it("is what the machine did less what we did, in cores", () => {
    const before = { atMs: 0, busySeconds: 100, ownSeconds: 40 };
    expect(foreignLoadCores(before, { atMs: 5000, busySeconds: 108, ownSeconds: 47 })).toBeCloseTo(0.2);
  });

  it("is never negative, and takes no credit for a process of ours that ended", () => {
    const before = { atMs: 0, busySeconds: 100, ownSeconds: 40 };
    expect(foreignLoadCores(before, { atMs: 1000, busySeconds: 100.5, ownSeconds: 41 })).toBe(0);
    expect(foreignLoadCores(before, { atMs: 1000, busySeconds: 100.5, ownSeconds: 10 })).toBeCloseTo(0.5);
  });

  it("is unknown without our own share or without an interval", () => {
    const snapshot = { atMs: 0, busySeconds: 1, ownSeconds: 1 };
    expect(foreignLoadCores({ ...snapshot, ownSeconds: null }, { ...snapshot, atMs: 1 })).toBeNull();
    expect(foreignLoadCores(snapshot, snapshot)).toBeNull();
  });
});

describe("texts of /proc", () => {
  it("count user, nice and system time as busy, not waiting, interrupts or stolen time", () => {
    expect(busySecondsOf("cpu  1000 200 300 99999 50 60 70 80 0 0\ncpu0 1 2 3 4\n")).toBe(15);
    expect(busySecondsOf("")).toBeNull();
  });

  it("give RSS and PSS in bytes", () => {
    expect(parseRssBytes("Name:\tollama\nVmHWM:\t   9999 kB\nVmRSS:\t   2048 kB\n")).toBe(2_097_152);
    expect(
      parsePssBytes(
        "55c6815b1000-7ffee05fe000 ---p 00000000 00:00 0 [rollup]\nRss: 1624 kB\nPss:                 389 kB\n",
      ),
    ).toBe(398_336);
    expect([parseRssBytes(""), parsePssBytes("")]).toEqual([null, null]);
  });

  it("name the sockets that listen on a port, in both families, and no others", () => {
    const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 54321 1 0 100 0 0 10 0
   1: 0100007F:2CAA 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 777 1 0 100 0 0 10 0
   2: 00000000000000000000000000000000:2CAA 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 54322 1 0
`;
    expect(listeningInodes(table, 11434)).toEqual(["54321", "54322"]);
    expect(listeningInodes(table, 80)).toEqual([]);
  });
});
