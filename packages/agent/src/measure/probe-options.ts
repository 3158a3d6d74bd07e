// After the samples of the last launch: tries other values of the options that the server does not show, to see
// whether it takes notice. Costs a load each, so it is done once per server, version, model and kind of option, and
// not at all where loads are slow.
import { messageOf } from "@ozone/shared/errors";
import { formatDuration } from "@ozone/shared/units";
import { timeOf } from "./ask-model.ts";
import { type Attempt, loadOptionsOf, versionOf } from "./attempt.ts";
import { loadedState } from "./fresh-runner.ts";
import { isReload, type OptionProbe, type OptionProbes, type OptionTry, triesFor } from "./option-probes.ts";
import { requestOptions } from "./sample-options.ts";
import { loadLimitMs } from "./time-limits.ts";
import { serverFiguresOf, timingsOf } from "./timings.ts";

/** All tries together may take as long as this, and this share of what is left of the attempt's time. */
const BUDGET_MS = 20_000;
const BUDGET_SHARE = 0.4;

/** How long the findings about a server hold within one process. */
const REMEMBERED_MS = 3_600_000;

/** Findings of earlier attempts of this process. */
export class ProbeMemory {
  readonly #noted = new Map<string, number>();
  readonly #found = new Map<string, { readonly probes: OptionProbes; readonly atMs: number }>();

  /** What was found in the last hour, or null. */
  recall(key: string): OptionProbes | null {
    const found = this.#found.get(key);
    return found === undefined || performance.now() - found.atMs > REMEMBERED_MS ? null : found.probes;
  }

  /** Whether something was noted in the last hour. */
  knows(key: string): boolean {
    const atMs = this.#noted.get(key);
    return atMs !== undefined && performance.now() - atMs <= REMEMBERED_MS;
  }

  /** Notes that something holds. */
  note(key: string): void {
    this.#noted.set(key, performance.now());
  }

  /** Keeps what was found. */
  keep(key: string, probes: OptionProbes): void {
    this.#found.set(key, { probes, atMs: performance.now() });
  }
}

/**
 * Fills in `attempt.optionProbes`. The model is left loaded with other options: unload it next.
 * @throws TrialFailure only when cancelled; a try that fails leaves its check unknown
 */
export async function probeOptions(attempt: Attempt): Promise<void> {
  const load = attempt.loads[attempt.loads.length - 1];
  if (load === undefined) return;
  const tries = triesFor(
    attempt.configuration,
    load.state.effective,
    attempt.details?.trainedContext ?? null,
  );
  if (tries.length === 0) return;
  const key = [
    serverOf(attempt),
    versionOf(attempt),
    attempt.model?.digest,
    ...tries.map(({ option }) => option),
  ].join(" ");
  const remembered = attempt.ports.probeMemory?.recall(key) ?? null;
  attempt.optionProbes = remembered ?? (await tryAll(attempt, tries));
  if (remembered === null && attempt.optionProbes.skipped === null) {
    attempt.ports.probeMemory?.keep(key, attempt.optionProbes);
  }
}

/** The same server as another time: a managed one is, with the same settings, whatever its port. */
function serverOf({ engine, ports }: Attempt): string {
  if (ports.managedServer === undefined) return engine.url;
  const { OLLAMA_HOST: _port, OLLAMA_CONTEXT_LENGTH: _default, ...settings } = ports.managedServer.settings;
  return JSON.stringify(settings);
}

async function tryAll(attempt: Attempt, tries: readonly OptionTry[]): Promise<OptionProbes> {
  const slowestMs = Math.max(...attempt.loads.map(({ clientMs }) => clientMs));
  const neededMs = tries.length * slowestMs;
  if (neededMs > Math.min(BUDGET_MS, BUDGET_SHARE * timeOf(attempt).remainingMs)) {
    return {
      probes: [],
      skipped: `trying other values would take ${tries.length} loads of ${formatDuration(slowestMs)}`,
    };
  }
  attempt.ports.onActivity(`checking that ${tries.map(({ option }) => option).join(", ")} have an effect`);
  const options = { ...requestOptions(loadOptionsOf(attempt), { numPredict: 1, seed: 0 }) };
  const probes: OptionProbe[] = [];
  try {
    for (const one of tries) {
      options[one.option] = one.to;
      probes.push(await tryOption(attempt, one, options));
    }
    return { probes, skipped: null };
  } catch (thrown) {
    if (attempt.ports.signal.aborted) throw thrown;
    return { probes, skipped: `another value could not be tried (${messageOf(thrown)})` };
  }
}

/** Asks once with these options and sees whether the server loads the model anew for it. */
export async function tryOption(
  attempt: Attempt,
  one: OptionTry,
  options: Readonly<Record<string, number>>,
): Promise<OptionProbe> {
  const before = await loadedState(attempt);
  const record = await attempt.engine.generate(
    { model: attempt.order.modelName, prompt: "the", options, phase: "load" },
    { signal: attempt.ports.signal, limitMs: loadLimitMs(attempt.model?.sizeBytes ?? 0, timeOf(attempt)) },
  );
  const after = await loadedState(attempt);
  const loadMs = serverFiguresOf(record.done).loadNs / 1e6;
  const { ttftMs, totalMs } = timingsOf(record);
  const fresh = attempt.loads[attempt.loads.length - 1];
  const reloaded =
    isReload({ ms: loadMs, warmMs: attempt.warmLoadMs, freshMs: fresh?.serverMs ?? null }) ||
    isReload({ ms: ttftMs ?? totalMs, warmMs: attempt.warmTtftMs, freshMs: fresh?.clientMs ?? null });
  const [sizeBefore, sizeAfter] = [before?.sizeBytes ?? null, after?.sizeBytes ?? null];
  const resized = sizeBefore !== null && sizeAfter !== null && sizeBefore !== sizeAfter;
  return {
    ...one,
    loadMs,
    sizeBefore,
    sizeAfter,
    reloaded,
    noticed: resized || reloaded,
  };
}
