// Keeps the embedded nats-server's list of agents equal to Postgres': at once after a decision, and again and again, so
// that a kill between the two, or a server that was started again, is healed.
import { withoutCredentials } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import { startTask } from "./background-task.ts";
import type { AgentUser } from "./embedded/nats-users.ts";
import type { BusFacts } from "./fleet/ways-in.ts";
import type { BusPart } from "./parts.ts";
import { approvedAgents } from "./store/machine-identities.ts";
import type { Store } from "./store/open-store.ts";

/** The list on the bus. */
export interface Admission {
  /** False: an external NATS, whose users are not ours to write, and which does not ask us either. */
  readonly enforced: boolean;
  /** Where agents find it. */
  readonly bus: BusFacts;
  /** Makes the bus follow the store now. @returns whether it has confirmed */
  admit(): Promise<boolean>;
  stop(): Promise<void>;
}

const LOOK_INTERVAL_MS = 10_000;

const textOf = (agents: readonly AgentUser[]): string =>
  agents.map(({ machineId, publicKey }) => `${machineId} ${publicKey}`).join("\n");

/** Starts with one look; `onError` is told what went wrong, and the next look tries again. */
export async function startAdmission(
  store: Store,
  bus: BusPart,
  onError: (name: string, thrown: unknown) => void,
): Promise<Admission> {
  const { users, listens, advertised, callsOut } = bus;
  const facts = { url: withoutCredentials(bus.url), listens, advertised };
  // Whoever is asked about each connection (callout/start-callout.ts) has nothing to write: what Postgres says holds at the next question.
  if (!users)
    return { enforced: callsOut, bus: facts, admit: async () => false, stop: async () => undefined };
  let confirmed = "";
  const look = async (): Promise<void> => {
    const agents = await approvedAgents(store.db);
    const wanted = `${users.serverPid()}\n${textOf(agents)}`;
    if (wanted === confirmed) return;
    await users.letIn(agents);
    confirmed = wanted;
  };
  let running: Promise<void> = Promise.resolve();
  const lookAlone = (): Promise<void> => {
    const next = running.then(look);
    running = next.catch(() => undefined);
    return next;
  };
  await lookAlone().catch((thrown: unknown) => onError("admission", messageOf(thrown)));
  const task = startTask({
    ...{ name: "admission", intervalMs: LOOK_INTERVAL_MS, onError },
    run: async () => {
      await lookAlone();
      return false;
    },
  });
  const admit = () =>
    lookAlone().then(
      () => true,
      (thrown: unknown) => {
        onError("admission", thrown);
        task.wake();
        return false;
      },
    );
  return { enforced: true, bus: facts, admit, stop: () => task.stop() };
}
