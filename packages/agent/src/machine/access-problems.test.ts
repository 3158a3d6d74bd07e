// What may not be read, from modes and groups as real hosts have them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readAccessProblems } from "./access-look.ts";
import { type AccessLook, accessProblems, type PathLook } from "./access-problems.ts";
import { findListener } from "./listening-port.ts";

let root = "";
afterEach(() => {
  if (root !== "") rmSync(root, { recursive: true, force: true });
  root = "";
});

function host(files: Record<string, string>): string {
  root = mkdtempSync(join(tmpdir(), "ozone-access-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const closed = (change: Partial<PathLook> = {}): PathLook => ({
  ...{ path: "/dev/kfd", mode: 0o660, owner: "root", group: "render", allowed: false },
  ...change,
});

const look = (change: Partial<AccessLook>): string[] =>
  accessProblems({
    ...{ gpuDevices: [], modelStore: null, energyCounter: null, serverProcess: null, hiddenProcesses: null },
    ...change,
  });

describe("what may not be read", () => {
  it("is nothing where nothing is closed or nothing is there", () => {
    expect(look({})).toEqual([]);
    expect(look({ gpuDevices: [closed({ allowed: true })], modelStore: closed({ allowed: true }) })).toEqual(
      [],
    );
  });

  it("names the group that opens a GPU device, and asks for one where there is none", () => {
    expect(look({ gpuDevices: [closed()] })[0]).toContain("add this user to the group render");
    const video = closed({ path: "/dev/nvidia0", group: "video" });
    expect(look({ gpuDevices: [video] })[0]).toMatch(/\/dev\/nvidia0.*the group video/);
    expect(look({ gpuDevices: [closed({ mode: 0o600, group: "root" })] })[0]).toContain("udev rule");
  });

  it("names the group of the model store, or whose it is where no group may read it", () => {
    const path = "/usr/share/ollama";
    const store = closed({ path, mode: 0o750, owner: "ollama", group: "ollama" });
    expect(look({ modelStore: store })[0]).toMatch(/model store .*\/usr\/share\/ollama.*the group ollama/);
    expect(look({ modelStore: { ...store, mode: 0o700 } })[0]).toMatch(/belongs to ollama.*chmod g\+rx/);
  });

  it("says that energy is root's, whose the server is, and which group sees hidden processes", () => {
    const [energy] = look({ energyCounter: closed({ path: "/sys/x/energy_uj", mode: 0o400 }) });
    expect(energy).toContain("root only");
    expect(look({ serverProcess: { owner: "ollama", port: 11434 } })[0]).toMatch(
      /port 11434.*user ollama.*CAP_SYS_PTRACE/,
    );
    expect(look({ hiddenProcesses: { group: "proc" } })[0]).toContain("the group proc");
    expect(look({ hiddenProcesses: { group: "" } })[0]).toContain("gid=");
  });
});

/** A socket that listens on port 11434 (2CAA), of the user 998. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   998        0 23456 1 0000000000000000 100 0 0 10 0
`;

describe("a Linux host", () => {
  it("is looked at for the server's owner and for a /proc that hides it", async () => {
    const folder = host({
      "proc/net/tcp": TCP,
      "proc/self/mountinfo": "25 30 0:22 / /proc rw,nosuid - proc proc rw,hidepid=invisible,gid=27\n",
      "etc/passwd": "root:x:0:0::/root:/bin/sh\nollama:x:998:998::/usr/share/ollama:/bin/false\n",
      "etc/group": "sudo:x:27:\n",
    });
    const options = { port: 11434, serverReadable: false, modelStore: join(folder, "none"), root: folder };
    const problems = await readAccessProblems({ ...options, uid: 1000 }, "linux");
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain("the group sudo");
    expect(problems[1]).toContain("the user ollama");
    expect(await readAccessProblems({ ...options, uid: 0 }, "linux")).toEqual([]);
    expect(await readAccessProblems({ ...options, uid: 1000, serverReadable: true }, "linux")).toHaveLength(
      1,
    );
  });

  it("is looked at for devices, for a store behind a folder that may not be entered, and for energy", async () => {
    const folder = host({
      "dev/nvidia0": "",
      "dev/nvidia-caps": "",
      "dev/dri/renderD128": "",
      "dev/dri/card0": "",
      "sys/class/powercap/intel-rapl:0/energy_uj": "",
      "store/models/blobs/x": "",
    });
    const closedPaths = new Set(["dev/nvidia0", "sys/class/powercap/intel-rapl:0/energy_uj", "store"]);
    const problems = await readAccessProblems(
      {
        ...{ port: null, serverReadable: true, root: folder, modelStore: join(folder, "store/models") },
        may: async (path) => !closedPaths.has(path.slice(folder.length + 1)),
      },
      "linux",
    );
    expect(problems).toHaveLength(3);
    expect(problems[0]).toContain(join(folder, "dev/nvidia0"));
    expect(problems[1]).toContain(`at ${join(folder, "store")}:`);
    expect(problems[2]).toContain("energy_uj");
  });

  it.each(["win32", "darwin", "freebsd"])("is the only kind that is looked at, not %s", async (platform) => {
    const folder = host({ "proc/net/tcp": TCP });
    const options = { port: 11434, serverReadable: false, root: folder, uid: 1000 };
    expect(await readAccessProblems(options, platform)).toEqual([]);
  });
});

describe("the packaged server of another user", () => {
  const status = (name: string, uid: number, parent: number) =>
    `Name:\t${name}\nPPid:\t${parent}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`;

  it("is found by its name and the owner of its socket, the runner below it left aside", async () => {
    const folder = host({
      "net/tcp": TCP,
      "1/status": status("systemd", 0, 0),
      "700/status": status("ollama", 998, 1),
      "705/status": status("ollama", 998, 700),
      "800/status": status("ollama", 1000, 1),
    });
    expect(await findListener(11434, folder)).toEqual({ pid: 700 });
  });

  it("is not guessed where there are two, or where another program listens", async () => {
    const two = { "700/status": status("ollama", 998, 1), "701/status": status("ollama", 998, 1) };
    expect(await findListener(11434, host({ "net/tcp": TCP, ...two }))).toMatchObject({ pid: null });
    rmSync(root, { recursive: true });
    const other = { "700/status": status("docker-proxy", 998, 1) };
    expect(await findListener(11434, host({ "net/tcp": TCP, ...other }))).toMatchObject({ pid: null });
  });
});
