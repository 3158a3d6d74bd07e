import { EngineKind } from "@ozone/proto/machine";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { engineIdentityOf, installedModelsOf, loadedModelsOf, sameModel } from "./engine-state.ts";

describe("the state of a server", () => {
  it("tells the reference engine from an Ollama by its own word", () => {
    expect(engineIdentityOf({ version: "0.24.0" })).toEqual({ kind: EngineKind.OLLAMA, version: "0.24.0" });
    expect(engineIdentityOf({ version: "0.1.0", engine: "ozone-reference" })?.kind).toBe(
      EngineKind.REFERENCE,
    );
    expect(engineIdentityOf({ hello: 1 })).toBeNull();
  });

  it("reads what is loaded, with null for what is not said", () => {
    const models = [
      {
        name: "a:latest",
        digest: "sha256:AB",
        size: 10,
        size_vram: 4,
        context_length: 2048,
        expires_at: "2026-11-25T02:10:41.340355702Z",
        effective: { num_batch: 64 },
      },
      { name: "b:latest", size: -1, context_length: "many", expires_at: "soon" },
    ];
    expect(loadedModelsOf({ models })).toEqual([
      {
        name: "a:latest",
        digest: "ab",
        contextLength: 2048,
        sizeBytes: 10,
        sizeVramBytes: 4,
        expiresAtMs: Date.UTC(2026, 10, 25, 2, 10, 41, 340),
        effective: { num_batch: 64 },
      },
      {
        name: "b:latest",
        digest: "",
        contextLength: null,
        sizeBytes: null,
        sizeVramBytes: null,
        expiresAtMs: null,
        effective: null,
      },
    ]);
  });

  it("compares names as Ollama does", () => {
    expect(sameModel("qwen3", "qwen3:latest")).toBe(true);
    expect(sameModel("host:5000/me/qwen3", "host:5000/me/qwen3:latest")).toBe(true);
    expect(sameModel("qwen3:8b", "qwen3:latest")).toBe(false);
  });

  it("makes something of any answer without throwing", () => {
    fc.assert(
      fc.property(fc.anything(), (answer) => {
        engineIdentityOf(answer);
        expect(Array.isArray(installedModelsOf(answer))).toBe(true);
        expect(Array.isArray(loadedModelsOf({ models: [answer] }))).toBe(true);
      }),
    );
  });
});
