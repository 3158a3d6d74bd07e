// What `up` and `down` did, as text and as a document.
import type { Stack } from "../local/bring-up.ts";
import type { Stopped } from "../local/take-down.ts";
import { cleanText } from "./clean-text.ts";
import { engineWords } from "./names.ts";
import { textPairs } from "./text-table.ts";
import { wrapText } from "./wrap-text.ts";

const how = (started: boolean): string => (started ? "started" : "was running");

/** The running stack; what the person has to know about the engine stands below. */
export function stackText({ coordinator, engine, agent }: Stack, folder: string): string {
  const { machine } = agent;
  const count = engine.modelCount === 1 ? "1 model" : `${engine.modelCount} models`;
  const kind = engine.kind === "reference" ? "reference engine, synthetic model" : "Ollama";
  const table = textPairs([
    ["coordinator", `${coordinator.runFile.grpcAddress} (${how(coordinator.started)})`],
    ["engine", `${engine.url}, ${kind} ${cleanText(engine.version, 40)}, ${count} (${how(engine.started)})`],
    [
      "machine",
      `${cleanText(machine.id)} online, ${cleanText(machine.hardwareClass)} (agent ${how(agent.started)})`,
    ],
    ["data", folder],
  ]);
  const remarks = [engine.notice, machine.engineProblem]
    .filter((text) => text !== "")
    .map((text) => `\n${wrapText(cleanText(text))}\n`);
  return table + remarks.join("");
}

/** The same for scripts. */
export function stackDocument({ coordinator, engine, agent }: Stack, folder: string) {
  const { machine } = agent;
  return {
    coordinator: {
      address: coordinator.runFile.grpcAddress,
      pid: coordinator.runFile.pid,
      started: coordinator.started,
    },
    engine: {
      url: engine.url,
      kind: engine.kind,
      version: engine.version,
      models: engine.modelCount,
      started: engine.started,
      notice: engine.notice,
    },
    machine: {
      id: machine.id,
      hardwareClass: machine.hardwareClass,
      engine: engineWords(machine.engine),
      engineProblem: machine.engineProblem,
      agentStarted: agent.started,
    },
    dataFolder: folder,
  };
}

/** "stopped: agent, coordinator", or that nothing ran. */
export function stoppedText(stopped: readonly Stopped[]): string {
  const ended = stopped.filter(({ outcome }) => outcome !== "not running");
  if (ended.length === 0) return "Nothing was running.\n";
  const names = ended.map(({ name, outcome }) => (outcome === "killed" ? `${name} (killed)` : name));
  return `Stopped: ${names.join(", ")}.\n`;
}
