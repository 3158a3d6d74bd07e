import { describe, expect, it } from "vitest";
import { NOTHING_LOGGED, readLogLine, ServerLog } from "./server-log.ts";

const read = (...lines: string[]) => lines.reduce(readLogLine, NOTHING_LOGGED);

/** Lines as the versions write them; those of a load, shortened. */
const REQUEST =
  'time=2026-11-25T02:10:00.000Z level=INFO source=runner.go:895 msg=load request="{Operation:commit LoraPath:[] Parallel:2 BatchSize:512 FlashAttention:Enabled KvSize:8192 KvCacheType:q8_0 NumThreads:1 GPULayers:[] MultiUserCache:false ProjectorPath: MainGPU:0 UseMmap:false}"';
const COMMAND =
  'time=2026-11-25T02:07:31.797Z level=INFO source=llama_server.go:433 msg="starting llama-server" cmd="/opt/ollama/lib/ollama/llama-server --model /m --port 36613 --host 127.0.0.1 --no-webui --offline -c 4096 -np 2 --cache-type-k q4_0 --cache-type-v q4_0 --flash-attn auto -b 256 -ub 256 -t 1"';
const ALLOCATED =
  "llama_kv_cache: size =    1.06 MiB (  2048 cells,   2 layers,  1/1 seqs), K (q8_0):    0.53 MiB, V (q8_0):    0.53 MiB";

describe("the log of a managed server", () => {
  it("shows what Ollama to 0.24 asks of its own runner", () => {
    expect(read(REQUEST)).toMatchObject({ kvCacheType: "q8_0", flashAttention: true, parallel: 2 });
    const older = REQUEST.replace("FlashAttention:Enabled", "FlashAttention:false").replace("q8_0", "");
    expect(read(older)).toMatchObject({ kvCacheType: "f16", flashAttention: false });
  });

  it("shows what was really allocated, which goes before what was asked for", () => {
    const asked = REQUEST.replace("KvCacheType:q8_0", "KvCacheType:q4_0");
    expect(read(asked, ALLOCATED).kvCacheType).toBe("q8_0");
    expect(read(COMMAND, ALLOCATED)).toMatchObject({ kvCacheType: "q8_0", parallel: 2 });
    expect(read(ALLOCATED.replace("V (q8_0)", "V (f16)")).kvCacheType).toBe("q8_0 for K and f16 for V");
  });

  it("takes a command line for a wish: until the load there is nothing to know", () => {
    expect(read(ALLOCATED, COMMAND)).toMatchObject({ kvCacheType: null, flashAttention: null });
  });

  it.each([
    ["llama_context: flash_attn    = enabled", true],
    ["llama_context: flash_attn    = disabled", false],
    ["llama_context: flash_attn    = auto", null],
    ["llama_context: Flash Attention was auto, set to enabled", true],
    ["llama_context: Flash Attention was auto, set to disabled", false],
    ["resolve_fused_ops: Flash Attention enabled", true],
  ])("reads flash attention from %j", (line, flashAttention) => {
    expect(read(line).flashAttention).toBe(flashAttention);
  });

  it("keeps the decision of automatic flash attention over the request that left it open", () => {
    const open = REQUEST.replace("FlashAttention:Enabled", "FlashAttention:Auto");
    expect(read(open, "llama_context: Flash Attention was auto, set to disabled").flashAttention).toBe(false);
  });

  it("forgets nothing over the request that closes a model", () => {
    const closing = REQUEST.replace("Parallel:2", "Parallel:0").replace("q8_0", "");
    expect(read(REQUEST, closing)).toEqual(read(REQUEST));
  });

  it("reads the reference engine's own lines", () => {
    const loaded =
      'time=2026-11-25T02:00:00.000Z level=INFO msg="llama runner started" pid=7 contextLength=2048 contextLimit=2048 numBatch=512 numThread=1 useMmap=true parallel=3 kvCacheType=q4_0 flashAttention=true weightBytes=1 contextBytes=1';
    expect(read(loaded)).toMatchObject({ kvCacheType: "q4_0", flashAttention: true, parallel: 3 });
  });

  it.each([
    [
      'level=WARN source=server.go:240 msg="OLLAMA_FLASH_ATTENTION must be enabled to use a quantized OLLAMA_KV_CACHE_TYPE" type=q8_0',
      "(q8_0)",
    ],
    [
      'level=WARN source=server.go:227 msg="quantized kv cache requested but flash attention disabled" type=q8_0',
      "disabled (q8_0)",
    ],
    ['level=WARN source=server.go:224 msg="kv cache type not supported by model" type=q4_0', "(q4_0)"],
    ['level=WARN source=server.go:209 msg="flash attention enabled but not supported by model"', "by model"],
    [
      'level=WARN source=sched.go:423 msg="model architecture does not currently support parallel requests" architecture=qwen3vl',
      "parallel requests",
    ],
    ["llama_init_from_model: quantized V cache requires flash_attn to be enabled", "requires flash_attn"],
  ])("keeps the server's own words: %s", (line, words) => {
    expect(read(line).complaint).toContain(words);
  });
});

describe("reading a log as it comes", () => {
  it("joins pieces of lines, and never keeps more than it needs", () => {
    const log = new ServerLog();
    for (const piece of [REQUEST.slice(0, 50), REQUEST.slice(50), "\n", "x".repeat(100_000)]) log.add(piece);
    expect(log.settings.kvCacheType).toBe("q8_0");
    expect(log.lastWords().length).toBeLessThanOrEqual(300);
  });

  it("ends with the words of a failure rather than with the last line", () => {
    const log = new ServerLog();
    log.add("Error: listen tcp 127.0.0.1:1: bind: address already in use\ngoodbye\n");
    expect(log.lastWords()).toContain("address already in use");
  });
});
