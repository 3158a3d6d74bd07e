// One isolated machine of the walk: network, mount, process and host name namespaces, files of its own, a scripted Ollama at
// the usual address, and a stand-in for systemctl. Needs root.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { join } from "node:path";
import { type ScriptedOllama, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { type Helper, type Host, startRelay } from "../setup/namespaces.ts";
import { ROOT } from "../setup/processes.ts";
import { waitFor } from "../setup/wait-for.ts";

const STAND_IN = `${ROOT}e2e/walk/systemctl-stand-in.mjs`;
const OLLAMA = "127.0.0.1:11434";
/** Where what is brought to the machine lies. */
export const BROUGHT = "/run/brought";

/** Own files: what an installation writes to and what tells hosts apart. `/etc` starts as this host's. */
const SETUP = `
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir -p /mnt/etc /mnt/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/etc,workdir=/mnt/work /etc
for own in /opt /var/lib /run; do mount -t tmpfs tmpfs "$own"; done
mkdir -p /run/systemd/system ${BROUGHT} /run/bin
hostname "$1"
printf '%s\\n' "$2" > /etc/machine-id
printf '#!/bin/sh\\nexec "%s" "%s" "$@"\\n' "$3" "$4" > /run/bin/systemctl
chmod 755 /run/bin/systemctl
echo ready
exec sleep infinity
`;

/** What a command printed and how it ended. */
export interface Said {
  readonly code: number | null;
  readonly output: string;
}

/** The first process of a namespace is the only child of what made it. */
function firstProcess(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return Number(children.split(" ")[0] ?? 0);
}

/** One machine. */
export class LabMachine {
  readonly name: string;
  readonly #init: ChildProcess;
  readonly #pid: number;
  readonly #ends: (() => unknown)[];

  private constructor(name: string, init: ChildProcess, pid: number, ends: (() => unknown)[]) {
    this.name = name;
    this.#init = init;
    this.#pid = pid;
    this.#ends = ends;
  }

  /** @param folder for the socket between its Ollama and the scripted server in this process */
  static async start(name: string, host: Host, folder: string): Promise<LabMachine> {
    const engine: ScriptedOllama = await startScriptedOllama({});
    const ends: (() => unknown)[] = [() => engine.stop()];
    const path = join(folder, `${name}.sock`);
    const { hostname, port } = new URL(engine.url);
    const socket: Server = createServer((near) => {
      const far = createConnection({ host: hostname, port: Number(port) });
      near.pipe(far).pipe(near);
      near.on("error", () => far.destroy());
      far.on("error", () => near.destroy());
    });
    await once(socket.listen(path), "listening");
    ends.push(() => socket.close());
    const relay: Helper = await startRelay(OLLAMA, path, host.wrapper);
    ends.push(() => relay.stop());

    const machineId = `${Buffer.from(name).toString("hex").padEnd(32, "0").slice(0, 32)}`;
    const apart = ["unshare", "--mount", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child"];
    const words = ["sh", "-c", SETUP, "sh", name, machineId, process.execPath, STAND_IN];
    const [command = "", ...rest] = [...host.wrapper, ...apart, ...words];
    const init = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [init.stdout, init.stderr]) stream?.on("data", (chunk) => (said += String(chunk)));
    await waitFor(`machine ${name}`, () => said, { until: (text) => text.includes("ready") });
    return new LabMachine(name, init, firstProcess(init.pid ?? 0), ends);
  }

  #enter(script: string, env: Readonly<Record<string, string>>): [string, string[]] {
    const path = `/run/bin:${process.env.PATH ?? ""}`;
    const settings = Object.entries({ PATH: path, HOME: "/root", ...env }).map(
      ([key, value]) => `${key}=${value}`,
    );
    const shell = ["env", "-i", ...settings, "sh", "-eu", "-c", `cd ${BROUGHT}\n${script}`];
    return ["nsenter", ["-t", String(this.#pid), "-m", "-u", "-p", "-n", "--", ...shell]];
  }

  /** Brings a file there, readable by all as a stick would be. */
  bring(name: string, content: Buffer): void {
    const [command, words] = this.#enter(`cat > ${name}; chmod 644 ${name}`, {});
    execFileSync(command, words, { input: content });
  }

  /** Runs commands as root in the folder with what was brought, stopping at the first that fails. */
  async run(script: string, env: Readonly<Record<string, string>>): Promise<Said> {
    const [command, words] = this.#enter(script, env);
    const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => (output += String(chunk)));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, output };
  }

  /** Ends everything there: the namespace's first process takes all others with it. */
  async stop(): Promise<void> {
    if (this.#init.exitCode === null) {
      this.#init.kill("SIGKILL");
      await once(this.#init, "exit");
    }
    for (const end of this.#ends.toReversed()) await end();
  }
}
