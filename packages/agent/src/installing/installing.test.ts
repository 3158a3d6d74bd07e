// Installing and removing the agent: on a root of our own with scripted tools, and the one-file bundle on its own.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gpuDevicesIn } from "./look-around.ts";
import { runInstall } from "./run-install.ts";
import { runUninstall } from "./run-uninstall.ts";

const UNIT = "/etc/systemd/system/ozone-agent.service";
const PROGRAM = "/opt/ozone/ozone-agent.mjs";
const DATA = "/var/lib/ozone";
const TOOLS = ["systemctl", "useradd", "userdel", "chown"];

let folder = "";
let root = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ozone-install-"));
  root = join(folder, "root");
  for (const path of ["bin", "root/etc/systemd/system", "root/opt", "root/var/lib", "root/proc"])
    mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, "bundle.mjs"), "// the bundle\n");
  writeFileSync(join(folder, "groups"), "");
  for (const tool of TOOLS)
    script(
      tool,
      `echo "${tool} $*" >> "${folder}/calls"; [ "$1" != --version ] || echo "systemd 252 (252.1)"`,
    );
  // getent: groups and users that a test has put into a file.
  script("id", "/usr/bin/id -u");
  script("getent", `grep -qx "$2" "${folder}/groups"`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, text: string): void {
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}

const ports = (said: string[]) => ({
  host: { root, env: { PATH: `${folder}/bin:/usr/bin:/bin` } },
  bundle: join(folder, "bundle.mjs"),
  node: "/usr/bin/node",
  say: (line: string) => void said.push(line),
});
async function install(...argv: string[]): Promise<string[]> {
  const said: string[] = [];
  await runInstall(argv, ports(said));
  return said;
}
async function uninstall(...argv: string[]): Promise<string[]> {
  const said: string[] = [];
  await runUninstall(argv, ports(said));
  return said;
}
/** What was asked of the tools since the last look, questions apart. */
function calls(): string[] {
  const file = join(folder, "calls");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  rmSync(file, { force: true });
  return lines.filter((line) => line !== "" && line !== "systemctl --version");
}
const tree = (): string[] => readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
const text = (path: string): string => readFileSync(join(root, path), "utf8");
const mode = (path: string): string => (statSync(join(root, path)).mode & 0o777).toString(8);

describe("ozone-agent install", () => {
  it("writes program, unit, settings and data folder, and starts the unit", async () => {
    await install();
    expect(text(PROGRAM)).toBe("// the bundle\n");
    expect([mode(UNIT), mode("/etc/ozone/agent.env"), mode(DATA)]).toEqual(["644", "600", "700"]);
    expect(calls()).toEqual([
      `useradd --system --user-group --no-create-home --home-dir ${DATA} --shell /usr/sbin/nologin ozone`,
      `chown ozone: ${root}${DATA}.draft`,
      "systemctl daemon-reload",
      "systemctl enable ozone-agent.service",
      "systemctl restart ozone-agent.service",
    ]);
  });

  it("keeps a machine with a login screen for whoever sits at it, and says so; a server works", async () => {
    const settings = "/etc/ozone/agent.env";
    expect((await install()).join("\n")).not.toContain("login screen");
    expect(text(settings)).toContain("\n# OZONE_AGENT_ONLY_WHEN_IDLE=10m\n");
    rmSync(join(root, settings));
    writeFileSync(join(root, "/etc/systemd/system/display-manager.service"), "");
    expect((await install()).join("\n")).toMatch(/has a login screen: trials run only while nobody/);
    expect(text(settings)).toContain("\nOZONE_AGENT_ONLY_WHEN_IDLE=10m\n");
  });

  it("changes nothing with --dry-run, and prints plan and unit", async () => {
    const before = tree();
    const said = (await install("--dry-run")).join("\n");
    expect(said).toContain("make the system user ozone");
    expect(said).toContain("NoNewPrivileges=yes");
    expect(tree()).toEqual(before);
    expect(calls()).toEqual([]);
  });

  it("does nothing new the second time, and a new bundle restarts the unit", async () => {
    await install();
    calls();
    writeFileSync(join(folder, "groups"), "ozone\n");
    const unchanged = tree();
    await install();
    expect(calls()).toEqual(["systemctl enable ozone-agent.service", "systemctl start ozone-agent.service"]);
    expect(tree()).toEqual(unchanged);
    writeFileSync(join(folder, "bundle.mjs"), "// a newer bundle\n");
    await install();
    expect(text(PROGRAM)).toBe("// a newer bundle\n");
    expect(calls()).toContain("systemctl restart ozone-agent.service");
  });

  it("keeps settings and a unit that a person changed, and refuses a unit that somebody else made", async () => {
    await install();
    writeFileSync(join(root, "/etc/ozone/agent.env"), "OLLAMA_HOST=lab:11434\n");
    writeFileSync(join(root, UNIT), `${text(UNIT)}# mine\n`);
    expect((await install()).join("\n")).toMatch(/kept .*ozone-agent.service: a person changed it/);
    expect(text(UNIT)).toContain("# mine");
    expect(text("/etc/ozone/agent.env")).toContain("lab:11434");
    rmSync(join(root, "/opt/ozone/installed.json"));
    await expect(install()).rejects.toThrow(
      /ozone-agent.service is there and no installation has written it/,
    );
  });

  it("goes on after a tool has failed half way, and then removes all of it", async () => {
    const before = tree();
    script("chown", "echo no such user >&2; exit 1");
    await expect(install()).rejects.toThrow(/chown .* failed \(no such user\)/);
    script("chown", `echo "chown $*" >> "${folder}/calls"`);
    calls();
    await install();
    expect(calls().join("\n")).toContain("chown ozone:");
    expect(text(PROGRAM)).toBe("// the bundle\n");
    await uninstall("--purge");
    expect(tree()).toEqual(before);
  });

  it("only enables in a root that does not run, and makes no user there", async () => {
    const said: string[] = [];
    await runInstall(["--root", root], { ...ports(said), host: { ...ports(said).host, root: "" } });
    expect(calls()).toEqual([`systemctl --root=${root} enable ozone-agent.service`]);
    expect(existsSync(join(root, PROGRAM))).toBe(true);
  });

  it.each([
    [["--user", "root"], /needs no root/],
    [["--user", "a b"], /can't be the name/],
    [["--data-dir", "/home/x/ozone"], /can't see it/],
    [["--data-dir", "/var/lib"], /folder of the system/],
    [["--data-dir", "/srv/o\nExecStartPre=/bin/evil"], /write an absolute path/],
    [["--prefix", "/opt/../etc"], /write an absolute path/],
    [["--node", "/root/.nvm/node"], /can't see it/],
    [["--wrong"], /ozone-agent --help/],
  ])("refuses %j with one sentence and writes nothing", async (argv, sentence) => {
    const before = tree();
    await expect(install(...argv)).rejects.toThrow(sentence);
    expect(tree()).toEqual(before);
  });

  it("refuses a data folder that belongs to another user, whose files the agent could not write", async () => {
    mkdirSync(join(root, DATA));
    script("id", "echo 12345");
    await expect(install()).rejects.toThrow(/chown -R ozone: \/var\/lib\/ozone/);
    expect(existsSync(join(root, PROGRAM))).toBe(false);
  });

  it("refuses to install a checkout", async () => {
    await expect(runInstall([], { ...ports([]), bundle: null })).rejects.toThrow(/npm run bundle/);
  });
});

describe("the unit", () => {
  /** [name, value] of a directive; comments and sections apart. */
  const directives = (): [string, string][] =>
    text(UNIT)
      .split("\n")
      .filter((line) => line !== "" && !/^[#[]/.test(line))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);

  it("is closed: no privileges, one folder to write, no device without a GPU, no secret", async () => {
    await install();
    const all = directives();
    for (const [name] of all) expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
    const required: Record<string, string> = {
      ...{ User: "ozone", NoNewPrivileges: "yes", CapabilityBoundingSet: "", ProtectSystem: "strict" },
      ...{ ReadWritePaths: DATA, ProtectHome: "yes", PrivateTmp: "yes", PrivateDevices: "yes" },
      ...{ RestrictNamespaces: "yes", SystemCallArchitectures: "native", Restart: "on-failure" },
      ...{ RestrictAddressFamilies: "AF_UNIX AF_INET AF_INET6 AF_NETLINK", DevicePolicy: "closed" },
      ...{ ExecStart: `/usr/bin/node ${PROGRAM} start`, EnvironmentFile: "-/etc/ozone/agent.env" },
      ...{ UMask: "0077", ProtectControlGroups: "yes", Environment: `OZONE_DATA_DIR=${DATA}` },
    };
    for (const [name, value] of Object.entries(required))
      expect(
        all.filter((one) => one[0] === name),
        name,
      ).toEqual([[name, value]]);
    expect(all.filter(([name]) => name === "ReadWritePaths" || name === "ReadOnlyPaths")).toHaveLength(1);
    expect(text(UNIT)).not.toMatch(/PASSWORD|TOKEN|nats:/i);
  });

  it("opens the GPU's devices and groups where the machine has them, and no others", async () => {
    writeFileSync(join(folder, "groups"), "render\nvideo\n");
    const devices = "Character devices:\n  1 mem\n195 nvidia-frontend\n226 drm\n\nBlock devices:\n  8 sd\n";
    writeFileSync(join(root, "proc/devices"), devices);
    await install();
    const allowed = directives().filter(([name]) => name === "DeviceAllow");
    expect(allowed.map(([, value]) => value)).toEqual(["char-drm rw", "char-nvidia-frontend rw"]);
    expect(text(UNIT)).toContain("SupplementaryGroups=render video\n");
    expect(text(UNIT)).not.toContain("PrivateDevices");
    expect(gpuDevicesIn("Character devices:\n  5 tty\n")).toEqual([]);
  });

  it("waits longer after each failure and gets its own cgroup where systemd knows how", async () => {
    script("systemctl", 'echo "systemd 255 (255.4-1)"');
    await install();
    expect(text(UNIT)).toContain("RestartMaxDelaySec=300");
    expect(text(UNIT)).toContain("DelegateSubgroup=agent");
    expect(text(UNIT)).not.toContain("ProtectControlGroups=yes");
  });
});

describe("ozone-agent uninstall", () => {
  it("leaves the machine as it was found, the data and its user apart", async () => {
    const before = tree();
    await install();
    writeFileSync(join(root, DATA, "machine-key"), "secret");
    calls();
    const said = (await uninstall()).join("\n");
    expect(said).toContain(`kept ${DATA} and its user ozone: key, id`);
    expect(calls()).toEqual(["systemctl disable --now ozone-agent.service", "systemctl daemon-reload"]);
    expect(tree()).toEqual([...before, "var/lib/ozone", "var/lib/ozone/machine-key"].sort());
  });

  it("says what is lost before it purges, and removes only a user that it made", async () => {
    writeFileSync(join(folder, "groups"), "ozone\n");
    await install();
    calls();
    expect((await uninstall("--purge")).join("\n")).toMatch(/key and id \(it has to enrol again\)/);
    expect(existsSync(join(root, DATA))).toBe(false);
    expect(calls()).not.toContain("userdel ozone");
  });

  it("keeps what a person changed or put beside it, and says so", async () => {
    await install();
    writeFileSync(join(root, "/etc/ozone/agent.env"), "OZONE_NATS_URL=tls://a:b@lab\n");
    writeFileSync(join(root, "/opt/ozone/notes.txt"), "mine");
    const said = (await uninstall()).join("\n");
    expect(said).toContain("kept /etc/ozone/agent.env: a person changed it since");
    expect(said).toContain("kept /opt/ozone: 1 other thing(s) lie in it");
    expect(text("/opt/ozone/notes.txt")).toBe("mine");
  });

  it("refuses without a record, with a damaged one, and with one that names a folder of the system", async () => {
    await expect(uninstall()).rejects.toThrow(/nothing is installed below \/opt\/ozone/);
    await install();
    const record = join(root, "/opt/ozone/installed.json");
    const whole = readFileSync(record, "utf8");
    writeFileSync(record, whole.slice(0, 40));
    await expect(uninstall("--purge")).rejects.toThrow(/can't be read as the record/);
    writeFileSync(record, whole.replace(`"dataDir": "${DATA}"`, '"dataDir": "/var"'));
    await expect(uninstall("--purge")).rejects.toThrow(/folder of the system/);
    expect(existsSync(join(root, PROGRAM))).toBe(true);
  });
});

describe("the one-file bundle", () => {
  it("runs from an empty folder as an ordinary user, with Node alone", () => {
    const file = join(folder, "alone/ozone-agent.mjs");
    execFileSync(process.execPath, ["scripts/bundle-agent.mjs", "--out", file], { stdio: "pipe" });
    chmodSync(folder, 0o755);
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const env = {
      PATH: "/usr/bin:/bin",
      OZONE_DATA_DIR: join(folder, "alone/data"),
      OLLAMA_HOST: "127.0.0.1:1",
    };
    const run = (...words: string[]) =>
      execFileSync(process.execPath, [file, ...words], { cwd: "/", env, encoding: "utf8", ...nobody });
    expect(run("--version")).toMatch(/^\d+\.\d+\.\d+/);
    expect(JSON.parse(run("probe"))).toHaveProperty("hardwareClass");
    expect(run("install", "--dry-run", "--root", root, "--node", "/usr/bin/node")).toContain(
      "ozone-agent.service:",
    );
    expect(readdirSync(join(folder, "alone"))).toEqual(["ozone-agent.mjs"]);
  });
});
