import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modelDetailsOf, weightsOf } from "./model-details.ts";

const model = { family: "llama", sizeBytes: 1000 };

describe("the weights of a model", () => {
  it("are the file that its Modelfile names, whatever the folder, and unknown without one", () => {
    const file = `sha256-${"a1".repeat(32)}`;
    const shown = (from: string) => ({ modelfile: `# FROM x\n\nFROM ${from}\nTEMPLATE {{ .Prompt }}\n` });
    expect(weightsOf(shown(`/usr/share/ollama/.ollama/models/blobs/${file}`))).toBe(file);
    expect(weightsOf(shown(`C:\\Users\\a b\\blobs\\${file}`))).toBe(file);
    for (const other of [shown("llama3"), { modelfile: 5 }, null]) expect(weightsOf(other)).toBeNull();
  });
});

describe("details of a model", () => {
  it("come from model_info and the list of tensors", () => {
    const shown = {
      model_info: { "general.architecture": "llama", "llama.context_length": 4096, "llama.block_count": 1 },
      tensors: [
        { name: "token_embd.weight", type: "F16", shape: [4, 10] },
        { name: "blk.0.attn_q.weight", type: "F16", shape: [4, 4] },
        { name: "output.weight", type: "F16", shape: [4, 10] },
      ],
    };
    const details = modelDetailsOf(shown, model);
    expect(details.trainedContext).toBe(4096);
    expect(details.weightBytesPerToken).toBe(2 * (16 + 40));
    expect(details.synthetic).toBe(false);
  });

  it("without tensors count half of the file, of a mixture its active share", () => {
    const model_info = { "general.architecture": "m", "m.expert_count": 8, "m.expert_used_count": 2 };
    expect(modelDetailsOf({ model_info }, model).weightBytesPerToken).toBe(125);
    expect(modelDetailsOf(null, model).weightBytesPerToken).toBe(500);
  });

  it("say synthetic for a model that says so of itself, on any server", () => {
    expect(modelDetailsOf({ model_info: { "ozone.synthetic.seed": "1" } }, model).synthetic).toBe(true);
    expect(modelDetailsOf({}, { ...model, family: "ozone-synthetic" }).synthetic).toBe(true);
  });

  it("never throw, whatever a server shows", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (model_info, tensors) => {
        modelDetailsOf({ model_info, tensors }, model);
      }),
    );
  });
});
