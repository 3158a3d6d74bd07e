import { describe, expect, it } from "vitest";
import { GgufError } from "../gguf/read.ts";
import { OptionError } from "../options/parse-options.ts";
import { GenerationCancelled, GenerationRefused, LoadFailed, RunnerDied } from "../serving/runner-process.ts";
import { QueueFull, RequestCancelled } from "../serving/scheduler.ts";
import { ApiError, type Moment, toApiError } from "./api-error.ts";
import { renderChat, renderFittingChat } from "./chat-template.ts";
import { isAllowedHost } from "./http-server.ts";
import { findRoute } from "./routes.ts";

describe("the translation of errors", () => {
  it.each<[Error, number, string]>([
    [new ApiError(404, "model 'x' not found"), 404, "model 'x' not found"],
    [
      new GenerationRefused("input-too-long", "the input length exceeds the context length"),
      400,
      "the input length exceeds the context length",
    ],
    [
      new GenerationRefused("empty-input", "no input provided"),
      500,
      "Failed to create new sequence: no input provided",
    ],
    [new QueueFull(), 503, "server busy, please try again.  maximum pending requests exceeded"],
    [new RequestCancelled(), 499, "request canceled"],
    [new GenerationCancelled("x"), 499, "request canceled"],
    [
      new OptionError('option "num_ctx" must be of type integer'),
      500,
      'option "num_ctx" must be of type integer',
    ],
    [
      new LoadFailed("llama runner process has terminated: signal: killed"),
      500,
      "llama runner process has terminated: signal: killed",
    ],
    [new GgufError("damaged"), 400, "supplied file was not in GGUF format"],
    [new Error("anything else"), 500, "anything else"],
  ])("makes %s a %i", (error, status, message) => {
    expect(toApiError(error)).toMatchObject({ status, message });
  });

  it.each<[Moment, string]>([
    ["before-first-token", "model runner has unexpectedly stopped, this may be due to resource limitations"],
    ["mid-stream", "an error was encountered while running the model: signal: killed"],
  ])("words a dead runner %s as Ollama does", (moment, message) => {
    expect(toApiError(new RunnerDied("signal: killed"), moment).message).toContain(message);
  });
});

describe("the routes", () => {
  it("find every endpoint by method and path, and the digest of a blob", () => {
    expect(findRoute("GET", "/api/tags")).toMatchObject({ found: true, parameter: "" });
    expect(findRoute("HEAD", "/api/blobs/sha256:ab")).toMatchObject({ found: true, parameter: "sha256:ab" });
  });

  it.each([
    ["GET", "/nowhere", 404],
    ["GET", "/api/blobs/", 404],
    ["GET", "/api/blobs/a/b", 404],
    ["GET", "/api", 404],
    ["POST", "/api/pull", 404],
    ["GET", "/api/generate", 405],
    ["DELETE", "/api/tags", 405],
    ["constructor", "/api/tags", 405],
  ])("answer %s %s with %i", (method, path, status) => {
    expect(findRoute(method, path)).toMatchObject({ found: false, status });
  });
});

describe("the guard of a loopback server", () => {
  it.each([
    ["localhost:11434", true],
    ["127.0.0.1:11434", true],
    ["[::1]:11434", true],
    ["box.local", true],
    ["", true],
    ["evil.example:11434", false],
  ])("answers requests for host %j: %s", (host, allowed) => {
    expect(isAllowedHost(host, "127.0.0.1")).toBe(allowed);
    expect(isAllowedHost(host, "::ffff:127.0.0.1")).toBe(allowed);
  });

  it("lets every name pass on other addresses", () => {
    expect(isAllowedHost("engine.example", "192.0.2.7")).toBe(true);
  });
});

describe("the chat template", () => {
  const messages = [
    { role: "system", content: "be brief" },
    { role: "user", content: "one" },
    { role: "assistant", content: "two" },
    { role: "user", content: "three" },
  ];
  const countWords = (text: string): Promise<number> => Promise.resolve(text.split(/\s+/).length);

  it("puts every message on its line and asks for the assistant's", () => {
    expect(renderChat(messages.slice(0, 2))).toBe("system: be brief\nuser: one\nassistant:");
  });

  it("drops the oldest messages of a chat that is too long, but no system message", async () => {
    expect(await renderFittingChat(messages, 100, countWords)).toBe(renderChat(messages));
    expect(await renderFittingChat(messages, 6, countWords)).toBe(
      "system: be brief\nuser: three\nassistant:",
    );
  });

  it("keeps the last message even if it does not fit", async () => {
    expect(await renderFittingChat(messages, 1, countWords)).toBe(
      "system: be brief\nuser: three\nassistant:",
    );
  });
});
