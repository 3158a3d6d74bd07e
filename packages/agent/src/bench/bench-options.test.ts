import { OzoneError } from "@ozone/shared/errors";
import { describe, expect, it } from "vitest";
import { BENCH_USAGE, benchOptions } from "./bench-options.ts";

const usual = ["--model", "m", "--num-ctx", "2048"];
const options = (...more: string[]) => benchOptions([...usual, ...more], {});
const problem = (argv: string[], env = {}): string => {
  try {
    benchOptions(argv, env);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(OzoneError);
    return (thrown as OzoneError).message;
  }
  return "";
};

describe("the flags of a bench", () => {
  it("have their defaults", () => {
    expect(options()).toMatchObject({
      model: "m",
      json: false,
      engineUrl: "http://127.0.0.1:11434",
      fill: 0.9,
      repetitions: 3,
      launches: 1,
      limitGiven: false,
    });
    expect(options().configuration).toMatchObject({
      numCtx: 2048,
      numBatch: 512,
      numPredict: 128,
      concurrency: 1,
    });
    expect(options().configuration.numThread).toBeUndefined();
    expect(options().configuration.numGpu).toBeUndefined();
  });

  it("reach the configuration and the protocol", () => {
    const all = options(
      ...[
        "--num-batch",
        "64",
        "--num-thread",
        "2",
        "--num-gpu",
        "0",
        "--num-predict",
        "32",
        "--concurrency",
        "4",
      ],
      ...["--fill", "0.5", "--repetitions", "7", "--launches", "2", "--time-limit", "90", "--json"],
    );
    expect(all.configuration).toMatchObject({
      numBatch: 64,
      numThread: 2,
      numGpu: 0,
      numPredict: 32,
      concurrency: 4,
    });
    expect(all).toMatchObject({
      fill: 0.5,
      repetitions: 7,
      launches: 2,
      limitMs: 90_000,
      limitGiven: true,
      json: true,
    });
  });

  it("say what is measured besides, and in what form it is printed", () => {
    const flags = [
      "--precision",
      "--depths",
      "0.5, 0.1",
      "--warm-prefix",
      "--sustained",
      "60",
      "--format",
      "csv",
    ];
    expect(options(...flags)).toMatchObject({
      precise: true,
      depths: [0.1, 0.5],
      warmPrefix: true,
      sustainedMs: 60_000,
      format: "csv",
      limitMs: 3_660_000,
    });
    expect(options()).toMatchObject({
      precise: false,
      depths: [],
      warmPrefix: false,
      sustainedMs: 0,
      format: null,
    });
  });

  it("ask for a server of our own, with its settings", () => {
    const managed = options("--managed", "--kv-cache-type", "q8_0", "--flash-attention", "on");
    expect(managed.managed).toBe(true);
    expect(managed.configuration).toMatchObject({ kvCacheType: "q8_0", flashAttention: "on" });
    expect(options("--managed").configuration).toMatchObject({ kvCacheType: "", flashAttention: "" });
    expect(options().managed).toBe(false);
  });

  it("take the address from the flag, else from OLLAMA_HOST", () => {
    expect(benchOptions(usual, { OLLAMA_HOST: "0.0.0.0:4000" }).engineUrl).toBe("http://127.0.0.1:4000");
    const both = benchOptions([...usual, "--ollama-url", "http://127.0.0.1:5000"], {
      OLLAMA_HOST: "other:1",
    });
    expect(both.engineUrl).toBe("http://127.0.0.1:5000");
  });

  it.each([
    [["--num-ctx", "2048"], "--model is missing"],
    [["--model", "m"], "--num-ctx is missing"],
    [["--model", "m", "--num-ctx", "two"], "--num-ctx"],
    [["--model", "m", "--num-ctx", "12"], "--num-ctx"],
    [["--model", "m", "--num-ctx", "-5"], "--num-ctx"],
    [[...usual, "--fill", "1.5"], "--fill"],
    [[...usual, "--fill", "0"], "--fill"],
    [[...usual, "--repetitions", "0"], "--repetitions"],
    [[...usual, "--num-predict", "2045"], "leaves no room for a prompt"],
    [[...usual, "--kv-cache-type", "q8_0"], "needs --managed"],
    [[...usual, "--flash-attention", "on"], "needs --managed"],
    [[...usual, "--depths", "0.5,2"], "--depths"],
    [[...usual, "--depths", ""], "--depths"],
    [[...usual, "--depths", "0.001"], "a prompt needs 16"],
    [[...usual, "--sustained", "0"], "--sustained"],
    [[...usual, "--format", "xml"], "--format"],
    [[...usual, "--format", "toString"], "--format"],
    [[...usual, "--format", "csv", "--json"], "exclude each other"],
    [[...usual, "--managed", "--kv-cache-type", "f32"], "--kv-cache-type"],
    [[...usual, "--managed", "--flash-attention", "maybe"], "--flash-attention"],
    [[...usual, "--what"], "--what"],
    [[...usual, "more"], "more"],
  ])("refuse %j with one sentence that names the flag", (argv, words) => {
    const sentence = problem(argv);
    expect(sentence).toContain(words);
    expect(sentence).not.toContain("\n");
    expect(sentence).toContain("ozone-agent bench --help");
  });

  it("are all in the help", () => {
    for (const flag of [
      "ollama-url",
      "model",
      "num-ctx",
      "num-batch",
      "num-thread",
      "num-gpu",
      "num-predict",
      "managed",
      "kv-cache-type",
      "flash-attention",
    ]) {
      expect(BENCH_USAGE).toContain(`--${flag}`);
    }
    expect(benchOptions(["--help"], {}).help).toBe(true);
  });
});
