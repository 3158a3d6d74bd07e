// In place of systemctl, on machines of the walk that have no systemd: it does what the agent's installation asks for. A unit is
// started as its user with its environment; its sandbox and its restarts are not played.
import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
if (process.argv.includes("--version")) {
  process.stdout.write("systemd 252 (a stand-in of the walk)\n");
  process.exit(0);
}
const [act = "", unit = ""] = words;
const name = unit.replace(/\.service$/, "");
const pidFile = `/run/${name}.pid`;

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH: it has ended
  }
};

function stop() {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8"));
  rmSync(pidFile);
  if (!isAlive(pid)) return;
  process.kill(pid, "SIGTERM");
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let look = 0; look < 600 && isAlive(pid); look += 1) Atomics.wait(pause, 0, 0, 50);
}

function start() {
  const lines = readFileSync(`/etc/systemd/system/${name}.service`, "utf8").split("\n");
  const entryOf = (key) => lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) ?? "";
  const file = entryOf("EnvironmentFile").replace(/^-/, "");
  const settings = [
    ...lines
      .filter((line) => line.startsWith("Environment="))
      .map((line) => line.slice("Environment=".length)),
    ...(existsSync(file) ? readFileSync(file, "utf8").split("\n") : []).filter((line) =>
      /^[A-Z_]+=/.test(line),
    ),
  ];
  const log = openSync(`/run/${name}.log`, "a");
  const command = ["-u", entryOf("User"), "--", "env", ...settings, ...entryOf("ExecStart").split(" ")];
  const child = spawn("runuser", command, { detached: true, stdio: ["ignore", log, log], cwd: "/" });
  writeFileSync(pidFile, String(child.pid));
  child.unref();
}

if (act === "start" || act === "restart" || act === "try-restart") {
  stop();
  start();
} else if (act === "stop") stop();
else if (act === "is-active")
  process.exit(existsSync(pidFile) && isAlive(Number(readFileSync(pidFile, "utf8"))) ? 0 : 3);
else if (!["daemon-reload", "enable", "disable", "reset-failed", "show"].includes(act)) {
  process.stderr.write(`the stand-in of the walk does not know \`systemctl ${words.join(" ")}\`\n`);
  process.exit(1);
}
