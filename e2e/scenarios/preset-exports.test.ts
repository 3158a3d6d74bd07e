// A person pastes what `ozone preset export` prints: the command, the module and the Modelfile, on a real engine.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import { PRESET_EXPORTS } from "@ozone/cli/src/render/exports/preset-exports.ts";
import { Provenance } from "@ozone/proto/machine";
import { PresetSchema } from "@ozone/proto/preset";
import { configuration } from "@ozone/shared/configuration";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RunningProgram } from "../setup/processes.ts";
import { waitFor } from "../setup/wait-for.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "ozone-exports-"));
const engine = new RunningProgram("engine", { args: ["serve", "--port", "0", "--data-dir", folder] });
let server = "";

beforeAll(async () => {
  const output = await waitFor("a listening engine", () => engine.output, {
    until: (text) => text.includes('{"listening"'),
  });
  server = /"listening":"([^"]+)"/.exec(output)?.[1] ?? "";
});
afterAll(async () => {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

const preset = create(PresetSchema, {
  modelName: "ozone-synthetic:4m",
  purpose: "balanced",
  provenance: Provenance.SYNTHETIC,
  configuration: configuration({ numCtx: 768, numBatch: 64, numThread: 1, numPredict: 64 }),
});
const text = (format: string): string => PRESET_EXPORTS[format]?.(preset, server) ?? "";

const loadedContext = async (): Promise<unknown> => {
  const { models } = (await (await fetch(`${server}/api/ps`)).json()) as {
    models: { context_length: number }[];
  };
  return models[0]?.context_length;
};

/** The same request by Node, for a machine without curl. */
const CURL = `command -v curl >/dev/null || curl() { "${process.execPath}" -e 'fetch(process.argv[2], { method: "POST", body: process.argv[4] }).then((r) => r.text()).then(console.log)' "$@"; }\n`;

it("the command answers, with the context of the preset", async () => {
  const limited = text("curl").replace('"num_ctx"', '"num_predict":8,"num_ctx"');
  const { stdout } = await run("/bin/sh", ["-c", `${CURL}${limited}`]);
  expect(JSON.parse(stdout)).toMatchObject({ done: true, message: { role: "assistant" } });
  expect(await loadedContext()).toBe(768);
});

it("the module answers", async () => {
  // The project's own libraries stand for what `npm install ollama` puts there.
  symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(folder, "node_modules"));
  const file = join(folder, "ask.mjs");
  writeFileSync(file, text("client").replace('"num_ctx"', '"num_predict":8,"num_ctx"'));
  const { stdout } = await run(process.execPath, [file]);
  expect(stdout.trim()).not.toBe("");
});

it("the Modelfile's model has the parameters of the preset", async () => {
  const lines = text("modelfile").split("\n");
  const from = lines.find((line) => line.startsWith("FROM "))?.slice(5);
  const parameters = Object.fromEntries(
    lines
      .filter((line) => line.startsWith("PARAMETER "))
      .map((line) => [line.split(" ")[1], Number(line.split(" ")[2])]),
  );
  const post = (path: string, body: object) =>
    fetch(`${server}${path}`, { method: "POST", body: JSON.stringify(body) }).then((answer) => answer.text());
  expect(await post("/api/create", { model: "ozone-balanced", from, parameters, stream: false })).toContain(
    "success",
  );
  const shown = JSON.parse(await post("/api/show", { model: "ozone-balanced" })) as { parameters: string };
  expect(shown.parameters.split("\n").map((line) => line.split(/\s+/))).toEqual(
    expect.arrayContaining([
      ["num_ctx", "768"],
      ["num_batch", "64"],
      ["num_thread", "1"],
    ]),
  );
  await post("/api/generate", { model: "ozone-balanced", prompt: "house", options: { num_predict: 2 } });
  expect(await loadedContext()).toBe(768);
});
