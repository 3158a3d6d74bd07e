// Faults, ignored options and the lies that need a session of their own: each shows as promised, and not in an honest script.
import { afterEach, describe, expect, it } from "vitest";
import type { Received } from "../raw-client.ts";
import { call, lastRecord, numberIn, textLines } from "../raw-client.ts";
import type { ScriptChange } from "../script.ts";
import type { ScriptedOllama } from "../server.ts";
import { startScriptedOllama } from "../server.ts";
import { clocksOf, gather, generate, NUM_PREDICT, sample, snapshot } from "./evidence.ts";
import type { Lie, LieName } from "./lie.ts";
import { LIES } from "./lie.ts";

const running: ScriptedOllama[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(change: ScriptChange): Promise<ScriptedOllama> {
  const server = await startScriptedOllama({ loadSeconds: 0.15, unloadSeconds: 0.02, ...change });
  running.push(server);
  return server;
}

/** A sample whose failure is a value: what came, and how long it took until nothing more came. */
async function trySample(
  url: string,
  signal?: AbortSignal,
): Promise<Partial<Received> & { failed?: string }> {
  const body = {
    model: "scripted:tiny",
    raw: true,
    prompt: Array.from({ length: 300 }, () => "river").join(" "),
    options: { num_predict: NUM_PREDICT },
  };
  try {
    return await call(`${url}/api/generate`, { body, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

const errorOf = (received: Partial<Received>) => String(received.lines?.at(-1)?.record?.error ?? "");

describe.each([
  {
    name: "http_500_oom",
    version: "0.24.0",
    status: 500,
    text: "model requires more system memory (9.5 GiB) than is available",
  },
  { name: "http_500_oom", version: "0.33.0", status: 500, text: "failed to allocate buffer" },
  {
    name: "http_503_busy",
    version: "0.24.0",
    status: 503,
    text: "server busy, please try again.  maximum pending requests exceeded",
  },
  { name: "redirect_elsewhere", version: "0.24.0", status: 307, text: "moved" },
] as const)("$name as $version", ({ name, version, status, text }) => {
  it("answers every generation with its status and text, also a load", async () => {
    const { url } = await start({ version, faults: [name] });
    for (const received of [await generate(url, { prompt: "" }), await sample(url, "alpha")]) {
      expect(received.status).toBe(status);
      expect(errorOf(received)).toContain(text);
    }
    expect((await snapshot(url)).ps).toEqual([]);
  });
});

describe("redirect_elsewhere", () => {
  it("points to another host", async () => {
    const { url } = await start({ faults: ["redirect_elsewhere"], redirectTo: "http://192.0.2.1:11434" });
    expect((await sample(url, "alpha")).headers.get("location")).toBe("http://192.0.2.1:11434/api/generate");
  });
});

describe("faults in the middle of a stream", () => {
  const half = NUM_PREDICT / 2;

  it("mid_stream_error ends the stream with an error line", async () => {
    const { url } = await start({ faults: ["mid_stream_error"] });
    const received = await trySample(url);
    expect(received.status).toBe(200);
    expect(received.lines).toHaveLength(half + 1);
    expect(errorOf(received)).toContain("an error was encountered while running the model");
    expect((await snapshot(url)).ps).toHaveLength(1);
  });

  it("stream_ends_early ends in good order without a last record", async () => {
    const { url } = await start({ faults: ["stream_ends_early"] });
    const received = await trySample(url);
    expect(received.broken).toBeUndefined();
    expect(received.lines).toHaveLength(half);
    expect(received.lines?.some(({ record }) => record?.done === true)).toBe(false);
  });

  it("runner_crash_mid_stream also loses the runner", async () => {
    for (const [version, cause] of [
      ["0.24.0", "unexpected EOF"],
      ["0.33.0", "signal: killed"],
    ] as const) {
      const { url } = await start({ version, faults: ["runner_crash_mid_stream"] });
      expect(errorOf(await trySample(url))).toContain(cause);
      expect((await snapshot(url)).ps).toEqual([]);
    }
  });

  it("connection_reset cuts the connection", async () => {
    const { url } = await start({ faults: ["connection_reset"] });
    const received = await trySample(url);
    expect(received.failed ?? received.broken).toMatch(/terminated|fetch failed/);
  });

  it("malformed_ndjson sends one line that is no JSON", async () => {
    const { url } = await start({ faults: ["malformed_ndjson"] });
    const received = await trySample(url);
    expect(received.lines?.filter(({ record }) => record === undefined)).toHaveLength(1);
    expect(received.lines).toHaveLength(NUM_PREDICT + 1);
  });

  it("huge_line streams 100 MB without a newline", async () => {
    const { url } = await start({ faults: ["huge_line"] });
    const body = {
      model: "scripted:tiny",
      raw: true,
      prompt: "river ".repeat(300),
      options: { num_predict: 4 },
    };
    const received = await call(`${url}/api/generate`, { body, keepText: false });
    expect(received.byteCount).toBeGreaterThan(100_000_000);
  });

  it("hang_mid_stream sends half and then nothing, until the client leaves", async () => {
    const { url } = await start({ faults: ["hang_mid_stream"] });
    const received = await trySample(url, AbortSignal.timeout(1500));
    expect(received.lines).toHaveLength(half);
    expect(received.broken).toContain("timeout");
    await expect
      .poll(async () => (await generate(url, { prompt: "probe" }, { num_predict: 1 })).status)
      .toBe(200);
  });

  it("slow_drip lets a line take seconds", async () => {
    const { url } = await start({ faults: [{ name: "slow_drip", strength: 0.02 }] });
    const received = await trySample(url, AbortSignal.timeout(1500));
    expect(received.status).toBe(200);
    expect(received.lines?.filter(({ record }) => record !== undefined)).toEqual([]);
    expect(received.byteCount).toBeGreaterThan(5);
  });

  it("none of them shows in an honest stream", async () => {
    const { url } = await start({});
    const received = await trySample(url);
    expect(received).toMatchObject({ status: 200, broken: undefined });
    expect(received.lines).toHaveLength(NUM_PREDICT + 1);
    expect(received.lines?.every(({ record }) => record !== undefined && !("error" in record))).toBe(true);
    expect(received.byteCount).toBeLessThan(10_000);
  });
});

describe("faults before the headers", () => {
  it("hang_before_headers never answers, and lets small requests through", async () => {
    const { url } = await start({ faults: ["hang_before_headers"] });
    expect((await generate(url, { prompt: "small" }, { num_predict: 1 })).status).toBe(200);
    expect((await trySample(url, AbortSignal.timeout(800))).failed).toContain("timeout");
  });

  it("slow_headers keeps the wait out of total_duration", async () => {
    const { url } = await start({ faults: [{ name: "slow_headers", strength: 0.5 }] });
    await generate(url, { prompt: "" });
    const { wholeMs, totalMs } = clocksOf(await sample(url, "alpha"));
    expect(wholeMs).toBeGreaterThan(500);
    expect(totalMs).toBeLessThan(wholeMs - 490);
  });
});

describe("ps_hangs", () => {
  it("answers before the first sample and not after it", async () => {
    const { url } = await start({ lies: ["ps_hangs"] });
    expect((await call(`${url}/api/ps`)).status).toBe(200);
    await sample(url, "alpha");
    await expect(call(`${url}/api/ps`, { signal: AbortSignal.timeout(500) })).rejects.toThrow("timeout");
  });
});

describe("unload_never_completes", () => {
  it("acknowledges the unload and stays", async () => {
    const { url } = await start({ lies: ["unload_never_completes"] });
    await generate(url, { prompt: "" });
    expect(lastRecord(await generate(url, { prompt: "", keep_alive: 0 })).done_reason).toBe("unload");
    expect(clocksOf(await sample(url, "alpha")).loadMs).toBeLessThan(140);
    expect((await snapshot(url)).ps).toHaveLength(1);
  });
});

describe.each([
  { name: "options_ignored_batch", change: { num_batch: 32 } },
  { name: "options_ignored_ctx", change: { num_ctx: 2048 } },
  { name: "options_ignored_threads", change: { num_thread: 4 } },
] as const)("$name", ({ name, change }) => {
  async function reloadMs(lies: readonly Lie[]) {
    const { url } = await start({ lies });
    await generate(url, { prompt: "" });
    const before = numberIn((await snapshot(url)).ps[0] ?? {}, "size");
    const received = await generate(url, { prompt: "hello" }, { ...change, num_predict: 1 });
    return {
      loadMs: clocksOf(received).loadMs,
      before,
      after: numberIn((await snapshot(url)).ps[0] ?? {}, "size"),
    };
  }

  it("takes another value without a reload and without another size, as an honest server does not", async () => {
    const lying = await reloadMs([name]);
    expect(lying.loadMs).toBeLessThan(140);
    expect(lying.after).toBe(lying.before);
    const honest = await reloadMs([]);
    expect(honest.loadMs).toBeGreaterThan(150);
    if (name !== "options_ignored_threads") expect(honest.after).not.toBe(honest.before);
  });
});

describe("one_bad_sample_among_good", () => {
  it("tells its lie in that sample only", async () => {
    const { url } = await start({
      lies: [{ name: "one_bad_sample_among_good", bad: "merged_chunks", sample: 2 }],
    });
    const chunks: number[] = [];
    for (const nonce of ["alpha", "beta", "gamma"]) chunks.push(textLines(await sample(url, nonce)).length);
    expect(chunks).toEqual([NUM_PREDICT, NUM_PREDICT / 4, NUM_PREDICT]);
  });

  it("counts from 1 again after the script was changed", async () => {
    const server = await start({});
    await sample(server.url, "alpha");
    server.set({ lies: [{ name: "one_bad_sample_among_good", bad: "missing_done", sample: 1 }] });
    expect(lastRecord(await sample(server.url, "beta")).done).toBe(false);
    expect(lastRecord(await sample(server.url, "gamma")).done).toBe(true);
  });
});

describe("every lie and fault of the list", () => {
  it.each(LIES.map(({ name }) => name))(
    "%s leaves the server answering once it is switched off",
    async (name: LieName) => {
      const needs = LIES.find((lie) => lie.name === name)?.needs ?? {};
      const strength = name === "huge_line" ? 1000 : name === "slow_headers" ? 0.05 : undefined;
      const server = await start({
        ...needs,
        lies: [strength === undefined ? name : { name, strength }],
        timeScale: 0.2,
      });
      await trySample(server.url, AbortSignal.timeout(600));
      server.set({ lies: [] });
      const { samples, after } = await gather(server.url);
      expect(samples.map((one) => lastRecord(one).done_reason)).toEqual(["length", "length"]);
      expect(after.ps).toMatchObject([{ name: "scripted:tiny", context_length: 1024 }]);
    },
  );
});
