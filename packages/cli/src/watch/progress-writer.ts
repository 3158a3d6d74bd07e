// Writes progress for a person who waits: one line that updates itself on a terminal, else a line per change.
import { type ProgressState, progressLine, progressLineWithTime } from "../render/progress.ts";

/** What is needed of a stream: process.stderr has it. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Shows how far a sweep is. */
export interface ProgressWriter {
  /** The newest state. */
  show(state: ProgressState): void;
  /** A line that stays. */
  note(line: string): void;
  /** Takes the updating line away and stops the clock. */
  end(): void;
}

const TICK_MS = 1000;

/** Without a terminal a line comes at least so often, so that a log shows that there is life. */
const SILENCE_MS = 30_000;

const CLEAR_LINE = "\r\u001b[2K";

/** A writer that fits the stream. */
export const progressWriter = (stream: ProgressStream): ProgressWriter =>
  stream.isTTY ? updatingLine(stream) : lineByLine(stream);

function updatingLine(stream: ProgressStream): ProgressWriter {
  let state: ProgressState | null = null;
  let since = 0;
  const draw = () => {
    if (!state) return;
    const line = progressLineWithTime(state, performance.now() - since);
    stream.write(CLEAR_LINE + [...line].slice(0, (stream.columns ?? 80) - 1).join(""));
  };
  const clock = setInterval(draw, TICK_MS);
  clock.unref();
  return {
    show(next) {
      state = next;
      since = performance.now();
      draw();
    },
    note(line) {
      stream.write(`${state ? CLEAR_LINE : ""}${line}\n`);
      draw();
    },
    end() {
      clearInterval(clock);
      if (state) stream.write(CLEAR_LINE);
      state = null;
    },
  };
}

function lineByLine(stream: ProgressStream): ProgressWriter {
  let state: ProgressState | null = null;
  let since = 0;
  let last = "";
  let writtenAt = 0;
  const write = (force: boolean) => {
    if (!state) return;
    const line = progressLine(state);
    if (line === last && !force) return;
    last = line;
    writtenAt = performance.now();
    stream.write(`${progressLineWithTime(state, performance.now() - since)}\n`);
  };
  const clock = setInterval(() => write(performance.now() - writtenAt >= SILENCE_MS), TICK_MS);
  clock.unref();
  return {
    show(next) {
      state = next;
      since = performance.now();
      write(false);
    },
    note: (line) => void stream.write(`${line}\n`),
    end: () => clearInterval(clock),
  };
}
