// Models as files: writing one, uploading it, making, copying and deleting names.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildEngine, type EngineProcess, startEngineProcess, temporaryDataDir } from "./engine-process.ts";
import { ask, generateOnce, loadedModels, rawBody, send, smallModel } from "./requests.ts";

const dataDir = temporaryDataDir();
const bin = fileURLToPath(new URL("../bin/ozone-engine.js", import.meta.url));
let engine: EngineProcess;
let file: Buffer;
let digest: string;

beforeAll(async () => {
  buildEngine();
  engine = await startEngineProcess(dataDir.path);
  const path = join(dataDir.path, "written.gguf");
  execFileSync(process.execPath, [bin, "model", "--out", path, "--preset", "4m"]);
  // A changed weight makes it another file; the name says nothing.
  file = readFileSync(path);
  file[file.length - 1] = 1;
  digest = `sha256:${createHash("sha256").update(file).digest("hex")}`;
});
afterAll(async () => {
  await engine.stop();
  dataDir.remove();
});

function blob(method: string, name: string, body?: Uint8Array): Promise<Response> {
  const content = body === undefined ? {} : { body: Buffer.from(body) };
  return fetch(`${engine.url}/api/blobs/${name}`, { method, ...content });
}

describe("uploads", () => {
  it("are refused under a wrong digest and leave nothing", async () => {
    const wrong = `sha256:${"0".repeat(64)}`;
    const response = await blob("POST", wrong, file);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toContain(
      `digest mismatch, expected "${wrong}"`,
    );
    expect((await blob("HEAD", wrong)).status).toBe(404);
    expect((await blob("HEAD", "sha256:short")).status).toBe(400);
  });

  it("are kept under the right digest: 201, then 200", async () => {
    expect((await blob("HEAD", digest)).status).toBe(404);
    expect((await blob("POST", digest, file)).status).toBe(201);
    expect((await blob("POST", digest, file)).status).toBe(200);
    expect((await blob("HEAD", digest)).status).toBe(200);
  });
});

describe("making models", () => {
  it("works from an uploaded file with parameters, which then hold", async () => {
    const body = {
      model: "mine:1",
      files: { "model.gguf": digest },
      parameters: { num_ctx: 768 },
      stream: false,
    };
    expect((await ask(engine.url, "/api/create", body)).json).toEqual({ status: "success" });
    const { options, ...rest } = rawBody("house");
    await generateOnce(engine.url, {
      ...rest,
      model: "mine:1",
      options: { ...(options as object), num_ctx: null },
    });
    expect((await loadedModels(engine.url))[0]).toMatchObject({ name: "mine:1", context_length: 768 });
  });

  it("works from an existing model and streams its progress", async () => {
    const response = await send(engine.url, "/api/create", {
      model: "derived",
      from: smallModel,
      system: "be brief",
    });
    const lines = (await response.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { status: string });
    expect(lines.at(-1)).toEqual({ status: "success" });
    const { json } = await ask<{ system: string }>(engine.url, "/api/show", { model: "derived" });
    expect(json.system).toBe("be brief");
  });

  it.each([
    [{ model: "x" }, 400, "neither 'from' or 'files' was specified"],
    [{ model: "x y", from: smallModel }, 400, "invalid model name"],
    [{ model: "x", from: "absent" }, 404, "model 'absent' not found"],
    [{ model: "x", files: { "/etc/passwd": `sha256:${"0".repeat(64)}` } }, 400, "file path must be relative"],
    [{ model: "x", files: { "a.gguf": "sha256:1" } }, 400, "invalid digest format"],
    [{ model: "x", from: smallModel, parameters: { stop: 1 } }, 400, 'option "stop" must be of type array'],
  ])("refuses %j with %i", async (body, expectedStatus, error) => {
    const { status, json } = await ask(engine.url, "/api/create", body);
    expect({ status, json }).toEqual({ status: expectedStatus, json: { error } });
  });

  it("refuses a file that is not GGUF", async () => {
    const text = Buffer.from("not a model at all, but long enough to be read");
    const textDigest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    await blob("POST", textDigest, text);
    const { status, json } = await ask(engine.url, "/api/create", {
      model: "x",
      files: { "a.gguf": textDigest },
    });
    expect({ status, json }).toEqual({
      status: 400,
      json: { error: "supplied file was not in GGUF format" },
    });
  });
});

describe("copying and deleting", () => {
  it("copies under a new name with the same digest, and deletes names", async () => {
    const { status } = await send(engine.url, "/api/copy", { source: smallModel, destination: "copy" });
    expect(status).toBe(200);
    const response = await fetch(`${engine.url}/api/tags`);
    const { models } = (await response.json()) as { models: { name: string; digest: string }[] };
    const digestOf = (name: string): string | undefined =>
      models.find((model) => model.name === name)?.digest;
    expect(digestOf("copy:latest")).toBe(digestOf(smallModel));
    expect((await send(engine.url, "/api/delete", { model: "copy" }, "DELETE")).status).toBe(200);
    expect((await send(engine.url, "/api/delete", { model: "copy" }, "DELETE")).status).toBe(404);
  });
});

describe("the next start", () => {
  it("generates a deleted synthetic model again, with the same digest", async () => {
    const before = await ask<{ models: { digest: string }[] }>(engine.url, "/api/show", {
      model: smallModel,
    });
    expect(before.status).toBe(200);
    await send(engine.url, "/api/delete", { model: smallModel }, "DELETE");
    expect((await ask(engine.url, "/api/show", { model: smallModel })).status).toBe(404);
    await engine.stop();
    engine = await startEngineProcess(dataDir.path);
    expect((await ask(engine.url, "/api/show", { model: smallModel })).status).toBe(200);
  });
});
