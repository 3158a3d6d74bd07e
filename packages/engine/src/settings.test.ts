import { describe, expect, it } from "vitest";
import { parseCommand, UsageError } from "./command-line.ts";
import { parseGoDuration, parseKeepAlive } from "./duration.ts";
import { humanBytes, humanCount } from "./human-numbers.ts";
import { formatLogLine } from "./log.ts";
import { readSettings } from "./settings.ts";

describe("the settings from the environment", () => {
  it("have Ollama's defaults, with flash attention on", () => {
    expect(readSettings({}, "/home/x")).toEqual({
      settings: {
        dataDir: "/home/x/.local/share/ozone/engine",
        kvCacheType: "f16",
        flashAttention: true,
        parallel: 1,
        keepAliveMs: 300_000,
        queueLengthMax: 512,
        loadTimeoutMs: 300_000,
        contextLengthDefault: 4096,
      },
      warnings: [],
    });
  });

  it("take the data directory from the most specific variable", () => {
    expect(readSettings({ OZONE_DATA_DIR: "/d" }, "/h").settings.dataDir).toBe("/d/engine");
    const both = { OZONE_DATA_DIR: "/d", OZONE_ENGINE_DATA_DIR: "/e" };
    expect(readSettings(both, "/h").settings.dataDir).toBe("/e");
  });

  it("use a quantised cache with flash attention, and f16 with a warning without it", () => {
    expect(readSettings({ OLLAMA_KV_CACHE_TYPE: "q8_0" }, "/h")).toMatchObject({
      settings: { kvCacheType: "q8_0" },
      warnings: [],
    });
    const without = readSettings({ OLLAMA_KV_CACHE_TYPE: "q8_0", OLLAMA_FLASH_ATTENTION: "0" }, "/h");
    expect(without.settings).toMatchObject({ kvCacheType: "f16", flashAttention: false });
    expect(without.warnings).toEqual([
      "kv cache type not supported: quantized kv cache q8_0 requested, but flash attention disabled, using f16",
    ]);
  });

  it("report what they cannot read and go on with the default", () => {
    const { settings, warnings } = readSettings(
      { OLLAMA_NUM_PARALLEL: "0", OLLAMA_KEEP_ALIVE: "soon", OLLAMA_KV_CACHE_TYPE: "f32" },
      "/h",
    );
    expect(settings).toMatchObject({ parallel: 1, keepAliveMs: 300_000, kvCacheType: "f16" });
    expect(warnings).toHaveLength(3);
  });

  it("take a keep-alive in seconds or as a duration; negative means for ever", () => {
    const keepAlive = (text: string): number =>
      readSettings({ OLLAMA_KEEP_ALIVE: text }, "/h").settings.keepAliveMs;
    expect([keepAlive("90"), keepAlive("2m"), keepAlive("-1"), keepAlive("0")]).toEqual([
      90_000,
      120_000,
      Number.POSITIVE_INFINITY,
      0,
    ]);
  });
});

describe("durations", () => {
  it("are read in Go's form", () => {
    expect(parseGoDuration("1h30m")).toBe(5_400_000);
    expect(parseGoDuration("1.5s")).toBe(1500);
    expect(parseGoDuration("-5s")).toBe(Number.POSITIVE_INFINITY);
    expect(() => parseGoDuration("5")).toThrow('time: missing unit in duration "5"');
    expect(() => parseGoDuration("five")).toThrow('time: invalid duration "five"');
  });

  it("of keep_alive may be absent, a number of seconds or a text", () => {
    expect([
      parseKeepAlive(undefined),
      parseKeepAlive(null),
      parseKeepAlive(2),
      parseKeepAlive("2s"),
    ]).toEqual([undefined, undefined, 2000, 2000]);
    expect(parseKeepAlive(-1)).toBe(Number.POSITIVE_INFINITY);
    expect(() => parseKeepAlive(true)).toThrow("Unsupported type");
  });
});

describe("the command line", () => {
  it("serves on Ollama's port unless told otherwise", () => {
    expect(parseCommand(["serve"])).toEqual({
      name: "serve",
      host: "127.0.0.1",
      port: 11_434,
      dataDir: undefined,
    });
    expect(parseCommand(["serve", "--port", "0", "--host", "::1", "--data-dir", "/d"])).toEqual({
      name: "serve",
      host: "::1",
      port: 0,
      dataDir: "/d",
    });
  });

  it("knows help, version and model", () => {
    expect(parseCommand(["--help"])).toEqual({ name: "help" });
    expect(parseCommand(["serve", "--help"])).toEqual({ name: "help" });
    expect(parseCommand(["--version"])).toEqual({ name: "version" });
    expect(parseCommand(["model", "--out", "x.gguf", "--preset", "4m"])).toEqual({
      name: "model",
      out: "x.gguf",
      preset: "4m",
    });
  });

  it.each([
    [[], "no command given"],
    [["sing"], 'there is no command "sing"'],
    [["serve", "--port", "99999"], '--port "99999" is not a port'],
    [["serve", "--prot", "1"], "--prot"],
    [["model", "--out", "x"], "model needs --out FILE and --preset NAME."],
    [["model", "--out", "x", "--preset", "7b"], 'there is no preset "7b": choose one of 30m, 4m, 120m.'],
  ])("refuses %j with a sentence", (args, message) => {
    expect(() => parseCommand(args)).toThrow(UsageError);
    expect(() => parseCommand(args)).toThrow(message);
  });
});

describe("words for numbers and log lines", () => {
  it("are Ollama's", () => {
    expect([humanBytes(512), humanBytes(1536), humanBytes(3 * 2 ** 20), humanBytes(1.5 * 2 ** 30)]).toEqual([
      "512 B",
      "1.5 KiB",
      "3.0 MiB",
      "1.5 GiB",
    ]);
    expect([humanCount(27_192_832), humanCount(7e9), humanCount(8_030_000_000), humanCount(900_000)]).toEqual(
      ["27.19M", "7B", "8.0B", "900K"],
    );
  });

  it("quote what would break a line apart", () => {
    expect(formatLogLine({ level: "WARN", msg: 'a "b"\nc', n: 4, flag: true })).toBe(
      'level=WARN msg="a \\"b\\"\\nc" n=4 flag=true',
    );
  });
});
