import { isFailureClass } from "@ozone/shared/failure";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyFailure, type FailedRequest } from "./classify-failure.ts";

const load = (text: string, status?: number): FailedRequest => ({
  phase: "load",
  text,
  ...(status === undefined ? {} : { status }),
});
const run = (text: string, status?: number): FailedRequest => ({ ...load(text, status), phase: "run" });

describe("the class of a failed request", () => {
  it.each<[string, FailedRequest, string]>([
    ["a missing model", run("model 'qwen9' not found", 404), "model_missing"],
    [
      "a full queue",
      run("server busy, please try again.  maximum pending requests exceeded", 503),
      "server_busy",
    ],
    [
      "too little memory up to 0.24",
      load("model requires more system memory (9.5 GiB) than is available (6.2 GiB)", 500),
      "out_of_memory_load",
    ],
    [
      "a layout that does not fit",
      load("memory layout cannot be allocated with num_gpu = 99", 500),
      "out_of_memory_load",
    ],
    ["a GPU too small", load("unable to load full model on GPU", 500), "out_of_memory_load"],
    [
      "too little memory from 0.30 on",
      load("llama-server process has terminated: exit status 1: cudaMalloc failed: out of memory", 500),
      "out_of_memory_load",
    ],
    [
      "the reported start-up failure",
      load("llama-server reported out-of-memory during startup", 500),
      "out_of_memory_load",
    ],
    [
      "the kernel's killer while loading",
      load("llama-server process has terminated: signal: killed", 500),
      "out_of_memory_load",
    ],
    [
      "the kernel's killer while generating",
      run(
        "an error was encountered while running the model: llama-server process has terminated: signal: killed",
      ),
      "out_of_memory_run",
    ],
    [
      "the reference engine's refusal",
      load("A context size of 4000000 is too large for the available RAM", 500),
      "out_of_memory_load",
    ],
    [
      "a long prompt up to 0.24",
      run("the input length exceeds the context length", 400),
      "context_too_large",
    ],
    [
      "a long prompt from 0.30 on",
      run(
        '{"code":400,"message":"request (3000 tokens) exceeds the available context size (2048 tokens)","type":"exceed_context_size_error"}',
        400,
      ),
      "context_too_large",
    ],
    [
      "a long prompt from 0.30.9 on",
      run("the prompt is longer than the context length currently available to the model; shorten it", 400),
      "context_too_large",
    ],
    [
      "a crashed runner up to 0.24",
      load("llama runner process has terminated: exit status 2", 500),
      "runner_crashed",
    ],
    [
      "a crashed runner from 0.30 on",
      load("llama-server process has terminated: exit status 139", 500),
      "runner_crashed",
    ],
    [
      "a runner that dies at work",
      run("model runner has unexpectedly stopped, this may be due to resource limitations", 500),
      "runner_crashed",
    ],
    [
      "an error inside a stream",
      run("an error was encountered while running the model: unexpected EOF"),
      "runner_crashed",
    ],
    [
      "a slow start up to 0.24",
      load("timed out waiting for llama runner to start - progress 0.00", 500),
      "load_timeout",
    ],
    ["a slow start from 0.30 on", load("timed out waiting for llama-server to start", 500), "load_timeout"],
    ["an option of the wrong type", load('option "num_ctx" must be of type integer', 500), "option_refused"],
    [
      "a quantised cache without flash attention",
      load("llama_init_from_model: V cache quantization requires flash_attn", 500),
      "option_refused",
    ],
    [
      "a quantised cache without flash attention, as 0.32 words it",
      load(
        "llama-server process has terminated: exit status 1: llama_init_from_model: quantized V cache requires flash_attn to be enabled",
        500,
      ),
      "option_refused",
    ],
    ["any other refusal of a request", run("invalid something", 400), "option_refused"],
    ["any other error of the server", run("who knows", 500), "runner_crashed"],
    ["a page that is no Ollama", run("Not Found", 404), "protocol_error"],
    ["nobody at the address", { ...run("connect ECONNREFUSED"), code: "ECONNREFUSED" }, "server_unreachable"],
    [
      "a name that does not resolve",
      { ...run("getaddrinfo ENOTFOUND"), code: "ENOTFOUND" },
      "server_unreachable",
    ],
    ["a cut connection", { ...run("socket hang up"), code: "ECONNRESET" }, "runner_crashed"],
    [
      "an answer cut off in the middle",
      run("Response does not match the HTTP/1.1 protocol (Invalid EOF state)"),
      "runner_crashed",
    ],
    ["our own limit while loading", { ...load("aborted"), ended: "deadline" }, "load_timeout"],
    ["our own limit while generating", { ...run("aborted"), ended: "deadline" }, "request_timeout"],
    [
      "cancellation, whatever else is known",
      { ...run("out of memory", 500), ended: "cancelled" },
      "cancelled",
    ],
    ["an answer nobody understands", run("Unexpected token"), "protocol_error"],
  ])("of %s", (_what, request, expected) => {
    expect(classifyFailure(request)).toBe(expected);
  });

  it("is one of the closed list whatever the server says", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.option(fc.integer({ min: 100, max: 999 }), { nil: undefined }),
        (text, status) => {
          expect(isFailureClass(classifyFailure(run(text, status)))).toBe(true);
        },
      ),
    );
  });
});
