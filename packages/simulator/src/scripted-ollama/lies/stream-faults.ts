// Faults inside a stream: it breaks, stalls or carries what is no record.
import type { Acting, LieEntry, Position, Stage } from "./hooks.ts";

const atMiddle = (stage: Stage, { index, total }: Position) =>
  stage === "token" && index === Math.floor(total / 2);

/** Lets a fault act once, in the middle of the stream, and end it. */
function endAtMiddle(end: (acting: Acting) => void | Promise<void>) {
  return async (stage: Stage, acting: Acting, position: Position): Promise<"ended" | undefined> => {
    if (!atMiddle(stage, position)) return undefined;
    await end(acting);
    return "ended";
  };
}

/** What each strength means is said with the fault. */
export const STREAM_FAULTS = {
  malformed_ndjson: {
    couldBe: "A record is cut by a proxy's buffer or a crash while writing.",
    shows: "one line in the middle is no JSON",
    scope: "measured",
    tell: () => ({
      line: (line, { index, total }) =>
        index === Math.floor(total / 2) ? line.slice(0, Math.floor(line.length / 2)) : line,
    }),
  },
  stream_ends_early: {
    couldBe: "The token repeat limit or a proxy's time limit ends the stream half-way, in good order.",
    shows: "fewer chunks than num_predict and no record with done: true",
    scope: "measured",
    tell: () => ({ act: endAtMiddle((acting) => acting.end()) }),
  },
  mid_stream_error: {
    couldBe: "The engine reports an error while generating, such as a failed GPU kernel.",
    shows: "a line with `error` after some chunks, then the end of the stream",
    scope: "measured",
    tell: () => ({
      act: endAtMiddle((acting) => {
        const text =
          "an error was encountered while running the model: CUDA error: an illegal memory access was encountered";
        acting.writeLine(JSON.stringify({ error: text }));
        acting.end();
      }),
    }),
  },
  runner_crash_mid_stream: {
    couldBe:
      "The engine's process is killed while it generates, for instance by the kernel for lack of memory.",
    shows: "a line with `error` after some chunks; the model is gone from /api/ps",
    scope: "measured",
    tell: () => ({
      act: endAtMiddle((acting) => {
        const cause =
          acting.engine === "llama-server"
            ? "llama-server process has terminated: signal: killed"
            : "unexpected EOF";
        acting.crash();
        acting.writeLine(
          JSON.stringify({ error: `an error was encountered while running the model: ${cause}` }),
        );
        acting.end();
      }),
    }),
  },
  connection_reset: {
    couldBe: "The server process dies or a proxy drops the connection.",
    shows: "the connection is cut in the middle of the stream",
    scope: "measured",
    tell: () => ({ act: endAtMiddle((acting) => acting.reset()) }),
  },
  hang_mid_stream: {
    couldBe: "The engine deadlocks, or the machine swaps itself to a standstill.",
    shows: "chunks stop and the connection stays open",
    scope: "measured",
    tell: () => ({ act: endAtMiddle((acting) => acting.untilClosed()) }),
  },
  slow_drip: {
    couldBe: "A congested network delivers byte by byte. Strength: seconds per byte.",
    shows: "a line takes many seconds to be complete",
    scope: "measured",
    strength: 0.25,
    tell: (seconds) => ({
      act: async (stage, acting) => {
        if (stage === "headers") acting.drip(seconds);
        return undefined;
      },
    }),
  },
  huge_line: {
    couldBe: "A server or something else on that port sends data without any newline. Strength: bytes.",
    shows: "a line of 100 MB",
    scope: "measured",
    strength: 100_000_000,
    tell: (bytes) => ({
      act: async (stage, acting, position) => {
        if (atMiddle(stage, position)) await acting.writeBytes(bytes);
        return undefined;
      },
    }),
  },
} as const satisfies Record<string, LieEntry>;
