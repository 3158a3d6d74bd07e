// ../../../../tmp/scratch-measure/lies.ts
import { create as create3 } from "@bufbuild/protobuf";

// ../../proto/gen/ozone/v1/trial_pb.ts
import { enumDesc as enumDesc3, fileDesc as fileDesc3, messageDesc as messageDesc3 } from "@bufbuild/protobuf/codegenv2";
import { file_google_protobuf_timestamp as file_google_protobuf_timestamp2 } from "@bufbuild/protobuf/wkt";

// ../../proto/gen/ozone/v1/configuration_pb.ts
import { enumDesc, fileDesc, messageDesc } from "@bufbuild/protobuf/codegenv2";
var file_ozone_v1_configuration = /* @__PURE__ */ fileDesc("Chxvem9uZS92MS9jb25maWd1cmF0aW9uLnByb3RvEghvem9uZS52MSLXAQoNQ29uZmlndXJhdGlvbhIPCgdudW1fY3R4GAEgASgNEhEKCW51bV9iYXRjaBgCIAEoDRIXCgpudW1fdGhyZWFkGAMgASgNSACIAQESFAoHbnVtX2dwdRgEIAEoBUgBiAEBEhUKDWt2X2NhY2hlX3R5cGUYBSABKAkSFwoPZmxhc2hfYXR0ZW50aW9uGAYgASgJEhMKC251bV9wcmVkaWN0GAcgASgNEhMKC2NvbmN1cnJlbmN5GAggASgNQg0KC19udW1fdGhyZWFkQgoKCF9udW1fZ3B1IpUBCghQcm90b2NvbBIMCgRmaWxsGAEgASgBEhMKC3JlcGV0aXRpb25zGAIgASgNEhAKCGxhdW5jaGVzGAMgASgNEhAKCGxpbWl0X21zGAQgASgNEhUKDXF1aWV0X3dhaXRfbXMYBSABKA0SFwoPYWxsb3dfY29udGVuZGVkGAYgASgIEhIKCnRpbWVfYm94ZWQYByABKAgqYgoHUHVycG9zZRIXChNQVVJQT1NFX1VOU1BFQ0lGSUVEEAASEgoOUFVSUE9TRV9TQ1JFRU4QARITCg9QVVJQT1NFX0NPTkZJUk0QAhIVChFQVVJQT1NFX1JFRkVSRU5DRRADYgZwcm90bzM");
var ConfigurationSchema = /* @__PURE__ */ messageDesc(file_ozone_v1_configuration, 0);
var ProtocolSchema = /* @__PURE__ */ messageDesc(file_ozone_v1_configuration, 1);

// ../../proto/gen/ozone/v1/machine_pb.ts
import { enumDesc as enumDesc2, fileDesc as fileDesc2, messageDesc as messageDesc2 } from "@bufbuild/protobuf/codegenv2";
import { file_google_protobuf_timestamp } from "@bufbuild/protobuf/wkt";
var file_ozone_v1_machine = /* @__PURE__ */ fileDesc2("ChZvem9uZS92MS9tYWNoaW5lLnByb3RvEghvem9uZS52MSI9CgZFbmdpbmUSIgoEa2luZBgBIAEoDjIULm96b25lLnYxLkVuZ2luZUtpbmQSDwoHdmVyc2lvbhgCIAEoCSLPAQoFTW9kZWwSDAoEbmFtZRgBIAEoCRIOCgZkaWdlc3QYAiABKAkSEgoKc2l6ZV9ieXRlcxgDIAEoBBIOCgZmYW1pbHkYBCABKAkSFgoOcGFyYW1ldGVyX3NpemUYBSABKAkSFAoMcXVhbnRpemF0aW9uGAYgASgJEhcKD3RyYWluZWRfY29udGV4dBgHIAEoDRIRCglzeW50aGV0aWMYCCABKAgSGgoSa3ZfYnl0ZXNfcGVyX3Rva2VuGAkgASgEEg4KBmxvYWRlZBgKIAEoCCL4AQoMQW5ub3VuY2VtZW50EhIKCm1hY2hpbmVfaWQYASABKAkSDAoEbmFtZRgCIAEoCRIVCg1hZ2VudF92ZXJzaW9uGAMgASgJEg8KB2hvc3RfaWQYBCABKAkSFgoOaGFyZHdhcmVfY2xhc3MYBSABKAkSEgoKZmFjdHNfanNvbhgGIAEoCRIgCgZlbmdpbmUYByABKAsyEC5vem9uZS52MS5FbmdpbmUSHwoGbW9kZWxzGAggAygLMg8ub3pvbmUudjEuTW9kZWwSFwoPZGVmYXVsdF90aHJlYWRzGAkgASgNEhYKDmVuZ2luZV9wcm9ibGVtGAogASgJIl0KEUFubm91bmNlbWVudFJlcGx5EhAKCGFjY2VwdGVkGAEgASgIEg4KBnJlYXNvbhgCIAEoCRIUCgxoZWFydGJlYXRfbXMYAyABKA0SEAoIbGVhc2VfbXMYBCABKA0iagoJSGVhcnRiZWF0EhIKCm1hY2hpbmVfaWQYASABKAkSEAoIdHJpYWxfaWQYAiABKAkSDwoHYXR0ZW1wdBgDIAEoDRIQCghhY3Rpdml0eRgEIAEoCRIUCgxvdXRib3hfZGVwdGgYBSABKA0iTwoOSGVhcnRiZWF0UmVwbHkSEAoIYW5ub3VuY2UYASABKAgSGwoTY2FuY2VsbGVkX3RyaWFsX2lkcxgCIAMoCRIOCgZwYXVzZWQYAyABKAgivwIKB01hY2hpbmUSCgoCaWQYASABKAkSDAoEbmFtZRgCIAEoCRIPCgdob3N0X2lkGAMgASgJEhYKDmhhcmR3YXJlX2NsYXNzGAQgASgJEhIKCmZhY3RzX2pzb24YBSABKAkSIAoGZW5naW5lGAYgASgLMhAub3pvbmUudjEuRW5naW5lEh8KBm1vZGVscxgHIAMoCzIPLm96b25lLnYxLk1vZGVsEhUKDWFnZW50X3ZlcnNpb24YCCABKAkSMAoMbGFzdF9zZWVuX2F0GAkgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcBIOCgZzdGF0dXMYCiABKAkSEAoIYWN0aXZpdHkYCyABKAkSFgoOZW5naW5lX3Byb2JsZW0YDCABKAkSFwoPZGVmYXVsdF90aHJlYWRzGA0gASgNKlwKCkVuZ2luZUtpbmQSGwoXRU5HSU5FX0tJTkRfVU5TUEVDSUZJRUQQABIWChJFTkdJTkVfS0lORF9PTExBTUEQARIZChVFTkdJTkVfS0lORF9SRUZFUkVOQ0UQAip1CgpQcm92ZW5hbmNlEhoKFlBST1ZFTkFOQ0VfVU5TUEVDSUZJRUQQABIXChNQUk9WRU5BTkNFX01FQVNVUkVEEAESGAoUUFJPVkVOQU5DRV9TWU5USEVUSUMQAhIYChRQUk9WRU5BTkNFX1NJTVVMQVRFRBADYgZwcm90bzM", [file_google_protobuf_timestamp]);
var EngineSchema = /* @__PURE__ */ messageDesc2(file_ozone_v1_machine, 0);

// ../../proto/gen/ozone/v1/trial_pb.ts
var file_ozone_v1_trial = /* @__PURE__ */ fileDesc3("ChRvem9uZS92MS90cmlhbC5wcm90bxIIb3pvbmUudjEiiwIKClRyaWFsT3JkZXISEAoIdHJpYWxfaWQYASABKAkSDwoHYXR0ZW1wdBgCIAEoDRIQCghzd2VlcF9pZBgDIAEoCRISCgptYWNoaW5lX2lkGAQgASgJEhIKCm1vZGVsX25hbWUYBSABKAkSFAoMbW9kZWxfZGlnZXN0GAYgASgJEi4KDWNvbmZpZ3VyYXRpb24YByABKAsyFy5vem9uZS52MS5Db25maWd1cmF0aW9uEiQKCHByb3RvY29sGAggASgLMhIub3pvbmUudjEuUHJvdG9jb2wSIgoHcHVycG9zZRgJIAEoDjIRLm96b25lLnYxLlB1cnBvc2USEAoIbGVhc2VfbXMYCiABKA0iRQoFQ2hlY2sSDAoEY29kZRgBIAEoCRITCgZwYXNzZWQYAiABKAhIAIgBARIOCgZkZXRhaWwYAyABKAlCCQoHX3Bhc3NlZCIxCgdGYWlsdXJlEhUKDWZhaWx1cmVfY2xhc3MYASABKAkSDwoHbWVzc2FnZRgCIAEoCSKTBQoGU2FtcGxlEg0KBWluZGV4GAEgASgNEg4KBmxhdW5jaBgCIAEoDRINCgV2YWxpZBgDIAEoCBIfCgZjaGVja3MYBCADKAsyDy5vem9uZS52MS5DaGVjaxIVCg1wcm9tcHRfdG9rZW5zGAUgASgNEhgKEGdlbmVyYXRlZF90b2tlbnMYBiABKA0SJgoZcHJlZmlsbF90b2tlbnNfcGVyX3NlY29uZBgHIAEoAUgAiAEBEiUKGGRlY29kZV90b2tlbnNfcGVyX3NlY29uZBgIIAEoAUgBiAEBEhQKB3R0ZnRfbXMYCSABKAFIAogBARIfChJpbnRlcl90b2tlbl9wNTBfbXMYCiABKAFIA4gBARIfChJpbnRlcl90b2tlbl9wOTVfbXMYCyABKAFIBIgBARIVCgh0b3RhbF9tcxgMIAEoAUgFiAEBEhYKDnByb21wdF9ldmFsX25zGA0gASgEEg8KB2V2YWxfbnMYDiABKAQSDwoHbG9hZF9ucxgPIAEoBBIQCgh0b3RhbF9ucxgQIAEoBBIaCg1jYWNoZWRfdG9rZW5zGBEgASgNSAaIAQESDgoGY2h1bmtzGBIgASgNEg8KB291dGxpZXIYEyABKAgSLgoKc3RhcnRlZF9hdBgUIAEoCzIaLmdvb2dsZS5wcm90b2J1Zi5UaW1lc3RhbXBCHAoaX3ByZWZpbGxfdG9rZW5zX3Blcl9zZWNvbmRCGwoZX2RlY29kZV90b2tlbnNfcGVyX3NlY29uZEIKCghfdHRmdF9tc0IVChNfaW50ZXJfdG9rZW5fcDUwX21zQhUKE19pbnRlcl90b2tlbl9wOTVfbXNCCwoJX3RvdGFsX21zQhAKDl9jYWNoZWRfdG9rZW5zIo4BCgpDb250ZXh0VXNlEhEKCXJlcXVlc3RlZBgBIAEoDRIWCglhbGxvY2F0ZWQYAiABKA1IAIgBARIVCg1wcm9tcHRfdG9rZW5zGAMgASgNEg4KBmZpbGxlZBgEIAEoCBIUCgd0cmFpbmVkGAUgASgNSAGIAQFCDAoKX2FsbG9jYXRlZEIKCghfdHJhaW5lZCKSAQoGTWVtb3J5EhcKCnNpemVfYnl0ZXMYASABKARIAIgBARIcCg9zaXplX3ZyYW1fYnl0ZXMYAiABKARIAYgBARIbCg5wZWFrX3Bzc19ieXRlcxgDIAEoBEgCiAEBQg0KC19zaXplX2J5dGVzQhIKEF9zaXplX3ZyYW1fYnl0ZXNCEQoPX3BlYWtfcHNzX2J5dGVzIrQCCgpDb25kaXRpb25zEiAKBmVuZ2luZRgBIAEoCzIQLm96b25lLnYxLkVuZ2luZRIUCgxtb2RlbF9kaWdlc3QYAiABKAkSFAoMcXVhbnRpemF0aW9uGAMgASgJEhkKDGxvYWRfYXZlcmFnZRgEIAEoAUgAiAEBEh8KEmZvcmVpZ25fbG9hZF9jb3JlcxgFIAEoAUgBiAEBEhQKDHBvd2VyX3NvdXJjZRgGIAEoCRIgChN0ZW1wZXJhdHVyZV9jZWxzaXVzGAcgASgBSAKIAQESEQoJY29udGVuZGVkGAggASgIEhEKCXdhaXRlZF9tcxgJIAEoDUIPCg1fbG9hZF9hdmVyYWdlQhUKE19mb3JlaWduX2xvYWRfY29yZXNCFgoUX3RlbXBlcmF0dXJlX2NlbHNpdXMiKAoHV2FybmluZxIMCgRjb2RlGAEgASgJEg8KB21lc3NhZ2UYAiABKAki3AUKC1RyaWFsUmVzdWx0EhAKCHRyaWFsX2lkGAEgASgJEg8KB2F0dGVtcHQYAiABKA0SEgoKbWFjaGluZV9pZBgDIAEoCRIQCghzd2VlcF9pZBgEIAEoCRIiCgd2ZXJkaWN0GAUgASgOMhEub3pvbmUudjEuVmVyZGljdBIiCgdmYWlsdXJlGAYgASgLMhEub3pvbmUudjEuRmFpbHVyZRISCgptb2RlbF9uYW1lGAcgASgJEhQKDG1vZGVsX2RpZ2VzdBgIIAEoCRIuCg1jb25maWd1cmF0aW9uGAkgASgLMhcub3pvbmUudjEuQ29uZmlndXJhdGlvbhIkCghwcm90b2NvbBgKIAEoCzISLm96b25lLnYxLlByb3RvY29sEiIKB3B1cnBvc2UYCyABKA4yES5vem9uZS52MS5QdXJwb3NlEiEKB3NhbXBsZXMYDCADKAsyEC5vem9uZS52MS5TYW1wbGUSJQoHY29udGV4dBgNIAEoCzIULm96b25lLnYxLkNvbnRleHRVc2USDwoHbG9hZF9tcxgOIAMoARIgCgZtZW1vcnkYDyABKAsyEC5vem9uZS52MS5NZW1vcnkSKAoKY29uZGl0aW9ucxgQIAEoCzIULm96b25lLnYxLkNvbmRpdGlvbnMSIwoId2FybmluZ3MYESADKAsyES5vem9uZS52MS5XYXJuaW5nEigKCnByb3ZlbmFuY2UYEiABKA4yFC5vem9uZS52MS5Qcm92ZW5hbmNlEhYKDmhhcmR3YXJlX2NsYXNzGBMgASgJEi4KCnN0YXJ0ZWRfYXQYFCABKAsyGi5nb29nbGUucHJvdG9idWYuVGltZXN0YW1wEi8KC2ZpbmlzaGVkX2F0GBUgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcBISCgplbGFwc2VkX21zGBYgASgBEhUKDWFnZW50X3ZlcnNpb24YFyABKAkiZwoHUmVjZWlwdBIQCgh0cmlhbF9pZBgBIAEoCRIPCgdhdHRlbXB0GAIgASgNEikKB291dGNvbWUYAyABKA4yGC5vem9uZS52MS5SZWNlaXB0T3V0Y29tZRIOCgZyZWFzb24YBCABKAkqXwoHVmVyZGljdBIXChNWRVJESUNUX1VOU1BFQ0lGSUVEEAASEQoNVkVSRElDVF9WQUxJRBABEhQKEFZFUkRJQ1RfUkVKRUNURUQQAhISCg5WRVJESUNUX0ZBSUxFRBADKqQBCg5SZWNlaXB0T3V0Y29tZRIfChtSRUNFSVBUX09VVENPTUVfVU5TUEVDSUZJRUQQABIaChZSRUNFSVBUX09VVENPTUVfU1RPUkVEEAESHQoZUkVDRUlQVF9PVVRDT01FX0RVUExJQ0FURRACEhkKFVJFQ0VJUFRfT1VUQ09NRV9TVEFMRRADEhsKF1JFQ0VJUFRfT1VUQ09NRV9SRUZVU0VEEARiBnByb3RvMw", [file_google_protobuf_timestamp2, file_ozone_v1_configuration, file_ozone_v1_machine]);
var TrialOrderSchema = /* @__PURE__ */ messageDesc3(file_ozone_v1_trial, 0);
var CheckSchema = /* @__PURE__ */ messageDesc3(file_ozone_v1_trial, 1);
var FailureSchema = /* @__PURE__ */ messageDesc3(file_ozone_v1_trial, 2);
var SampleSchema = /* @__PURE__ */ messageDesc3(file_ozone_v1_trial, 3);
var ContextUseSchema = /* @__PURE__ */ messageDesc3(file_ozone_v1_trial, 4);
var MemorySchema = /* @__PURE__ */ messageDesc3(file_ozone_v1_trial, 5);
var ConditionsSchema = /* @__PURE__ */ messageDesc3(file_ozone_v1_trial, 6);
var WarningSchema = /* @__PURE__ */ messageDesc3(file_ozone_v1_trial, 7);
var TrialResultSchema = /* @__PURE__ */ messageDesc3(file_ozone_v1_trial, 8);
var Verdict = /* @__PURE__ */ ((Verdict2) => {
  Verdict2[Verdict2["UNSPECIFIED"] = 0] = "UNSPECIFIED";
  Verdict2[Verdict2["VALID"] = 1] = "VALID";
  Verdict2[Verdict2["REJECTED"] = 2] = "REJECTED";
  Verdict2[Verdict2["FAILED"] = 3] = "FAILED";
  return Verdict2;
})(Verdict || {});

// ../shared/src/configuration.ts
import { create } from "@bufbuild/protobuf";

// ../shared/src/limits.ts
var MESSAGE_BYTES_MAX = 1024 * 1024;
var GRPC_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
var CONTEXT_MARGIN_TOKENS = 8;
var NUM_CTX_MAX = 16 * 1024 * 1024;

// ../shared/src/configuration.ts
function configuration(values) {
  return create(ConfigurationSchema, {
    kvCacheType: "",
    flashAttention: "",
    ...values,
    concurrency: values.concurrency ?? 1
  });
}
var promptTokensFor = (point, fill) => Math.min(Math.floor(fill * point.numCtx), point.numCtx - point.numPredict - CONTEXT_MARGIN_TOKENS);
function isFilled(point, fill, used) {
  const total = used.promptTokens + used.generatedTokens;
  return total >= fill * point.numCtx || total >= point.numCtx - CONTEXT_MARGIN_TOKENS;
}

// ../simulator/src/scripted-ollama/lies/chunk-lies.ts
var CHUNK_LIES = {
  merged_chunks: {
    couldBe: "A parser, a proxy or speculative decoding puts several tokens into one chunk. Strength: tokens per chunk.",
    shows: "far fewer chunks than eval_count",
    scope: "measured",
    strength: 4,
    tell: (tokens) => ({ plan: (plan) => ({ ...plan, tokensPerChunk: tokens }) })
  },
  duplicated_chunks: {
    couldBe: "A proxy sends what it already sent again after a hiccup.",
    shows: "more chunks than eval_count, each text twice",
    scope: "measured",
    tell: () => ({ texts: (text2) => [text2, text2] })
  },
  empty_chunks: {
    couldBe: "A server emits a chunk for every step even when held-back text makes it empty.",
    shows: "every other chunk has no text, more chunks than eval_count",
    scope: "measured",
    tell: () => ({ texts: (text2) => ["", text2] })
  },
  early_empty_chunk: {
    couldBe: "A server or proxy flushes headers with an empty chunk before any work is done.",
    shows: "the first chunk comes at once and is empty; the first text comes after prefill",
    scope: "measured",
    tell: () => ({ plan: (plan) => ({ ...plan, opensWithEmptyChunk: true }) })
  },
  held_first_chunks: {
    couldBe: "Stop-word or UTF-8 holdback delays the first text. Strength: tokens held back.",
    shows: "TTFT is longer than load + prompt_eval by several tokens; the first chunk holds many tokens",
    scope: "measured",
    strength: 12,
    tell: (tokens) => ({ plan: (plan) => ({ ...plan, heldTokens: tokens }) })
  }
};

// ../simulator/src/scripted-ollama/lies/clock-lies.ts
var DURATIONS = ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"];
function scaleDurations(record, keys, factor) {
  const changed = { ...record };
  for (const key of keys) {
    const value = record[key];
    if (typeof value === "number") changed[key] = Math.round(value * factor);
  }
  return changed;
}
var CLOCK_LIES = {
  cached_prefix_hidden: {
    couldBe: "A server counts a prompt as if it had been cached: all tokens in the count, a fraction of the time.",
    shows: "prompt_eval_duration is far below TTFT minus load_duration",
    scope: "measured",
    strength: 0.08,
    tell: (factor) => ({ final: (record) => scaleDurations(record, ["prompt_eval_duration"], factor) })
  },
  zero_durations: {
    couldBe: "A server fails to take the times; zero values are left out of the JSON.",
    shows: "eval_duration and prompt_eval_duration are missing keys",
    scope: "measured",
    tell: () => ({
      final: ({ eval_duration: _eval, prompt_eval_duration: _promptEval, ...rest }) => rest
    })
  },
  negative_durations: {
    couldBe: "The host's wall clock was set back during the request.",
    shows: "durations below zero",
    scope: "measured",
    tell: () => ({
      final: (record) => scaleDurations(record, ["eval_duration", "prompt_eval_duration"], -1)
    })
  },
  swapped_durations: {
    couldBe: "A translating proxy confuses prefill with decode.",
    shows: "prompt_eval_duration and eval_duration are exchanged against the client's clock",
    scope: "measured",
    tell: () => ({
      final: (record) => ({
        ...record,
        prompt_eval_duration: record.eval_duration,
        eval_duration: record.prompt_eval_duration
      })
    })
  },
  clocks_disagree_fast: {
    couldBe: "A virtual machine's clock runs slow, so that every duration looks short.",
    shows: "all durations are half of what the client sees",
    scope: "measured",
    strength: 0.5,
    tell: (factor) => ({ final: (record) => scaleDurations(record, DURATIONS, factor) })
  },
  clocks_disagree_slow: {
    couldBe: "A virtual machine's clock runs fast, so that every duration looks long.",
    shows: "total_duration is above what the client sees",
    scope: "measured",
    strength: 1.5,
    tell: (factor) => ({ final: (record) => scaleDurations(record, DURATIONS, factor) })
  },
  total_less_than_parts: {
    couldBe: "Parts of a request are timed by different processes and added up wrongly.",
    shows: "total_duration is below load + prompt_eval + eval",
    scope: "measured",
    strength: 0.5,
    tell: (factor) => ({ final: (record) => scaleDurations(record, ["total_duration"], factor) })
  },
  stall_not_counted: {
    couldBe: "An engine adds up decode calls only, so that sampling and scheduling pauses are in no duration. Strength: seconds.",
    shows: "the span of the chunks is longer than eval_duration",
    scope: "measured",
    strength: 0.15,
    tell: (seconds) => ({
      gap: (gap, { index, total }) => index === Math.max(1, Math.floor(total / 2)) ? gap + seconds : gap,
      final: (record) => {
        const duration = record.eval_duration;
        return {
          ...record,
          eval_duration: typeof duration === "number" ? duration - seconds * 1e9 : duration
        };
      }
    })
  }
};

// ../simulator/src/scripted-ollama/request-error.ts
var RequestError = class extends Error {
  status;
  constructor(status, message) {
    super(message);
    this.name = "RequestError";
    this.status = status;
  }
};

// ../simulator/src/scripted-ollama/context-limit.ts
function fitPrompt(fit, behaviours) {
  const limit = behaviours.truncation === "num_ctx" ? fit.numCtx : fit.numCtx - 1;
  if (fit.tokens.length <= limit) return fit.tokens;
  if (behaviours.knowsTruncate && !fit.truncate) throw tooLong(fit, behaviours);
  if (behaviours.refusesTruncateWithoutShift && !fit.shift) {
    throw new RequestError(
      400,
      "the prompt is longer than the context length currently available to the model; shorten the prompt, adjust the context length in settings, or use a model with a longer context length"
    );
  }
  return cutTo(fit, behaviours.truncation === "half" ? halfOf(fit) : limit);
}
function cutTo(fit, length) {
  if (fit.tokens.length <= length) return fit.tokens;
  const keep = fit.numKeep < 0 ? length : Math.min(fit.numKeep, length);
  const tail = length - keep;
  return [...fit.tokens.slice(0, keep), ...tail > 0 ? fit.tokens.slice(-tail) : []];
}
function halfOf({ numCtx, numKeep }) {
  const keep = Math.max(0, Math.min(numKeep + 1, numCtx - 1));
  return numCtx - Math.max(Math.floor((numCtx - keep) / 2), 1);
}
function roomFor(promptTokens, numCtx, behaviours) {
  return Math.max(1, numCtx - promptTokens + (behaviours.engine === "llama runner" ? 1 : 0));
}
function tooLong(fit, behaviours) {
  if (behaviours.engine === "llama runner") {
    return new RequestError(400, "the input length exceeds the context length");
  }
  const count = fit.tokens.length;
  const relayed = {
    error: {
      code: 400,
      message: `request (${count} tokens) exceeds the available context size (${fit.numCtx} tokens), try increasing it`,
      type: "exceed_context_size_error",
      n_prompt_tokens: count,
      n_ctx: fit.numCtx
    }
  };
  return new RequestError(400, JSON.stringify(relayed));
}

// ../simulator/src/scripted-ollama/lies/context-lies.ts
var CONTEXT_LIES = {
  silent_truncation_full: {
    couldBe: "A server has less context than asked for and cuts prompts to all of it, with status 200, whatever `truncate` says.",
    shows: "prompt_eval_count is below the number of tokens sent (exactly the hidden context)",
    scope: "always",
    strength: 0.75,
    tell: (share) => ({
      fit: (fit) => {
        const limit = Math.max(4, Math.floor(fit.numCtx * share));
        return cutTo(fit, limit);
      }
    })
  },
  silent_truncation_half: {
    couldBe: "A server cuts prompts that come near its context to about half of num_ctx, with status 200 (as >= 0.30.11 by default).",
    shows: "prompt_eval_count is about num_ctx / 2",
    scope: "always",
    strength: 0.75,
    tell: (share) => ({
      fit: (fit) => fit.tokens.length > fit.numCtx * share ? cutTo(fit, halfOf(fit)) : void 0
    })
  },
  clamped_context: {
    couldBe: "A server lowers num_ctx to what memory or the model allows and shows it in /api/ps only.",
    shows: "context_length and size in /api/ps are smaller than asked for",
    scope: "always",
    strength: 0.5,
    tell: (share) => ({
      allocation: (allocation) => {
        const numCtx = Math.max(4, Math.floor(allocation.numCtx * share));
        return { ...allocation, numCtx, shownContext: numCtx };
      }
    })
  },
  clamped_context_hidden: {
    couldBe: "A server allocates less context than asked for and goes on showing the requested one (as Ollama before 0.15.5).",
    shows: "prompts that should fit are refused, generation ends early with `length`, size in /api/ps is too small",
    scope: "always",
    strength: 0.5,
    tell: (share) => ({
      allocation: (allocation) => ({
        ...allocation,
        numCtx: Math.max(4, Math.floor(allocation.numCtx * share)),
        shownContext: allocation.numCtx
      })
    })
  }
};

// ../simulator/src/scripted-ollama/lies/count-lies.ts
var numberOf = (record, key) => {
  const value = record[key];
  return typeof value === "number" ? value : 0;
};
var scaled = (record, key, factor) => ({
  ...record,
  [key]: Math.round(numberOf(record, key) * factor)
});
var COUNT_LIES = {
  inflated_eval_count: {
    couldBe: "A server counts decode calls or drafted tokens instead of the tokens that it delivered.",
    shows: "eval_count is above num_predict and above the chunks that came",
    scope: "always",
    strength: 1.25,
    tell: (factor) => ({ final: (record) => scaled(record, "eval_count", factor) })
  },
  phantom_tokens: {
    couldBe: "A server gives up early but fills in the count that was asked for.",
    shows: "eval_count equals num_predict, but fewer chunks and less text came and eval_duration is short",
    scope: "measured",
    strength: 1.5,
    tell: (factor) => {
      let claimed = 0;
      return {
        plan: (plan) => {
          claimed = plan.evalTokens;
          return { ...plan, evalTokens: Math.max(1, Math.floor(plan.evalTokens / factor)) };
        },
        final: (record) => ({ ...record, eval_count: claimed })
      };
    }
  },
  inflated_prompt_count: {
    couldBe: "A server counts tokens of a template or of a padded batch as part of the prompt.",
    shows: "prompt_eval_count is above the number of tokens that were sent",
    scope: "always",
    strength: 1.1,
    tell: (factor) => ({ final: (record) => scaled(record, "prompt_eval_count", factor) })
  },
  cached_prefix_reported: {
    couldBe: "A server finds most of the prompt in a cache in spite of its unique beginning, and says so. Strength: the share.",
    shows: "prompt_eval_cached_count is large, prompt_eval_duration and TTFT are short",
    scope: "measured",
    strength: 0.9,
    tell: (share) => {
      let cached = 0;
      return {
        plan: (plan) => {
          cached = Math.floor(plan.promptTokens * share);
          return { ...plan, cachedTokens: cached };
        },
        final: (record) => ({ ...record, prompt_eval_cached_count: cached })
      };
    }
  },
  non_integer_counts: {
    couldBe: "A proxy averages or estimates counts and passes on fractions.",
    shows: "eval_count is a number such as 31.5",
    scope: "measured",
    tell: () => ({
      final: (record) => ({
        ...record,
        eval_count: numberOf(record, "eval_count") - 0.5,
        prompt_eval_count: numberOf(record, "prompt_eval_count") + 0.5
      })
    })
  },
  nan_or_string_counts: {
    couldBe: "A proxy in another language turns numbers into text and missing ones into null or NaN.",
    shows: 'eval_count is "32", eval_duration is null, prompt_eval_count is "NaN"',
    scope: "measured",
    tell: () => ({
      final: (record) => ({
        ...record,
        eval_count: String(record.eval_count),
        eval_duration: null,
        prompt_eval_count: "NaN"
      })
    })
  }
};

// ../simulator/src/scripted-ollama/lies/ending-lies.ts
var ENDING_LIES = {
  early_stop: {
    couldBe: "The model emits its end token, or a stop word matches, before num_predict is reached.",
    shows: "done_reason is `stop`, eval_count is below num_predict",
    scope: "measured",
    strength: 0.6,
    tell: (share) => ({
      plan: (plan) => ({
        ...plan,
        evalTokens: Math.max(1, Math.floor(plan.evalTokens * share)),
        doneReason: "stop"
      })
    })
  },
  early_stop_claims_length: {
    couldBe: "A server ends a generation at its own limit and calls it `length`, as a full context does.",
    shows: "done_reason is `length`, eval_count is below num_predict",
    scope: "measured",
    strength: 0.6,
    tell: (share) => ({
      plan: (plan) => ({
        ...plan,
        evalTokens: Math.max(1, Math.floor(plan.evalTokens * share)),
        doneReason: "length"
      })
    })
  },
  missing_done: {
    couldBe: "The token repeat limit of Ollama ends the stream without a last record.",
    shows: "the stream ends properly, but no record has done: true",
    scope: "measured",
    tell: () => ({ final: () => null })
  },
  done_twice: {
    couldBe: "A retrying proxy joins two answers into one stream.",
    shows: "two records have done: true, with different numbers",
    scope: "measured",
    tell: () => ({
      closing: (line) => [
        line.replace(/"eval_count":(\d+)/, (_all, count) => `"eval_count":${Number(count) * 2}`),
        line
      ]
    })
  },
  text_after_done: {
    couldBe: "A server flushes held-back text after it has already summed up.",
    shows: "a record with text follows the record with done: true",
    scope: "measured",
    tell: () => ({
      closing: (line) => [
        line,
        line.replace('"done":true', '"done":false').replace(/"(response|content)":""/, '"$1":" late"')
      ]
    })
  }
};

// ../simulator/src/scripted-ollama/scripted-model.ts
import { createHash } from "node:crypto";
var BYTES_PER_ELEMENT = { f32: 4, f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };
var FILE_TYPE = {
  f32: { label: "F32", id: 0 },
  f16: { label: "F16", id: 1 },
  q4_0: { label: "Q4_0", id: 2 },
  q8_0: { label: "Q8_0", id: 7 }
};
var TINY = {
  blocks: 2,
  embedding: 128,
  heads: 4,
  kvHeads: 2,
  feedForward: 352,
  vocabulary: 4096,
  trainedContext: 32768
};
function scriptedModel(name = "scripted:tiny", options = {}) {
  const quantization = options.quantization ?? "q8_0";
  const architecture = { ...TINY, ...options.architecture };
  const tensors = tensorsOf(architecture, quantization);
  const parameterCount = tensors.reduce((sum2, tensor) => sum2 + elements(tensor), 0);
  const seed = JSON.stringify([architecture, quantization]);
  return {
    name,
    digest: sha256(`manifest ${name} ${seed}`),
    blob: `sha256:${sha256(`blob ${seed}`)}`,
    size: Math.ceil(tensorBytes(tensors)) + 8192,
    architecture,
    tensors,
    details: {
      parent_model: "",
      format: "gguf",
      family: "llama",
      families: ["llama"],
      parameter_size: `${(parameterCount / 1e6).toFixed(2)}M`,
      quantization_level: FILE_TYPE[quantization].label
    },
    modelInfo: modelInfoOf(architecture, parameterCount, FILE_TYPE[quantization].id),
    parameters: {},
    modifiedAt: "2026-01-02T03:04:05.678901234Z"
  };
}
function tensorBytes(tensors) {
  return tensors.reduce((sum2, tensor) => sum2 + elements(tensor) * bytesPerElement(tensor.type), 0);
}
function bytesPerElement(type) {
  const known = BYTES_PER_ELEMENT;
  return known[type.toLowerCase()] ?? 2;
}
function sha256(text2) {
  return createHash("sha256").update(text2).digest("hex");
}
function elements(tensor) {
  return tensor.shape.reduce((product, length) => product * length, 1);
}
function tensorsOf(shape, quantization) {
  const type = FILE_TYPE[quantization].label;
  const kvWidth = shape.embedding / shape.heads * shape.kvHeads;
  const matrix = (name, rows, columns) => ({ name, type, shape: [rows, columns] });
  const norm = (name) => ({ name, type: "F32", shape: [shape.embedding] });
  const block = (index) => [
    norm(`blk.${index}.attn_norm.weight`),
    matrix(`blk.${index}.attn_q.weight`, shape.embedding, shape.embedding),
    matrix(`blk.${index}.attn_k.weight`, shape.embedding, kvWidth),
    matrix(`blk.${index}.attn_v.weight`, shape.embedding, kvWidth),
    matrix(`blk.${index}.attn_output.weight`, shape.embedding, shape.embedding),
    norm(`blk.${index}.ffn_norm.weight`),
    matrix(`blk.${index}.ffn_gate.weight`, shape.embedding, shape.feedForward),
    matrix(`blk.${index}.ffn_up.weight`, shape.embedding, shape.feedForward),
    matrix(`blk.${index}.ffn_down.weight`, shape.feedForward, shape.embedding)
  ];
  return [
    matrix("token_embd.weight", shape.embedding, shape.vocabulary),
    ...Array.from({ length: shape.blocks }, (_, index) => block(index)).flat(),
    norm("output_norm.weight"),
    matrix("output.weight", shape.embedding, shape.vocabulary)
  ];
}
function modelInfoOf(shape, parameterCount, fileType) {
  return {
    "general.architecture": "llama",
    "general.file_type": fileType,
    "general.parameter_count": parameterCount,
    "general.quantization_version": 2,
    "llama.attention.head_count": shape.heads,
    "llama.attention.head_count_kv": shape.kvHeads,
    "llama.attention.key_length": shape.embedding / shape.heads,
    "llama.attention.value_length": shape.embedding / shape.heads,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "llama.block_count": shape.blocks,
    "llama.context_length": shape.trainedContext,
    "llama.embedding_length": shape.embedding,
    "llama.feed_forward_length": shape.feedForward,
    "llama.rope.dimension_count": shape.embedding / shape.heads,
    "llama.vocab_size": shape.vocabulary,
    "tokenizer.ggml.add_bos_token": true,
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.model": "llama",
    // Array-valued keys are null unless `verbose` is asked for.
    "tokenizer.ggml.scores": null,
    "tokenizer.ggml.token_type": null,
    "tokenizer.ggml.tokens": null
  };
}

// ../simulator/src/scripted-ollama/memory.ts
function allocate(asked, model, script, behaviours) {
  const numCtx = Math.min(asked.numCtx, model.architecture.trainedContext);
  return {
    numCtx,
    shownContext: behaviours.psShowsAllocatedContext ? numCtx : asked.numCtx,
    numBatch: asked.numBatch,
    numThread: asked.numThread > 0 ? asked.numThread : script.cores,
    kvCacheType: effectiveKvType(script, behaviours),
    gpuShare: gpuShareOf(asked, model, script)
  };
}
function loadedBytes(model, allocation, numParallel) {
  const { blocks, embedding, heads, kvHeads, vocabulary } = model.architecture;
  const kvPerToken = blocks * kvHeads * (embedding / heads) * 2 * bytesPerElement(allocation.kvCacheType);
  const compute = 4 * allocation.numBatch * (vocabulary + 8 * embedding);
  return Math.ceil(tensorBytes(model.tensors) + kvPerToken * allocation.numCtx * numParallel + compute);
}
function vramBytes(size, gpuShare) {
  return gpuShare >= 1 ? size : Math.floor(size * gpuShare);
}
function place(size, wanted, free, behaviours) {
  const fitting = Math.min(wanted.gpuShare, size === 0 ? 1 : free.vramBytes / size);
  if (wanted.explicitGpu && fitting < wanted.gpuShare)
    throw outOfMemory(size, free.vramBytes, behaviours, "vram");
  if (size - vramBytes(size, fitting) > free.ramBytes)
    throw outOfMemory(size, free.ramBytes, behaviours, "ram");
  return fitting;
}
function outOfMemory(needed, available, behaviours, where) {
  if (behaviours.checksMemoryBeforeLoad) {
    return where === "vram" ? new RequestError(500, "memory layout cannot be allocated") : new RequestError(
      500,
      `model requires more system memory (${gib(needed)}) than is available (${gib(available)})`
    );
  }
  const detail = where === "vram" ? "cudaMalloc failed: out of memory" : `ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size ${needed}`;
  return new RequestError(500, `llama-server process has terminated: exit status 1: ${detail}`);
}
function effectiveKvType(script, behaviours) {
  const { kvCacheType, flashAttention } = script.server;
  if (kvCacheType === "f16" || flashAttention) return kvCacheType;
  if (behaviours.quantisedKvWithoutFlash === "falls_back") return "f16";
  throw new RequestError(
    500,
    "llama-server process has terminated: exit status 1: llama_init_from_model: V cache quantization requires flash_attn"
  );
}
function gpuShareOf(asked, model, script) {
  if (script.gpuShare === 0 || asked.numGpu < 0) return script.gpuShare;
  return Math.min(1, asked.numGpu / (model.architecture.blocks + 1));
}
function gib(bytes) {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

// ../simulator/src/scripted-ollama/versions.ts
function compareVersions(a, b) {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
function behavioursOf(version) {
  const since = (release) => compareVersions(version, release) >= 0;
  const llamaServer = since("0.30.0");
  return {
    engine: llamaServer ? "llama-server" : "llama runner",
    knowsTruncate: since("0.12.6"),
    truncation: since("0.30.11") ? "half" : llamaServer ? "num_ctx_minus_one" : "num_ctx",
    refusesTruncateWithoutShift: since("0.30.9"),
    shiftIsLoadTime: llamaServer,
    defaultShiftBelowNumCtx: llamaServer && !since("0.30.9") ? 8192 : Number.POSITIVE_INFINITY,
    cacheNeedsShift: llamaServer && !since("0.30.8"),
    hostPromptCache: llamaServer,
    promptCountExcludesCached: llamaServer && !since("0.30.1"),
    psShowsAllocatedContext: since("0.15.5"),
    contextFollowsVram: since("0.15.5"),
    batchFollowsContext: llamaServer,
    knowsDraftOption: llamaServer,
    quantisedKvWithoutFlash: llamaServer ? "load_fails" : "falls_back",
    cancelStopsPrefill: llamaServer,
    checksMemoryBeforeLoad: !llamaServer
  };
}
function numbersOf(version) {
  return (/\d+(\.\d+)*/.exec(version)?.[0] ?? "0").split(".").map(Number);
}

// ../simulator/src/scripted-ollama/lies/http-faults.ts
var HTTP_FAULTS = {
  hang_before_headers: {
    couldBe: "The engine hangs while loading or in prefill.",
    shows: "the request is accepted and nothing ever comes back",
    scope: "measured",
    tell: () => ({
      act: async (stage, acting) => {
        if (stage !== "arrival") return void 0;
        await acting.untilClosed();
        return "ended";
      }
    })
  },
  slow_headers: {
    couldBe: "A proxy or a full accept queue keeps the request before the server sees it. Strength: seconds.",
    shows: "headers come late, and total_duration knows nothing of the wait",
    scope: "measured",
    strength: 5,
    tell: (seconds) => ({
      act: async (stage, acting) => {
        if (stage !== "arrival") return void 0;
        await acting.wait(seconds);
        acting.arriveNow();
        return void 0;
      }
    })
  },
  http_500_oom: {
    couldBe: "The model does not fit into what memory is left.",
    shows: "500 with the release's out-of-memory text",
    scope: "always",
    tell: () => ({
      act: async (stage, acting) => {
        if (stage !== "arrival") return void 0;
        const release = acting.engine === "llama-server" ? "0.30.0" : "0.24.0";
        const error = outOfMemory(9.5 * 1024 ** 3, 6.2 * 1024 ** 3, behavioursOf(release), "ram");
        acting.answer(error.status, { error: error.message });
        return "ended";
      }
    })
  },
  http_503_busy: {
    couldBe: "The scheduler's queue is full.",
    shows: "503 with the text of a full queue",
    scope: "always",
    tell: () => ({
      act: async (stage, acting) => {
        if (stage !== "arrival") return void 0;
        acting.answer(503, { error: "server busy, please try again.  maximum pending requests exceeded" });
        return "ended";
      }
    })
  },
  redirect_elsewhere: {
    couldBe: "A proxy or an impostor on the port sends the request to another host.",
    shows: "307 with a Location on another host",
    scope: "always",
    tell: () => ({
      act: async (stage, acting) => {
        if (stage !== "arrival") return void 0;
        acting.answer(307, { error: "moved" }, { location: `${acting.redirectTo}${acting.path}` });
        return "ended";
      }
    })
  }
};

// ../simulator/src/scripted-ollama/lies/option-lies.ts
var OPTION_LIES = {
  options_ignored_batch: {
    couldBe: "A server fixes the batch size itself (a wrapper script, an environment variable of the engine).",
    shows: "another num_batch neither reloads nor changes size in /api/ps nor the prefill rate",
    scope: "always",
    tell: () => ({ load: (asked) => ({ ...asked, numBatch: 512 }) })
  },
  options_ignored_ctx: {
    couldBe: "A server runs with its own context length and drops num_ctx like an unknown option.",
    shows: "context_length in /api/ps is the server's default, another num_ctx does not reload",
    scope: "always",
    tell: () => ({ load: (asked) => ({ ...asked, numCtx: 4096 }) })
  },
  options_ignored_threads: {
    couldBe: "A server runs with a fixed number of threads (a container limit, a wrapper script).",
    shows: "another num_thread neither reloads nor changes any rate",
    scope: "always",
    tell: () => ({ load: (asked) => ({ ...asked, numThread: 0 }) })
  },
  kv_type_fallback: {
    couldBe: "A server falls back to an f16 KV cache because flash attention is not on for this model (Ollama up to 0.24).",
    shows: "size in /api/ps grows with num_ctx as f16 does, although q8_0 is set",
    scope: "always",
    needs: { server: { kvCacheType: "q8_0", flashAttention: true } },
    tell: () => ({ allocation: (allocation) => ({ ...allocation, kvCacheType: "f16" }) })
  }
};

// ../simulator/src/scripted-ollama/lies/placement-lies.ts
var OTHER = "someone-elses:latest";
function otherModel(like) {
  return {
    size: 1e6,
    size_vram: 0,
    context_length: 4096,
    ...like,
    name: OTHER,
    model: OTHER,
    digest: "b".repeat(64)
  };
}
var changedDigest = (row) => ({ ...row, digest: "c".repeat(64) });
var PLACEMENT_LIES = {
  reload_inside_sample: {
    couldBe: "Another client's options, a failed health check or the keep-alive unload the model just before the sample.",
    shows: "load_duration holds a whole load",
    scope: "measured",
    tell: () => ({
      act: async (stage, acting) => {
        if (stage === "arrival") await acting.evict();
        return void 0;
      }
    })
  },
  cpu_fallback: {
    couldBe: "The GPU driver fails and the engine goes on with the CPU. Strength: the share that stays on the GPU.",
    shows: "size_vram in /api/ps drops after the load, rates drop with it",
    scope: "measured",
    strength: 0,
    needs: { gpuShare: 1 },
    tell: (share) => ({
      act: async (stage, acting) => {
        if (stage === "loaded") acting.moveTo(share);
        return void 0;
      }
    })
  },
  other_model_loaded: {
    couldBe: "Another client loads its model beside ours while we measure.",
    shows: "/api/ps lists a second model",
    scope: "measured",
    tell: () => ({ ps: (rows) => [...rows, otherModel(rows[0])] })
  },
  evicted_by_other_model: {
    couldBe: "Another client's model pushes ours out of memory.",
    shows: "/api/ps lists another model and not ours; the next request reloads",
    scope: "measured",
    tell: () => ({
      ps: (rows) => [otherModel(rows[0])],
      act: async (stage, acting) => {
        if (stage === "finished") acting.expire();
        return void 0;
      }
    })
  },
  ps_forgets_model: {
    couldBe: "A race between the scheduler and the status page loses the row of a loaded model.",
    shows: "/api/ps is empty although requests are answered without a load",
    scope: "measured",
    tell: () => ({ ps: () => [] })
  },
  ps_hangs: {
    couldBe: "The status page waits for a lock that a stuck unload holds.",
    shows: "/api/ps accepts the request and never answers",
    scope: "measured",
    tell: () => ({ hangsOnPs: true })
  },
  wrong_digest: {
    couldBe: "Someone pulls a new version of the model under the same name between two samples.",
    shows: "the digest in /api/ps and /api/tags changes",
    scope: "measured",
    tell: () => ({ ps: (rows) => rows.map(changedDigest), tags: (rows) => rows.map(changedDigest) })
  },
  unload_never_completes: {
    couldBe: "A runner that hangs while it ends stays in the list.",
    shows: "/api/ps goes on listing the model after an unload was acknowledged",
    scope: "always",
    tell: () => ({ neverUnloads: true })
  },
  model_missing: {
    couldBe: "Someone removes the model, or the server looks into another model store.",
    shows: "404 for every request that names the model, empty /api/tags",
    scope: "always",
    tell: () => ({ knowsNoModel: true, tags: () => [], ps: () => [] })
  },
  wrong_version: {
    couldBe: "A server built without a version says 0.0.0.",
    shows: "/api/version says 0.0.0",
    scope: "always",
    tell: () => ({ version: () => "0.0.0" })
  },
  version_changes: {
    couldBe: "The server is updated, or a load balancer takes turns, between two samples.",
    shows: "/api/version says something else after the first sample",
    scope: "measured",
    tell: () => ({ version: (version) => version === "0.20.0" ? "0.20.1" : "0.20.0" })
  }
};

// ../simulator/src/scripted-ollama/lies/rate-lies.ts
var RATE_LIES = {
  rate_beyond_roofline: {
    couldBe: "A server plays back a stored answer. Strength: seconds per token.",
    shows: "all tokens come at once and eval_duration agrees: more bytes per second than any memory moves",
    scope: "measured",
    strength: 1e-6,
    tell: (seconds) => ({
      plan: (plan) => ({ ...plan, oneWrite: true }),
      gap: () => seconds
    })
  },
  prefill_skipped: {
    couldBe: "A server reads only part of the prompt and counts all of it. Strength: the share of the work that is done.",
    shows: "TTFT and prompt_eval_duration agree on a rate beyond the machine's arithmetic",
    scope: "measured",
    strength: 2e-3,
    tell: (share) => ({ prefill: (seconds) => seconds * share })
  },
  burst_then_stall: {
    couldBe: "A buffering proxy releases tokens in a burst and then goes quiet.",
    shows: "half of the chunks come at once, then nothing for as long as they should have taken; durations are right",
    scope: "measured",
    tell: () => {
      let saved = 0;
      return {
        gap: (gap, { index, total }) => {
          const middle = Math.max(1, Math.floor(total / 2));
          if (index < middle) {
            saved += gap;
            return 0;
          }
          return index === middle ? gap + saved : gap;
        }
      };
    }
  }
};

// ../simulator/src/scripted-ollama/lies/stream-faults.ts
var atMiddle = (stage, { index, total }) => stage === "token" && index === Math.floor(total / 2);
function endAtMiddle(end) {
  return async (stage, acting, position) => {
    if (!atMiddle(stage, position)) return void 0;
    await end(acting);
    return "ended";
  };
}
var STREAM_FAULTS = {
  malformed_ndjson: {
    couldBe: "A record is cut by a proxy's buffer or a crash while writing.",
    shows: "one line in the middle is no JSON",
    scope: "measured",
    tell: () => ({
      line: (line, { index, total }) => index === Math.floor(total / 2) ? line.slice(0, Math.floor(line.length / 2)) : line
    })
  },
  stream_ends_early: {
    couldBe: "The token repeat limit or a proxy's time limit ends the stream half-way, in good order.",
    shows: "fewer chunks than num_predict and no record with done: true",
    scope: "measured",
    tell: () => ({ act: endAtMiddle((acting) => acting.end()) })
  },
  mid_stream_error: {
    couldBe: "The engine reports an error while generating, such as a failed GPU kernel.",
    shows: "a line with `error` after some chunks, then the end of the stream",
    scope: "measured",
    tell: () => ({
      act: endAtMiddle((acting) => {
        const text2 = "an error was encountered while running the model: CUDA error: an illegal memory access was encountered";
        acting.writeLine(JSON.stringify({ error: text2 }));
        acting.end();
      })
    })
  },
  runner_crash_mid_stream: {
    couldBe: "The engine's process is killed while it generates, for instance by the kernel for lack of memory.",
    shows: "a line with `error` after some chunks; the model is gone from /api/ps",
    scope: "measured",
    tell: () => ({
      act: endAtMiddle((acting) => {
        const cause = acting.engine === "llama-server" ? "llama-server process has terminated: signal: killed" : "unexpected EOF";
        acting.crash();
        acting.writeLine(
          JSON.stringify({ error: `an error was encountered while running the model: ${cause}` })
        );
        acting.end();
      })
    })
  },
  connection_reset: {
    couldBe: "The server process dies or a proxy drops the connection.",
    shows: "the connection is cut in the middle of the stream",
    scope: "measured",
    tell: () => ({ act: endAtMiddle((acting) => acting.reset()) })
  },
  hang_mid_stream: {
    couldBe: "The engine deadlocks, or the machine swaps itself to a standstill.",
    shows: "chunks stop and the connection stays open",
    scope: "measured",
    tell: () => ({ act: endAtMiddle((acting) => acting.untilClosed()) })
  },
  slow_drip: {
    couldBe: "A congested network delivers byte by byte. Strength: seconds per byte.",
    shows: "a line takes many seconds to be complete",
    scope: "measured",
    strength: 0.25,
    tell: (seconds) => ({
      act: async (stage, acting) => {
        if (stage === "headers") acting.drip(seconds);
        return void 0;
      }
    })
  },
  huge_line: {
    couldBe: "A server or something else on that port sends data without any newline. Strength: bytes.",
    shows: "a line of 100 MB",
    scope: "measured",
    strength: 1e8,
    tell: (bytes) => ({
      act: async (stage, acting, position) => {
        if (atMiddle(stage, position)) await acting.writeBytes(bytes);
        return void 0;
      }
    })
  }
};

// ../simulator/src/scripted-ollama/lies/lie.ts
var FAMILIES = {
  counts: COUNT_LIES,
  context: CONTEXT_LIES,
  options: OPTION_LIES,
  endings: ENDING_LIES,
  clocks: CLOCK_LIES,
  rates: RATE_LIES,
  placement: PLACEMENT_LIES,
  chunks: CHUNK_LIES,
  stream: STREAM_FAULTS,
  http: HTTP_FAULTS
};
var ENTRIES = Object.assign({}, ...Object.values(FAMILIES));
var LIES = Object.entries(FAMILIES).flatMap(
  ([family, entries]) => Object.entries(entries).map(([name, { tell: _tell, ...data }]) => ({
    // Both names come from the very object whose keys define these types.
    name,
    family,
    ...data
  }))
);
function hooksFor(lies, moment) {
  return lies.map(settingOf).filter((lie) => isTold(lie, moment)).map(tell);
}
function settingOf(lie) {
  if (typeof lie === "string") return { name: lie };
  if (lie.name !== "one_bad_sample_among_good") return lie;
  const { bad, sample, strength } = lie;
  return { name: bad, onlySample: sample, ...strength === void 0 ? {} : { strength } };
}
function isTold(lie, { sample, samplesBegun }) {
  const current = sample === void 0 ? samplesBegun : sample ?? 0;
  if (lie.onlySample !== void 0) return current === lie.onlySample;
  return (lie.when ?? entryOf(lie.name).scope) === "always" || current > 0;
}
function tell(lie) {
  const entry = entryOf(lie.name);
  return entry.tell(lie.strength ?? entry.strength ?? 1);
}
function entryOf(name) {
  const entry = ENTRIES[name];
  if (entry === void 0)
    throw new Error(`The scripted Ollama knows no lie named ${name}; LIES lists them all.`);
  return entry;
}

// ../simulator/src/scripted-ollama/pace-recording.ts
function recordedPace(recording) {
  const used = /* @__PURE__ */ new Map();
  return (promptTokens) => {
    const depth = nearestDepth(recording, promptTokens);
    const candidates = recording.samples.filter((sample2) => sample2.promptTokens === depth);
    const turn = used.get(depth) ?? 0;
    used.set(depth, turn + 1);
    const sample = candidates[turn % candidates.length];
    if (sample === void 0) throw new Error("A pace recording without samples can't be replayed.");
    return replay(sample);
  };
}
function replay(sample) {
  return {
    prefillSeconds: (from, to) => (to - from) * sample.prefillMs / sample.promptTokens / 1e3,
    gapSeconds: (index) => (sample.gapsMs[(index - 1) % sample.gapsMs.length] ?? 0) / 1e3
  };
}
function nearestDepth(recording, promptTokens) {
  const depths = recording.samples.map((sample) => sample.promptTokens);
  return depths.reduce(
    (best, depth) => Math.abs(depth - promptTokens) < Math.abs(best - promptTokens) ? depth : best,
    depths[0] ?? 0
  );
}

// ../simulator/src/scripted-ollama/pace.ts
function physicalPace() {
  return {
    kind: "curve",
    prefill: [
      { depth: 0, secondsPerToken: 6e-5 },
      { depth: 2048, secondsPerToken: 8e-5 }
    ],
    decode: [
      { depth: 0, secondsPerToken: 25e-4 },
      { depth: 2048, secondsPerToken: 33e-4 }
    ]
  };
}
function secondsPerTokenAt(curve, depth) {
  const first = curve[0];
  if (first === void 0) return 0;
  let [left, right] = [first, curve[1] ?? first];
  for (let index = 2; index < curve.length && depth > right.depth; index += 1) {
    [left, right] = [right, curve[index] ?? right];
  }
  if (right.depth === left.depth) return left.secondsPerToken;
  const share = (depth - left.depth) / (right.depth - left.depth);
  return Math.max(0, left.secondsPerToken + share * (right.secondsPerToken - left.secondsPerToken));
}
function paceSource(pace) {
  if (pace.kind === "recording") return recordedPace(pace.recording);
  const curve = {
    // The middle of the range is exact for a straight line; batches are short against the bends of a longer curve.
    prefillSeconds: (from, to) => (to - from) * secondsPerTokenAt(pace.prefill, (from + to) / 2),
    gapSeconds: (_index, depth) => secondsPerTokenAt(pace.decode, depth)
  };
  return () => curve;
}

// ../simulator/src/scripted-ollama/script.ts
var GIB = 1024 ** 3;
function defaultScript() {
  return {
    version: "0.24.0",
    cachedCountSince: "0.34.0",
    models: [scriptedModel()],
    pace: physicalPace(),
    timeScale: 1,
    loadSeconds: 0.12,
    unloadSeconds: 0.04,
    warmLoadSeconds: 2e-3,
    memory: { ramBytes: 8 * GIB, vramBytes: 8 * GIB },
    gpuShare: 0,
    cores: 4,
    jitter: { seed: 1, stepCv: 0, sampleCv: 0 },
    server: {
      numParallel: 1,
      maxQueue: 512,
      maxLoadedModels: 3,
      keepAliveSeconds: 300,
      kvCacheType: "f16",
      flashAttention: false,
      contextLength: 0,
      hostPromptCache: true
    },
    badWords: [],
    stopAfterTokens: null,
    measured: { minPromptTokens: 257, minPredict: 2 },
    redirectTo: "http://127.0.0.1:9",
    lies: [],
    faults: []
  };
}
function changeScript(script, change) {
  return { ...script, ...change, server: { ...script.server, ...change.server } };
}

// ../simulator/src/scripted-ollama/server.ts
import { createServer } from "node:http";

// ../simulator/src/scripted-ollama/model-store.ts
import { createHash as createHash2 } from "node:crypto";
var ModelStore = class {
  #models = /* @__PURE__ */ new Map();
  #blobs = /* @__PURE__ */ new Map();
  constructor(models) {
    this.replace(models);
  }
  /** All models, in the order in which they came. */
  get models() {
    return [...this.#models.values()];
  }
  /** Forgets all models and takes these. */
  replace(models) {
    this.#models.clear();
    for (const model of models) this.#models.set(model.name, model);
  }
  /** The model of that name; a missing tag means latest, case does not matter. */
  find(name) {
    const wanted = fullName(name).toLowerCase();
    return this.models.find((model) => model.name.toLowerCase() === wanted);
  }
  /** Removes a model; false when there is none. */
  delete(name) {
    const model = this.find(name);
    return model !== void 0 && this.#models.delete(model.name);
  }
  /** Gives a model a second name. @throws RequestError 404 when it does not exist. */
  copy(source, destination) {
    const model = this.find(source);
    if (model === void 0) throw new RequestError(404, `model "${source}" not found`);
    this.#models.set(fullName(destination), { ...model, name: fullName(destination) });
  }
  /** Whether a blob is there: uploaded, or the weights of a model. */
  hasBlob(digest) {
    return this.#blobs.has(digest) || this.models.some((model) => model.blob === digest);
  }
  /** Reads an upload and keeps its size. @throws RequestError 400 when the digest is another. */
  async addBlob(digest, body) {
    const hash = createHash2("sha256");
    let size = 0;
    let start = Buffer.alloc(0);
    for await (const piece of body) {
      const bytes = Buffer.from(piece);
      hash.update(bytes);
      size += bytes.length;
      if (start.length < 4) start = Buffer.concat([start, bytes.subarray(0, 4)]);
    }
    const actual = `sha256:${hash.digest("hex")}`;
    if (actual !== digest) {
      throw new RequestError(400, `digest mismatch, expected "${digest}", got "${actual}"`);
    }
    this.#blobs.set(digest, { size, isGguf: start.subarray(0, 4).toString("latin1") === "GGUF" });
  }
  /**
   * Makes a model from another one or from uploaded files. Weights that came as a blob get the shape of the default model:
   * the script does not read GGUF.
   * @throws RequestError 400 with Ollama's texts.
   */
  create(request2) {
    const base = request2.from === "" ? this.#fromFiles(request2) : this.find(request2.from);
    if (base === void 0) throw new RequestError(500, `pull model manifest: file does not exist`);
    const name = fullName(request2.name);
    const parameters = { ...base.parameters, ...request2.parameters };
    const model = {
      ...base,
      name,
      parameters,
      digest: sha256(`manifest ${base.blob} ${JSON.stringify(parameters)}`),
      modifiedAt: (/* @__PURE__ */ new Date()).toISOString()
    };
    this.#models.set(name, model);
    return model;
  }
  #fromFiles({ name, files }) {
    if (files === null) throw new RequestError(400, "neither 'from' or 'files' was specified");
    const [path, digest] = Object.entries(files)[0] ?? [];
    if (path === void 0) throw new RequestError(400, "no files provided to convert");
    if (path.startsWith("/") || path.includes(".."))
      throw new RequestError(400, "file path must be relative");
    if (typeof digest !== "string" || digest === "") throw new RequestError(400, "invalid digest format");
    const blob2 = this.#blobs.get(digest);
    if (blob2 === void 0)
      throw new RequestError(500, `open blobs/${digest.replace(":", "-")}: no such file or directory`);
    if (!blob2.isGguf) throw new RequestError(400, "supplied file was not in GGUF format");
    return { ...scriptedModel(fullName(name)), blob: digest, size: blob2.size };
  }
};
function fullName(name) {
  return name.includes(":") ? name : `${name}:latest`;
}

// ../simulator/src/scripted-ollama/random.ts
function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = state + 1831565813 >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 4294967296;
  };
}
function noiseFactor(random, coefficientOfVariation) {
  if (coefficientOfVariation === 0) return 1;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(coefficientOfVariation * normal);
}
function seedFromText(text2) {
  let hash = 2166136261;
  for (let index = 0; index < text2.length; index += 1) {
    hash = Math.imul(hash ^ text2.charCodeAt(index), 16777619);
  }
  return hash >>> 0;
}
var WORDS = "river stone cloud apple green winter table light house music paper window garden silver morning bridge letter summer forest ocean candle mirror yellow planet basket copper engine friend golden harbor island jacket";
function answerWords(random) {
  const words = WORDS.split(" ");
  let last = -1;
  return () => {
    const offset = 1 + Math.floor(random() * (words.length - 1));
    last = last < 0 ? offset : (last + offset) % words.length;
    return words[last] ?? "word";
  };
}

// ../simulator/src/scripted-ollama/lies/hooks.ts
function through(hooks, value, apply) {
  return hooks.reduce((current, hook) => apply(hook, current) ?? current, value);
}
async function actAt(hooks, stage, acting, position = { index: 0, total: 0 }) {
  for (const hook of hooks) {
    if (await hook.act?.(stage, acting, position) === "ended") return true;
  }
  return false;
}

// ../simulator/src/scripted-ollama/tokens.ts
var BOS = "<s>";
function tokenize(prompt, badWords) {
  const tokens = [BOS];
  for (const word of prompt.split(/\s+/)) {
    if (word === "") continue;
    const pieces = piecesOf(word, badWords);
    if (pieces === 1) tokens.push(word);
    else for (let piece = 0; piece < pieces; piece += 1) tokens.push(`${word}#${piece}`);
  }
  return tokens;
}
function commonPrefix(a, b) {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length += 1;
  return length;
}
function tokenId(token) {
  let hash = 7;
  for (let index = 0; index < token.length; index += 1) hash = (hash * 31 + token.charCodeAt(index)) % 32e3;
  return hash;
}
function piecesOf(word, badWords) {
  if (badWords.has(word)) return 2;
  return /^[a-z]+$/.test(word) ? 1 : Math.max(2, Math.ceil(word.length / 3));
}

// ../simulator/src/scripted-ollama/prompt-cache.ts
var HOST_ENTRIES = 64;
var PromptCache = class {
  #slots;
  #host = [];
  #useHost;
  constructor(slotCount, useHost) {
    this.#slots = Array.from({ length: slotCount }, () => ({ tokens: [], busy: false }));
    this.#useHost = useHost;
  }
  /** Takes the free slot that shares most with the prompt, or undefined when all are busy. */
  take(prompt) {
    const free = this.#slots.filter((slot2) => !slot2.busy);
    const first = free[0];
    if (first === void 0) return void 0;
    const slot = free.reduce(
      (best, next) => commonPrefix(next.tokens, prompt) > commonPrefix(best.tokens, prompt) ? next : best,
      first
    );
    slot.busy = true;
    return { slot, sharedTokens: Math.max(commonPrefix(slot.tokens, prompt), this.#hostShare(prompt)) };
  }
  /** Gives a slot back with what it now holds. */
  giveBack(slot, tokens) {
    if (this.#useHost) {
      this.#host.push(tokens);
      if (this.#host.length > HOST_ENTRIES) this.#host.shift();
    }
    slot.tokens = tokens;
    slot.busy = false;
  }
  #hostShare(prompt) {
    return this.#host.reduce((most, tokens) => Math.max(most, commonPrefix(tokens, prompt)), 0);
  }
};
function reusableTokens(sharedTokens, promptTokens) {
  return Math.min(sharedTokens, promptTokens - 1);
}

// ../simulator/src/scripted-ollama/reply.ts
function chunkRecord(request2, text2) {
  return { ...head(request2), ...content(request2, text2), done: false };
}
function finalRecord(request2, end, numbers) {
  return {
    ...head(request2),
    ...content(request2, end.text),
    done: true,
    done_reason: end.doneReason,
    ...end.context === void 0 ? {} : { context: end.context },
    ...numbers
  };
}
function numbersOf2(measured) {
  const all = {
    total_duration: measured.totalNs,
    load_duration: measured.loadNs,
    prompt_eval_count: measured.promptCount,
    prompt_eval_duration: measured.promptNs,
    eval_count: measured.evalCount,
    eval_duration: measured.evalNs
  };
  const present = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0));
  return measured.cachedCount === void 0 ? present : { ...present, prompt_eval_cached_count: measured.cachedCount };
}
function head(request2) {
  return { model: request2.model, created_at: (/* @__PURE__ */ new Date()).toISOString() };
}
function content(request2, text2) {
  return request2.kind === "generate" ? { response: text2 } : { message: { role: "assistant", content: text2 } };
}

// ../simulator/src/scripted-ollama/schedule.ts
import { setTimeout as sleep } from "node:timers/promises";
var SPIN_MS = 1.3;
var STALL_MS = 25;
async function waitUntil(deadlineMs, signal) {
  const coarseMs = Math.floor(deadlineMs - performance.now() - SPIN_MS);
  if (coarseMs >= 1) await sleepQuietly(coarseMs, signal);
  while (performance.now() < deadlineMs && !signal.aborted)
    await new Promise((resolve) => setImmediate(resolve));
}
function waitSeconds(seconds, signal) {
  return waitUntil(performance.now() + seconds * 1e3, signal);
}
var Schedule = class {
  #deadlineMs;
  #signal;
  constructor(startMs, signal) {
    this.#deadlineMs = startMs;
    this.#signal = signal;
  }
  /** Waits for the end of the next step, which lasts `seconds`. */
  async step(seconds) {
    this.#deadlineMs += seconds * 1e3;
    await waitUntil(this.#deadlineMs, this.#signal);
    const nowMs = performance.now();
    if (nowMs - this.#deadlineMs > STALL_MS) this.#deadlineMs = nowMs;
  }
};
async function sleepQuietly(ms2, signal) {
  try {
    await sleep(ms2, void 0, { signal });
  } catch {
  }
}

// ../simulator/src/scripted-ollama/speed.ts
var DEFAULT_BATCH = 512;
function slownessOf(allocation, script, active) {
  const shared = placement(allocation.gpuShare, script.gpuShare) * threads(allocation.numThread, script.cores) * company(active);
  return { prefill: shared * batch(allocation.numBatch), decode: shared };
}
function batch(numBatch) {
  const perToken = (size) => 1 + 32 / Math.max(1, size);
  return perToken(numBatch) / perToken(DEFAULT_BATCH);
}
function threads(numThread, cores2) {
  return numThread > cores2 ? 1.3 : (cores2 / Math.max(1, numThread)) ** 0.7;
}
function placement(gpuShare, usualShare) {
  return 1 + 3 * Math.max(0, usualShare - gpuShare);
}
function company(active) {
  return 1 + 0.3 * Math.max(0, active - 1);
}

// ../simulator/src/scripted-ollama/generation.ts
async function generate(job, runner, prompt, options) {
  const taken = await runner.takeSlot(prompt, job.wire.gone);
  if (taken === void 0) return;
  const made = { promptTokens: 0, words: [] };
  try {
    const plan = planFor(job, runner, prompt, { ...options, sharedTokens: taken.sharedTokens });
    const startMs = performance.now();
    const { world } = job;
    const run = {
      job,
      runner,
      plan,
      pace: world.nextPace(plan.promptTokens - plan.cachedTokens),
      noise: noiseFactor(world.noise, world.script.jitter.sampleCv),
      schedule: new Schedule(startMs, scheduleSignal(job)),
      nextWord: answerWords(seededRandom(seedFromText(prompt.slice(0, 64).join(" ")) + options.seed)),
      made
    };
    await answerInSlot(run, prompt, startMs);
  } finally {
    runner.giveSlotBack(taken.slot, [...prompt.slice(0, made.promptTokens), ...made.words.slice(0, -1)]);
  }
}
async function answerInSlot(run, prompt, startMs) {
  const { job, plan } = run;
  if (plan.opensWithEmptyChunk) await sendText(run, "", { index: 0, total: plan.evalTokens });
  if (!await prefill(run)) return;
  const firstTokenMs = performance.now();
  if (await actAt(job.hooks, "headers", job.acting)) return;
  if (plan.oneWrite) job.wire.hold();
  const lastTokenMs = await decode(run, firstTokenMs);
  if (lastTokenMs === void 0) return;
  await finish(run, prompt, { startMs, firstTokenMs, lastTokenMs });
  await actAt(job.hooks, "finished", job.acting);
}
async function prefill({ job, runner, plan, pace, noise, schedule, made }) {
  const { script } = job.world;
  const { numBatch } = runner.allocation;
  for (let from = plan.cachedTokens; from < plan.promptTokens; from += numBatch) {
    const to = Math.min(from + numBatch, plan.promptTokens);
    const slowness = slownessOf(runner.allocation, script, runner.active).prefill;
    const honest = pace.prefillSeconds(from, to) * slowness * noise * stepNoise(job) * script.timeScale;
    await schedule.step(through(job.hooks, honest, (hook, seconds) => hook.prefill?.(seconds)));
    made.promptTokens = to;
    if (job.world.stopping.aborted || job.wire.gone.aborted && behavioursOf(script.version).cancelStopsPrefill) {
      return false;
    }
  }
  return !job.wire.gone.aborted;
}
async function decode(run, firstTokenMs) {
  const { job, plan } = run;
  const schedule = new Schedule(firstTokenMs, scheduleSignal(job));
  let lastTokenMs = firstTokenMs;
  let pending = "";
  let pendingTokens = 0;
  for (let index = 0; index < plan.evalTokens; index += 1) {
    const position = { index, total: plan.evalTokens };
    if (index > 0) {
      await schedule.step(gapBefore(run, position));
      lastTokenMs = performance.now();
    }
    if (job.wire.gone.aborted) return void 0;
    if (await actAt(job.hooks, "token", job.acting, position)) return void 0;
    const word = run.nextWord();
    run.made.words.push(word);
    pending += ` ${word}`;
    pendingTokens += 1;
    const isLast = index === plan.evalTokens - 1;
    if (isLast || index + 1 >= plan.heldTokens && pendingTokens >= plan.tokensPerChunk) {
      await sendText(run, pending, position);
      pending = "";
      pendingTokens = 0;
    }
  }
  return lastTokenMs;
}
function gapBefore({ job, runner, plan, pace, noise }, position) {
  const { script } = job.world;
  const slowness = slownessOf(runner.allocation, script, runner.active).decode;
  const depth = Math.min(plan.promptTokens + position.index - 1, runner.allocation.numCtx);
  const honest = pace.gapSeconds(position.index, depth) * slowness * noise * stepNoise(job) * script.timeScale;
  return through(job.hooks, honest, (hook, seconds) => hook.gap?.(seconds, position));
}
async function sendText({ job }, text2, position) {
  if (!job.request.stream) return;
  const texts = job.hooks.reduce(
    (all, hook) => all.flatMap((one) => hook.texts?.(one, position) ?? [one]),
    [text2]
  );
  for (const one of texts) {
    const honest = JSON.stringify(chunkRecord(job.request, one));
    await job.wire.line(through(job.hooks, honest, (hook, line) => hook.line?.(line, position)));
  }
}
async function finish(run, prompt, clock) {
  const { job, plan, made } = run;
  const { words } = made;
  const { request: request2, wire, hooks } = job;
  let numbers = numbersOf2(measure(run, clock));
  const text2 = request2.stream ? "" : words.map((word) => ` ${word}`).join("");
  for (const hook of hooks) {
    const told = hook.final === void 0 ? numbers : hook.final(numbers);
    if (told === null) {
      await endWithoutDone(run, text2);
      return;
    }
    numbers = told;
  }
  const context = request2.kind === "generate" && !request2.raw ? [...prompt, ...words].map(tokenId) : void 0;
  const record = finalRecord(request2, { text: text2, doneReason: plan.doneReason, context }, numbers);
  if (!request2.stream) {
    wire.json(200, record);
    return;
  }
  const lines = hooks.reduce(
    (all, hook) => all.flatMap((line) => hook.closing?.(line) ?? [line]),
    [JSON.stringify(record)]
  );
  for (const line of lines) await wire.line(line);
  await wire.release();
  wire.end();
}
async function endWithoutDone({ job }, text2) {
  if (!job.request.stream) {
    job.wire.json(200, chunkRecord(job.request, text2));
    return;
  }
  await job.wire.release();
  job.wire.end();
}
function measure({ job, plan, made }, clock) {
  const { version, cachedCountSince } = job.world.script;
  const nanoseconds = (fromMs, toMs) => Math.round((toMs - fromMs) * 1e6);
  const excluded = behavioursOf(version).promptCountExcludesCached ? plan.cachedTokens : 0;
  return {
    totalNs: nanoseconds(job.clock.arrivedMs, performance.now()),
    loadNs: nanoseconds(job.clock.arrivedMs, job.clock.loadedMs),
    promptCount: plan.promptTokens - excluded,
    cachedCount: compareVersions(version, cachedCountSince) >= 0 ? plan.cachedTokens : void 0,
    promptNs: nanoseconds(clock.startMs, clock.firstTokenMs),
    evalCount: made.words.length,
    evalNs: nanoseconds(clock.firstTokenMs, clock.lastTokenMs)
  };
}
function planFor(job, runner, prompt, { numPredict, shift, sharedTokens }) {
  const { script } = job.world;
  const behaviours = behavioursOf(script.version);
  const room = shift ? Number.POSITIVE_INFINITY : roomFor(prompt.length, runner.allocation.numCtx, behaviours);
  const stop = script.stopAfterTokens ?? Number.POSITIVE_INFINITY;
  const limit = Math.min(numPredict, room);
  const cached = behaviours.cacheNeedsShift && !shift ? 0 : reusableTokens(sharedTokens, prompt.length);
  const honest = {
    promptTokens: prompt.length,
    cachedTokens: cached,
    numPredict,
    evalTokens: Math.min(limit, stop),
    doneReason: stop < limit ? "stop" : "length",
    tokensPerChunk: 1,
    heldTokens: 0,
    opensWithEmptyChunk: false,
    oneWrite: false
  };
  return through(job.hooks, honest, (hook, plan) => hook.plan?.(plan));
}
function stepNoise({ world }) {
  return noiseFactor(world.noise, world.script.jitter.stepCv);
}
function scheduleSignal({ world, wire }) {
  return behavioursOf(world.script.version).cancelStopsPrefill ? wire.gone : world.stopping;
}

// ../simulator/src/scripted-ollama/options.ts
var KNOWN = {
  num_ctx: "integer",
  num_batch: "integer",
  num_gpu: "integer",
  main_gpu: "integer",
  use_mmap: "boolean",
  num_thread: "integer",
  draft_num_predict: "integer",
  num_keep: "integer",
  seed: "integer",
  num_predict: "integer",
  top_k: "integer",
  top_p: "float32",
  min_p: "float32",
  typical_p: "float32",
  repeat_last_n: "integer",
  temperature: "float32",
  repeat_penalty: "float32",
  presence_penalty: "float32",
  frequency_penalty: "float32",
  stop: "array"
};
function readOptions(sources, shift) {
  const given = mergeOptions(sources);
  const integer = (key, fallback) => typeof given[key] === "number" ? Math.trunc(given[key]) : fallback;
  const numCtx = Math.max(4, integer("num_ctx", automaticContext(sources)));
  const numBatch = integer("num_batch", automaticBatch(sources, numCtx));
  const resolvedShift = shift ?? numCtx < sources.behaviours.defaultShiftBelowNumCtx;
  return {
    load: {
      numCtx,
      numBatch: sources.behaviours.batchFollowsContext ? numBatch : Math.min(numBatch, numCtx),
      numGpu: integer("num_gpu", -1),
      mainGpu: integer("main_gpu", 0),
      useMmap: typeof given.use_mmap === "boolean" ? given.use_mmap : null,
      numThread: integer("num_thread", 0),
      draftNumPredict: integer("draft_num_predict", 0),
      shift: sources.behaviours.shiftIsLoadTime ? resolvedShift : null,
      automaticCtx: typeof given.num_ctx !== "number",
      automaticBatch: typeof given.num_batch !== "number"
    },
    run: {
      numPredict: integer("num_predict", -1),
      numKeep: integer("num_keep", 4),
      seed: integer("seed", -1)
    }
  };
}
function needsReload(loaded, asked, trainedContext) {
  const sameCtx = loaded.automaticCtx && asked.automaticCtx || Math.min(loaded.numCtx, trainedContext) === Math.min(asked.numCtx, trainedContext);
  const sameBatch = loaded.automaticBatch && asked.automaticBatch || loaded.numBatch === asked.numBatch;
  const sameGpu = asked.numGpu < 0 || loaded.numGpu === asked.numGpu;
  const sameMmap = asked.useMmap === null || loaded.useMmap === asked.useMmap;
  const sameRest = loaded.mainGpu === asked.mainGpu && loaded.numThread === asked.numThread && loaded.draftNumPredict === asked.draftNumPredict && loaded.shift === asked.shift;
  return !(sameCtx && sameBatch && sameGpu && sameMmap && sameRest);
}
function boundedPredict(numPredict, numCtx) {
  const limit = 10 * numCtx;
  return numPredict <= 0 || numPredict > limit ? limit : numPredict;
}
function mergeOptions({ model, behaviours, requested }) {
  const merged = {};
  for (const [key, value] of [...Object.entries(model.parameters), ...Object.entries(requested)]) {
    const kind = key === "draft_num_predict" && !behaviours.knowsDraftOption ? void 0 : KNOWN[key];
    if (kind === void 0 || value === null) continue;
    if (!isOfKind(value, kind)) throw new RequestError(500, `option "${key}" must be of type ${kind}`);
    merged[key] = value;
  }
  return merged;
}
function isOfKind(value, kind) {
  if (kind === "array") return Array.isArray(value);
  return typeof value === (kind === "boolean" ? "boolean" : "number");
}
function automaticContext({ script, behaviours }) {
  if (script.server.contextLength > 0) return script.server.contextLength;
  const vramGib = script.gpuShare > 0 ? script.memory.vramBytes / 1024 ** 3 : 0;
  if (!behaviours.contextFollowsVram || vramGib < 23) return 4096;
  return vramGib < 47 ? 32768 : 262144;
}
function automaticBatch({ script, behaviours }, numCtx) {
  const cells = numCtx * script.server.numParallel;
  if (!behaviours.batchFollowsContext || cells <= 4096) return 512;
  return cells > 32768 ? 2048 : 1024;
}

// ../simulator/src/scripted-ollama/runner.ts
var Runner = class {
  model;
  asked;
  allocation;
  state = "loading";
  /** Requests that use this runner, waiting for a slot or generating. */
  users = 0;
  keepAliveSeconds;
  expiresAtMs = 0;
  expiry;
  /** Generations in progress; they slow each other down. */
  active = 0;
  /** Fulfilled when the runner is gone. */
  gone;
  #numParallel;
  #cache;
  #waiting = [];
  #setGone = () => void 0;
  constructor(setup) {
    this.model = setup.model;
    this.asked = setup.asked;
    this.allocation = setup.allocation;
    this.keepAliveSeconds = setup.keepAliveSeconds;
    this.#numParallel = setup.numParallel;
    this.#cache = new PromptCache(setup.numParallel, setup.hostPromptCache);
    this.gone = new Promise((resolve) => {
      this.#setGone = resolve;
    });
  }
  /** Bytes of weights, KV cache and buffers. */
  get size() {
    return loadedBytes(this.model, this.allocation, this.#numParallel);
  }
  /** The part of `size` on the GPU. */
  get sizeVram() {
    return vramBytes(this.size, this.allocation.gpuShare);
  }
  /** Waits for a free slot and takes it; undefined when the client went away meanwhile. */
  async takeSlot(prompt, gone) {
    for (; ; ) {
      if (gone.aborted) return void 0;
      const taken = this.#cache.take(prompt);
      if (taken !== void 0) {
        this.active += 1;
        return taken;
      }
      await this.#turn(gone);
    }
  }
  /** Gives a slot back; the next in line is woken. */
  giveSlotBack(slot, tokens) {
    this.active -= 1;
    this.#cache.giveBack(slot, tokens);
    this.#waiting.shift()?.();
  }
  /** Marks the runner as gone and stops its expiry. */
  end() {
    this.state = "gone";
    clearTimeout(this.expiry);
    this.#setGone();
  }
  #turn(gone) {
    return new Promise((resolve) => {
      const leave = () => {
        const place2 = this.#waiting.indexOf(wake);
        if (place2 >= 0) this.#waiting.splice(place2, 1);
        resolve();
      };
      const wake = () => {
        gone.removeEventListener("abort", leave);
        resolve();
      };
      gone.addEventListener("abort", leave, { once: true });
      this.#waiting.push(wake);
    });
  }
};

// ../simulator/src/scripted-ollama/scheduler.ts
var Scheduler = class {
  #script;
  #stopping;
  /** By digest of the weights: two names of the same weights share a runner. */
  #loaded = /* @__PURE__ */ new Map();
  #waiting = 0;
  #last = Promise.resolve();
  constructor(script, stopping) {
    this.#script = script;
    this.#stopping = stopping;
  }
  /** Every runner that /api/ps shows: also those still loading or unloading. */
  get runners() {
    return [...this.#loaded.values()];
  }
  /**
   * Gives a runner with these load options, loaded if need be. The caller gives it back with `release`.
   * @throws RequestError 503 when too many requests wait for a load, 500 when the model does not fit.
   */
  async acquire(request2) {
    const runner = this.#usable(request2);
    if (runner !== void 0) {
      this.#use(runner, request2);
      await waitSeconds(this.#script().warmLoadSeconds * this.#script().timeScale, request2.gone);
      return runner;
    }
    if (this.#waiting >= this.#script().server.maxQueue) {
      throw new RequestError(503, "server busy, please try again.  maximum pending requests exceeded");
    }
    this.#waiting += 1;
    const turn = this.#last.then(() => this.#loadInTurn(request2));
    this.#last = turn.catch(() => void 0);
    return turn;
  }
  /** Ends a use; the last user starts the keep-alive clock. */
  release(runner) {
    runner.users -= 1;
    if (runner.users > 0 || runner.state !== "ready") return;
    const seconds = runner.keepAliveSeconds;
    if (seconds <= 0) {
      void this.#unload(runner);
      return;
    }
    runner.expiresAtMs = expiryOf(seconds);
    if (seconds < 2e6) runner.expiry = setTimeout(() => void this.#unload(runner), seconds * 1e3);
  }
  /** Asks for an unload and returns at once; it happens when the last user is done. */
  expire(model) {
    const runner = this.#loaded.get(model.blob);
    if (runner === void 0) return;
    runner.keepAliveSeconds = 0;
    runner.expiresAtMs = Date.now();
    clearTimeout(runner.expiry);
    if (runner.users === 0 && runner.state === "ready") void this.#unload(runner);
  }
  /** Unloads and waits for it. */
  async evict(model) {
    const runner = this.#loaded.get(model.blob);
    if (runner === void 0) return;
    this.expire(model);
    await runner.gone;
  }
  /** The runner vanishes without any waiting. */
  crash(model) {
    const runner = this.#loaded.get(model.blob);
    if (runner !== void 0) this.#remove(runner);
  }
  /** Forgets all runners and stops their clocks. */
  stop() {
    for (const runner of this.runners) this.#remove(runner);
  }
  async #loadInTurn(request2) {
    this.#waiting -= 1;
    for (; ; ) {
      if (request2.gone.aborted || this.#stopping.aborted) throw new RequestError(499, "request canceled");
      const runner = this.#usable(request2);
      if (runner !== void 0) {
        this.#use(runner, request2);
        return runner;
      }
      const inTheWay = this.#loaded.get(request2.model.blob) ?? this.#superfluous();
      if (inTheWay === void 0) return await this.#load(request2);
      this.expire(inTheWay.model);
      await inTheWay.gone;
    }
  }
  async #load(request2) {
    const script = this.#script();
    const runner = this.#newRunner(request2, script);
    this.#loaded.set(request2.model.blob, runner);
    await waitSeconds(script.loadSeconds * script.timeScale, request2.gone);
    if (request2.gone.aborted || runner.state === "gone") {
      this.#remove(runner);
      throw new RequestError(499, "request canceled");
    }
    runner.state = "ready";
    this.#use(runner, request2);
    return runner;
  }
  #newRunner(request2, script) {
    const behaviours = behavioursOf(script.version);
    const honest = allocate(request2.asked, request2.model, script, behaviours);
    const wanted = through(request2.hooks, honest, (hook, value) => hook.allocation?.(value));
    const size = loadedBytes(request2.model, wanted, script.server.numParallel);
    const explicitGpu = request2.asked.numGpu >= 0;
    const gpuShare = place(size, { ...wanted, explicitGpu }, this.#free(script), behaviours);
    return new Runner({
      model: request2.model,
      asked: request2.asked,
      allocation: { ...wanted, gpuShare },
      numParallel: script.server.numParallel,
      hostPromptCache: behaviours.hostPromptCache && script.server.hostPromptCache,
      keepAliveSeconds: request2.keepAliveSeconds ?? foreverIfNegative(script.server.keepAliveSeconds)
    });
  }
  #free(script) {
    const vram = this.runners.reduce((sum2, runner) => sum2 + runner.sizeVram, 0);
    const all = this.runners.reduce((sum2, runner) => sum2 + runner.size, 0);
    return { ramBytes: script.memory.ramBytes - (all - vram), vramBytes: script.memory.vramBytes - vram };
  }
  #usable({ model, asked }) {
    const runner = this.#loaded.get(model.blob);
    if (runner?.state !== "ready" || runner.users === 0 && runner.keepAliveSeconds <= 0) return void 0;
    return needsReload(runner.asked, asked, model.architecture.trainedContext) ? void 0 : runner;
  }
  #use(runner, request2) {
    runner.users += 1;
    clearTimeout(runner.expiry);
    if (request2.keepAliveSeconds !== void 0) runner.keepAliveSeconds = request2.keepAliveSeconds;
    runner.expiresAtMs = expiryOf(runner.keepAliveSeconds);
  }
  /** The idle runner that has to make room when as many models are loaded as may be. */
  #superfluous() {
    if (this.#loaded.size < this.#script().server.maxLoadedModels) return void 0;
    return this.runners.find((runner) => runner.users === 0) ?? this.runners[0];
  }
  async #unload(runner) {
    if (runner.state !== "ready") return;
    runner.state = "unloading";
    const script = this.#script();
    await waitSeconds(script.unloadSeconds * script.timeScale, this.#stopping);
    this.#remove(runner);
  }
  #remove(runner) {
    if (this.#loaded.get(runner.model.blob) === runner) this.#loaded.delete(runner.model.blob);
    runner.end();
  }
};
function foreverIfNegative(seconds) {
  return seconds < 0 ? Number.POSITIVE_INFINITY : seconds;
}
function expiryOf(seconds) {
  const forEverSeconds = 292 * 365 * 86400;
  return Date.now() + Math.min(seconds, forEverSeconds) * 1e3;
}

// ../simulator/src/scripted-ollama/generation-request.ts
function readGenerationRequest(kind, body) {
  const raw = body.raw === true;
  if (kind === "generate" && raw && (body.template || body.system || body.context)) {
    throw new RequestError(400, "raw mode does not support template, system, or context");
  }
  const parts = kind === "generate" ? promptParts(body, raw) : messageParts(body);
  return {
    kind,
    model: textOf(body, "model"),
    parts,
    empty: parts.length === 0,
    raw,
    stream: body.stream !== false,
    truncate: body.truncate !== false,
    shift: typeof body.shift === "boolean" ? body.shift : null,
    keepAliveSeconds: keepAliveOf(body.keep_alive),
    options: isObject(body.options) ? body.options : {}
  };
}
function keepAliveOf(value) {
  if (value === void 0 || value === null) return void 0;
  if (typeof value === "number") return foreverIfNegative(value);
  if (typeof value === "string") return foreverIfNegative(parseGoDuration(value));
  throw new RequestError(400, `Unsupported type: '${typeof value}'`);
}
var UNIT_SECONDS = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600
};
function parseGoDuration(text2) {
  if (text2 === "0") return 0;
  const match = /^([+-]?)((?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+)$/.exec(text2);
  if (match === null) throw new RequestError(400, `time: invalid duration "${text2}"`);
  const pieces = [...(match[2] ?? "").matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)];
  const seconds = pieces.reduce(
    (sum2, piece) => sum2 + Number(piece[1]) * (UNIT_SECONDS[piece[2] ?? "s"] ?? 1),
    0
  );
  return match[1] === "-" ? -seconds : seconds;
}
function promptParts(body, raw) {
  const prompt = textOf(body, "prompt");
  if (prompt === "") return [];
  if (raw) return [prompt];
  const system = textOf(body, "system");
  return [...system === "" ? [] : [`system ${system}`], `user ${prompt} assistant`];
}
function messageParts(body) {
  const messages = Array.isArray(body.messages) ? body.messages.filter(isObject) : [];
  const parts = messages.map((message) => `${textOf(message, "role")} ${textOf(message, "content")}`);
  const last = parts.pop();
  return last === void 0 ? [] : [...parts, `${last} assistant`];
}
function textOf(body, key) {
  const value = body[key];
  if (value === void 0 || value === null) return "";
  if (typeof value !== "string") {
    throw new RequestError(
      400,
      `json: cannot unmarshal ${typeof value} into Go struct field .${key} of type string`
    );
  }
  return value;
}
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// ../simulator/src/scripted-ollama/answer.ts
async function answer(world, record, wire) {
  const kind = record.path === "/api/chat" ? "chat" : "generate";
  const request2 = readGenerationRequest(kind, record.body);
  const tokens = tokenize(request2.parts.join(" "), new Set(world.script.badWords));
  const hooks = hooksFor([...world.script.lies, ...world.script.faults], {
    sample: sampleNumber(world, record, request2, tokens),
    samplesBegun: world.samplesBegun
  });
  const model = hooks.some((hook) => hook.knowsNoModel) ? void 0 : world.store.find(request2.model);
  if (model === void 0) throw new RequestError(404, `model '${request2.model}' not found`);
  const clock = { arrivedMs: record.atMs, loadedMs: record.atMs };
  const acting = actingOn(world, { model, request: request2, wire, path: record.path, clock });
  const job = { world, request: request2, model, wire, hooks, acting, clock };
  if (request2.empty && request2.keepAliveSeconds === 0) {
    if (!hooks.some((hook) => hook.neverUnloads)) world.scheduler.expire(model);
    wire.json(200, emptyReply(request2, "unload"));
  } else {
    await answerWithRunner(job, tokens);
  }
}
async function answerWithRunner(job, tokens) {
  const { world, request: request2, model, hooks, wire } = job;
  const behaviours = behavioursOf(world.script.version);
  const sources = { script: world.script, model, behaviours, requested: request2.options };
  const options = readOptions(sources, request2.shift);
  if (await actAt(hooks, "arrival", job.acting)) return;
  const stays = request2.keepAliveSeconds === 0 && hooks.some((hook) => hook.neverUnloads);
  const runner = await world.scheduler.acquire({
    model,
    asked: through(hooks, options.load, (hook, asked) => hook.load?.(asked)),
    keepAliveSeconds: stays ? void 0 : request2.keepAliveSeconds,
    hooks,
    gone: wire.gone
  });
  try {
    job.clock.loadedMs = performance.now();
    if (request2.empty) {
      wire.json(200, emptyReply(request2, "load"));
      return;
    }
    if (await actAt(hooks, "loaded", job.acting)) return;
    const prompt = promptFor(job, runner, tokens, options.run.numKeep);
    await generate(job, runner, prompt, {
      numPredict: boundedPredict(options.run.numPredict, runner.allocation.numCtx),
      seed: options.run.seed,
      shift: shiftOf(request2, options.load.numCtx, behaviours.defaultShiftBelowNumCtx)
    });
  } finally {
  }
}
function promptFor(job, runner, tokens, numKeep) {
  const { world, request: request2, hooks } = job;
  const behaviours = behavioursOf(world.script.version);
  const { numCtx } = runner.allocation;
  const shift = shiftOf(request2, numCtx, behaviours.defaultShiftBelowNumCtx);
  const whole = request2.kind === "chat" && request2.truncate ? dropOldMessages(job, tokens, numCtx) : tokens;
  const fit = { tokens: whole, numCtx, numKeep, truncate: request2.truncate, shift };
  for (const hook of hooks) {
    const cut = hook.fit?.(fit);
    if (cut !== void 0) return cut;
  }
  return fitPrompt(fit, behaviours);
}
function dropOldMessages(job, tokens, numCtx) {
  const badWords = new Set(job.world.script.badWords);
  let { parts } = job.request;
  let kept = tokens;
  while (kept.length > numCtx && parts.length > 1) {
    parts = parts.slice(1);
    kept = tokenize(parts.join(" "), badWords);
  }
  return kept;
}
function shiftOf(request2, numCtx, defaultBelow) {
  return request2.shift ?? numCtx < defaultBelow;
}
function sampleNumber(world, record, request2, tokens) {
  const { minPromptTokens, minPredict } = world.script.measured;
  const predict = request2.options.num_predict;
  const open = typeof predict !== "number" || predict <= 0;
  if (request2.empty || tokens.length < minPromptTokens || !(open || predict >= minPredict)) return null;
  world.samplesBegun += 1;
  record.sample = world.samplesBegun;
  return world.samplesBegun;
}
function emptyReply(request2, reason) {
  return { ...chunkRecord(request2, ""), done: true, done_reason: reason };
}
function actingOn(world, { model, request: request2, wire, path, clock }) {
  return {
    path,
    engine: behavioursOf(world.script.version).engine,
    redirectTo: world.script.redirectTo,
    answer: (status, body, headers) => wire.json(status, body, headers),
    writeLine: (line) => request2.stream ? void wire.line(line) : wire.json(500, JSON.parse(line)),
    writeBytes: (count) => wire.bytes(count),
    end: () => wire.end(),
    reset: () => wire.reset(),
    drip: (seconds) => wire.drip(seconds),
    wait: (seconds) => waitSeconds(seconds, wire.gone),
    arriveNow: () => {
      clock.arrivedMs = performance.now();
    },
    untilClosed: () => wire.untilGone(),
    evict: () => world.scheduler.evict(model),
    expire: () => world.scheduler.expire(model),
    crash: () => world.scheduler.crash(model),
    moveTo: (gpuShare) => {
      const runner = world.scheduler.runners.find((candidate) => candidate.model.blob === model.blob);
      if (runner !== void 0) runner.allocation = { ...runner.allocation, gpuShare };
    }
  };
}

// ../simulator/src/scripted-ollama/metadata-routes.ts
var VERBOSE_ELEMENTS = 64;
function metadataHooks(world) {
  return hooksFor(world.script.lies, { sample: void 0, samplesBegun: world.samplesBegun });
}
function versionReply(world) {
  return {
    version: through(metadataHooks(world), world.script.version, (hook, version) => hook.version?.(version))
  };
}
function tagsReply(world) {
  const honest = world.store.models.map((model) => ({
    name: model.name,
    model: model.name,
    modified_at: model.modifiedAt,
    size: model.size,
    digest: model.digest,
    details: model.details
  }));
  return { models: through(metadataHooks(world), honest, (hook, rows) => hook.tags?.(rows)) };
}
function psIsSilent(world) {
  return metadataHooks(world).some((hook) => hook.hangsOnPs);
}
function psReply(world) {
  const runners = [...world.scheduler.runners].sort((a, b) => b.expiresAtMs - a.expiresAtMs);
  const honest = runners.map(psRow);
  return { models: through(metadataHooks(world), honest, (hook, rows) => hook.ps?.(rows)) };
}
function showReply(world, body) {
  const name = body.model ?? body.name;
  if (typeof name !== "string" || name === "") throw new RequestError(400, "model is required");
  const hidden = metadataHooks(world).some((hook) => hook.knowsNoModel);
  const model = hidden ? void 0 : world.store.find(name);
  if (model === void 0) throw new RequestError(404, `model '${name}' not found`);
  const parameters = Object.entries(model.parameters).map(
    ([key, value]) => `${key.padEnd(30)} ${String(value)}`
  );
  return {
    modelfile: `# Modelfile
FROM ${model.name}
`,
    ...parameters.length === 0 ? {} : { parameters: parameters.join("\n") },
    template: "user {{ .Prompt }} assistant",
    details: model.details,
    model_info: body.verbose === true ? verboseInfo(model) : model.modelInfo,
    tensors: model.tensors,
    capabilities: ["completion"],
    modified_at: model.modifiedAt
  };
}
function psRow(runner) {
  return {
    name: runner.model.name,
    model: runner.model.name,
    size: runner.size,
    digest: runner.model.digest,
    details: runner.model.details,
    expires_at: new Date(runner.expiresAtMs || Date.now() + 3e5).toISOString(),
    size_vram: runner.sizeVram,
    context_length: runner.allocation.shownContext
  };
}
function verboseInfo(model) {
  const tokens = Array.from({ length: VERBOSE_ELEMENTS }, (_, index) => `token-${index}`);
  return {
    ...model.modelInfo,
    "tokenizer.ggml.scores": tokens.map(() => 0),
    "tokenizer.ggml.token_type": tokens.map(() => 1),
    "tokenizer.ggml.tokens": tokens
  };
}

// ../simulator/src/scripted-ollama/store-routes.ts
async function createModel(world, body, wire) {
  const name = textOf2(body, "model") || textOf2(body, "name");
  if (name === "") throw new RequestError(400, "invalid model name");
  const model = world.store.create({
    name,
    from: textOf2(body, "from"),
    files: objectOf(body, "files"),
    parameters: objectOf(body, "parameters") ?? {}
  });
  if (body.stream === false) {
    wire.json(200, { status: "success" });
    return;
  }
  const steps = ["parsing GGUF", `using existing layer ${model.blob}`, "writing manifest", "success"];
  for (const status of steps) await wire.line(JSON.stringify({ status }));
  wire.end();
}
function copyModel(world, body, wire) {
  const [source, destination] = [textOf2(body, "source"), textOf2(body, "destination")];
  if (source === "") throw new RequestError(400, 'source "" is invalid');
  if (destination === "") throw new RequestError(400, 'destination "" is invalid');
  world.store.copy(source, destination);
  wire.empty(200);
}
function deleteModel(world, body, wire) {
  const name = textOf2(body, "model") || textOf2(body, "name");
  if (!world.store.delete(name)) throw new RequestError(404, `model '${name}' not found`);
  wire.empty(200);
}
async function blob(world, request2, wire) {
  const digest = (request2.url ?? "").split("/").at(-1) ?? "";
  if (!/^sha256[:-][0-9a-f]{64}$/.test(digest)) throw new RequestError(400, "invalid digest format");
  const known = world.store.hasBlob(digest);
  if (request2.method === "HEAD") {
    wire.empty(known ? 200 : 404);
  } else if (known) {
    request2.resume();
    wire.empty(200);
  } else {
    await world.store.addBlob(digest, request2);
    wire.empty(201);
  }
}
function textOf2(body, key) {
  const value = body[key];
  return typeof value === "string" ? value : "";
}
function objectOf(body, key) {
  const value = body[key];
  return typeof value === "object" && value !== null ? value : null;
}

// ../simulator/src/scripted-ollama/routes.ts
var ROUTES = {
  "GET /": (_world, { wire }) => wire.text(200, "Ollama is running"),
  "GET /api/version": (world, { wire }) => wire.json(200, versionReply(world)),
  "GET /api/tags": (world, { wire }) => wire.json(200, tagsReply(world)),
  "GET /api/ps": (world, { wire }) => psIsSilent(world) ? wire.untilGone() : wire.json(200, psReply(world)),
  "POST /api/show": (world, { wire, body }) => wire.json(200, showReply(world, body)),
  "POST /api/generate": (world, { wire, record }) => answer(world, record, wire),
  "POST /api/chat": (world, { wire, record }) => answer(world, record, wire),
  "POST /api/create": (world, { wire, body }) => createModel(world, body, wire),
  "POST /api/copy": (world, { wire, body }) => copyModel(world, body, wire),
  "DELETE /api/delete": (world, { wire, body }) => deleteModel(world, body, wire)
};
async function handle(world, request2, context) {
  const { wire, requests } = context;
  const atMs = performance.now();
  const path = (request2.url ?? "/").split("?")[0] ?? "/";
  const method = request2.method ?? "GET";
  try {
    if (path.startsWith("/api/blobs/")) {
      requests.push({ atMs, method, path, body: void 0 });
      await blob(world, request2, wire);
      return;
    }
    const route = ROUTES[`${method === "HEAD" ? "GET" : method} ${path}`];
    const body = route !== void 0 && method !== "GET" && method !== "HEAD" ? await readBody(request2) : void 0;
    const record = { atMs, method, path, body };
    requests.push(record);
    if (route === void 0) wire.text(404, "404 page not found");
    else await route(world, { body: body ?? {}, record, wire });
  } catch (error) {
    refuse(wire, error);
  }
}
async function readBody(request2) {
  const pieces = [];
  for await (const piece of request2) pieces.push(Buffer.from(piece));
  const text2 = Buffer.concat(pieces).toString("utf8");
  if (text2.trim() === "") throw new RequestError(400, "missing request body");
  try {
    const parsed = JSON.parse(text2);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
  }
  throw new RequestError(400, "invalid character in request body: a JSON object was expected");
}
function refuse(wire, error) {
  const status = error instanceof RequestError ? error.status : 500;
  const message = error instanceof Error ? error.message : String(error);
  if (!wire.started) {
    wire.json(status, { error: message });
    return;
  }
  void wire.line(JSON.stringify({ error: message }));
  wire.end();
}

// ../simulator/src/scripted-ollama/wire.ts
import { once } from "node:events";
var HUGE_PIECE = Buffer.alloc(64 * 1024, "x");
var Wire = class {
  #response;
  #gone = new AbortController();
  #dripSeconds = 0;
  #held = null;
  #ended = false;
  constructor(response) {
    this.#response = response;
    response.once("close", () => this.#gone.abort());
    response.on("error", () => this.#gone.abort());
  }
  /** Aborted when the client goes away before the answer is complete, or when it is. */
  get gone() {
    return this.#gone.signal;
  }
  /** Headers have left, so that an error can only be told as a line of the stream. */
  get started() {
    return this.#response.headersSent;
  }
  /** A complete JSON answer. */
  json(status, body, headers = {}) {
    this.#finish(
      status,
      { "content-type": "application/json; charset=utf-8", ...headers },
      JSON.stringify(body)
    );
  }
  /** A complete answer in plain text, or an empty one. */
  text(status, body) {
    this.#finish(status, { "content-type": "text/plain; charset=utf-8" }, body);
  }
  /** An answer without body. */
  empty(status) {
    this.#finish(status, {}, "");
  }
  /** One line of a stream; the first one sends the headers. */
  async line(line) {
    if (this.#held !== null) this.#held.push(`${line}
`);
    else await this.#send(`${line}
`);
  }
  /** From now on lines are kept until `release`. */
  hold() {
    this.#held = [];
  }
  /** Sends all kept lines in one write. */
  async release() {
    const held = this.#held ?? [];
    this.#held = null;
    if (held.length > 0) await this.#send(held.join(""));
  }
  /** Writes so many bytes without a newline, no faster than the client takes them. */
  async bytes(count) {
    this.#head();
    for (let left = count; left > 0 && !this.gone.aborted; left -= HUGE_PIECE.length) {
      const taken = this.#response.write(HUGE_PIECE.subarray(0, Math.min(left, HUGE_PIECE.length)));
      if (!taken) await this.#drained();
    }
  }
  /** From now on every write goes out byte by byte. */
  drip(secondsPerByte) {
    this.#dripSeconds = secondsPerByte;
  }
  /** Ends the stream as complete. */
  end() {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.end();
  }
  /** Cuts the connection with a reset. */
  reset() {
    this.#ended = true;
    this.#response.socket?.resetAndDestroy();
  }
  /** Waits until the client goes away or the server stops. */
  async untilGone() {
    if (!this.gone.aborted) await once(this.gone, "abort");
  }
  #finish(status, headers, body) {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
    this.#response.end(body);
  }
  async #send(text2) {
    if (this.#ended || this.gone.aborted) return;
    this.#head();
    if (this.#dripSeconds === 0) {
      this.#response.write(text2);
      return;
    }
    for (const byte of Buffer.from(text2)) {
      if (this.gone.aborted) return;
      this.#response.write(Buffer.of(byte));
      await waitSeconds(this.#dripSeconds, this.gone);
    }
  }
  #head() {
    if (!this.#response.headersSent)
      this.#response.writeHead(200, { "content-type": "application/x-ndjson" });
  }
  async #drained() {
    try {
      await once(this.#response, "drain", { signal: this.gone });
    } catch {
    }
  }
};

// ../simulator/src/scripted-ollama/server.ts
async function startScriptedOllama(change = {}, port = 0) {
  const stopping = new AbortController();
  const world = newWorld(changeScript(defaultScript(), change), stopping.signal);
  const requests = [];
  const server = createServer({ noDelay: true, keepAliveTimeout: 3e4 }, (request2, response) => {
    void handle(world, request2, { wire: new Wire(response), requests });
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  server.requestTimeout = 0;
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    set: (next) => applyChange(world, next),
    stop: () => {
      stopping.abort();
      world.scheduler.stop();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    }
  };
}
function newWorld(script, stopping) {
  const world = {
    script,
    store: new ModelStore(script.models),
    scheduler: new Scheduler(() => world.script, stopping),
    nextPace: paceSource(script.pace),
    noise: seededRandom(script.jitter.seed),
    samplesBegun: 0,
    stopping
  };
  return world;
}
function applyChange(world, change) {
  world.script = changeScript(world.script, change);
  world.samplesBegun = 0;
  if (change.models !== void 0) world.store.replace(change.models);
  if (change.pace !== void 0) world.nextPace = paceSource(change.pace);
  if (change.jitter !== void 0) world.noise = seededRandom(change.jitter.seed);
}

// ../shared/src/errors.ts
function messageOf(thrown) {
  const text2 = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text2.replace(/\s+/g, " ").trim();
}
function systemCodeOf(thrown) {
  let current = thrown;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    const { code, errors } = current;
    if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return code;
    current = Array.isArray(errors) && errors.length > 0 ? errors[0] : current.cause;
  }
  return null;
}

// ../shared/src/failure.ts
var FAILURE_ADVICE = {
  out_of_memory_load: "The model did not fit when it was loaded; use a smaller num_ctx or a smaller model.",
  out_of_memory_run: "Memory ran out while generating; use a smaller num_ctx, num_batch or concurrency.",
  context_too_large: "The prompt did not fit the context; use a larger num_ctx or a smaller fill.",
  runner_crashed: "The process that runs the model ended unexpectedly; see the log of the Ollama server.",
  load_timeout: "Loading the model took too long; check the disk and the memory of the machine.",
  request_timeout: "No answer within the time limit; the server hangs or the context is too large for this machine.",
  server_busy: "The server refused the request because its queue is full; let others finish first.",
  model_missing: "The model is not installed on this machine; pull it, or choose one that `ollama list` shows.",
  server_unreachable: "No Ollama answers at the address; start it, or set OLLAMA_HOST.",
  protocol_error: "The server's answer could not be understood; check that the address is an Ollama.",
  option_refused: "The server refused an option; see the message.",
  prompt_not_exact: "No prompt of the exact length could be made for this model's tokenizer; please report the model.",
  lease_lost: "The machine did not report in time; the trial was given up after its last attempt.",
  cancelled: "The trial was cancelled.",
  internal: "Something failed inside the agent; see its log."
};
var TrialFailure = class extends Error {
  failureClass;
  constructor(failureClass, message, options) {
    super(message, options);
    this.name = "TrialFailure";
    this.failureClass = failureClass;
  }
};

// ../shared/src/units.ts
var tokensPerSecond = (value) => value;
var NANOSECONDS_PER_SECOND = 1e9;
function rate(count, nanoseconds) {
  if (!(nanoseconds > 0) || !(count > 0)) return null;
  return tokensPerSecond(count * NANOSECONDS_PER_SECOND / nanoseconds);
}
var BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
function formatBytes(value) {
  let amount = value;
  let position = 0;
  while (Math.abs(amount) >= 1024 && position < BYTE_UNITS.length - 1) {
    amount /= 1024;
    position += 1;
  }
  return `${position === 0 ? amount : amount.toFixed(1)} ${BYTE_UNITS[position]}`;
}
function formatDuration(ms2) {
  if (ms2 < 1e3) return `${Math.round(ms2)} ms`;
  if (ms2 < 6e4) return `${(ms2 / 1e3).toFixed(1)} s`;
  const minutes = Math.floor(ms2 / 6e4);
  const seconds = Math.floor((ms2 - minutes * 6e4) / 1e3);
  return `${minutes} min ${String(seconds).padStart(2, "0")} s`;
}

// src/ollama/engine-client.ts
import { Ollama } from "ollama";

// src/ollama/bounded-fetch.ts
import { Agent, request } from "undici";

// src/ollama/stream-record.ts
var LINE_BYTES_MAX = 1024 * 1024;
var ANSWER_BYTES_MAX = 64 * 1024 * 1024;
var PROBLEMS_MAX = 8;
var isObject2 = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
var excerpt = (line) => JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}...` : line);
var StreamRecorder = class {
  #startedAtMs;
  #textTimesMs = [];
  #problems = [];
  #textBytes = 0;
  #lines = 0;
  #linesAfterDone = 0;
  #doneAtMs = null;
  #done = null;
  #error = null;
  constructor(startedAtMs) {
    this.#startedAtMs = startedAtMs;
  }
  /**
   * Takes one line (without its line end) that arrived at `atMs`.
   * @returns whether the client library may see it: a JSON object before or with `done`.
   */
  add(line, atMs) {
    if (line.trim() === "") return false;
    if (this.#done !== null) {
      this.#linesAfterDone += 1;
      return false;
    }
    const message = this.#parse(line);
    if (message === null) return false;
    this.#lines += 1;
    this.#takeText(message, atMs);
    if (message.error !== void 0) {
      this.#error = typeof message.error === "string" ? message.error : JSON.stringify(message.error);
    }
    if (message.done === true) {
      this.#done = message;
      this.#doneAtMs = atMs;
    } else if (message.done !== void 0 && message.done !== false) {
      this.#problem(`"done" is ${JSON.stringify(message.done)} instead of true or false`);
    }
    return true;
  }
  /** What was seen so far. */
  record() {
    return {
      startedAtMs: this.#startedAtMs,
      textTimesMs: this.#textTimesMs,
      textBytes: this.#textBytes,
      doneAtMs: this.#doneAtMs,
      done: this.#done,
      lines: this.#lines,
      linesAfterDone: this.#linesAfterDone,
      error: this.#error,
      problems: this.#problems
    };
  }
  #parse(line) {
    try {
      const message = JSON.parse(line);
      if (isObject2(message)) return message;
      this.#problem(`a line is JSON but not an object: ${excerpt(line)}`);
    } catch {
      this.#problem(`a line is not JSON: ${excerpt(line)}`);
    }
    return null;
  }
  #takeText(message, atMs) {
    for (const key of ["response", "thinking"]) {
      const text2 = message[key];
      if (text2 === void 0 || text2 === "") continue;
      if (typeof text2 !== "string") {
        this.#problem(`"${key}" is ${typeof text2} instead of text`);
        continue;
      }
      this.#textTimesMs.push(atMs);
      this.#textBytes += Buffer.byteLength(text2);
    }
  }
  #problem(sentence) {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(sentence);
  }
};

// src/ollama/line-splitter.ts
var NEWLINE = 10;
var LineTooLong = class extends Error {
  constructor(limit) {
    super(`The server sent a line of more than ${limit} bytes; an Ollama never does.`);
    this.name = "LineTooLong";
  }
};
var LineSplitter = class {
  #limit;
  #pieces = [];
  #held = 0;
  constructor(limit = LINE_BYTES_MAX) {
    this.#limit = limit;
  }
  /**
   * @returns the lines that these bytes complete, without their line ends.
   * @throws LineTooLong
   */
  push(bytes) {
    const lines = [];
    let from = 0;
    for (let at2 = bytes.indexOf(NEWLINE); at2 !== -1; at2 = bytes.indexOf(NEWLINE, from)) {
      this.#hold(bytes.subarray(from, at2));
      lines.push(this.#take());
      from = at2 + 1;
    }
    this.#hold(bytes.subarray(from));
    return lines;
  }
  /** @returns what is left after the last line feed, or null when nothing is. */
  finish() {
    return this.#held === 0 ? null : this.#take();
  }
  #hold(piece) {
    if (piece.length === 0) return;
    this.#held += piece.length;
    if (this.#held > this.#limit) throw new LineTooLong(this.#limit);
    this.#pieces.push(piece);
  }
  #take() {
    const line = Buffer.concat(this.#pieces, this.#held).toString("utf8");
    this.#pieces = [];
    this.#held = 0;
    return line;
  }
};

// src/ollama/bounded-fetch.ts
var AnswerTooLong = class extends Error {
  constructor(limit) {
    super(`The server sent more than ${limit} bytes in one answer; an Ollama never does.`);
    this.name = "AnswerTooLong";
  }
};
var dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 1e4 } });
function boundedFetch(options) {
  return async (input, init) => {
    const { statusCode, headers, body } = await request(String(input), {
      method: init?.method === "POST" || init?.method === "DELETE" ? init.method : "GET",
      headers: init?.headers ?? {},
      body: typeof init?.body === "string" ? init.body : null,
      signal: options.signal,
      dispatcher
    });
    if (statusCode >= 300 && statusCode < 400) {
      await body.dump();
      const text2 = `it wants to redirect to ${String(headers.location ?? "elsewhere")}, which an Ollama never does`;
      return errorResponse(text2, statusCode);
    }
    if (statusCode >= 400) return errorResponse(await readAll(body), statusCode);
    if (options.recorder === void 0) return new Response(await readAll(body), { status: 200 });
    return new Response(recordedBody(body, options), { status: 200 });
  };
}
var bytesOf = (value) => value instanceof Uint8Array ? value : new Uint8Array();
async function readAll(chunks) {
  const pieces = [];
  let length = 0;
  for await (const chunk of chunks) {
    const piece = bytesOf(chunk);
    length += piece.length;
    if (length > ANSWER_BYTES_MAX) throw new AnswerTooLong(ANSWER_BYTES_MAX);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length).toString("utf8");
}
function errorResponse(text2, status) {
  const error = errorTextOf(text2) || `HTTP ${status}`;
  return new Response(JSON.stringify({ error }), {
    status: status >= 200 && status <= 599 ? status : 500,
    headers: { "content-type": "application/json" }
  });
}
function errorTextOf(body) {
  try {
    const { error } = JSON.parse(body);
    if (typeof error === "string") return error;
    if (error !== void 0) return JSON.stringify(error);
  } catch {
  }
  return body.trim().slice(0, 2e3);
}
function recordedBody(chunks, options) {
  return new ReadableStream({
    start(controller) {
      pump(chunks, controller, options).then(
        () => controller.close(),
        (problem) => controller.error(problem)
      ).catch(() => {
      }).finally(() => options.onEnd?.());
    }
  });
}
async function pump(chunks, controller, { recorder }) {
  const splitter = new LineSplitter();
  let length = 0;
  const take = (line, atMs) => {
    if (recorder?.add(line, atMs)) controller.enqueue(Buffer.from(`${line}
`));
  };
  for await (const chunk of chunks) {
    const atMs = performance.now();
    const bytes = bytesOf(chunk);
    length += bytes.length;
    if (length > ANSWER_BYTES_MAX) throw new AnswerTooLong(ANSWER_BYTES_MAX);
    for (const line of splitter.push(bytes)) take(line, atMs);
  }
  const rest = splitter.finish();
  if (rest !== null) take(rest, performance.now());
}

// src/ollama/engine-state.ts
var fieldsOf = (value) => typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
var textOf3 = (value) => typeof value === "string" ? value : "";
var countOf = (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
var listOf = (answer2) => {
  const { models } = fieldsOf(answer2);
  return Array.isArray(models) ? models.map(fieldsOf) : [];
};
var bareDigest = (digest) => digest.toLowerCase().replace(/^sha256[:-]/, "");
var fullModelName = (name) => name.slice(name.lastIndexOf("/") + 1).includes(":") ? name : `${name}:latest`;
var sameModel = (one, other) => fullModelName(one) === fullModelName(other);
function engineIdentityOf(answer2) {
  const { version, engine } = fieldsOf(answer2);
  if (typeof version !== "string" || version === "") return null;
  return { version, kind: engine === "ozone-reference" ? 2 /* REFERENCE */ : 1 /* OLLAMA */ };
}
function installedModelsOf(answer2) {
  return listOf(answer2).map((entry) => {
    const details = fieldsOf(entry.details);
    return {
      name: textOf3(entry.name) || textOf3(entry.model),
      digest: bareDigest(textOf3(entry.digest)),
      sizeBytes: countOf(entry.size) ?? 0,
      family: textOf3(details.family),
      parameterSize: textOf3(details.parameter_size),
      quantization: textOf3(details.quantization_level)
    };
  }).filter(({ name }) => name !== "");
}
function loadedModelsOf(answer2) {
  return listOf(answer2).map((entry) => ({
    name: textOf3(entry.name) || textOf3(entry.model),
    digest: bareDigest(textOf3(entry.digest)),
    contextLength: countOf(entry.context_length),
    sizeBytes: countOf(entry.size),
    sizeVramBytes: countOf(entry.size_vram),
    effective: effectiveOf(entry.effective)
  })).filter(({ name }) => name !== "");
}
function effectiveOf(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const known = Object.entries(value).filter(
    ([, one]) => ["number", "string", "boolean"].includes(typeof one)
  );
  return Object.fromEntries(known);
}

// src/ollama/classify-failure.ts
var OUT_OF_MEMORY = /out of (device )?memory|cudaMalloc failed|hipMalloc failed|failed to allocate|allocation failed|not enough memory|insufficient ?memory|erroroutofmemory|requires more system memory|signal: killed|cannot allocate memory|too large for the available (v?ram|memory)/i;
var CONTEXT_TOO_LARGE = /exceeds? the (available )?context|exceed_context_size|longer than the context|input length exceeds|context (size|length) exceeded/i;
var LAYOUT_REFUSED = /memory layout cannot be allocated|unable to load full model on GPU/i;
var RUNNER_GONE = /(llama runner|llama-server|runner) process (has terminated|no longer running)|model runner has unexpectedly stopped|error was encountered while running the model|error starting llama-server|failed to load model|unable to load model|token repeat limit/i;
var LOAD_TIMED_OUT = /timed out waiting for (llama runner|llama-server|the runner)/i;
var UNREACHABLE_CODES = /* @__PURE__ */ new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EPIPE",
  "UND_ERR_CONNECT_TIMEOUT"
]);
var DROPPED_CODES = /* @__PURE__ */ new Set(["ECONNRESET", "UND_ERR_SOCKET", "UND_ERR_CLOSED", "UND_ERR_ABORTED"]);
function classifyFailure(request2) {
  if (request2.ended === "cancelled") return "cancelled";
  if (request2.ended === "deadline") return request2.phase === "load" ? "load_timeout" : "request_timeout";
  return classOfText(request2) ?? classOfStatus(request2.status) ?? classOfCode(request2.code) ?? "protocol_error";
}
function classOfText({ text: text2, phase, status }) {
  if (status === 404 && /not found/i.test(text2)) return "model_missing";
  if (OUT_OF_MEMORY.test(text2)) return phase === "load" ? "out_of_memory_load" : "out_of_memory_run";
  if (CONTEXT_TOO_LARGE.test(text2)) return "context_too_large";
  if (LAYOUT_REFUSED.test(text2)) return "out_of_memory_load";
  if (/V cache quantization requires|requires Flash Attention/i.test(text2)) return "option_refused";
  if (/option "[^"]*" must be|invalid option/i.test(text2)) return "option_refused";
  if (LOAD_TIMED_OUT.test(text2)) return "load_timeout";
  if (RUNNER_GONE.test(text2)) return "runner_crashed";
  if (/server busy|maximum pending requests/i.test(text2)) return "server_busy";
  if (/^model ['"].*not found/i.test(text2)) return "model_missing";
  return null;
}
function classOfStatus(status) {
  if (status === void 0) return null;
  if (status === 503 || status === 429) return "server_busy";
  if (status === 504 || status === 408) return "request_timeout";
  if (status === 400) return "option_refused";
  return status >= 500 ? "runner_crashed" : "protocol_error";
}
function classOfCode(code) {
  if (code === void 0) return null;
  if (UNREACHABLE_CODES.has(code)) return "server_unreachable";
  return DROPPED_CODES.has(code) ? "runner_crashed" : null;
}

// src/ollama/request-failure.ts
function failureOfRequest(thrown, circumstances) {
  if (thrown instanceof TrialFailure) return thrown;
  const request2 = requestOf(thrown, circumstances);
  const failureClass = bodyProblem(thrown) ? "protocol_error" : classifyFailure(request2);
  return new TrialFailure(failureClass, sentenceOf(failureClass, request2, circumstances), { cause: thrown });
}
function requestOf(thrown, { phase, ended }) {
  const status = thrown?.status_code;
  const code = systemCodeOf(thrown) ?? undiciCodeOf(thrown);
  return {
    phase,
    text: messageOf(deepest(thrown)),
    ...typeof status === "number" ? { status } : {},
    ...code === null ? {} : { code },
    ...ended === void 0 ? {} : { ended }
  };
}
function deepest(thrown) {
  const cause = thrown instanceof Error ? thrown.cause : void 0;
  return cause instanceof Error && thrown.message === "fetch failed" ? cause : thrown;
}
var bodyProblem = (thrown) => [thrown, thrown?.cause].some(
  (one) => one instanceof LineTooLong || one instanceof AnswerTooLong || one instanceof SyntaxError
);
function undiciCodeOf(thrown) {
  let current = thrown;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    const { code } = current;
    if (typeof code === "string" && code.startsWith("UND_ERR_")) return code;
    current = current.cause;
  }
  return null;
}
function sentenceOf(failureClass, request2, at2) {
  const advice = FAILURE_ADVICE[failureClass];
  if (failureClass === "cancelled") return advice;
  if (request2.ended === "deadline") {
    return `${at2.phase === "load" ? "Loading" : "The request"} was given up after ${formatDuration(at2.limitMs)}. ${advice}`;
  }
  const status = request2.status === void 0 ? "" : ` (HTTP ${request2.status})`;
  const said = request2.code === void 0 ? `The server at ${at2.url} said` : `The connection to ${at2.url} failed`;
  return `${said}${status}: ${request2.text.slice(0, 500).replace(/\.+$/, "")}. ${advice}`;
}

// src/ollama/engine-client.ts
var STATE_LIMIT_MS = 1e4;
var END_LIMIT_MS = 500;
var KEEP_ALIVE = "10m";
var EngineClient = class {
  url;
  constructor(url) {
    this.url = url.replace(/\/+$/, "");
  }
  /** Kind and version. @throws TrialFailure server_unreachable, protocol_error, cancelled */
  async identity(signal) {
    const identity = engineIdentityOf(await this.#ask(signal, (client) => client.version()));
    if (identity !== null) return identity;
    throw new TrialFailure(
      "protocol_error",
      `What answers at ${this.url} gives no version on /api/version; check that the address is an Ollama.`
    );
  }
  /** Installed models. @throws TrialFailure */
  async installed(signal) {
    return installedModelsOf(await this.#ask(signal, (client) => client.list()));
  }
  /** Loaded models. @throws TrialFailure */
  async loaded(signal) {
    return loadedModelsOf(await this.#ask(signal, (client) => client.ps()));
  }
  /** The raw answer of /api/show. @throws TrialFailure */
  async show(model, signal) {
    return this.#ask(signal, (client) => client.show({ model }));
  }
  /** Asks the server to unload a model; it does so in its own time. @throws TrialFailure */
  async unload(model, signal) {
    await this.#ask(signal, (client) => client.generate({ model, prompt: "", keep_alive: 0 }));
  }
  /** Loads a model as `options` say, with no output. @throws TrialFailure */
  async load(model, options, limits) {
    await this.#call(
      limits,
      "load",
      void 0,
      (client) => client.generate({ model, prompt: "", keep_alive: limits.keepAlive, options })
    );
  }
  /**
   * One streamed, raw generation. The clock starts before the request is made.
   * @returns what came, also when it ended without `done`.
   * @throws TrialFailure for refusals, errors inside the stream, broken connections, the limit and cancellation
   */
  async generate(request2, limits) {
    let onEnd = () => {
    };
    const ended = new Promise((resolve) => {
      onEnd = resolve;
    });
    const recorder = new StreamRecorder(performance.now());
    await this.#call(limits, request2.phase, { recorder, onEnd }, async (client) => {
      const stream = await client.generate({ ...wireRequest(request2), stream: true });
      try {
        for await (const _message of stream) {
        }
      } catch (thrown) {
        const { error, done } = recorder.record();
        if (error !== null) throw new Error(error, { cause: thrown });
        if (done === null && !/did not receive done/i.test(String(thrown))) throw thrown;
      }
      await Promise.race([ended, delay(END_LIMIT_MS)]);
    });
    return recorder.record();
  }
  #ask(signal, call) {
    return this.#call({ signal, limitMs: STATE_LIMIT_MS }, "run", void 0, call);
  }
  async #call(limits, phase, wire, call) {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), limits.limitMs);
    const signal = AbortSignal.any([limits.signal, deadline.signal]);
    const client = new Ollama({ host: this.url, fetch: boundedFetch({ signal, ...wire }) });
    try {
      return await call(client);
    } catch (thrown) {
      const ended = limits.signal.aborted ? "cancelled" : deadline.signal.aborted ? "deadline" : void 0;
      throw failureOfRequest(thrown, { phase, url: this.url, limitMs: limits.limitMs, ended });
    } finally {
      clearTimeout(timer);
      deadline.abort();
    }
  }
};
var delay = (ms2) => new Promise((resolve) => {
  setTimeout(resolve, ms2).unref();
});
function wireRequest({ model, prompt, options }) {
  return { model, prompt, raw: true, truncate: false, shift: false, keep_alive: KEEP_ALIVE, options };
}

// src/measure/sample-options.ts
var SAMPLING = {
  temperature: 0.8,
  top_k: 40,
  top_p: 1,
  min_p: 0.1,
  repeat_penalty: 1,
  num_keep: 0
};
var draftOptions = (engineVersion) => {
  const [major = 0, minor = 0] = engineVersion.split(".").map((part) => Number.parseInt(part, 10));
  return major === 0 && minor < 30 ? {} : { draft_num_predict: 0 };
};
function loadOptions(point, engineVersion) {
  return {
    num_ctx: point.numCtx,
    num_batch: point.numBatch,
    ...point.numThread === void 0 ? {} : { num_thread: point.numThread },
    ...point.numGpu === void 0 ? {} : { num_gpu: point.numGpu },
    ...draftOptions(engineVersion)
  };
}
function requestOptions(loadTime, request2) {
  return { ...loadTime, ...SAMPLING, num_predict: request2.numPredict, seed: request2.seed };
}

// src/measure/time-limits.ts
var FIRST_ANSWER_MS = 15e3;
var SLACK_MS = 5e3;
var PATIENCE = 3;
var DEPTH_TOKENS = 4096;
var LOAD_BASE_MS = 15e3;
var LOAD_BYTES_PER_MS = 15e4;
var PROOF_MS = 45e3;
var PROOF_CONTEXT = 2048;
var PROOF_EXPONENT = 1.5;
var HONESTLY_SLOW_SHARE = 0.25;
var HONESTLY_SLOW_FACTOR = 8;
function expectedMs({ promptTokens, numPredict }, pace) {
  const { prefillTokensPerSecond: prefill2, decodeTokensPerSecond: decode2 } = pace;
  if (prefill2 === null) return null;
  const prefillMs = 1e3 * promptTokens * (1 + promptTokens / (2 * DEPTH_TOKENS)) / prefill2;
  const decodeMs = 1e3 * (numPredict - 1) * (1 + promptTokens / DEPTH_TOKENS) / (decode2 ?? prefill2 / 4);
  return prefillMs + decodeMs;
}
function requestLimitMs(size, pace, time) {
  const expected = expectedMs(size, pace);
  const limit = expected === null ? FIRST_ANSWER_MS : SLACK_MS + PATIENCE * expected * (time.atOnce ?? 1);
  return Math.max(1, Math.min(limit, time.remainingMs));
}
var loadLimitMs = (modelBytes, time) => Math.max(1, Math.min(LOAD_BASE_MS + modelBytes / LOAD_BYTES_PER_MS, time.remainingMs));
function proofLimitMs(numCtx, pace, speed) {
  const usual = PROOF_MS * Math.max(1, numCtx / PROOF_CONTEXT) ** PROOF_EXPONENT;
  return isHonestlySlow(pace, speed) ? HONESTLY_SLOW_FACTOR * usual : usual;
}
function isHonestlySlow({ decodeTokensPerSecond }, speed) {
  const { bandwidthBytesPerSecond: bandwidth, weightBytesPerToken } = speed;
  if (decodeTokensPerSecond === null || bandwidth === null || !(weightBytesPerToken > 0)) return false;
  return decodeTokensPerSecond >= HONESTLY_SLOW_SHARE * bandwidth / weightBytesPerToken;
}
function paceAfter(pace, answer2) {
  const { promptTokens, ttftMs, spanMs, chunks } = answer2;
  return {
    prefillTokensPerSecond: ttftMs !== null && ttftMs > 0 ? 1e3 * promptTokens / ttftMs : pace.prefillTokensPerSecond,
    decodeTokensPerSecond: spanMs !== null && spanMs > 0 && chunks > 1 ? 1e3 * (chunks - 1) / spanMs : pace.decodeTokensPerSecond
  };
}

// src/measure/timings.ts
function timingsOf(record) {
  const { textTimesMs: times, startedAtMs } = record;
  const first = times[0];
  const last = times[times.length - 1];
  return {
    ttftMs: first === void 0 ? null : first - startedAtMs,
    spanMs: first === void 0 || last === void 0 || times.length < 2 ? null : last - first,
    totalMs: record.doneAtMs === null ? null : record.doneAtMs - startedAtMs,
    gapsMs: times.slice(1).map((time, at2) => time - (times[at2] ?? time))
  };
}
var COUNTS = ["prompt_eval_count", "eval_count", "prompt_eval_cached_count"];
var DURATIONS2 = ["prompt_eval_duration", "eval_duration", "load_duration", "total_duration"];
function serverFiguresOf(done) {
  const fields = done ?? {};
  const problems = [];
  const read = (key) => {
    const value = fields[key];
    if (value === void 0) return 0;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    if (key !== "prompt_eval_cached_count" || value !== null) {
      problems.push(`${key} is ${JSON.stringify(value)} instead of a whole number of at least 0`);
    }
    return 0;
  };
  const [promptTokens, generatedTokens, cached] = COUNTS.map(read);
  const [promptEvalNs, evalNs, loadNs, totalNs] = DURATIONS2.map(read);
  return {
    promptTokens: promptTokens ?? 0,
    generatedTokens: generatedTokens ?? 0,
    promptEvalNs: promptEvalNs ?? 0,
    evalNs: evalNs ?? 0,
    loadNs: loadNs ?? 0,
    totalNs: totalNs ?? 0,
    cachedTokens: fields.prompt_eval_cached_count === void 0 ? null : cached ?? 0,
    doneReason: typeof fields.done_reason === "string" ? fields.done_reason : null,
    problems
  };
}

// src/measure/attempt.ts
var ATTEMPT_LIMIT_MS = 6e5;
function openAttempt(order, ports) {
  const { configuration: configuration2, protocol } = order;
  if (configuration2 === void 0 || protocol === void 0) {
    throw new TrialFailure("internal", `The order ${order.trialId} has no configuration or no protocol.`);
  }
  return {
    order,
    configuration: configuration2,
    protocol,
    ports,
    engine: new EngineClient(ports.engineUrl),
    startedAt: /* @__PURE__ */ new Date(),
    startedAtMs: performance.now(),
    limitMs: protocol.limitMs > 0 ? protocol.limitMs : ATTEMPT_LIMIT_MS,
    samples: [],
    loads: [],
    warnings: [],
    identity: null,
    model: null,
    details: null,
    conditions: null,
    loadedBefore: [],
    holdsModel: false,
    pace: { prefillTokensPerSecond: null, decodeTokensPerSecond: null },
    warmUpRates: { prefill: null, decode: null },
    optionProbes: null,
    proofFromMs: null,
    bytesPerToken: null,
    warmLoadMs: null,
    requests: 0
  };
}
function warn(attempt, warning) {
  if (!attempt.warnings.some(({ code }) => code === warning.code)) attempt.warnings.push(warning);
}
function timeOf(attempt) {
  const now = performance.now();
  const remainingMs = attempt.limitMs - (now - attempt.startedAtMs);
  if (attempt.proofFromMs === null) return { limitMs: attempt.limitMs, remainingMs };
  const proofMs = proofLimitMs(attempt.configuration.numCtx, attempt.pace, {
    bandwidthBytesPerSecond: attempt.ports.machine.memoryBandwidthBytesPerSecond,
    weightBytesPerToken: attempt.details?.weightBytesPerToken ?? 0
  });
  return {
    limitMs: attempt.limitMs,
    remainingMs: Math.min(remainingMs, proofMs - (now - attempt.proofFromMs))
  };
}
var versionOf = (attempt) => attempt.identity?.version ?? "";
var loadOptionsOf = (attempt) => loadOptions(attempt.configuration, versionOf(attempt));
async function ask(attempt, question) {
  requireTime(attempt, question);
  attempt.requests += 1;
  const { prompt, promptTokens, numPredict, atOnce = 1 } = question;
  const options = requestOptions(loadOptionsOf(attempt), { numPredict, seed: attempt.requests });
  const limitMs = requestLimitMs(question, attempt.pace, { ...timeOf(attempt), atOnce });
  const record = await attempt.engine.generate(
    { model: attempt.order.modelName, prompt, options, phase: "run" },
    { signal: attempt.ports.signal, limitMs }
  );
  if (record.done !== null) {
    attempt.warmLoadMs = Math.min(attempt.warmLoadMs ?? Infinity, serverFiguresOf(record.done).loadNs / 1e6);
  }
  const { ttftMs, spanMs } = timingsOf(record);
  const chunks = record.textTimesMs.length;
  if (atOnce === 1) attempt.pace = paceAfter(attempt.pace, { promptTokens, ttftMs, spanMs, chunks });
  return record;
}
function requireTime(attempt, size) {
  const { remainingMs } = timeOf(attempt);
  const expected = expectedMs(size, attempt.pace);
  if (remainingMs > 0 && (expected === null || expected <= remainingMs)) return;
  const spentMs = performance.now() - attempt.startedAtMs;
  const why = expected === null || remainingMs <= 0 ? `The time for this context is used up after ${formatDuration(spentMs)}.` : `At the rates seen so far ${size.promptTokens} + ${size.numPredict} tokens would take ${formatDuration(expected)}, and ${formatDuration(remainingMs)} are left.`;
  throw new TrialFailure(
    "request_timeout",
    `${why} The server hangs or drips, or the context is too large for this machine; use a smaller num_ctx or a longer time limit.`
  );
}

// src/measure/word-list.ts
var text = `
about accept act again ago air along amount and appear apply army around art attack bad base become behind
big bird black body born both bread call can cell chair chance clean coast coat common couple cup day deal
degree detail die door down draw dream each east eat egg eight else end enjoy enough even event ever every
exist expect expert fact few field figure finger firm first fish follow food force fresh get good grass
green ground gun guy hard hat heat heavy her high hit hold hope how huge ice image impact indeed iron item
its just kid kill king knife lake land large lead leg less lie light lion list live lock lost lot loud love
low main major make man manage many mark may maybe member memory middle milk modern name nation near nearly
news next night none north nose often oil open other own pain paint paper path pay pencil phone pick piece
place plane player please police power price prince pull put rain raise rate red reduce relate remain report
reveal ride river rock roof run save scene score sea season sense shake short shot sign sit site size slow
smile social soft some south spring stage star start stay step storm such take tax teach ten that them
theory threat throw ticket time tooth town tree trial type under unit use valley wall warm wave weapon
weight west when where while whole why wide will wind world writer year yellow yes yet
`;
var candidateWords = text.trim().split(/\s+/);

// src/measure/fresh-runner.ts
var UNLOAD_LIMIT_MS = 15e3;
var POLL_MS = 25;
var GPU_SETTLE_MS = 2e3;
async function startFreshRunner(attempt, launch) {
  const { ports, order, configuration: configuration2 } = attempt;
  noteUsersModels(attempt);
  await unloadModel(attempt);
  ports.onActivity(`loading ${order.modelName} with num_ctx ${configuration2.numCtx}`);
  attempt.holdsModel = true;
  const options = requestOptions(loadOptionsOf(attempt), { numPredict: 1, seed: 0 });
  const limitMs = loadLimitMs(attempt.model?.sizeBytes ?? 0, timeOf(attempt));
  const record = await attempt.engine.generate(
    { model: order.modelName, prompt: "the", options, phase: "load" },
    { signal: ports.signal, limitMs }
  );
  const figures = serverFiguresOf(record.done);
  const state = await loadedState(attempt);
  if (state === null) {
    throw new TrialFailure(
      "runner_crashed",
      `The model ${order.modelName} answered, but /api/ps does not list it right after; its runner ended, or another model took its place.`
    );
  }
  const { ttftMs, totalMs } = timingsOf(record);
  const clientMs = ttftMs ?? totalMs ?? performance.now() - record.startedAtMs;
  attempt.loads.push({ launch, clientMs, serverMs: figures.loadNs > 0 ? figures.loadNs / 1e6 : null, state });
  if (launch === 0 && ports.waitUntilLimit !== true) attempt.proofFromMs = performance.now();
  await firstLook(attempt);
}
var FIRST_WORDS = 12;
var FIRST_PREDICT = 8;
async function firstLook(attempt) {
  const { configuration: configuration2, protocol } = attempt;
  const prompt = candidateWords.slice(0, FIRST_WORDS).join(" ");
  const numPredict = Math.min(FIRST_PREDICT, configuration2.numPredict);
  await ask(attempt, { prompt, promptTokens: FIRST_WORDS, numPredict });
  requireTime(attempt, {
    promptTokens: promptTokensFor(configuration2, protocol.fill),
    numPredict: configuration2.numPredict
  });
}
async function loadedState(attempt) {
  const loaded = await attempt.engine.loaded(attempt.ports.signal);
  return loaded.find(({ name }) => sameModel(name, attempt.order.modelName)) ?? null;
}
async function unloadModel(attempt, signal = attempt.ports.signal) {
  const { engine, order } = attempt;
  const ours2 = async () => (await engine.loaded(signal)).find(({ name }) => sameModel(name, order.modelName));
  const before = await ours2();
  if (before !== void 0) {
    await engine.unload(order.modelName, signal);
    await waitUntilGone(async () => await ours2() === void 0, attempt, signal);
    if ((before.sizeVramBytes ?? 0) > 0) await pause(GPU_SETTLE_MS, signal);
  }
  attempt.holdsModel = false;
}
async function waitUntilGone(isGone, attempt, signal) {
  const limitMs = Math.max(1, Math.min(UNLOAD_LIMIT_MS, Math.max(timeOf(attempt).remainingMs, POLL_MS)));
  const deadlineMs = performance.now() + limitMs;
  while (!await isGone()) {
    if (performance.now() > deadlineMs) {
      throw new TrialFailure(
        "runner_crashed",
        `The server was asked to unload ${attempt.order.modelName}, but /api/ps still lists it after ${formatDuration(limitMs)}; restart the Ollama server.`
      );
    }
    await pause(POLL_MS, signal);
  }
}
function pause(ms2, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms2);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
function noteUsersModels(attempt) {
  const { loadedBefore, order } = attempt;
  const others = loadedBefore.filter(({ name }) => !sameModel(name, order.modelName));
  if (others.length > 0) {
    warn(attempt, {
      code: "other_model_loaded",
      message: `${others.map(({ name }) => name).join(", ")} was loaded by someone else and was left alone; it takes memory from the model under test.`
    });
  }
  if (others.length < loadedBefore.length) {
    warn(attempt, {
      code: "model_was_loaded",
      message: `${order.modelName} was loaded by someone else; it was unloaded for a fresh start and is loaded again at the end.`
    });
  }
}

// src/measure/load-notes.ts
import { createHash as createHash3, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
var PREFIX = "loaded-";
var nameOf = ({ engineUrl, model }) => `${PREFIX}${createHash3("sha256").update(`${engineUrl} ${model}`).digest("hex").slice(0, 16)}.json`;
async function writeLoadNote(cacheDir, note) {
  const file = join(cacheDir, nameOf(note));
  try {
    await mkdir(cacheDir, { recursive: true });
    const draft = `${file}.${randomUUID()}.draft`;
    await writeFile(draft, JSON.stringify(note), { mode: 384 });
    await rename(draft, file);
    return null;
  } catch (thrown) {
    return messageOf(thrown);
  }
}
var forgetLoadNote = (cacheDir, note) => rm(join(cacheDir, nameOf(note)), { force: true });

// src/measure/leave-no-trace.ts
var CLEAN_UP_LIMIT_MS = 4e3;
var RESTORE_LIMIT_MS = 3e5;
var RESTORE_KEEP_ALIVE = "5m";
async function promiseToLeaveNoTrace(attempt) {
  const problem = await writeLoadNote(attempt.ports.cacheDir, noteOf(attempt));
  if (problem === null) return;
  warn(attempt, {
    code: "cache_not_written",
    message: `A note about the loaded model could not be written (${problem}); after a kill the model stays loaded until its keep-alive ends.`
  });
}
function noteOf({ engine, order, loadedBefore }) {
  const before = loadedBefore.find(({ name }) => sameModel(name, order.modelName));
  return {
    engineUrl: engine.url,
    model: order.modelName,
    restore: before === void 0 ? null : { numCtx: before.contextLength }
  };
}
async function leaveNoTrace(attempt) {
  try {
    if (attempt.holdsModel) await unloadModel(attempt, AbortSignal.timeout(CLEAN_UP_LIMIT_MS));
    const note = noteOf(attempt);
    if (attempt.loads.length > 0) await restore(attempt.engine, note);
    await forgetLoadNote(attempt.ports.cacheDir, note);
  } catch (thrown) {
    warn(attempt, {
      code: "not_cleaned_up",
      message: `${attempt.order.modelName} could not be unloaded or restored after the trial (${messageOf(thrown)}); \`ollama ps\` shows whether it is still loaded.`
    });
  }
}
async function restore(engine, { model, restore: wanted }) {
  if (wanted === null) return;
  const options = wanted.numCtx === null ? {} : { num_ctx: wanted.numCtx };
  await engine.load(model, options, {
    signal: AbortSignal.timeout(RESTORE_LIMIT_MS),
    limitMs: RESTORE_LIMIT_MS,
    keepAlive: RESTORE_KEEP_ALIVE
  });
}

// src/measure/prepare-prompts.ts
import { randomBytes } from "node:crypto";

// src/measure/calibrate-words.ts
var GROUP_WORDS = 25;
var ANCHOR_TRIES = 8;
var OPENERS = 8;
var OPENER_PROBES = 12;
var PROBES_MAX = 160;
async function calibrateWords(candidates, count) {
  let probes = 0;
  const probe = (words2) => {
    probes += 1;
    return count(words2.join(" "));
  };
  const anchor = await findAnchor(candidates, probe);
  if (anchor === null) {
    return { words: candidates, openers: candidates.slice(0, OPENERS), overheadTokens: 1, exact: false };
  }
  const words = [];
  for (let from = 0; from < candidates.length && probes < PROBES_MAX; from += GROUP_WORDS) {
    words.push(...await goodWords(candidates.slice(from, from + GROUP_WORDS), anchor, probe));
  }
  const openers = await findOpeners(words, anchor, probe);
  return { words, openers, overheadTokens: anchor.tokens - 1, exact: true };
}
async function findAnchor(candidates, probe) {
  for (const word of candidates.slice(0, ANCHOR_TRIES)) {
    const tokens = await probe([word]);
    if (await probe([word, word]) === tokens + 1) return { word, tokens };
  }
  return null;
}
async function goodWords(group, anchor, probe) {
  if (group.length === 0) return [];
  if (await probe([anchor.word, ...group]) === anchor.tokens + group.length) return [...group];
  if (group.length === 1) return [];
  const middle = Math.ceil(group.length / 2);
  const left = await goodWords(group.slice(0, middle), anchor, probe);
  return [...left, ...await goodWords(group.slice(middle), anchor, probe)];
}
async function findOpeners(words, anchor, probe) {
  const openers = [anchor.word];
  const step = Math.max(1, Math.floor(words.length / OPENER_PROBES));
  for (let at2 = 0; at2 < words.length && openers.length < OPENERS; at2 += step) {
    const word = words[at2];
    if (word === void 0 || word === anchor.word) continue;
    if (await probe([word]) === anchor.tokens) openers.push(word);
  }
  return openers;
}

// src/measure/word-pool.ts
var UNIQUE_WORDS = 8;
var tokensOf = (pool, words) => pool.overheadTokens + words;
var pick = (words, random) => words[Math.floor(random() * words.length)] ?? "";
function drawWords(pool, count, random) {
  const drawn = [pick(pool.openers, random)];
  while (drawn.length < count) {
    const word = pick(pool.words, random);
    if (word !== drawn[drawn.length - 1] || pool.words.length === 1) drawn.push(word);
  }
  return drawn;
}
var PromptSource = class {
  #pool;
  #random;
  #openings = /* @__PURE__ */ new Set();
  constructor(pool, random) {
    this.#pool = pool;
    this.#random = random;
  }
  /**
   * A prompt of exactly `tokens` tokens.
   * @throws RangeError when not even one word fits.
   */
  make(tokens) {
    const count = tokens - this.#pool.overheadTokens;
    if (count < 1) throw new RangeError(`A prompt of ${tokens} tokens has no room for a word.`);
    for (; ; ) {
      const words = drawWords(this.#pool, count, this.#random);
      const opening = words.slice(0, UNIQUE_WORDS).join(" ");
      if (count >= UNIQUE_WORDS && this.#openings.has(opening)) continue;
      this.#openings.add(opening);
      return words.join(" ");
    }
  }
};

// src/measure/word-pool-cache.ts
import { randomUUID as randomUUID2 } from "node:crypto";
import { mkdir as mkdir2, readFile as readFile2, rename as rename2, rm as rm2, writeFile as writeFile2 } from "node:fs/promises";
import { join as join2 } from "node:path";
var FORMAT = 1;
var plain = (text2) => text2.replace(/[^A-Za-z0-9.-]/g, "_").slice(0, 80);
var fileOf = (cacheDir, { digest, engineVersion }) => join2(cacheDir, `words-${plain(digest).slice(0, 24)}-${plain(engineVersion)}.json`);
var areWords = (value) => Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string" && /^[a-z]+$/.test(one));
async function readPool(cacheDir, key) {
  try {
    const stored = JSON.parse(await readFile2(fileOf(cacheDir, key), "utf8"));
    const { format, digest, words, openers, overheadTokens } = stored;
    if (format !== FORMAT || digest !== key.digest || !areWords(words) || !areWords(openers)) return null;
    if (typeof overheadTokens !== "number" || !Number.isInteger(overheadTokens)) return null;
    return { words, openers, overheadTokens, exact: true };
  } catch {
    return null;
  }
}
async function writePool(cacheDir, key, pool) {
  const file = fileOf(cacheDir, key);
  const draft = `${file}.${randomUUID2()}.draft`;
  try {
    await mkdir2(cacheDir, { recursive: true });
    await writeFile2(draft, JSON.stringify({ format: FORMAT, ...key, ...pool }), { mode: 384 });
    await rename2(draft, file);
    return null;
  } catch (thrown) {
    await rm2(draft, { force: true }).catch(() => {
    });
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

// src/measure/prepare-prompts.ts
var WORDS_MIN = 16;
var VERIFYING_WORDS = 64;
var chance = () => randomBytes(4).readUInt32LE() / 2 ** 32;
async function preparePrompts(attempt) {
  const key = { digest: attempt.model?.digest ?? "", engineVersion: versionOf(attempt) };
  const cached = await readPool(attempt.ports.cacheDir, key);
  if (cached !== null && await countsRight(attempt, cached)) return new PromptSource(cached, chance);
  attempt.ports.onActivity(`finding words of exactly one token for ${attempt.order.modelName}`);
  const pool = await calibrateWords(candidateWords, (prompt) => countTokens(attempt, prompt));
  if (pool.exact && pool.words.length < WORDS_MIN) {
    throw new TrialFailure(
      "prompt_not_exact",
      `Only ${pool.words.length} of ${candidateWords.length} common words are one token for ${attempt.order.modelName}; no prompt of an exact length can be made from them. Please report the model.`
    );
  }
  if (pool.exact) await store(attempt, key, pool);
  return new PromptSource(pool, chance);
}
async function store(attempt, key, pool) {
  const problem = await writePool(attempt.ports.cacheDir, key, pool);
  if (problem === null) return;
  warn(attempt, {
    code: "cache_not_written",
    message: `The words for ${attempt.order.modelName} could not be stored (${problem}); each trial will find them again.`
  });
}
async function countsRight(attempt, pool) {
  const expected = tokensOf(pool, VERIFYING_WORDS);
  const counted2 = await countTokens(attempt, new PromptSource(pool, chance).make(expected));
  return counted2 === expected;
}
async function countTokens(attempt, prompt) {
  const promptTokens = prompt.split(" ").length + 1;
  const record = await ask(attempt, { prompt, promptTokens, numPredict: 1 });
  return serverFiguresOf(record.done).promptTokens;
}

// ../shared/src/memory-model.ts
var KV_BYTES_PER_ELEMENT = {
  f32: 4,
  f16: 2,
  bf16: 2,
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32
};
var SMALLEST_TYPE = "q4_0";
var CONTEXT_PADDING_TOKENS = 256;
function kvBytesPerElement(type) {
  const size = KV_BYTES_PER_ELEMENT[type.toLowerCase()];
  if (size !== void 0) return size;
  const known = Object.keys(KV_BYTES_PER_ELEMENT).join(", ");
  throw new RangeError(`The KV cache type "${type}" is not known; use one of ${known}.`);
}
function cacheReadBytes({ layersAtLeast }, depthTokens, kvCacheType = null) {
  if (!(depthTokens >= 0))
    throw new RangeError(`cacheReadBytes: a depth of ${depthTokens} tokens makes no sense.`);
  const elementBytes = kvBytesPerElement(kvCacheType || SMALLEST_TYPE);
  return cacheOf(layersAtLeast, { context: depthTokens, parallel: 1, batch: 0, elementBytes });
}
function estimateMemory(architecture, weightBytes, request2) {
  const { numCtx, parallel = 1, numBatch = 512 } = request2;
  for (const [name, value] of Object.entries({ weightBytes, numCtx, parallel, numBatch })) {
    if (!(value > 0 && Number.isFinite(value))) {
      throw new RangeError(`estimateMemory: ${name} is ${value}, a number above zero is needed.`);
    }
  }
  const context = Math.min(numCtx, architecture.trainedContext || numCtx);
  const padded = Math.ceil(context / CONTEXT_PADDING_TOKENS) * CONTEXT_PADDING_TOKENS;
  const batch2 = Math.min(numBatch, context);
  const type = request2.kvCacheType || null;
  const believed = { context: padded, parallel, batch: batch2, elementBytes: kvBytesPerElement(type ?? "f16") };
  const least = { context, parallel, batch: 0, elementBytes: kvBytesPerElement(type ?? SMALLEST_TYPE) };
  const cacheBytes = cacheOf(architecture.layers, believed);
  const bufferBytes = buffersOf(architecture, {
    context: padded,
    batch: batch2,
    flash: request2.flashAttention ?? true
  });
  return {
    weightBytes,
    cacheBytes,
    bufferBytes,
    totalBytes: weightBytes + cacheBytes + bufferBytes,
    atLeastBytes: weightBytes + cacheOf(architecture.layersAtLeast, least)
  };
}
function cacheOf(layers, request2) {
  const { context, parallel, batch: batch2, elementBytes } = request2;
  const whole = context * parallel;
  return layers.reduce((sum2, { elementsPerToken, window, stateBytes }) => {
    const tokens = window === null ? whole : Math.min(whole, window * parallel + batch2);
    return sum2 + elementsPerToken * tokens * elementBytes + stateBytes * parallel;
  }, 0);
}
function buffersOf({ vocabularySize, embeddingLength, feedForwardLength, headCount }, { context, batch: batch2, flash }) {
  const embedding = embeddingLength ?? 0;
  const logits = (vocabularySize ?? 0) + 4 * embedding;
  const layer = (feedForwardLength ?? 0) + 3 * embedding + (flash ? 0 : context * (headCount ?? 0));
  const maskBytes = context * (flash ? 2 : 4);
  return batch2 * (4 * Math.max(logits, layer) + maskBytes);
}

// src/measure/option-probes.ts
var CONTEXT_STEP = 256;
function triesFor(configuration2, effective, trainedContext) {
  const { numThread, numGpu, numBatch, numCtx } = configuration2;
  const hidden = (option) => typeof effective?.[option] !== "number";
  const tries = [];
  if (numThread !== void 0 && numThread > 0 && hidden("num_thread")) {
    tries.push({ option: "num_thread", from: numThread, to: numThread === 1 ? 2 : numThread - 1 });
  }
  if (numGpu !== void 0 && numGpu > 0 && hidden("num_gpu")) {
    tries.push({ option: "num_gpu", from: numGpu, to: numGpu - 1 });
  }
  if (hidden("num_batch")) {
    const inForce = Math.min(numBatch, numCtx);
    tries.push({
      option: "num_batch",
      from: numBatch,
      to: inForce > 16 ? Math.ceil(inForce / 2) : inForce * 2
    });
  }
  const other = otherContext(numCtx, trainedContext);
  if (other !== null && (tries.length > 0 || typeof effective?.kv_cache_type !== "string")) {
    tries.push({ option: "num_ctx", from: numCtx, to: other });
  }
  return tries;
}
var reactsVisibly = ({ probes }) => probes.some(({ noticed }) => noticed);
function otherContext(numCtx, trainedContext) {
  if (numCtx >= 4 * CONTEXT_STEP) return Math.floor(numCtx / 2 / CONTEXT_STEP) * CONTEXT_STEP;
  return trainedContext !== null && 2 * numCtx > trainedContext ? null : 2 * numCtx;
}
var RELOAD_OVER_WARM = 5;
var RELOAD_BEYOND_MS = 40;
var isReload = (loadMs, warmLoadMs) => loadMs > RELOAD_OVER_WARM * warmLoadMs + RELOAD_BEYOND_MS;
var GROWTH_MIN = 0.94;
var GROWTH_MAX = 1.15;
var KV_TYPES = ["f16", "q8_0", "q4_0"];
function kvTypeSeen(probes, architecture) {
  const probe = probes.probes.find(({ option }) => option === "num_ctx");
  if (probe === void 0 || probe.sizeBefore === null || probe.sizeAfter === null) return null;
  if (architecture.layers.length === 0) return null;
  const grown = (probe.sizeBefore - probe.sizeAfter) * Math.sign(probe.from - probe.to);
  const cacheOf2 = (numCtx, kvCacheType) => estimateMemory(architecture, 1, { numCtx, kvCacheType }).cacheBytes;
  const expected = KV_TYPES.map((type) => ({
    type,
    bytes: Math.abs(cacheOf2(probe.from, type) - cacheOf2(probe.to, type))
  }));
  const match = expected.find(({ bytes }) => grown >= GROWTH_MIN * bytes && grown <= GROWTH_MAX * bytes);
  const f16 = expected[0]?.bytes ?? 0;
  const detail = `from num_ctx ${Math.min(probe.from, probe.to)} to ${Math.max(probe.from, probe.to)} the model grows by ${grown} bytes, an f16 cache by ${Math.round(f16)}`;
  return { type: match?.type ?? null, detail };
}

// src/measure/probe-options.ts
var BUDGET_MS = 2e4;
var BUDGET_SHARE = 0.4;
async function probeOptions(attempt) {
  const load = attempt.loads[attempt.loads.length - 1];
  if (load === void 0) return;
  const tries = triesFor(
    attempt.configuration,
    load.state.effective,
    attempt.details?.trainedContext ?? null
  );
  if (tries.length === 0) return;
  const key = [
    attempt.engine.url,
    versionOf(attempt),
    attempt.model?.digest,
    ...tries.map(({ option }) => option)
  ].join(" ");
  const remembered = attempt.ports.probeMemory?.recall(key) ?? null;
  attempt.optionProbes = remembered ?? await tryAll(attempt, tries);
  if (remembered === null && attempt.optionProbes.skipped === null) {
    attempt.ports.probeMemory?.keep(key, attempt.optionProbes);
  }
}
async function tryAll(attempt, tries) {
  const slowestMs = Math.max(...attempt.loads.map(({ clientMs }) => clientMs));
  const neededMs = tries.length * slowestMs;
  if (neededMs > Math.min(BUDGET_MS, BUDGET_SHARE * timeOf(attempt).remainingMs)) {
    return {
      probes: [],
      skipped: `trying other values would take ${tries.length} loads of ${formatDuration(slowestMs)}`
    };
  }
  attempt.ports.onActivity(`checking that ${tries.map(({ option }) => option).join(", ")} have an effect`);
  const options = { ...requestOptions(loadOptionsOf(attempt), { numPredict: 1, seed: 0 }) };
  const probes = [];
  try {
    for (const one of tries) {
      options[one.option] = one.to;
      probes.push(await tryOption(attempt, one, options));
    }
    return { probes, skipped: null };
  } catch (thrown) {
    if (attempt.ports.signal.aborted) throw thrown;
    return { probes, skipped: `another value could not be tried (${messageOf(thrown)})` };
  }
}
async function tryOption(attempt, one, options) {
  const before = await loadedState(attempt);
  const record = await attempt.engine.generate(
    { model: attempt.order.modelName, prompt: "the", options, phase: "load" },
    { signal: attempt.ports.signal, limitMs: loadLimitMs(attempt.model?.sizeBytes ?? 0, timeOf(attempt)) }
  );
  const after = await loadedState(attempt);
  const loadMs = serverFiguresOf(record.done).loadNs / 1e6;
  const [sizeBefore, sizeAfter] = [before?.sizeBytes ?? null, after?.sizeBytes ?? null];
  const resized = sizeBefore !== null && sizeAfter !== null && sizeBefore !== sizeAfter;
  return {
    ...one,
    loadMs,
    sizeBefore,
    sizeAfter,
    noticed: resized || isReload(loadMs, attempt.warmLoadMs ?? 0)
  };
}

// ../shared/src/layer-caches.ts
var NONE = { believed: 0, certain: 0 };
var WINDOW_PERIODS = {
  cohere2: { period: 4 },
  exaone4: { period: 4 },
  gemma2: { period: 2, window: 4096 },
  gemma3: { period: 6 },
  gemma3n: { period: 5 },
  "gpt-oss": { period: 2 },
  gptoss: { period: 2 },
  llama4: { period: 4, window: 8192 },
  olmo2: { period: 4 },
  olmo3: { period: 4 },
  smallthinker: { period: 4, fullFirst: true }
};
var WINDOW_NOT_APPLIED = /* @__PURE__ */ new Set(["llama", "phi3", "qwen2", "qwen3"]);
var GPT_OSS_WINDOW = 4096;
function layerCaches(keys, tensors) {
  const { layerCount } = keys;
  if (layerCount === null) return { layers: [], layersAtLeast: [], unknown: ["the number of layers"] };
  const unknown2 = /* @__PURE__ */ new Set();
  const cached = cachedLayers(keys);
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const pairs = Array.from({ length: layerCount }, (_, layer) => {
    const windowed = windowOf(keys, layer, unknown2);
    const local = windowed.believed !== null;
    const elements2 = layer < cached ? elementsOf({ keys, shapes, layer, local, unknown: unknown2 }) : NONE;
    const state = layer < cached ? stateOf({ keys, shapes, layer }, elements2) : NONE;
    return {
      believed: {
        elementsPerToken: elements2.believed,
        window: windowed.believed,
        stateBytes: state.believed
      },
      certain: { elementsPerToken: elements2.certain, window: windowed.certain, stateBytes: state.certain }
    };
  });
  return {
    layers: pairs.map(({ believed }) => believed),
    layersAtLeast: pairs.map(({ certain }) => certain),
    unknown: [...unknown2]
  };
}
function cachedLayers({ layerCount, sharedKvLayers, predictLayers }) {
  return (layerCount ?? 0) - sharedKvLayers - predictLayers;
}
function elementsOf(question) {
  const { keys, layer, local, unknown: unknown2 } = question;
  const interval = keys.fullAttentionInterval;
  if (interval !== null && interval > 0 && (layer + 1) % interval !== 0) return NONE;
  if (keys.kvLoraRank !== null && keys.kvLoraRank > 0) return latentElements(keys);
  const measured = elementsFromTensors(question);
  if (measured !== null) return { believed: measured, certain: measured };
  const headLength = local ? sum(keys.windowedKeyLength, keys.windowedValueLength) : sum(keys.keyLength, keys.valueLength);
  if (headLength === null) {
    unknown2.add("the lengths of keys and values");
    return NONE;
  }
  const heads = kvHeadsOf(keys, layer);
  if (heads === null) {
    unknown2.add("the number of key-value heads per layer (ask /api/show with verbose)");
    return { believed: (keys.headCount ?? 0) * headLength, certain: 0 };
  }
  const elements2 = heads * headLength;
  const open = keys.recurrent !== null && interval === null && !Array.isArray(keys.kvHeads);
  if (open && elements2 > 0) unknown2.add("which layers are recurrent");
  return { believed: elements2, certain: open ? 0 : elements2 };
}
function kvHeadsOf({ kvHeads, headCount }, layer) {
  if (kvHeads === "missing") return headCount;
  if (kvHeads === null || typeof kvHeads === "number") return kvHeads;
  return kvHeads[layer] ?? null;
}
function latentElements(keys) {
  const latent = (keys.kvLoraRank ?? 0) + (keys.ropeDimensions ?? 0);
  const heads = typeof keys.kvHeads === "number" ? keys.kvHeads : keys.headCount;
  const full = (heads ?? 0) * (sum(keys.keyLength, keys.valueLength) ?? 0);
  const compressed = keys.keyLengthMla !== null || heads === 1 || full === 0;
  return { believed: compressed ? latent : full, certain: compressed ? latent : Math.min(latent, full) };
}
function elementsFromTensors({ keys, shapes, layer }) {
  if (shapes.size === 0) return null;
  const width = (part) => shapes.get(`blk.${layer}.${part}.weight`)?.[1];
  const keyWidth = width("attn_k");
  if (keyWidth !== void 0) return keyWidth + (width("attn_v") ?? keyWidth);
  const joint = width("attn_qkv");
  if (joint !== void 0) {
    if (hasState(shapes, layer)) return 0;
    return keys.headCount && keys.keyLength ? joint - keys.headCount * keys.keyLength : null;
  }
  return shapes.has(`blk.${layer}.attn_norm.weight`) && width("attn_q") === void 0 ? 0 : null;
}
function windowOf(keys, layer, unknown2) {
  const { family } = keys;
  const window = keys.slidingWindow ?? WINDOW_PERIODS[family]?.window ?? 0;
  if (window === 0 || WINDOW_NOT_APPLIED.has(family)) return { believed: null, certain: null };
  const local = isWindowed(keys, layer);
  if (local === null) {
    unknown2.add(`which layers look back only ${window} tokens (ask /api/show with verbose)`);
    return { believed: null, certain: window };
  }
  if (!local) return { believed: null, certain: null };
  const isGptOss = family === "gptoss" || family === "gpt-oss";
  return { believed: isGptOss ? Math.max(window, GPT_OSS_WINDOW) : window, certain: window };
}
function isWindowed({ family, slidingWindowPattern: pattern }, layer) {
  if (pattern !== null && typeof pattern !== "number") return (pattern[layer] ?? 0) !== 0;
  const known = WINDOW_PERIODS[family];
  const period = pattern ?? known?.period;
  if (period === void 0 || period === 0) return null;
  return known?.fullFirst ? layer % period !== 0 : layer % period < period - 1;
}
function stateOf({ keys, shapes, layer }, elements2) {
  if (keys.recurrent === null) return NONE;
  const { convKernel, inner, state, groups } = keys.recurrent;
  const bytes = 4 * (Math.max(0, convKernel - 1) * (inner + 2 * groups * state) + state * inner);
  if (shapes.size > 0) return hasState(shapes, layer) ? { believed: bytes, certain: bytes } : NONE;
  if (elements2.certain > 0) return NONE;
  return { believed: bytes, certain: keys.fullAttentionInterval === null ? 0 : bytes };
}
var hasState = (shapes, layer) => shapes.has(`blk.${layer}.ssm_out.weight`);
var sum = (a, b) => a === null || b === null ? null : a + b;

// ../shared/src/show-keys.ts
function readShowKeys(info) {
  const family = typeof info["general.architecture"] === "string" ? info["general.architecture"] : "unknown";
  const raw = (key) => info[`${family}.${key}`];
  const number = (key) => countOf2(raw(key));
  const headCount = largest(perLayer(raw("attention.head_count")));
  const embeddingLength = number("embedding_length");
  const headLength = headCount && embeddingLength ? embeddingLength / headCount : null;
  const keyLength = number("attention.key_length") ?? headLength;
  const valueLength = number("attention.value_length") ?? headLength;
  return {
    family,
    parameterCount: countOf2(info["general.parameter_count"]),
    layerCount: number("block_count"),
    contextLength: number("context_length"),
    embeddingLength,
    feedForwardLength: largest(perLayer(raw("feed_forward_length"))),
    headCount,
    kvHeads: `${family}.attention.head_count_kv` in info ? perLayer(raw("attention.head_count_kv")) : "missing",
    keyLength,
    valueLength,
    windowedKeyLength: number("attention.key_length_swa") ?? keyLength,
    windowedValueLength: number("attention.value_length_swa") ?? valueLength,
    slidingWindow: number("attention.sliding_window"),
    slidingWindowPattern: perLayer(raw("attention.sliding_window_pattern")),
    sharedKvLayers: number("attention.shared_kv_layers") ?? 0,
    predictLayers: number("nextn_predict_layers") ?? 0,
    kvLoraRank: number("attention.kv_lora_rank"),
    ropeDimensions: number("rope.dimension_count"),
    keyLengthMla: number("attention.key_length_mla"),
    fullAttentionInterval: number("full_attention_interval"),
    recurrent: recurrentOf(number),
    expertCount: number("expert_count"),
    expertUsedCount: number("expert_used_count"),
    vocabularySize: number("vocab_size") ?? lengthOf(info["tokenizer.ggml.tokens"])
  };
}
function recurrentOf(number) {
  const inner = number("ssm.inner_size");
  const state = number("ssm.state_size");
  if (!inner || !state) return null;
  return { convKernel: number("ssm.conv_kernel") ?? 0, inner, state, groups: number("ssm.group_count") ?? 0 };
}
function countOf2(value) {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
function perLayer(value) {
  if (!Array.isArray(value)) return countOf2(value);
  const counts = value.map((entry) => typeof entry === "boolean" ? Number(entry) : countOf2(entry));
  return counts.length > 0 && counts.every((count) => count !== null) ? counts : null;
}
function largest(value) {
  return typeof value === "number" || value === null ? value : Math.max(...value);
}
var lengthOf = (value) => Array.isArray(value) && value.length > 0 ? value.length : null;

// ../shared/src/model-architecture.ts
function parseModelArchitecture({ modelInfo, tensors }) {
  const keys = readShowKeys(modelInfo ?? {});
  const { layers, layersAtLeast, unknown: unknown2 } = layerCaches(keys, tensors ?? []);
  const { expertCount, expertUsedCount } = keys;
  return {
    family: keys.family,
    parameterCount: keys.parameterCount,
    trainedContext: keys.contextLength,
    embeddingLength: keys.embeddingLength,
    feedForwardLength: keys.feedForwardLength,
    headCount: keys.headCount,
    keyLength: keys.keyLength,
    valueLength: keys.valueLength,
    vocabularySize: keys.vocabularySize ?? vocabularyOf(tensors ?? []),
    experts: expertCount && expertUsedCount ? { count: expertCount, used: expertUsedCount } : null,
    predictLayers: keys.predictLayers,
    layers,
    layersAtLeast,
    unknown: unknown2
  };
}
function vocabularyOf(tensors) {
  return tensors.find(({ name }) => name === "token_embd.weight")?.shape[1] ?? null;
}

// ../shared/src/model-tensors.ts
var BLOCKS = {
  F64: [1, 8],
  F32: [1, 4],
  F16: [1, 2],
  BF16: [1, 2],
  I32: [1, 4],
  I16: [1, 2],
  I8: [1, 1],
  I64: [1, 8],
  Q4_0: [32, 18],
  Q4_1: [32, 20],
  Q5_0: [32, 22],
  Q5_1: [32, 24],
  Q8_0: [32, 34],
  Q8_1: [32, 36],
  Q2_K: [256, 84],
  Q3_K: [256, 110],
  Q4_K: [256, 144],
  Q5_K: [256, 176],
  Q6_K: [256, 210],
  Q8_K: [256, 292],
  IQ1_S: [256, 50],
  IQ1_M: [256, 56],
  IQ2_XXS: [256, 66],
  IQ2_XS: [256, 74],
  IQ2_S: [256, 82],
  IQ3_XXS: [256, 98],
  IQ3_S: [256, 110],
  IQ4_XS: [256, 136],
  IQ4_NL: [32, 18],
  MXFP4: [32, 17]
};
function weightUse(tensors, use = {}) {
  const decoded = layerCountOf(tensors) - (use.predictLayers ?? 0);
  const untied = tensors.some(({ name }) => name === "output.weight");
  const unknownTypes = /* @__PURE__ */ new Set();
  const sums2 = {
    totalBytes: 0,
    layerBytes: 0,
    bytesPerToken: 0,
    parametersPerToken: 0,
    parametersPerPromptToken: 0
  };
  for (const tensor of tensors) {
    const size = bytesOf2(tensor);
    if (size === null) unknownTypes.add(tensor.type);
    const layer = layerOf(tensor.name);
    const share = shareUsed(tensor.name, { untied, used: layer < decoded, experts: use.experts ?? null });
    sums2.totalBytes += size ?? 0;
    if (layer >= 0) sums2.layerBytes += size ?? 0;
    sums2.bytesPerToken += (size ?? 0) * share;
    if (tensor.shape.length < 2) continue;
    const multiplied = numbersOf3(tensor) * share;
    sums2.parametersPerToken += multiplied;
    if (layer >= 0 && layer < decoded - 1) sums2.parametersPerPromptToken += multiplied;
  }
  return { ...sums2, unknownTypes: [...unknownTypes] };
}
var numbersOf3 = ({ shape }) => shape.reduce((product, length) => product * length, 1);
function bytesOf2(tensor) {
  const block = BLOCKS[tensor.type.toUpperCase()];
  return block === void 0 ? null : numbersOf3(tensor) / block[0] * block[1];
}
function layerOf(name) {
  const found = /^blk\.(\d+)\./.exec(name);
  return found === null ? -1 : Number(found[1]);
}
var layerCountOf = (tensors) => tensors.reduce((most, { name }) => Math.max(most, layerOf(name) + 1), 0);
function shareUsed(name, { untied, used, experts }) {
  if (!used || /^(v|a|mm|vision|audio)\./.test(name)) return 0;
  if (name === "per_layer_token_embd.weight" || name === "position_embd.weight") return 0;
  if (name === "token_embd.weight") return untied ? 0 : 1;
  if (/_exps\./.test(name) && experts !== null) return Math.min(1, experts.used / experts.count);
  return 1;
}

// src/ollama/model-details.ts
var fieldsOf2 = (value) => typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
function tensorsOf2(value) {
  if (!Array.isArray(value)) return [];
  const tensors = value.map(fieldsOf2).filter(isTensor);
  return tensors.length === value.length ? tensors : [];
}
var isTensor = (value) => typeof value.name === "string" && typeof value.type === "string" && Array.isArray(value.shape) && value.shape.every((length) => typeof length === "number" && Number.isSafeInteger(length) && length >= 0);
var READ_SHARE = 0.5;
function modelDetailsOf(shown, model) {
  const modelInfo = fieldsOf2(fieldsOf2(shown).model_info);
  const tensors = tensorsOf2(fieldsOf2(shown).tensors);
  const architecture = parseModelArchitecture({ modelInfo, tensors });
  const { experts, predictLayers } = architecture;
  const use = weightUse(tensors, { experts, predictLayers });
  const active = experts === null ? 1 : experts.used / experts.count;
  return {
    architecture,
    trainedContext: architecture.trainedContext,
    weightBytesPerToken: use.bytesPerToken > 0 ? use.bytesPerToken : READ_SHARE * active * model.sizeBytes,
    parametersPerPromptToken: use.parametersPerPromptToken,
    synthetic: isSynthetic(model.family, modelInfo)
  };
}
var isSynthetic = (family, modelInfo) => family === "ozone-synthetic" || Object.keys(modelInfo).some((key) => key === "ozone.synthetic" || key.startsWith("ozone.synthetic."));

// src/measure/resolve-model.ts
async function resolveModel(attempt) {
  const { engine, ports, order } = attempt;
  attempt.identity = await engine.identity(ports.signal);
  const installed = await engine.installed(ports.signal);
  const model = installed.find(({ name }) => sameModel(name, order.modelName));
  if (model === void 0) throw new TrialFailure("model_missing", missing(order.modelName, installed));
  requireDigest(model, order.modelDigest);
  attempt.model = model;
  attempt.loadedBefore = await engine.loaded(ports.signal);
  attempt.details = modelDetailsOf(await shownDetails(attempt), model);
  noteUnknowns(attempt);
}
async function shownDetails({ engine, ports, order }) {
  try {
    return await engine.show(order.modelName, ports.signal);
  } catch (thrown) {
    if (ports.signal.aborted) throw thrown;
    return null;
  }
}
function noteUnknowns(attempt) {
  if (/^0\.0\.0($|-)/.test(attempt.identity?.version ?? "")) {
    warn(attempt, {
      code: "engine_version_unknown",
      message: "The server says its version is 0.0.0: it was built without one, so its results can't be told from those of other versions."
    });
  }
  if (attempt.details?.trainedContext === null) {
    warn(attempt, {
      code: "trained_context_unknown",
      message: "The server does not say what context the model was trained for."
    });
  }
}
var missing = (name, installed) => {
  const names = installed.slice(0, 8).map((one) => one.name);
  const known = names.length === 0 ? "No model is installed there" : `Installed are ${names.join(", ")}`;
  return `The model ${name} is not installed on this server. ${known}. Pull it, or choose one that \`ollama list\` shows.`;
};
function requireDigest(model, ordered) {
  const wanted = bareDigest(ordered);
  if (wanted === "" || model.digest === wanted || wanted.length >= 12 && model.digest.startsWith(wanted))
    return;
  throw new TrialFailure(
    "model_missing",
    `The model ${model.name} has digest ${model.digest.slice(0, 12)}, but ${wanted.slice(0, 12)} was ordered: it was changed since. Announce the machine again, or pull the ordered version.`
  );
}

// src/measure/result.ts
import { create as create2 } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

// ../shared/src/check-codes.ts
var MARKING_CHECKS = /* @__PURE__ */ new Set(["uncontended", "unthrottled"]);
var GUARDING_CHECKS = /* @__PURE__ */ new Set(["chunk_ratio"]);
var isSampleValid = (checks2) => checks2.every(
  ({ code, passed: passed2 }) => passed2 !== false || MARKING_CHECKS.has(code) || GUARDING_CHECKS.has(code)
);

// ../shared/src/provenance.ts
var PROVENANCE_WORDS = {
  [0 /* UNSPECIFIED */]: "unknown",
  [1 /* MEASURED */]: "measured",
  [2 /* SYNTHETIC */]: "synthetic",
  [3 /* SIMULATED */]: "simulated"
};
var PROVENANCE_NOTICE = {
  [0 /* UNSPECIFIED */]: "The origin of these numbers is unknown.",
  [1 /* MEASURED */]: "",
  [2 /* SYNTHETIC */]: "Synthetic: real timings of a synthetic model (random weights, meaningless text) on Ozone's reference engine; not a result about any real model.",
  [3 /* SIMULATED */]: "Simulated: no inference took place."
};
function provenanceOf(engine, syntheticModel) {
  return engine === 1 /* OLLAMA */ && !syntheticModel ? 1 /* MEASURED */ : 2 /* SYNTHETIC */;
}

// ../shared/src/statistics/input-checks.ts
function requireFinite(values, what, least = 1) {
  if (values.length < least) {
    throw new RangeError(`${what}: ${values.length} value(s) given, at least ${least} needed.`);
  }
  const position = values.findIndex((value) => !Number.isFinite(value));
  if (position >= 0) {
    throw new RangeError(`${what}: value ${position + 1} is ${values[position]}, a finite number is needed.`);
  }
}
function requirePositive(values, what, least = 1) {
  requireFinite(values, what, least);
  const position = values.findIndex((value) => value <= 0);
  if (position >= 0) {
    throw new RangeError(
      `${what}: value ${position + 1} is ${values[position]}, a number above zero is needed.`
    );
  }
}
function at(values, position) {
  const value = values[position];
  if (value === void 0)
    throw new RangeError(`Position ${position} is outside a list of ${values.length}.`);
  return value;
}

// ../shared/src/statistics/median.ts
var sortedCopy = (values) => [...values].sort((a, b) => a - b);
function median(values) {
  requireFinite(values, "median");
  return sortedQuantile(sortedCopy(values), 0.5);
}
function quantile(values, p) {
  requireFinite(values, "quantile");
  if (!(p >= 0 && p <= 1)) throw new RangeError(`quantile: p is ${p}, a number from 0 to 1 is needed.`);
  return sortedQuantile(sortedCopy(values), p);
}
function sortedQuantile(sorted, p) {
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const lower = at(sorted, below);
  const upper = at(sorted, Math.min(below + 1, sorted.length - 1));
  const share = position - below;
  return lower === upper ? lower : lower * (1 - share) + upper * share;
}

// ../shared/src/statistics/spread.ts
function medianAbsoluteDeviation(values) {
  const centre = median(values);
  return median(values.map((value) => Math.abs(value - centre)));
}

// ../shared/src/statistics/outliers.ts
var OUTLIER_ABOVE = 3.5;
var SEVERE_ABOVE = 10;
var MAD_SCALE = 1.4826;
var MAD_FLOOR_SHARE = 2e-3;
function flagOutliers(values) {
  requireFinite(values, "flagOutliers");
  const centre = median(values);
  const spread = Math.max(medianAbsoluteDeviation(values), MAD_FLOOR_SHARE * Math.abs(centre));
  return values.map((value) => {
    const distance = distanceOf(Math.abs(value - centre), MAD_SCALE * spread);
    return { value, distance, level: levelOf(distance) };
  });
}
function distanceOf(deviation, spread) {
  if (deviation === 0) return 0;
  return spread === 0 ? Number.POSITIVE_INFINITY : deviation / spread;
}
function levelOf(distance) {
  if (distance > SEVERE_ABOVE) return "severe";
  return distance > OUTLIER_ABOVE ? "outlier" : "ordinary";
}

// src/measure/certificate/facts.ts
var loadOf = (attempt, { evidence }) => attempt.loads.find(({ launch }) => launch === evidence.launch);
var ms = (value) => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
var nsToMs = (nanoseconds) => nanoseconds / 1e6;

// src/measure/certificate/finding.ts
var passed = (code, detail) => ({ code, passed: true, detail });
var failed = (code, detail) => ({ code, passed: false, detail });
var unknown = (code, detail) => ({ code, detail });
var judged = (code, complaints, praise) => complaints.length === 0 ? passed(code, praise) : failed(code, complaints.join("; "));

// src/measure/certificate/clock-checks.ts
var STRICT_MS = 3;
var STRICT_SHARE = 5e-3;
var LENIENT_MS = 40;
var LENIENT_SHARE = 0.05;
var PER_TOKEN_MS = 0.5;
var BURST_SHARE = 0.2;
var BURSTS_MAX = 0.4;
var SHAPE_TOKENS_MIN = 16;
function clocksAgree(sample, attempt) {
  const { figures, timings, evidence } = sample;
  if (evidence.stream.done === null) return unknown("clocks_agree", "the answer has no durations");
  const server = {
    loadMs: nsToMs(figures.loadNs),
    prefillMs: nsToMs(figures.promptEvalNs),
    decodeMs: nsToMs(figures.evalNs),
    totalMs: nsToMs(figures.totalNs)
  };
  const complaints = [
    ...missingDurations(server, sample),
    ...sums(server),
    ...serverBeyondClient(server, sample),
    ...clientBeyondServer(server, sample),
    ...burst(server, sample),
    ...systematic(attempt)
  ];
  return judged(
    "clocks_agree",
    complaints,
    `server: prefill ${ms(server.prefillMs)}, decode ${ms(server.decodeMs)}, total ${ms(server.totalMs)}; client: first text ${ms(timings.ttftMs ?? 0)}, text ${ms(timings.spanMs ?? 0)}, total ${ms(timings.totalMs ?? 0)}`
  );
}
function missingDurations(server, { figures }) {
  const complaints = [];
  if (server.totalMs === 0) complaints.push("total_duration is zero or missing");
  if (server.prefillMs === 0) complaints.push("prompt_eval_duration is zero or missing");
  if (server.decodeMs === 0 && figures.generatedTokens > 1)
    complaints.push("eval_duration is zero or missing");
  return complaints;
}
function sums({ loadMs, prefillMs, decodeMs, totalMs }) {
  const parts = loadMs + prefillMs + decodeMs;
  if (parts <= totalMs + STRICT_MS + STRICT_SHARE * parts) return [];
  return [`load + prefill + decode are ${ms(parts)}, more than the total of ${ms(totalMs)}`];
}
function serverBeyondClient(server, { timings }) {
  const complaints = [];
  const beyond = (serverMs, clientMs) => clientMs !== null && serverMs > clientMs + STRICT_MS + STRICT_SHARE * clientMs;
  if (beyond(server.totalMs, timings.totalMs)) {
    complaints.push(
      `the server says ${ms(server.totalMs)} in all, the client waited only ${ms(timings.totalMs ?? 0)}`
    );
  }
  if (beyond(server.loadMs + server.prefillMs, timings.ttftMs)) {
    complaints.push(
      `the server says ${ms(server.loadMs + server.prefillMs)} until the first token, the client had text after ${ms(timings.ttftMs ?? 0)}`
    );
  }
  return complaints;
}
function clientBeyondServer(server, sample) {
  const { timings, figures, evidence } = sample;
  const tokens = figures.generatedTokens;
  const stepMs = tokens > 1 ? server.decodeMs / (tokens - 1) : 0;
  const beyond = (clientMs, serverMs, allowedMs) => clientMs > serverMs + LENIENT_MS + LENIENT_SHARE * clientMs + evidence.ownDelayMs + allowedMs;
  const complaints = [];
  const { ttftMs, spanMs, totalMs } = timings;
  const untilFirstMs = evidence.atOnce > 1 ? server.totalMs - server.decodeMs : server.loadMs + server.prefillMs;
  if (ttftMs !== null && beyond(ttftMs, untilFirstMs, 2 * stepMs)) {
    complaints.push(`first text after ${ms(ttftMs)}, but load + prefill are only ${ms(untilFirstMs)}`);
  }
  if (spanMs !== null && beyond(spanMs, server.decodeMs, PER_TOKEN_MS * tokens)) {
    complaints.push(`text came over ${ms(spanMs)}, but decode is only ${ms(server.decodeMs)}`);
  }
  if (totalMs !== null && beyond(totalMs, server.totalMs, 0)) {
    complaints.push(`the client waited ${ms(totalMs)}, the server accounts for ${ms(server.totalMs)}`);
  }
  const heldMs = spanMs === null || ttftMs === null || totalMs === null ? 0 : totalMs - ttftMs;
  if (spanMs !== null && beyond(server.decodeMs, heldMs, 2 * stepMs)) {
    complaints.push(
      `decode is ${ms(server.decodeMs)}, but only ${ms(heldMs)} passed from first text to \`done\``
    );
  }
  return complaints;
}
function burst(server, { timings, figures, evidence }) {
  const { gapsMs, spanMs } = timings;
  if (spanMs === null || gapsMs.length < SHAPE_TOKENS_MIN || figures.generatedTokens < SHAPE_TOKENS_MIN)
    return [];
  const stepMs = server.decodeMs / (figures.generatedTokens - 1);
  const early = gapsMs.filter((gap) => gap < BURST_SHARE * stepMs).length;
  const longestMs = Math.max(...gapsMs);
  const stalled = longestMs > LENIENT_MS + evidence.ownDelayMs + BURST_SHARE * spanMs;
  if (early <= BURSTS_MAX * gapsMs.length || !stalled) return [];
  return [
    `${early} of ${gapsMs.length} chunks came without waiting for their token, then none for ${ms(longestMs)}`
  ];
}
var SYSTEMATIC_FROM = 3;
var SYSTEMATIC_MS = 25;
var SYSTEMATIC_SHARE = 0.02;
function systematic({ samples }) {
  const complete = samples.filter(
    ({ evidence, timings }) => evidence.stream.done !== null && timings.spanMs !== null
  );
  if (complete.length < SYSTEMATIC_FROM) return [];
  const differences = (of) => {
    const pairs = complete.map(of);
    const offMs = median(pairs.map(({ clientMs, serverMs }) => clientMs - serverMs));
    const sizeMs = median(pairs.map(({ clientMs }) => clientMs));
    const tokens = Math.max(...complete.map(({ figures }) => figures.generatedTokens));
    if (Math.abs(offMs) <= SYSTEMATIC_MS + SYSTEMATIC_SHARE * sizeMs + PER_TOKEN_MS * tokens) return [];
    return [`in most samples the client's ${ms(sizeMs)} differ by ${ms(offMs)} from the server's account`];
  };
  return [
    ...differences(({ timings, figures }) => ({
      clientMs: timings.spanMs ?? 0,
      serverMs: nsToMs(figures.evalNs)
    })),
    ...differences(({ timings, figures }) => ({
      clientMs: timings.totalMs ?? 0,
      serverMs: nsToMs(figures.totalNs)
    }))
  ];
}

// src/measure/certificate/machine-checks.ts
var cores = (load) => load === null ? "" : ` (${load.toFixed(2)} cores)`;
function uncontended({ evidence }, { conditions }) {
  const { contended, foreignLoadCores } = evidence.resources;
  if (contended === true) {
    return failed(
      "uncontended",
      `other programs used the machine during the sample${cores(foreignLoadCores)}`
    );
  }
  if (contended === false) return passed("uncontended", `others were quiet${cores(foreignLoadCores)}`);
  if (conditions?.contended === true) {
    return failed(
      "uncontended",
      `the machine was busy before the attempt${cores(conditions.foreignLoadCores)}`
    );
  }
  return unknown("uncontended", "the load of other programs during the sample can't be read");
}
function unthrottled({ evidence }) {
  const { throttled } = evidence.resources;
  if (throttled === null) return unknown("unthrottled", "this machine does not say whether it slows down");
  return throttled ? failed("unthrottled", "the hardware reports that it slowed down during the sample") : passed("unthrottled", "the hardware reports no slowing down");
}

// src/measure/certificate/options-checks.ts
function askedOptions({ configuration: configuration2 }) {
  const { numBatch, numThread, numGpu, numCtx } = configuration2;
  const asked = [
    // More than num_ctx is the same as num_ctx, and shown so.
    ["num_batch", Math.min(numBatch, numCtx)],
    ["num_thread", numThread],
    ["num_gpu", numGpu]
  ];
  return asked.filter((one) => one[1] !== void 0);
}
function optionsEffective(sample, attempt) {
  const findings = askedOptions(attempt).map((asked) => optionFinding(asked, sample, attempt));
  const wordsOf = (verdict) => findings.filter((one) => one.verdict === verdict).map(({ words }) => words).join("; ");
  if (findings.some(({ verdict }) => verdict === "not in force")) {
    return failed("options_effective", wordsOf("not in force"));
  }
  if (findings.some(({ verdict }) => verdict === "unseen")) {
    const why = attempt.optionProbes?.skipped;
    return unknown("options_effective", `${wordsOf("unseen")}${why ? `; ${why}` : ""}`);
  }
  return passed("options_effective", wordsOf("in force"));
}
function optionFinding([option, value], sample, attempt) {
  const state = loadOf(attempt, sample)?.state;
  const shown = state?.effective?.[option];
  if (typeof shown === "number") {
    return shown === value ? { verdict: "in force", words: `${option} ${shown} in force` } : { verdict: "not in force", words: `${option} is ${shown}, ${value} was sent` };
  }
  if (option === "num_gpu" && value === 0 && typeof state?.sizeVramBytes === "number") {
    return state.sizeVramBytes === 0 ? { verdict: "in force", words: "num_gpu 0: nothing is on the GPU" } : {
      verdict: "not in force",
      words: `num_gpu 0 was sent, but ${state.sizeVramBytes} bytes are on the GPU`
    };
  }
  return triedFinding(option, attempt);
}
function triedFinding(option, { optionProbes }) {
  const probe = optionProbes?.probes.find((one) => one.option === option);
  if (optionProbes === null || probe === void 0) {
    return { verdict: "unseen", words: `this server does not show ${option}` };
  }
  if (!reactsVisibly(optionProbes)) {
    return {
      verdict: "unseen",
      words: `this server shows no reaction to other options, so ${option} can't be judged`
    };
  }
  const tried = `${option} ${probe.to} instead of ${probe.from}`;
  return probe.noticed ? { verdict: "in force", words: `${tried} loads the model anew` } : { verdict: "not in force", words: `${tried} changes nothing: the server ignores ${option}` };
}
function kvTypeEffective(sample, attempt) {
  const asked = attempt.configuration.kvCacheType;
  const shown = loadOf(attempt, sample)?.state.effective?.kv_cache_type;
  const seen = attempt.optionProbes === null ? null : kvTypeSeen(attempt.optionProbes, attempt.details.architecture);
  const type = typeof shown === "string" ? shown : seen?.type ?? null;
  const how = typeof shown === "string" ? "the server shows it" : seen?.detail ?? "the server does not show it";
  if (type === null) return unknown("kv_type_effective", `the type of the KV cache is not known: ${how}`);
  if (asked === "") return passed("kv_type_effective", `${type}, none asked for: ${how}`);
  return type === asked ? passed("kv_type_effective", `${type} as asked: ${how}`) : failed("kv_type_effective", `${asked} was asked for, ${type} is in force: ${how}`);
}

// src/measure/certificate/output-checks.ts
var BYTES_PER_TOKEN_MIN = 0.5;
var RATIO_MIN = 0.95;
var RATIO_MAX = 1.05;
function outputComplete({ evidence, figures }, { warmUp: warmUp2 }) {
  const { stream, numPredict } = evidence;
  if (evidence.refusal !== null) return failed("output_complete", evidence.refusal);
  if (stream.done === null) {
    return failed(
      "output_complete",
      `the stream ended after ${stream.lines} lines without \`done\`; Ollama does so when one token repeats`
    );
  }
  const complaints = [];
  if (figures.doneReason !== "length") {
    complaints.push(`done_reason is ${JSON.stringify(figures.doneReason)} instead of "length"`);
  }
  if (figures.generatedTokens !== numPredict) {
    complaints.push(`${figures.generatedTokens} tokens counted, ${numPredict} asked for`);
  }
  if (stream.textBytes < BYTES_PER_TOKEN_MIN * numPredict) {
    complaints.push(`${stream.textBytes} bytes of text are too few for ${numPredict} tokens`);
  }
  if (stream.textTimesMs.length > figures.generatedTokens) {
    complaints.push(`${stream.textTimesMs.length} chunks of text for ${figures.generatedTokens} tokens`);
  }
  complaints.push(...phantomTokens(stream, figures.generatedTokens, warmUp2.bytesPerToken));
  return judged(
    "output_complete",
    complaints,
    `${figures.generatedTokens} of ${numPredict} tokens, ${stream.textBytes} bytes of text, done_reason length`
  );
}
var PHANTOM_SHARE = 0.85;
function phantomTokens(stream, counted2, bytesPerToken) {
  const chunks = stream.textTimesMs.length;
  if (bytesPerToken === null || chunks >= PHANTOM_SHARE * counted2) return [];
  const expectedBytes = bytesPerToken * counted2;
  if (stream.textBytes >= PHANTOM_SHARE * expectedBytes) return [];
  return [
    `${stream.textBytes} bytes of text in ${chunks} chunks for ${counted2} tokens, at least ${Math.round(expectedBytes)} by the warm-up: not all were generated`
  ];
}
function streamWellformed({ evidence, figures }) {
  const { stream } = evidence;
  if (evidence.refusal !== null) return unknown("stream_wellformed", "there was no stream");
  const complaints = [...stream.problems, ...figures.problems];
  if (stream.done === null) complaints.push("no line has `done`");
  if (stream.linesAfterDone > 0) complaints.push(`${stream.linesAfterDone} lines came after \`done\``);
  if (stream.lines > 0 && stream.textTimesMs.length === 0) complaints.push("no line has text");
  return judged("stream_wellformed", complaints, `${stream.lines} lines, \`done\` once and last`);
}
function chunkRatio({ evidence, figures }) {
  const { stream } = evidence;
  const chunks = stream.textTimesMs.length;
  if (figures.generatedTokens === 0) return unknown("chunk_ratio", `${chunks} chunks, no token count`);
  const ratio = chunks / figures.generatedTokens;
  const empty = stream.lines - chunks - 1;
  const sentence = `${chunks} chunks for ${figures.generatedTokens} tokens, ${Math.max(0, empty)} without text`;
  const oneByOne = ratio >= RATIO_MIN && ratio <= RATIO_MAX && empty <= 1 + 0.05 * figures.generatedTokens;
  return oneByOne ? passed("chunk_ratio", sentence) : failed("chunk_ratio", sentence);
}

// src/measure/figures.ts
var decodeRate = ({ generatedTokens, evalNs }) => rate(generatedTokens - 1, evalNs);
var prefillRate = ({ promptTokens, cachedTokens, promptEvalNs }) => rate(promptTokens - (cachedTokens ?? 0), promptEvalNs);
var P95_GAPS_MIN = 20;
var interTokenTimes = ({ gapsMs }) => ({
  p50Ms: gapsMs.length === 0 ? null : quantile(gapsMs, 0.5),
  p95Ms: gapsMs.length < P95_GAPS_MIN ? null : quantile(gapsMs, 0.95)
});

// src/measure/certificate/prompt-checks.ts
var SHARED_TOKENS_MAX = 4;
var PEER_FACTOR = 3;
var counted = ({ evidence }) => {
  const value = evidence.stream.done?.prompt_eval_count;
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
};
function promptTokensMatch(sample) {
  const { evidence, figures } = sample;
  if (!counted(sample)) return uncounted("prompt_tokens_match", sample);
  const sentence = `${evidence.promptTokens} tokens sent, ${figures.promptTokens} counted by the server`;
  return figures.promptTokens === evidence.promptTokens ? passed("prompt_tokens_match", sentence) : failed("prompt_tokens_match", sentence);
}
var uncounted = (code, { evidence }) => {
  const detail = `${evidence.promptTokens} tokens sent, none counted by the server`;
  return evidence.stream.done === null ? unknown(code, detail) : failed(code, detail);
};
function noTruncation(sample, { configuration: configuration2 }) {
  const { evidence, figures } = sample;
  if (!counted(sample)) return uncounted("no_truncation", sample);
  const lost = evidence.promptTokens - figures.promptTokens;
  const room = configuration2.numCtx - figures.promptTokens - figures.generatedTokens;
  if (lost > 0) {
    return failed(
      "no_truncation",
      `${lost} of ${evidence.promptTokens} prompt tokens are missing from the server's count of ${figures.promptTokens}, in num_ctx ${configuration2.numCtx}`
    );
  }
  if (room < 0) {
    return failed(
      "no_truncation",
      `${figures.promptTokens} + ${figures.generatedTokens} tokens do not fit num_ctx ${configuration2.numCtx}: the beginning was shifted out`
    );
  }
  return passed(
    "no_truncation",
    `no token is missing, and ${room} of num_ctx ${configuration2.numCtx} stayed free`
  );
}
function noPrefixCache(sample, attempt) {
  const { figures } = sample;
  const rate2 = prefillRate(figures);
  const peers = attempt.samples.filter((one) => one !== sample).map((one) => prefillRate(one.figures)).filter((one) => one !== null);
  if (figures.cachedTokens !== null && figures.cachedTokens > SHARED_TOKENS_MAX) {
    return failed(
      "no_prefix_cache",
      `the server took ${figures.cachedTokens} of ${figures.promptTokens} prompt tokens from a cache`
    );
  }
  if (rate2 === null) return unknown("no_prefix_cache", "there is no prefill rate to compare");
  const slowest = Math.min(...peers);
  if (peers.length >= 2 && rate2 > PEER_FACTOR * medianOf(peers) && rate2 > PEER_FACTOR * slowest) {
    return failed(
      "no_prefix_cache",
      `prefill at ${rate2.toFixed(0)} tokens/s, the other samples of the same length at ${medianOf(peers).toFixed(0)}: part of it was not computed`
    );
  }
  const said = figures.cachedTokens === null ? "the server does not report cached tokens; the first words were never sent before" : `${figures.cachedTokens} cached tokens reported`;
  return passed("no_prefix_cache", `${said}, prefill at ${rate2.toFixed(0)} tokens/s`);
}
var medianOf = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
};

// ../shared/src/roofline.ts
function decodeBound(work) {
  const { weightBytesPerToken, cacheBytesPerToken, places, concurrency = 1, cacheSizeBytes = 0 } = work;
  requirePositive([weightBytesPerToken, concurrency], "decodeBound: weights and concurrency");
  requirePlaces(places);
  const stepBytes = weightBytesPerToken + concurrency * Math.max(0, cacheBytesPerToken);
  const read = Math.max(0, stepBytes - cacheSizeBytes);
  const memorySeconds = places.reduce(
    (sum2, { share, bytesPerSecond }) => sum2 + share * read / bytesPerSecond,
    0
  );
  const computeSeconds = secondsOfFlops(concurrency * (work.flopsPerToken ?? 0), work.flopsPerSecond);
  const seconds = Math.max(memorySeconds, computeSeconds);
  if (seconds === 0) {
    const words = `no bound: the ${formatBytes(stepBytes)} of a step fit into the processor's caches`;
    return { tokensPerSecond: null, words };
  }
  const tokensPerSecond2 = concurrency / seconds;
  const limit = memorySeconds >= computeSeconds ? `${formatBytes(read)} are read per step from ${placesText(places)}` : `${flopsText((work.flopsPerToken ?? 0) * concurrency)} per step at ${flopsText(work.flopsPerSecond ?? 0)} per second`;
  return { tokensPerSecond: tokensPerSecond2, words: `at most ${threeDigits(tokensPerSecond2)} tokens/s: ${limit}` };
}
function prefillBound(work) {
  const {
    promptTokens,
    parametersPerPromptToken,
    attentionFlops: attentionFlops2 = 0,
    places = [],
    cacheSizeBytes = 0
  } = work;
  requirePositive([promptTokens], "prefillBound: promptTokens");
  const flops = 2 * Math.max(0, parametersPerPromptToken) * promptTokens + attentionFlops2;
  const computeSeconds = secondsOfFlops(flops, work.flopsPerSecond);
  if (places.length > 0) requirePlaces(places);
  const batches = work.numBatch === void 0 ? 1 : Math.ceil(promptTokens / work.numBatch);
  const read = batches * Math.max(0, (work.weightBytesPerToken ?? 0) - cacheSizeBytes);
  const memorySeconds = places.reduce(
    (sum2, { share, bytesPerSecond }) => sum2 + share * read / bytesPerSecond,
    0
  );
  const seconds = Math.max(computeSeconds, memorySeconds);
  if (seconds === 0) {
    return {
      tokensPerSecond: null,
      words: "no bound: neither arithmetic rate nor bandwidth is known for this model"
    };
  }
  const tokensPerSecond2 = promptTokens / seconds;
  const limit = computeSeconds >= memorySeconds ? `${flopsText(flops)} for the prompt at ${flopsText(work.flopsPerSecond ?? 0)} per second` : `${formatBytes(read)} are read in ${batches} batches from ${placesText(places)}`;
  return { tokensPerSecond: tokensPerSecond2, words: `at most ${threeDigits(tokensPerSecond2)} tokens/s: ${limit}` };
}
function attentionFlops(architecture, promptTokens) {
  requirePositive([promptTokens], "attentionFlops: promptTokens");
  const { headCount, keyLength, valueLength, layersAtLeast, predictLayers } = architecture;
  if (!headCount || !keyLength || !valueLength) return 0;
  const perPair = 2 * headCount * (keyLength + valueLength);
  return layersAtLeast.slice(0, Math.max(0, layersAtLeast.length - predictLayers - 1)).filter(({ elementsPerToken }) => elementsPerToken > 0).reduce((sum2, { window }) => sum2 + perPair * pairsWithin(promptTokens, window), 0);
}
function pairsWithin(tokens, window) {
  const reach = Math.min(tokens, window ?? tokens);
  return reach * (reach + 1) / 2 + (tokens - reach) * reach;
}
var PLAUSIBLE_UP_TO = 1.1;
function ratePlausible(tokensPerSecond2, bound) {
  requirePositive([tokensPerSecond2], "ratePlausible: tokensPerSecond");
  if (bound.tokensPerSecond === null) return { passed: null, detail: bound.words };
  const passed2 = tokensPerSecond2 <= PLAUSIBLE_UP_TO * bound.tokensPerSecond;
  return { passed: passed2, detail: `measured ${threeDigits(tokensPerSecond2)} tokens/s; ${bound.words}` };
}
function requirePlaces(places) {
  requirePositive(
    places.map(({ bytesPerSecond }) => bytesPerSecond),
    "The bandwidth of a memory place"
  );
  const shares = places.reduce((sum2, { share }) => sum2 + share, 0);
  if (Math.abs(shares - 1) > 1e-9 || places.some(({ share }) => share < 0)) {
    throw new RangeError(`The shares of the memory places sum to ${shares}, they must sum to 1.`);
  }
}
var secondsOfFlops = (flops, flopsPerSecond) => flopsPerSecond === void 0 || !(flopsPerSecond > 0) ? 0 : flops / flopsPerSecond;
var placesText = (places) => places.filter(({ share }) => share > 0).map(({ name, bytesPerSecond }) => `${name} at ${(bytesPerSecond / 1e9).toFixed(1)} GB/s`).join(" and ");
var flopsText = (flops) => flops < 1e12 ? `${threeDigits(flops / 1e9)} GFLOP` : `${threeDigits(flops / 1e12)} TFLOP`;
var threeDigits = (value) => value < 100 ? String(Number(value.toPrecision(3))) : Math.round(value).toString();

// src/measure/certificate/rate-check.ts
var BANDWIDTH_CEILING = 2;
var CACHED_UP_TO = 4;
var CACHE_SPEED_UP = 12;
var FLOPS_CEILING = 4;
var DECODE_MAX = 5e4;
var DECODE_OVER_WARM_UP = 5;
var PREFILL_OVER_WARM_UP = 25;
function ratePlausible2(sample, attempt) {
  const decode2 = decodeRate(sample.figures);
  const prefill2 = prefillRate(sample.figures);
  if (decode2 === null && prefill2 === null) return unknown("rate_plausible", "there is no rate to judge");
  const complaints = againstWarmUp(decode2, prefill2, attempt);
  if (decode2 !== null && decode2 > DECODE_MAX)
    complaints.push(`decode ${rounded(decode2)} tokens/s is beyond any machine`);
  const places = placesOf(sample, attempt);
  const decodeJudged = decode2 === null ? null : ratePlausible(decode2, decodeBoundOf(sample, attempt, places));
  const prefillJudged = prefill2 === null ? null : ratePlausible(prefill2, prefillBoundOf(sample, attempt, places));
  if (decodeJudged?.passed === false) complaints.push(`decode ${decodeJudged.detail}`);
  if (prefillJudged?.passed === false) complaints.push(`prefill ${prefillJudged.detail}`);
  if (complaints.length > 0) return failed("rate_plausible", complaints.join("; "));
  if (decodeJudged === null || decodeJudged.passed === null) {
    return unknown(
      "rate_plausible",
      `${decodeJudged?.detail ?? "there is no decode rate"}; the warm-up agrees`
    );
  }
  return passed("rate_plausible", `decode ${decodeJudged.detail}; prefill ${rounded(prefill2)} tokens/s`);
}
var rounded = (value) => value === null ? "unknown" : value.toFixed(value < 100 ? 1 : 0);
function againstWarmUp(decode2, prefill2, { warmUp: warmUp2 }) {
  const complaints = [];
  if (decode2 !== null && warmUp2.decode !== null && decode2 > DECODE_OVER_WARM_UP * warmUp2.decode) {
    complaints.push(
      `decode ${rounded(decode2)} tokens/s, but ${rounded(warmUp2.decode)} at best in the warm-up`
    );
  }
  if (prefill2 !== null && warmUp2.prefill !== null && prefill2 > PREFILL_OVER_WARM_UP * warmUp2.prefill) {
    complaints.push(
      `prefill ${rounded(prefill2)} tokens/s, but ${rounded(warmUp2.prefill)} at best in the warm-up`
    );
  }
  return complaints;
}
function placesOf(sample, attempt) {
  const { machine, details } = attempt;
  const state = loadOf(attempt, sample)?.state;
  const size = state?.sizeBytes ?? 0;
  const onGpu = size > 0 ? Math.min(1, (state?.sizeVramBytes ?? 0) / size) : 0;
  const places = [];
  if (onGpu < 1) {
    const cacheBytes = machine.cacheBytes ?? null;
    const fromCache = cacheBytes === null || details.weightBytesPerToken < CACHED_UP_TO * cacheBytes;
    const memory = machine.memoryBandwidthBytesPerSecond;
    const cache = machine.cacheBandwidthBytesPerSecond ?? (memory === null ? null : CACHE_SPEED_UP * memory);
    const bandwidth = fromCache ? cache : memory;
    if (bandwidth === null) return [];
    const name = fromCache ? "the processor's caches" : "RAM";
    places.push({ name, bytesPerSecond: BANDWIDTH_CEILING * bandwidth, share: 1 - onGpu });
  }
  if (onGpu > 0) {
    const bandwidth = machine.gpuMemoryBandwidthBytesPerSecond ?? null;
    if (bandwidth === null) return [];
    places.push({
      name: "GPU",
      bytesPerSecond: BANDWIDTH_CEILING * bandwidth,
      share: onGpu
    });
  }
  return places;
}
var noBound = {
  tokensPerSecond: null,
  words: "no bound: the bandwidth of the memory that holds the model is not known"
};
function decodeBoundOf({ figures }, { details, configuration: configuration2 }, places) {
  if (places.length === 0 || !(details.weightBytesPerToken > 0)) return noBound;
  return decodeBound({
    weightBytesPerToken: details.weightBytesPerToken,
    cacheBytesPerToken: cacheReadBytes(details.architecture, figures.promptTokens, configuration2.kvCacheType),
    places
  });
}
function prefillBoundOf({ figures }, { details, machine, configuration: configuration2 }, places) {
  const promptTokens = figures.promptTokens - (figures.cachedTokens ?? 0);
  if (promptTokens < 1) return noBound;
  return prefillBound({
    promptTokens,
    parametersPerPromptToken: details.parametersPerPromptToken,
    attentionFlops: attentionFlops(details.architecture, promptTokens),
    ...machine.peakFlops === null ? {} : { flopsPerSecond: FLOPS_CEILING * machine.peakFlops },
    numBatch: Math.max(1, configuration2.numBatch),
    weightBytesPerToken: details.weightBytesPerToken,
    places
  });
}

// src/measure/certificate/runner-checks.ts
var CONTEXT_STEP2 = 256;
var WARM_LOAD_MS = 50;
var RELOAD_SHARE = 0.6;
var ours = (snapshot2, attempt) => snapshot2.loaded.find(({ name }) => sameModel(name, attempt.model.name));
function contextAllocated(sample, attempt) {
  const { numCtx } = attempt.configuration;
  const { evidence } = sample;
  const states = [
    loadOf(attempt, sample)?.state,
    ours(evidence.before, attempt),
    ours(evidence.after, attempt)
  ];
  const seen = states.map((state) => state?.contextLength ?? null).filter((one) => one !== null);
  const wrong = seen.find((one) => one < numCtx || one > Math.ceil(numCtx / CONTEXT_STEP2) * CONTEXT_STEP2);
  if (wrong !== void 0) return failed("context_allocated", `${numCtx} asked for, ${wrong} allocated`);
  if (evidence.refusal !== null) {
    return failed(
      "context_allocated",
      `${numCtx} asked for, but a prompt of ${evidence.promptTokens} tokens was refused: ${evidence.refusal}`
    );
  }
  if (seen.length === 0)
    return unknown("context_allocated", "the server does not show the allocated context");
  return passed("context_allocated", `${numCtx} asked for, ${seen[0]} allocated`);
}
function modelUnchanged({ evidence }, attempt) {
  const complaints = [evidence.before, evidence.after].flatMap(
    (snapshot2) => modelComplaints(snapshot2, attempt)
  );
  const digest = attempt.model.digest;
  if (complaints.length === 0 && digest === "") {
    return unknown("model_unchanged", "the server shows no digest of the model");
  }
  return judged(
    "model_unchanged",
    [...new Set(complaints)],
    `digest ${digest.slice(0, 12)} before and after`
  );
}
function modelComplaints(snapshot2, attempt) {
  const { model, loadedBefore, engineVersion } = attempt;
  const complaints = [];
  const installed = snapshot2.installed.find(({ name }) => sameModel(name, model.name));
  for (const digest of [ours(snapshot2, attempt)?.digest, installed?.digest]) {
    if (digest !== void 0 && digest !== "" && digest !== model.digest) {
      complaints.push(`digest ${digest.slice(0, 12)} instead of ${model.digest.slice(0, 12)}`);
    }
  }
  if (installed === void 0) complaints.push(`${model.name} is no longer installed`);
  if (snapshot2.version !== engineVersion) {
    complaints.push(`the server is version ${snapshot2.version}, it was ${engineVersion}`);
  }
  const strangers = snapshot2.loaded.filter(
    ({ name }) => !sameModel(name, model.name) && !loadedBefore.some((before) => sameModel(before.name, name))
  );
  for (const { name } of strangers) complaints.push(`someone loaded ${name} meanwhile`);
  return complaints;
}
function placementUnchanged(sample, attempt) {
  const load = loadOf(attempt, sample)?.state;
  const first = attempt.loads[0]?.state;
  if (load === void 0 || first === void 0 || load.sizeVramBytes === null) {
    return unknown("placement_unchanged", "the server does not show where the model lies");
  }
  const states = [first, ours(sample.evidence.before, attempt), ours(sample.evidence.after, attempt)];
  const complaints = states.flatMap((state) => {
    if (state === void 0) return ["/api/ps no longer lists the model"];
    if (state.sizeVramBytes === load.sizeVramBytes && state.sizeBytes === load.sizeBytes) return [];
    return [
      `${state.sizeVramBytes} of ${state.sizeBytes} bytes on the GPU, after the load ${load.sizeVramBytes} of ${load.sizeBytes}`
    ];
  });
  return judged(
    "placement_unchanged",
    [...new Set(complaints)],
    `${load.sizeVramBytes} of ${load.sizeBytes} bytes on the GPU throughout`
  );
}
function noReloadInside(sample, attempt) {
  const { evidence, figures } = sample;
  const load = loadOf(attempt, sample);
  if (load === void 0) return unknown("no_reload_inside", "the load of this launch was not seen");
  if (evidence.stream.done === null) return unknown("no_reload_inside", "the answer has no load_duration");
  const freshMs = load.serverMs ?? load.clientMs;
  const spentMs = nsToMs(figures.loadNs);
  const limitMs = Math.max(WARM_LOAD_MS, RELOAD_SHARE * freshMs) + evidence.ownDelayMs;
  const complaints = [];
  if (spentMs > limitMs) complaints.push(`load_duration is ${ms(spentMs)}, a fresh load took ${ms(freshMs)}`);
  if (ours(evidence.before, attempt) === void 0)
    complaints.push("the model was not loaded before the sample");
  if (ours(evidence.after, attempt) === void 0)
    complaints.push("the model was not loaded after the sample");
  return judged(
    "no_reload_inside",
    complaints,
    `load_duration ${ms(spentMs)}, a fresh load took ${ms(freshMs)}`
  );
}

// src/measure/certificate/certify.ts
var checks = [
  promptTokensMatch,
  noTruncation,
  noPrefixCache,
  outputComplete,
  contextAllocated,
  modelUnchanged,
  placementUnchanged,
  noReloadInside,
  optionsEffective,
  clocksAgree,
  ratePlausible2,
  chunkRatio,
  uncontended,
  unthrottled,
  kvTypeEffective,
  streamWellformed
];
var certify = (sample, attempt) => checks.map((check) => check(sample, attempt));

// src/measure/result.ts
var OUTLIERS_FROM = 3;
function resultOf(attempt, failure) {
  const samples = samplesOf(attempt);
  const { order, ports, configuration: configuration2, protocol } = attempt;
  return create2(TrialResultSchema, {
    trialId: order.trialId,
    attempt: order.attempt,
    machineId: ports.machine.machineId,
    sweepId: order.sweepId,
    verdict: verdictOf(samples, failure),
    ...failure === null ? {} : { failure: create2(FailureSchema, { failureClass: failure.failureClass, message: failure.message }) },
    modelName: order.modelName,
    modelDigest: attempt.model?.digest ?? order.modelDigest,
    configuration: configuration2,
    protocol,
    purpose: order.purpose,
    samples,
    context: contextOf(attempt, samples),
    loadMs: attempt.loads.map(({ serverMs, clientMs }) => serverMs ?? clientMs),
    memory: memoryOf(attempt),
    conditions: conditionsOf(attempt),
    warnings: attempt.warnings.map((warning) => create2(WarningSchema, warning)),
    provenance: attempt.identity === null ? 0 /* UNSPECIFIED */ : provenanceOf(attempt.identity.kind, attempt.details?.synthetic === true),
    hardwareClass: ports.machine.hardwareClass,
    startedAt: timestampFromDate(attempt.startedAt),
    finishedAt: timestampFromDate(/* @__PURE__ */ new Date()),
    elapsedMs: performance.now() - attempt.startedAtMs,
    agentVersion: ports.machine.agentVersion
  });
}
function verdictOf(samples, failure) {
  if (failure !== null) return 3 /* FAILED */;
  return samples.every(({ valid }) => valid) ? 1 /* VALID */ : 2 /* REJECTED */;
}
function samplesOf(attempt) {
  const facts = factsOf(attempt);
  if (facts === null) return [];
  const outliers = outlierFlags(facts.samples);
  return facts.samples.map(
    (one, index) => sampleOf(one, facts, { index, outlier: outliers[index] ?? false })
  );
}
function factsOf(attempt) {
  if (attempt.model === null || attempt.details === null) return null;
  const samples = attempt.samples.map((evidence) => ({
    evidence,
    figures: serverFiguresOf(evidence.stream.done),
    timings: timingsOf(evidence.stream)
  }));
  return {
    configuration: attempt.configuration,
    model: attempt.model,
    details: attempt.details,
    machine: attempt.ports.machine,
    engineVersion: attempt.identity?.version ?? "",
    loads: attempt.loads,
    loadedBefore: attempt.loadedBefore,
    conditions: attempt.conditions,
    warmUp: { ...attempt.warmUpRates, bytesPerToken: attempt.bytesPerToken },
    optionProbes: attempt.optionProbes,
    samples
  };
}
function outlierFlags(samples) {
  const rates = samples.map(({ figures }) => decodeRate(figures));
  const known = rates.filter((one) => one !== null);
  if (known.length < OUTLIERS_FROM) return samples.map(() => false);
  const flags = flagOutliers(known);
  return rates.map(
    (one) => one !== null && flags.some(({ value, level }) => value === one && level !== "ordinary")
  );
}
function sampleOf(one, attempt, place2) {
  const { evidence, figures, timings } = one;
  const findings = certify(one, attempt);
  const oneByOne = findings.every(({ code, passed: passed2 }) => code !== "chunk_ratio" || passed2 === true);
  const gaps = oneByOne ? interTokenTimes(timings) : null;
  return create2(SampleSchema, {
    ...place2,
    launch: evidence.launch,
    valid: isSampleValid(findings),
    checks: findings.map((finding) => create2(CheckSchema, finding)),
    promptTokens: figures.promptTokens,
    generatedTokens: figures.generatedTokens,
    prefillTokensPerSecond: prefillRate(figures) ?? void 0,
    decodeTokensPerSecond: decodeRate(figures) ?? void 0,
    ttftMs: timings.ttftMs ?? void 0,
    interTokenP50Ms: gaps?.p50Ms ?? void 0,
    interTokenP95Ms: gaps?.p95Ms ?? void 0,
    totalMs: timings.totalMs ?? void 0,
    promptEvalNs: BigInt(figures.promptEvalNs),
    evalNs: BigInt(figures.evalNs),
    loadNs: BigInt(figures.loadNs),
    totalNs: BigInt(figures.totalNs),
    cachedTokens: figures.cachedTokens ?? void 0,
    chunks: evidence.stream.textTimesMs.length,
    startedAt: timestampFromDate(evidence.startedAt)
  });
}
function contextOf({ configuration: configuration2, protocol, loads, details }, samples) {
  const usable = samples.filter(({ valid }) => valid);
  const smallest = (usable.length > 0 ? usable : samples).reduce(
    (least, one) => least === null || one.promptTokens < least.promptTokens ? one : least,
    null
  );
  return create2(ContextUseSchema, {
    requested: configuration2.numCtx,
    allocated: loads[0]?.state.contextLength ?? void 0,
    promptTokens: smallest?.promptTokens ?? 0,
    filled: smallest !== null && isFilled(configuration2, protocol.fill, smallest),
    trained: details?.trainedContext ?? void 0
  });
}
function memoryOf({ loads, samples }) {
  const state = loads[loads.length - 1]?.state;
  const peaks = samples.map(({ resources }) => resources.peakPssBytes).filter((one) => one !== null);
  const big = (value) => value === null || value === void 0 ? void 0 : BigInt(Math.round(value));
  return create2(MemorySchema, {
    sizeBytes: big(state?.sizeBytes),
    sizeVramBytes: big(state?.sizeVramBytes),
    peakPssBytes: peaks.length === 0 ? void 0 : big(Math.max(...peaks))
  });
}
function conditionsOf({ identity, model, conditions, samples }) {
  return create2(ConditionsSchema, {
    ...identity === null ? {} : { engine: create2(EngineSchema, identity) },
    modelDigest: model?.digest ?? "",
    quantization: model?.quantization ?? "",
    loadAverage: conditions?.loadAverage ?? void 0,
    foreignLoadCores: conditions?.foreignLoadCores ?? void 0,
    powerSource: conditions?.powerSource ?? "unknown",
    temperatureCelsius: conditions?.temperatureCelsius ?? void 0,
    contended: conditions?.contended === true || samples.some(({ resources }) => resources.contended === true),
    waitedMs: Math.round(conditions?.waitedMs ?? 0)
  });
}

// src/measure/take-samples.ts
import { monitorEventLoopDelay } from "node:perf_hooks";
var PROMPT_TOKENS_MIN = 16;
var DELAY_RESOLUTION_MS = 5;
async function takeSamples(attempt, launch, prompts) {
  const { protocol, ports } = attempt;
  const round = { launch, prompts, promptTokens: fillingTokens(attempt) };
  const wanted = Math.max(1, protocol.repetitions);
  for (let taken = 1; taken <= wanted; taken += 1) {
    ports.onActivity(`sample ${taken} of ${wanted}: filling ${round.promptTokens} tokens`);
    const samples = await takeRound(attempt, round);
    attempt.samples.push(...samples);
    attempt.proofFromMs = null;
    if (samples.every(isWhole) || samples.some(({ refusal }) => refusal !== null)) continue;
    ports.onActivity(`sample ${taken} of ${wanted} once more beside it: it was not whole`);
    attempt.samples.push(...await takeRound(attempt, round));
  }
}
function fillingTokens({ configuration: configuration2, protocol }) {
  const promptTokens = promptTokensFor(configuration2, protocol.fill);
  if (promptTokens >= PROMPT_TOKENS_MIN) return promptTokens;
  throw new TrialFailure(
    "context_too_large",
    `num_predict ${configuration2.numPredict} and fill ${protocol.fill} leave ${promptTokens} tokens for the prompt in num_ctx ${configuration2.numCtx}; use a larger num_ctx or a smaller num_predict.`
  );
}
function isWhole({ stream, promptTokens, numPredict }) {
  const figures = serverFiguresOf(stream.done);
  return figures.promptTokens === promptTokens && figures.generatedTokens === numPredict;
}
async function takeRound(attempt, { launch, prompts, promptTokens }) {
  const { numPredict, concurrency } = attempt.configuration;
  const atOnce = Math.max(1, concurrency);
  const texts = Array.from({ length: atOnce }, () => prompts.make(promptTokens));
  const before = await snapshot(attempt);
  const sampler = attempt.ports.sampler.start();
  const loop = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  const startedAt = /* @__PURE__ */ new Date();
  loop.enable();
  const asked = await Promise.allSettled(
    texts.map((prompt) => askOrRefusal(attempt, { prompt, promptTokens, numPredict, atOnce }))
  );
  loop.disable();
  const resources = await sampler.stop();
  const answers = asked.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
  const after = await snapshot(attempt);
  const ownDelayMs = Math.max(0, loop.max / 1e6 - DELAY_RESOLUTION_MS);
  const common = {
    launch,
    startedAt,
    promptTokens,
    numPredict,
    atOnce,
    before,
    after,
    resources,
    ownDelayMs
  };
  return answers.map((answer2) => ({ ...common, ...answer2 }));
}
async function askOrRefusal(attempt, question) {
  const startedAtMs = performance.now();
  try {
    return { stream: await ask(attempt, question), refusal: null };
  } catch (thrown) {
    if (!(thrown instanceof TrialFailure) || thrown.failureClass !== "context_too_large") throw thrown;
    return { stream: new StreamRecorder(startedAtMs).record(), refusal: thrown.message };
  }
}
async function snapshot({ engine, ports }) {
  const [identity, loaded, installed] = await Promise.all([
    engine.identity(ports.signal),
    engine.loaded(ports.signal),
    engine.installed(ports.signal)
  ]);
  return { version: identity.version, loaded, installed };
}

// ../shared/src/statistics/warm-up.ts
var AGREE_WITHIN = 0.02;
var WARM_UP_REQUESTS_MAX = 4;
function warmUp(rates) {
  requirePositive(rates, "warmUp", 0);
  const last = rates.at(-1);
  const previous = rates.at(-2);
  if (last !== void 0 && previous !== void 0 && Math.abs(Math.log(last / previous)) < AGREE_WITHIN) {
    return "agreed";
  }
  return rates.length >= WARM_UP_REQUESTS_MAX ? "cap" : "more";
}

// src/measure/warm-up-runner.ts
var USUAL = { promptTokens: 128, numPredict: 32 };
var SHORT = { promptTokens: 32, numPredict: 12 };
var DEAR_MS = 4e3;
async function warmUpRunner(attempt, prompts) {
  const { configuration: configuration2, protocol, order, ports } = attempt;
  ports.onActivity("warming up");
  const full = promptTokensFor(configuration2, protocol.fill);
  const size = (expectedMs(USUAL, attempt.pace) ?? 0) > DEAR_MS ? SHORT : USUAL;
  const promptTokens = Math.min(size.promptTokens, full);
  const numPredict = Math.max(2, Math.min(size.numPredict, configuration2.numPredict));
  const rates = [];
  for (let tried = 0; tried < 4 && warmUp(rates) === "more"; tried += 1) {
    const record = await ask(attempt, { prompt: prompts.make(promptTokens), promptTokens, numPredict });
    const figures = serverFiguresOf(record.done);
    const rate2 = decodeRate(figures);
    if (rate2 !== null) rates.push(rate2);
    noteRates(attempt, { decode: rate2, prefill: prefillRate(figures) });
    noteBytes(attempt, record, figures);
  }
  if (order.purpose !== 2 /* CONFIRM */) return;
  ports.onActivity(`warming up at full depth: ${full} tokens`);
  await ask(attempt, { prompt: prompts.make(full), promptTokens: full, numPredict });
}
function noteRates(attempt, seen) {
  const best = (one, other) => one === null || other === null ? one ?? other : Math.max(one, other);
  const { warmUpRates } = attempt;
  attempt.warmUpRates = {
    decode: best(warmUpRates.decode, seen.decode),
    prefill: best(warmUpRates.prefill, seen.prefill)
  };
}
function noteBytes(attempt, record, { generatedTokens }) {
  if (generatedTokens === 0 || record.textTimesMs.length < 0.95 * generatedTokens) return;
  const seen = record.textBytes / generatedTokens;
  attempt.bytesPerToken = Math.min(attempt.bytesPerToken ?? seen, seen);
}

// src/run-trial.ts
async function runTrial(order, ports) {
  const attempt = openAttempt(order, ports);
  let failure = null;
  try {
    await measure2(attempt);
  } catch (thrown) {
    failure = asFailure(thrown, ports.signal);
  }
  await leaveNoTrace(attempt);
  return resultOf(attempt, failure);
}
async function measure2(attempt) {
  const { ports, protocol } = attempt;
  ports.onActivity("waiting for a quiet machine");
  attempt.conditions = await ports.conditions.waitUntilQuiet(protocol.quietWaitMs, ports.signal);
  await resolveModel(attempt);
  await promiseToLeaveNoTrace(attempt);
  const launches = Math.max(1, protocol.launches);
  for (let launch = 0; launch < launches; launch += 1) {
    await startFreshRunner(attempt, launch);
    const prompts = await preparePrompts(attempt);
    await warmUpRunner(attempt, prompts);
    await takeSamples(attempt, launch, prompts);
    if (launch === launches - 1) await probeOptions(attempt);
    await unloadModel(attempt);
  }
}
function asFailure(thrown, signal) {
  if (signal.aborted) return new TrialFailure("cancelled", "The trial was cancelled.", { cause: thrown });
  if (thrown instanceof TrialFailure) return thrown;
  return new TrialFailure("internal", `Something failed inside the agent: ${messageOf(thrown)}.`, {
    cause: thrown
  });
}

// src/measure/ports.ts
var unknownConditions = {
  waitUntilQuiet: async () => ({
    loadAverage: null,
    foreignLoadCores: null,
    powerSource: "unknown",
    temperatureCelsius: null,
    contended: null,
    waitedMs: 0
  })
};
var unknownSampler = {
  start: () => ({
    stop: async () => ({ peakPssBytes: null, foreignLoadCores: null, contended: null, throttled: null })
  })
};

// ../../../../tmp/scratch-measure/lies.ts
var only = process.argv.slice(2);
for (const lie of LIES) {
  if (only.length && !only.includes(lie.name)) continue;
  const server = await startScriptedOllama({ lies: [lie.name], ...lie.needs ?? {} });
  const started = performance.now();
  const result = await runTrial(create3(TrialOrderSchema, {
    trialId: "t",
    attempt: 1,
    modelName: "scripted:tiny",
    configuration: configuration({ numCtx: 2048, numBatch: 256, numThread: 2, numPredict: 64, kvCacheType: lie.name.startsWith("kv") ? "q8_0" : "" }),
    purpose: 1 /* SCREEN */,
    protocol: create3(ProtocolSchema, { fill: 0.9, repetitions: 2, launches: 1, limitMs: 5e4 })
  }), {
    engineUrl: server.url,
    cacheDir: "/tmp/scratch-measure/cache",
    signal: new AbortController().signal,
    onActivity: () => {
    },
    conditions: unknownConditions,
    sampler: unknownSampler,
    machine: { machineId: "m", hardwareClass: "c", agentVersion: "0", memoryBandwidthBytesPerSecond: 2e10, cacheBandwidthBytesPerSecond: null, cacheBytes: 32 * 2 ** 20, gpuMemoryBandwidthBytesPerSecond: null, peakFlops: null }
  });
  const failed2 = [...new Set(result.samples.flatMap((s) => s.checks.filter((c) => c.passed === false).map((c) => c.code + ": " + c.detail)))];
  console.log(`${lie.name.padEnd(26)} ${Verdict[result.verdict].padEnd(9)} ${((performance.now() - started) / 1e3).toFixed(1)}s ${result.failure ? result.failure.failureClass + ": " + result.failure.message : ""} ${failed2.slice(0, 4).join(" | ")} ${result.warnings.map((w) => w.code)}`);
  await server.stop();
}
process.exit(0);
