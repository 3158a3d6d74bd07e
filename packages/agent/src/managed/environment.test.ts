import { configuration } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { type EnvironmentFacts, MARK, serverEnvironment } from "./environment.ts";

const environment = (point: object = {}, change: Partial<EnvironmentFacts> = {}) =>
  serverEnvironment({
    configuration: configuration({ numCtx: 8192, numBatch: 512, numPredict: 64, ...point }),
    port: 4242,
    modelStore: "/models",
    own: { HOME: "/home/someone", PATH: "/bin" },
    usersServer: null,
    fallbackHome: "/fallback",
    mark: "the-mark",
    ...change,
  });

describe("the environment of a managed server", () => {
  it("has nothing of the shell that started the agent but home and path", () => {
    const own = {
      HOME: "/home/someone",
      PATH: "/bin",
      OLLAMA_KV_CACHE_TYPE: "q4_0",
      OLLAMA_KEEP_ALIVE: "1s",
      OLLAMA_NEW_ENGINE: "1",
      LLAMA_ARG_FIT: "off",
      GGML_CUDA_FORCE_MMQ: "1",
      CUDA_VISIBLE_DEVICES: "1",
      CUDA_LAUNCH_BLOCKING: "1",
      LD_PRELOAD: "/evil.so",
      HTTPS_PROXY: "http://proxy",
    };
    const { all } = environment({}, { own });
    expect(Object.keys(all).sort()).toEqual([
      "HOME",
      "LLAMA_ARG_CACHE_RAM",
      "OLLAMA_CONTEXT_LENGTH",
      "OLLAMA_DEBUG",
      "OLLAMA_HOST",
      "OLLAMA_KEEP_ALIVE",
      "OLLAMA_KV_CACHE_TYPE",
      "OLLAMA_MAX_LOADED_MODELS",
      "OLLAMA_MODELS",
      "OLLAMA_NOPRUNE",
      "OLLAMA_NO_CLOUD",
      "OLLAMA_NUM_PARALLEL",
      MARK,
      "PATH",
    ]);
    expect(all).toMatchObject({ OLLAMA_KV_CACHE_TYPE: "f16", OLLAMA_KEEP_ALIVE: "10m", OLLAMA_NOPRUNE: "1" });
  });

  it("says what the configuration asks for", () => {
    const { settings } = environment({ kvCacheType: "q8_0", flashAttention: "off", concurrency: 4 });
    expect(settings).toMatchObject({
      OLLAMA_HOST: "127.0.0.1:4242",
      OLLAMA_KV_CACHE_TYPE: "q8_0",
      OLLAMA_FLASH_ATTENTION: "0",
      OLLAMA_NUM_PARALLEL: "4",
      OLLAMA_CONTEXT_LENGTH: "8192",
    });
  });

  it("switches flash attention on for a quantised cache, and leaves it to the server otherwise", () => {
    expect(environment({ kvCacheType: "q4_0" }).settings.OLLAMA_FLASH_ATTENTION).toBe("1");
    expect(environment({ kvCacheType: "f16" }).settings).not.toHaveProperty("OLLAMA_FLASH_ATTENTION");
  });

  it("sees the GPUs that the user's own server sees, and takes nothing else from it", () => {
    const usersServer = {
      CUDA_VISIBLE_DEVICES: "0,2",
      HSA_OVERRIDE_GFX_VERSION: "10.3.0",
      OLLAMA_KV_CACHE_TYPE: "q4_0",
      OLLAMA_HOST: "0.0.0.0",
      SECRET: "x",
    };
    const { all, settings } = environment({}, { usersServer });
    expect(settings).toMatchObject({ CUDA_VISIBLE_DEVICES: "0,2", HSA_OVERRIDE_GFX_VERSION: "10.3.0" });
    expect(all).toMatchObject({ OLLAMA_KV_CACHE_TYPE: "f16", OLLAMA_HOST: "127.0.0.1:4242" });
    expect(all).not.toHaveProperty("SECRET");
  });

  it("records neither the folder of the models nor the mark: they say who, not how fast", () => {
    const { settings } = environment();
    expect(Object.keys(settings).filter((name) => !/^(OLLAMA|LLAMA)_/.test(name))).toEqual([]);
    expect(settings).not.toHaveProperty("OLLAMA_MODELS");
  });

  it("has a home where nobody has set one: Ollama does not start without", () => {
    expect(environment({}, { own: {} }).all.HOME).toBe("/fallback");
  });
});
