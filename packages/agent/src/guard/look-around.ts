// One look at everything that shows somebody's use of this machine. The shell around the pure parts of this room.
import { onPlatform } from "@ozone/shared/platform";
import { enginePid, isHere } from "../engine-process.ts";
import { type RunTool, runTool } from "../machine/run-tool.ts";
import { EngineClient } from "../ollama/engine-client.ts";
import { desktopUsedAgoMs, readDesktopSessions } from "./desktop-sessions.ts";
import { WorkGauge, WorkMemory } from "./foreign-work.ts";
import type { IdleRule } from "./idle-rule.ts";
import type { Looked, Sign } from "./judge-use.ts";
import { ModelRequests } from "./model-requests.ts";
import { terminalUsedAgoMs } from "./terminals.ts";

/** Where to look; tests bring their own. */
export interface LookPlaces {
  readonly engineUrl: string;
  readonly devRoot?: string;
  readonly sessionsFolder?: string;
  readonly run?: RunTool;
  readonly platform?: string;
}

/** Programs come and go; a machine is free again sooner after them than after a person. */
const WORK_QUIET_MS = 60_000;

/** The server answers at once, or the look goes on without it. */
const ASK_LIMIT_MS = 3_000;

/** Looks again and again, and remembers between looks what leaves no trace of its own. */
export class Surroundings {
  readonly #rule: IdleRule;
  readonly #places: LookPlaces;
  readonly #engine: EngineClient;
  readonly #requests = new ModelRequests();
  readonly #gauge = new WorkGauge();
  readonly #work: WorkMemory;
  #inTrial = false;
  /** On the monotonic clock; null: never seen. */
  #desktopAtMs: number | null = null;
  #requestAtMs: number | null = null;

  constructor(rule: IdleRule, places: LookPlaces) {
    this.#rule = rule;
    this.#places = places;
    this.#engine = new EngineClient(places.engineUrl);
    this.#work = new WorkMemory(rule.loadCores ?? Number.POSITIVE_INFINITY);
  }

  /** From here on the server works for us. */
  trialBegins(model: string | null): void {
    this.#inTrial = true;
    this.#requests.trialBegins(model);
    this.#gauge.restart();
  }

  /** From here on whatever works, works for others. */
  trialEnds(): void {
    this.#inTrial = false;
    this.#requests.trialEnds();
    this.#gauge.restart();
  }

  /** Looks once. Never throws: what can't be read is left out, or makes the whole unknown. */
  async look(): Promise<Looked> {
    const problem = whyUnseen(this.#places);
    if (problem !== null) return { signs: [], problem };
    const atMs = performance.now();
    const nowMs = Date.now();
    const terminal = terminalUsedAgoMs(nowMs, this.#places.devRoot);
    if (terminal === null) return { signs: [], problem: NO_TERMINALS };
    await Promise.all([this.#seeDesktop(atMs, nowMs), this.#seeRequests(atMs, nowMs), this.#seeWork(atMs)]);
    const { quietMs } = this.#rule;
    return {
      problem: null,
      signs: [
        { detail: "keyboard, in a terminal", usedAgoMs: terminal, quietMs },
        ...since("keyboard or mouse", this.#desktopAtMs, { atMs, quietMs }),
        ...since("requests to its Ollama", this.#requestAtMs, { atMs, quietMs }),
        ...since(this.#work.last?.detail ?? "", this.#work.last?.atMs ?? null, {
          atMs,
          quietMs: Math.min(quietMs, WORK_QUIET_MS),
        }),
      ],
    };
  }

  async #seeDesktop(atMs: number, nowMs: number): Promise<void> {
    const sessions = await readDesktopSessions(this.#places.run ?? runTool, this.#places.sessionsFolder);
    const agoMs = desktopUsedAgoMs(sessions, nowMs);
    if (agoMs !== null) this.#desktopAtMs = Math.max(this.#desktopAtMs ?? -Infinity, atMs - agoMs);
  }

  async #seeRequests(atMs: number, nowMs: number): Promise<void> {
    const inTrial = this.#inTrial;
    const loaded = await this.#engine.loaded(AbortSignal.timeout(ASK_LIMIT_MS)).catch(() => null);
    // An answer from before a trial began or ended says nothing about the time after.
    if (loaded === null || inTrial !== this.#inTrial) return;
    if (this.#requests.see(loaded, nowMs)) this.#requestAtMs = atMs;
  }

  async #seeWork(atMs: number): Promise<void> {
    if (this.#rule.loadCores === null) return;
    const inTrial = this.#inTrial;
    const engine = inTrial ? await enginePid(this.#places.engineUrl) : null;
    if (inTrial && engine === null) return; // nobody can tell our server's work from that of others
    const seen = await this.#gauge.look(engine, inTrial);
    if (inTrial === this.#inTrial) this.#work.see(seen, atMs);
  }
}

const since = (
  detail: string,
  lastMs: number | null,
  { atMs, quietMs }: { readonly atMs: number; readonly quietMs: number },
): Sign[] => (lastMs === null ? [] : [{ detail, usedAgoMs: Math.max(0, atMs - lastMs), quietMs }]);

const NO_TERMINALS =
  "whether somebody uses this machine can't be seen: /dev/pts can't be read; see docs/guarding.md";

/** Why nobody can tell here whether the machine is used, or null. */
function whyUnseen({ engineUrl, platform = process.platform }: LookPlaces): string | null {
  if (!isHere(engineUrl))
    return "the Ollama is on another host, and whether somebody uses that one can't be seen";
  return onPlatform(platform, {
    linux: null,
    macos: "whether somebody uses this machine can't be seen on macOS",
    windows: "whether somebody uses this machine can't be seen on Windows",
    other: "whether somebody uses this machine can't be seen on this system",
  });
}
