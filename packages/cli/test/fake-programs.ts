// Stand-ins for ozone-coordinator, ozone-engine and ozone-agent with the same outside behaviour: run files, log lines,
// signals. One file, built into three programs; which one it is follows from the name it was started by.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { clone } from "@bufbuild/protobuf";
import { MachineSchema } from "@ozone/proto/machine";
import { SweepState } from "@ozone/proto/sweep";
import { startFakeCoordinator, sweep, WATCHED } from "./fake-coordinator.ts";
import { MACHINE } from "./sample-report.ts";

const folder = process.env.OZONE_DATA_DIR ?? "";
const [, program = "", ...words] = process.argv;

function writeJson(path: string, content: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(content));
}

function stopOnSigterm(runFile: string): void {
  process.on("SIGTERM", () => {
    rmSync(runFile, { force: true });
    process.exit(0);
  });
}

const say = (level: number, msg: string) => process.stderr.write(`${JSON.stringify({ level, msg })}\n`);

async function coordinator(): Promise<void> {
  if (words[0] === "stop-leftovers") {
    writeFileSync(join(folder, "leftovers-stopped"), "");
    return;
  }
  say(30, "starting Postgres");
  if (process.env.FAKE_COORDINATOR_FAILS) {
    say(60, process.env.FAKE_COORDINATOR_FAILS);
    process.exit(1);
  }
  const fake = await startFakeCoordinator();
  fake.answers.set("MachineService.listMachines", () => ({ machines: machinesOnline() }));
  fake.answers.set("SweepService.cancelSweep", () => {
    writeFileSync(join(folder, "sweep-cancelled"), "");
    return { sweep: sweep({ state: SweepState.CANCELLED }) };
  });
  if (process.env.FAKE_SWEEP_NEVER_ENDS) fake.answers.set("SweepService.watchSweep", () => [WATCHED[0]]);
  if (process.env.FAKE_SWEEP_FAILS) {
    const failed = sweep({ state: SweepState.FAILED, notes: [process.env.FAKE_SWEEP_FAILS] });
    fake.answers.set("SweepService.watchSweep", () => [{ sweep: failed }]);
    fake.answers.set("ReportService.buildReport", () => []);
  }
  const runFile = join(folder, "run", "coordinator.json");
  stopOnSigterm(runFile);
  writeJson(runFile, {
    pid: process.pid,
    grpcAddress: fake.address,
    natsUrl: "nats://127.0.0.1:1",
    version: "0.1.0",
    objectives: process.env.OZONE_OBJECTIVES,
  });
}

function machinesOnline() {
  const runFile = join(folder, "agent", "run", "agent.json");
  if (!existsSync(runFile)) return [];
  const { machineId } = JSON.parse(readFileSync(runFile, "utf8")) as { machineId: string };
  return [Object.assign(clone(MachineSchema, MACHINE), { id: machineId })];
}

function engine(): void {
  process.on("SIGTERM", () => process.exit(0));
  const server = createServer((request, response) => {
    const body = request.url === "/api/version" ? { version: "0.1.0" } : { models: [{ name: "m" }] };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ listening: `http://127.0.0.1:${port}`, model: "m" })}\n`);
  });
}

/** Answers as the real one does, with what FAKE_APPLIED says; what it was asked is in a file. */
async function applying(): Promise<void> {
  const pieces = await process.stdin.toArray();
  writeJson(join(folder, "asked.json"), { words, input: Buffer.concat(pieces).toString("utf8") });
  process.stderr.write("looking at the machine\n");
  const { exitCode, document } = JSON.parse(process.env.FAKE_APPLIED ?? "{}");
  process.stdout.write(document === null ? "" : `${JSON.stringify(document)}\n`);
  process.exitCode = exitCode;
}

function agent(): void {
  if (words[0] === "apply" || words[0] === "rollback") return void applying();
  const runFile = join(folder, "agent", "run", "agent.json");
  stopOnSigterm(runFile);
  writeJson(runFile, { pid: process.pid, machineId: "m-fake", engineUrl: process.env.OLLAMA_HOST });
  setInterval(() => undefined, 1000);
}

if (program.includes("ozone-engine")) engine();
else if (program.includes("ozone-agent")) agent();
else void coordinator();
