// A sweep request with every blank filled in, or one sentence that says what is wrong with it. Pure.
import { clone, create } from "@bufbuild/protobuf";
import { ProtocolSchema } from "@ozone/proto/configuration";
import { MatrixSchema, type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import { isQuantisedCache, KV_CACHE_TYPES } from "@ozone/shared/configuration";
import { OzoneError } from "@ozone/shared/errors";
import { NUM_CTX_MAX, NUM_CTX_MIN, SAMPLES_PER_RESULT_MAX, TRIALS_PER_SWEEP_MAX } from "@ozone/shared/limits";
import { parseMachineQuery } from "@ozone/shared/machine-query";
import { isPath, strategyTitle } from "@ozone/shared/strategy-names";
import { requireTags } from "@ozone/shared/tags";
import { matrixSize } from "../search/option-space.ts";
import { STRATEGIES, strategyNamed } from "../search/strategies.ts";
import { protocolProblem } from "./protocol-problem.ts";

/** Share of the context that is filled unless asked otherwise (search.md). */
const FILL = 0.9;
/** The quick sweep's box (the outside contract). */
const QUICK_BUDGET_MS = 240_000;
/** Short answers, so that slow machines get through eight configurations as well. */
const QUICK_NUM_PREDICT = 64;
const ATTEMPT_LIMIT_MS = 30 * 60_000;
const QUIET_WAIT_MS = 60_000;
const QUICK_QUIET_WAIT_MS = 5_000;

/** "a, b or c" */
const oneOf = (names: readonly string[]): string =>
  `${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`;

const refuse = (sentence: string): never => {
  throw new OzoneError("invalid_input", sentence);
};

function checkNumbers({ matrix, protocol }: SweepRequest): void {
  for (const numCtx of matrix?.numCtx ?? []) {
    if (numCtx < NUM_CTX_MIN || numCtx > NUM_CTX_MAX) {
      refuse(`num_ctx ${numCtx} is impossible: use ${NUM_CTX_MIN} to ${NUM_CTX_MAX}.`);
    }
  }
  for (const [name, values] of [
    ["num_batch", matrix?.numBatch],
    ["num_thread", matrix?.numThread],
    ["num_predict", matrix?.numPredict],
    ["concurrency", matrix?.concurrency],
  ] as const) {
    if (values?.includes(0)) refuse(`${name} 0 is impossible: use 1 or more.`);
  }
  const problem = protocol ? protocolProblem(protocol, Math.max(1, ...(matrix?.concurrency ?? []))) : null;
  if (problem !== null) refuse(problem);
}

/** A query that can't be read is refused also where no machine is asked yet: when a schedule is made. */
function checkNarrowing({ tags, where }: SweepRequest): void {
  requireTags(tags);
  if (where !== "") parseMachineQuery(where);
}

/** Quantised caches without flash attention are no points of a matrix; when there are no others, there is nothing to do. */
function checkServerSettings({ matrix }: SweepRequest): void {
  const { kvCacheType = [], flashAttention = [] } = matrix ?? {};
  const wrong = kvCacheType.find((type) => !KV_CACHE_TYPES.includes(type));
  if (wrong !== undefined)
    refuse(`kv_cache_type ${JSON.stringify(wrong)} is unknown: use ${KV_CACHE_TYPES.join(", ")}.`);
  const odd = flashAttention.find((value) => value !== "on" && value !== "off");
  if (odd !== undefined) refuse(`flash_attention ${JSON.stringify(odd)} is unknown: use on, off.`);
  const onlyOff = flashAttention.length > 0 && !flashAttention.includes("on");
  if (onlyOff && kvCacheType.length > 0 && kvCacheType.every(isQuantisedCache)) {
    refuse(
      `kv_cache_type ${kvCacheType.join(", ")} needs flash attention: Ollama would fall back to f16 or fail to load; add flash_attention on, or kv_cache_type f16.`,
    );
  }
}

/** Whoever chooses its trials one by one chooses each output length for itself. */
function checkSharedFills({ matrix, protocol, shareWithinClass }: SweepRequest, strategy: string): void {
  if (!protocol?.shareFill) return;
  if (shareWithinClass) {
    refuse(
      "share class and share_fill can't be combined yet: leave one of them out (share: none, or share_fill: off).",
    );
  }
  if (strategy !== "grid") {
    refuse(
      `share_fill has a place in a grid only, not in ${strategy}: switch it off (share_fill: off), or use strategy grid.`,
    );
  }
  const rounds = Math.max(1, protocol.repetitions) * Math.max(1, protocol.launches);
  const samples = rounds * Math.max(1, new Set(matrix?.numPredict).size);
  if (samples > SAMPLES_PER_RESULT_MAX) {
    refuse(
      `${samples} samples per trial are too many: launches x repetitions x output lengths that share a fill may be ${SAMPLES_PER_RESULT_MAX}.`,
    );
  }
}

const asksForServerSettings = ({ matrix }: SweepRequest): boolean =>
  (matrix?.kvCacheType.length ?? 0) > 0 ||
  (matrix?.flashAttention.length ?? 0) > 0 ||
  (matrix?.concurrency ?? []).some((requests) => requests > 1);

/** What one machine finds out has to tell the others something while they work; not every search can do that. */
function checkSharing({ shareWithinClass }: SweepRequest, strategy: string): void {
  if (!shareWithinClass || strategyNamed(strategy)?.sharing) return;
  const able = STRATEGIES.filter(({ sharing }) => sharing).map(({ name }) => name);
  refuse(
    `share class is not possible with the strategy ${strategyTitle(strategy)}, whose trials count on their order: use ${oneOf(able)}, or leave share out.`,
  );
}

/** Server settings need a server of the agent's own; the default is then measured on one too, to be comparable. */
const isManaged = ({ matrix, protocol }: SweepRequest): boolean =>
  protocol?.managed === true ||
  (matrix?.kvCacheType.length ?? 0) > 0 ||
  (matrix?.flashAttention.length ?? 0) > 0;

/**
 * Checks a request and fills its blanks.
 * @throws OzoneError invalid_input with one sentence: what, where, what to do.
 */
export function completeRequest(request: SweepRequest): SweepRequest {
  const strategy = request.strategy === "" ? "grid" : request.strategy;
  // A plug-in strategy comes as the absolute path that it was found at.
  if (!strategyNamed(strategy) && !isPath(strategy)) {
    refuse(
      `There is no strategy ${JSON.stringify(strategy)}: use ${oneOf(STRATEGIES.map(({ name }) => name))}, or a module (docs/plug-in-strategies.md).`,
    );
  }
  checkNarrowing(request);
  checkNumbers(request);
  checkServerSettings(request);
  checkSharedFills(request, strategyTitle(strategy));
  checkSharing(request, strategy);
  const quick = strategy === "quick";
  if (quick && request.protocol?.precision) {
    refuse(
      "precision has no place in a quick sweep, which confirms as far as its time box goes: use the grid strategy.",
    );
  }
  if (quick && asksForServerSettings(request)) {
    refuse(
      "The quick strategy searches num_ctx, num_batch and num_thread only; use strategy grid for kv_cache_type, flash_attention or concurrency.",
    );
  }
  const matrix = clone(MatrixSchema, request.matrix ?? create(MatrixSchema));
  if (quick && matrix.numPredict.length === 0) matrix.numPredict = [QUICK_NUM_PREDICT];
  const points = matrixSize(matrix);
  if (points > TRIALS_PER_SWEEP_MAX) {
    refuse(
      `The matrix has ${points} points; at most ${TRIALS_PER_SWEEP_MAX} are allowed. Give fewer values.`,
    );
  }
  const given = request.protocol;
  const protocol = create(ProtocolSchema, {
    fill: given?.fill || FILL,
    repetitions: given?.repetitions || 1,
    launches: given?.launches || 1,
    limitMs: given?.limitMs || ATTEMPT_LIMIT_MS + (given?.sustainedMs ?? 0),
    quietWaitMs: given?.quietWaitMs || (quick ? QUICK_QUIET_WAIT_MS : QUIET_WAIT_MS),
    allowContended: quick || (given?.allowContended ?? false),
    timeBoxed: quick,
    ...(given?.precision ? { precision: given.precision } : {}),
    samplesMax: given?.samplesMax ?? 0,
    depths: [...new Set(given?.depths)].sort((a, b) => a - b),
    warmPrefix: given?.warmPrefix ?? false,
    sustainedMs: given?.sustainedMs ?? 0,
    allowBattery: given?.allowBattery ?? false,
    managed: isManaged(request),
    shareFill: given?.shareFill ?? false,
  });
  const budgetMs = request.budgetMs || (quick ? QUICK_BUDGET_MS : 0);
  return create(SweepRequestSchema, { ...request, strategy, matrix, protocol, budgetMs });
}
