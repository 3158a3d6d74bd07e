import { create } from "@bufbuild/protobuf";
import { MachineSchema } from "@ozone/proto/machine";
import { PullSchema } from "@ozone/proto/pull";
import { describe, expect, it } from "vitest";
import { pullLine } from "../render/text-pulls.ts";
import { pullable } from "./pull-models.ts";

const machine = (id: string, consents: boolean, ...models: string[]) =>
  create(MachineSchema, {
    id,
    status: "online",
    models: models.map((name) => ({ name })),
    ...(consents ? { pullConsent: { diskBytes: 1n } } : {}),
  });

describe("what a sweep may have pulled", () => {
  it("is what machines lack whose owners consented and that are there", () => {
    const away = { ...machine("m-away", true), status: "offline" };
    const fleet = [
      machine("m-has", true, "qwen3:8b", "llama3:latest"),
      machine("m-no", false),
      machine("m-yes", true),
      away,
    ];
    expect(pullable(fleet, ["qwen3:8b", "llama3"])).toEqual([
      { machineId: "m-yes", model: "qwen3:8b" },
      { machineId: "m-yes", model: "llama3" },
    ]);
  });
});

describe("the words of a pull", () => {
  const line = (change: object) =>
    pullLine(create(PullSchema, { machineName: "lab-1", model: "qwen3:8b", ...change }));

  it("say how far it is, what it waits for, why it failed, and what is there", () => {
    expect(line({ state: "pulling", completedBytes: 2n ** 30n, totalBytes: 5n * 2n ** 30n })).toBe(
      "lab-1 qwen3:8b: pulling, 1.0 GiB of 5.0 GiB",
    );
    expect(line({ state: "waiting", problem: "the machine is paused" })).toBe(
      "lab-1 qwen3:8b: waiting: the machine is paused",
    );
    expect(line({ state: "failed", problem: "no such \u001b[31mmodel" })).not.toContain("\u001b");
    expect(line({ state: "pulled", digest: "sha256:0123456789abcdef" })).toBe(
      "lab-1 qwen3:8b: is there (0123456789ab)",
    );
  });
});
