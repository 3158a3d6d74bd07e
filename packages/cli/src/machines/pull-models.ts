// Models pulled by machines whose owners consented: who can be asked, and the waiting for it.
import type { Machine } from "@ozone/proto/machine";
import type { Pull } from "@ozone/proto/pull";
import { PullService } from "@ozone/proto/pull_service";
import type { CoordinatorClient } from "../coordinator-client.ts";
import { pullLine } from "../render/text-pulls.ts";
import { throughRestarts } from "../watch/through-restarts.ts";

const fullName = (model: string): string =>
  model.slice(model.lastIndexOf("/") + 1).includes(":") ? model : `${model}:latest`;

/** Whether a machine has a model under this name. */
const hasModel = ({ models }: Machine, model: string): boolean =>
  models.some(({ name }) => fullName(name) === fullName(model));

/** A machine and a model that it could pull. Pure. */
export interface Lack {
  readonly machineId: string;
  readonly model: string;
}

/** What these machines lack of these models and may pull. Pure. */
export const pullable = (machines: readonly Machine[], models: readonly string[]): Lack[] =>
  machines
    .filter(({ pullConsent, status }) => pullConsent !== undefined && status === "online")
    .flatMap((machine) =>
      models.filter((model) => !hasModel(machine, model)).map((model) => ({ machineId: machine.id, model })),
    );

/** Asks for each of them. @throws OzoneError with the coordinator's sentence */
export async function askForPulls(client: CoordinatorClient, lacks: readonly Lack[]): Promise<Pull[]> {
  const pulls = [];
  for (const lack of lacks) {
    const { pull } = await client.call(PullService.method.startPull, lack);
    if (pull) pulls.push(pull);
  }
  return pulls;
}

const OPEN: ReadonlySet<string> = new Set(["waiting", "pulling"]);
/** What comes further with each look is told no more often than this. */
const PROGRESS_EVERY_MS = 5_000;

/**
 * Waits until all of them have ended, also through restarts of the coordinator.
 * @returns them as they ended
 * @throws Interrupted when the signal aborts; the pulls go on
 */
export async function waitForPulls(
  client: CoordinatorClient,
  pullIds: readonly string[],
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<Pull[]> {
  const told = new Map<string, { readonly line: string; readonly state: string; readonly atMs: number }>();
  const tell = (pull: Pull): void => {
    const [before, line, atMs] = [told.get(pull.id), pullLine(pull), performance.now()];
    if (before?.line === line) return;
    if (before?.state === pull.state && atMs - before.atMs < PROGRESS_EVERY_MS) return;
    say(line);
    told.set(pull.id, { line, state: pull.state, atMs });
  };
  return throughRestarts<Pull[]>({
    ...{ what: "the pull", signal, note: say },
    watchOnce: async (onMessage) => {
      const request = { pullIds: [...pullIds], limit: pullIds.length };
      const { pulls } = await client.call(PullService.method.listPulls, request, { signal });
      onMessage();
      for (const pull of pulls) tell(pull);
      return pulls.some(({ state }) => OPEN.has(state)) ? null : pulls;
    },
  });
}
