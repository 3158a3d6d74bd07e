// Faults of HTTP: no answer, a late answer, or an answer that is none.
import { outOfMemory } from "../memory.ts";
import { behavioursOf } from "../versions.ts";
import type { LieEntry } from "./hooks.ts";

/** What each strength means is said with the fault. */
export const HTTP_FAULTS = {
  hang_before_headers: {
    couldBe: "The engine hangs while loading or in prefill.",
    shows: "the request is accepted and nothing ever comes back",
    scope: "measured",
    tell: () => ({
      act: async (stage, acting) => {
        if (stage !== "arrival") return undefined;
        await acting.untilClosed();
        return "ended";
      },
    }),
  },
  slow_headers: {
    couldBe: "A proxy or a full accept queue keeps the request before the server sees it. Strength: seconds.",
    shows: "headers come late, and total_duration knows nothing of the wait",
    scope: "measured",
    strength: 5,
    tell: (seconds) => ({
      act: async (stage, acting) => {
        if (stage !== "arrival") return undefined;
        await acting.wait(seconds);
        acting.arriveNow();
        return undefined;
      },
    }),
  },
  http_500_oom: {
    couldBe: "The model does not fit into what memory is left.",
    shows: "500 with the release's out-of-memory text",
    scope: "always",
    tell: () => ({
      act: async (stage, acting) => {
        if (stage !== "arrival") return undefined;
        const release = acting.engine === "llama-server" ? "0.30.0" : "0.24.0";
        const error = outOfMemory(9.5 * 1024 ** 3, 6.2 * 1024 ** 3, behavioursOf(release), "ram");
        acting.answer(error.status, { error: error.message });
        return "ended";
      },
    }),
  },
  http_503_busy: {
    couldBe: "The scheduler's queue is full.",
    shows: "503 with the text of a full queue",
    scope: "always",
    tell: () => ({
      act: async (stage, acting) => {
        if (stage !== "arrival") return undefined;
        acting.answer(503, { error: "server busy, please try again.  maximum pending requests exceeded" });
        return "ended";
      },
    }),
  },
  redirect_elsewhere: {
    couldBe: "A proxy or an impostor on the port sends the request to another host.",
    shows: "307 with a Location on another host",
    scope: "always",
    tell: () => ({
      act: async (stage, acting) => {
        if (stage !== "arrival") return undefined;
        acting.answer(307, { error: "moved" }, { location: `${acting.redirectTo}${acting.path}` });
        return "ended";
      },
    }),
  },
} as const satisfies Record<string, LieEntry>;
