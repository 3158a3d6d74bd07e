// Sweeps of the story: how one is started, what is waited for while it runs, and what is seen of it at its end.
import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { ConfigurationSchema, Purpose } from "@ozone/proto/configuration";
import { waitFor } from "../setup/wait-for.ts";
import type { SweepSeen } from "./counted-once.ts";
import { inferences, journalOf, outboxOf, type Site, type SiteMachine } from "./site.ts";

const CONTEXTS = [512, 1024];
const BATCHES = [64, 256];
/** Two machines take turns on one host, a trial takes some seconds. */
const SWEEP_LIMIT_MS = 420_000;

const pointText = (numCtx: number, numBatch: number): string => `num_ctx ${numCtx}, num_batch ${numBatch}`;
const MATRIX = CONTEXTS.flatMap((numCtx) => BATCHES.map((numBatch) => pointText(numCtx, numBatch)));

/** Starts a grid over both machines. @returns its id */
export async function startSweep(site: Site, model: string): Promise<string> {
  const matrix = ["--num-ctx", CONTEXTS.join(","), "--num-batch", BATCHES.join(","), "--num-predict", "32"];
  const protocol = ["--repetitions", "3", "--launches", "1", "--contended", "allow", "--quiet-wait", "0s"];
  const words = ["sweep", "run", "--detach", "--strategy", "grid", "--model", model, ...matrix, ...protocol];
  const { sweep } = await site.json<{ sweep: { id: string } }>(words);
  return sweep.id;
}

/** Machine -> trial/attempt that it has in hand, as the tables say; drift references apart. */
async function inHand(site: Site): Promise<Map<string, string>> {
  const rows = await site.query<{ machine: string; attempt: string }>(
    "select machine_id as machine, id || '/' || attempt as attempt from trials where state = 'running' and purpose <> $1",
    [Purpose.REFERENCE],
  );
  return new Map(rows.map(({ machine, attempt }) => [machine, attempt]));
}

/**
 * Waits until this machine measures: its engine is asked after the order was seen in its hand. With `waiting`, until that
 * other machine holds an order as well, for which it has to wait: one benchmark runs at a time on their host.
 * @returns the attempts of both
 */
export async function measuring(
  site: Site,
  machine: SiteMachine,
  waiting?: SiteMachine,
): Promise<{ first: string; second: string }> {
  let seen = { first: "", second: "", asked: 0 };
  const look = async () => {
    const hands = await inHand(site);
    const first = hands.get(machine.id) ?? "";
    const second = waiting ? (hands.get(waiting.id) ?? "") : "";
    const asked = inferences(machine);
    const isSame = seen.first === first && seen.second === second;
    const isThere = first !== "" && (!waiting || second !== "");
    if (!isSame) seen = { first, second, asked };
    return isSame && isThere && asked > seen.asked ? { first, second } : null;
  };
  const what = `${machine.name} measures${waiting ? ` and ${waiting.name} waits for the host` : ""}`;
  const found = await waitFor(what, look, { limitMs: 120_000, until: (both) => both !== null });
  return found ?? seen;
}

/** Waits for the receipt of an attempt in the machine's own journal. @returns how it was receipted */
export async function receiptOf(machine: SiteMachine, attempt: string): Promise<string> {
  const lines = await waitFor(`a receipt of ${attempt}`, () => journalOf(machine), {
    limitMs: 120_000,
    until: (all) => all.some((line) => line.attempt === attempt && line.event !== "finished"),
  });
  return lines.find((line) => line.attempt === attempt && line.event !== "finished")?.event ?? "";
}

/** Sentences about one attempt that should count once: one stored result, one attempt of its trial. */
export async function onceInTables(site: Site, attempt: string): Promise<string[]> {
  const [trial = ""] = attempt.split("/");
  const [row] = await site.query<{ results: number; attempts: number }>(
    "select (select count(*)::int from results where trial_id = $1) as results, (select count(*)::int from attempts where trial_id = $1) as attempts",
    [trial],
  );
  return [
    ...(row?.results === 1 ? [] : [`${attempt} has ${row?.results} results`]),
    ...(row?.attempts === 1 ? [] : [`trial ${trial} has ${row?.attempts} attempts`]),
  ];
}

/** Waits for the end of a sweep, however it ends, and until no receipt is owed. */
export async function untilEnded(site: Site, sweepId: string): Promise<void> {
  const states = () =>
    site.query<{ state: string; trial: string; n: number }>(
      "select s.state, t.state as trial, count(*)::int as n from sweeps s join trials t on t.sweep_id = s.id where s.id = $1 group by 1, 2",
      [sweepId],
    );
  await waitFor(`sweep ${sweepId} ended`, states, {
    limitMs: SWEEP_LIMIT_MS,
    until: (rows) => rows.length > 0 && rows.every(({ state }) => state !== "running"),
  });
  await waitFor("empty outboxes", () => site.machines.flatMap(outboxOf), {
    until: (left) => left.length === 0,
  });
}

const stateWord = (state: string): string => state.replace("TRIAL_STATE_", "").toLowerCase();

/** What is seen of an ended sweep. `matrix`: what each machine had to measure. */
export async function seeSweep(
  site: Site,
  sweepId: string,
  matrix: readonly string[] = MATRIX,
): Promise<SweepSeen> {
  const [sweep] = await site.query<{ state: string }>("select state from sweeps where id = $1", [sweepId]);
  const trials = await site.query<{
    id: string;
    machineId: string;
    state: string;
    attempt: number;
    purpose: number;
    configuration: Buffer;
  }>(
    'select id, machine_id as "machineId", state, attempt, purpose, configuration from trials where sweep_id = $1',
    [sweepId],
  );
  const results = await site.query<{ attempt: string; payload: Buffer }>(
    "select trial_id || '/' || attempt as attempt, payload from results where sweep_id = $1",
    [sweepId],
  );
  const { trials: shown } = await site.json<{ trials: { id: string; state: string }[] }>([
    ...["sweep", "show", sweepId],
  ]);
  const screenedBy = (machineId: string) =>
    trials
      .filter((trial) => trial.machineId === machineId && trial.purpose === Purpose.SCREEN)
      .map(({ configuration }) => fromBinary(ConfigurationSchema, configuration))
      .map(({ numCtx, numBatch }) => pointText(numCtx, numBatch));
  return {
    ...{ state: sweep?.state ?? "missing", trials, matrix },
    results: results.map(({ attempt, payload }) => ({
      attempt,
      digest: createHash("sha256").update(payload).digest("hex"),
    })),
    journals: new Map(site.machines.map((machine) => [machine.id, journalOf(machine)])),
    shown: shown.map(({ id, state }) => ({ id, state: stateWord(state) })),
    outbox: site.machines.flatMap(outboxOf),
    screened: new Map(site.machines.map(({ id }) => [id, new Set(screenedBy(id))])),
  };
}
