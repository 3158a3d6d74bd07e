// What `up` and `down` did, as text and as a document.
import type { Stack } from "../local/bring-up.ts";
import type { CoordinatorHandle } from "../local/start-coordinator.ts";
import type { Stopped } from "../local/take-down.ts";
import { cleanText } from "./clean-text.ts";
import { engineWords } from "./names.ts";
import { textPairs } from "./text-table.ts";
import { wrapText } from "./wrap-text.ts";

const how = (started: boolean): string => (started ? "started" : "was running");

const coordinatorPair = ({ runFile, started }: CoordinatorHandle): [string, string] => [
  "coordinator",
  `${runFile.grpcAddress} (${how(started)})`,
];

/** A coordinator alone. */
export const coordinatorText = (coordinator: CoordinatorHandle, folder: string): string =>
  textPairs([coordinatorPair(coordinator), ["data", folder]]);

/** The same for scripts. */
export const coordinatorDocument = ({ runFile, started }: CoordinatorHandle) => ({
  ...{ address: runFile.grpcAddress, pid: runFile.pid, started },
});

/** The running stack; what the person has to know about the engine stands below. */
export function stackText({ coordinator, engine, agent }: Stack, folder: string): string {
  const { machine } = agent;
  const count = engine.modelCount === 1 ? "1 model" : `${engine.modelCount} models`;
  const kind = engine.kind === "reference" ? "reference engine, synthetic model" : "Ollama";
  const table = textPairs([
    coordinatorPair(coordinator),
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
    coordinator: coordinatorDocument(coordinator),
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
