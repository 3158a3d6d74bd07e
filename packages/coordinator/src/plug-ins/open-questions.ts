// Questions to plug-in strategies that are under way. The planner never waits: it gets the answer if there is one, and
// is woken when there is. Nothing is stored: after a restart the question is asked again, and the answer is the same.
import { messageOf } from "@ozone/shared/errors";
import type { PlugInAnswer, PlugInQuestion, PlugIns } from "../store/target-state.ts";
import { askModule } from "./ask-module.ts";
import { findModule, type ModuleRules } from "./find-module.ts";

/** Threads at a time: plug-ins must not take the machine from what is measured on it. */
const THREADS_MAX = 2;
/** Answers that nobody fetched (their sweep was cancelled) are dropped beyond this. */
const KEPT_MAX = 200;

/** What the questions need. */
export interface PlugInPorts {
  readonly rules: ModuleRules;
  /** An answer is there. */
  readonly wake: () => void;
  readonly limitMs?: number;
}

interface Open {
  readonly question: PlugInQuestion;
  answer: PlugInAnswer | null;
}

const isSame = (a: PlugInQuestion, b: PlugInQuestion): boolean =>
  a.module === b.module && a.stateJson === b.stateJson;

/** The questions of one coordinator. */
export class OpenQuestions implements PlugIns {
  readonly #ports: PlugInPorts;
  readonly #open = new Map<number, Open>();
  readonly #waiting: (() => void)[] = [];
  readonly #end = new AbortController();
  #threads = 0;

  constructor(ports: PlugInPorts) {
    this.#ports = ports;
  }

  answer(targetId: number, question: PlugInQuestion): PlugInAnswer | null {
    const known = this.#open.get(targetId);
    if (known && isSame(known.question, question)) {
      if (known.answer) this.#open.delete(targetId);
      return known.answer;
    }
    const open: Open = { question, answer: null };
    this.#open.set(targetId, open);
    for (const [id] of this.#open) if (this.#open.size > KEPT_MAX && id !== targetId) this.#open.delete(id);
    void this.#ask(open);
    return null;
  }

  /** Ends all threads. */
  stop(): void {
    this.#end.abort();
  }

  async #ask(open: Open): Promise<void> {
    await this.#turn();
    const answer = await this.#answerTo(open.question).catch((thrown: unknown) => ({
      problem: `can't be asked: ${messageOf(thrown)}`,
    }));
    this.#threads -= 1;
    this.#waiting.shift()?.();
    // What a stop cut off is no answer: it is asked again after the restart.
    if (this.#end.signal.aborted) return;
    open.answer = answer;
    this.#ports.wake();
  }

  async #turn(): Promise<void> {
    while (this.#threads >= THREADS_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#threads += 1;
  }

  /** What may be loaded is asked every time: the rules may have changed since the sweep was started. */
  async #answerTo({ module, stateJson }: PlugInQuestion): Promise<PlugInAnswer> {
    const { rules, limitMs } = this.#ports;
    const found = await findModule(module, rules);
    if (found === null) return { problem: "is not there any more" };
    const signal = this.#end.signal;
    return askModule({ module: found, stateJson, signal, ...(limitMs === undefined ? {} : { limitMs }) });
  }
}
