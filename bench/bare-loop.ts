// A bare HTTP loop: one streamed generation over node:http, and when its lines came. The yardstick for the agent's own
// overhead, so it imports nothing of ours.
import { request } from "node:http";

/** What one generation took. */
export interface BareSample {
  /** Before the request is made, to the first line with text. */
  readonly ttftMs: number;
  /** By the server's own count and duration: N tokens, N - 1 steps. */
  readonly decodeTokensPerSecond: number;
  readonly promptTokensPerSecond: number;
  /** First text to last text. */
  readonly spanMs: number;
  /** Between successive texts. */
  readonly gapsMs: readonly number[];
  readonly promptTokens: number;
  readonly promptMs: number;
}

/** One raw, streamed generation. */
export async function bareGeneration(
  url: string,
  body: {
    readonly model: string;
    readonly prompt: string;
    readonly options: Readonly<Record<string, number>>;
  },
): Promise<BareSample> {
  const startMs = performance.now();
  const text = JSON.stringify({ ...body, raw: true, stream: true, truncate: false, shift: false });
  const times: number[] = [];
  const last = await new Promise<Record<string, number>>((resolve, reject) => {
    const asked = request(`${url}/api/generate`, { method: "POST", agent: false }, (response) => {
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        const atMs = performance.now();
        const lines = (rest + piece).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          const record = JSON.parse(line) as Record<string, unknown>;
          if (typeof record.response === "string" && record.response !== "") times.push(atMs);
          if (record.done === true) resolve(record as Record<string, number>);
        }
      });
      response.on("end", () =>
        reject(new Error(`The server answered ${response.statusCode} without done: ${rest}`)),
      );
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(text);
  });
  return sampleOf(startMs, times, last);
}

function sampleOf(
  startMs: number,
  times: readonly number[],
  last: Readonly<Record<string, number>>,
): BareSample {
  const [first = Number.NaN, end = Number.NaN] = [times[0], times.at(-1)];
  const seconds = (key: string): number => (last[key] ?? 0) / 1e9;
  return {
    ttftMs: first - startMs,
    decodeTokensPerSecond: ((last.eval_count ?? 0) - 1) / seconds("eval_duration"),
    promptTokensPerSecond: (last.prompt_eval_count ?? 0) / seconds("prompt_eval_duration"),
    spanMs: end - first,
    gapsMs: times.slice(1).map((time, at) => time - (times[at] ?? time)),
    promptTokens: last.prompt_eval_count ?? 0,
    promptMs: 1000 * seconds("prompt_eval_duration"),
  };
}
