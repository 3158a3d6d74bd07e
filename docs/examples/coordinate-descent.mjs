// A complete plug-in strategy for Ozone (docs/plug-in-strategies.md): from the best configuration so far it tries the
// next smaller and the next larger value of one option after the other, until nothing is better, and confirms the result.
// It imports nothing and remembers nothing: every step follows from the state.

/** What this search looks for: an answer of 64 tokens as soon as possible. */
const waitMs = ({ ttftMs, decodeTokensPerSecond }) => ttftMs + 64_000 / decodeTokensPerSecond;

const keyOf = (config) => JSON.stringify(Object.entries(config).sort());

/** Configurations that gave figures, the shortest wait first; equal ones in the order of their keys. */
function ranked(observations) {
  const measured = observations.filter(
    ({ purpose, medians }) => purpose === "screen" && medians.ttftMs && medians.decodeTokensPerSecond,
  );
  const wait = ({ medians, config }) => [waitMs(medians), keyOf(config)];
  return measured.sort((a, b) => {
    const [[waitA, keyA], [waitB, keyB]] = [wait(a), wait(b)];
    return waitA - waitB || (keyA < keyB ? -1 : 1);
  });
}

/** A quantised cache can't do without flash attention, and a batch beyond the context is cut to it. */
const isPossible = ({ kv_cache_type, flash_attention, num_batch, num_ctx }) =>
  !(flash_attention === "off" && /^q/.test(kv_cache_type ?? "")) && num_batch <= num_ctx;

/** The values next to the present one, in the order of the matrix. */
function neighbours(config, matrix) {
  return Object.entries(matrix).flatMap(([name, values]) => {
    const at = values.indexOf(config[name]);
    const beside = at < 0 ? values : [values[at - 1], values[at + 1]];
    return beside.filter((value) => value !== undefined).map((value) => ({ ...config, [name]: value }));
  });
}

const confirm = ({ config }, reason) => ({ config, purpose: "confirm", reason });

function next({ default: base, matrix, trialsMax, budgetMs, spentMs, observations }) {
  const tried = new Set(observations.map(({ config }) => keyOf(config)));
  if (!tried.has(keyOf(base))) {
    return { trials: [{ config: base, purpose: "screen", reason: "the default, to start from" }] };
  }
  if (observations.some(({ purpose }) => purpose === "confirm")) return { trials: [] };
  const [best] = ranked(observations);
  if (!best) return { trials: [], notes: ["Not even the default works here."] };
  const room =
    (trialsMax ?? Number.POSITIVE_INFINITY) > tried.size && (budgetMs === null || spentMs < 0.6 * budgetMs);
  const open = neighbours(best.config, matrix).find(
    (config) => isPossible(config) && !tried.has(keyOf(config)),
  );
  if (room && open) {
    return { trials: [{ config: open, purpose: "screen", reason: "one step from the best so far" }] };
  }
  const trials = [confirm(best, "nothing beside it is better")];
  if (keyOf(best.config) !== keyOf(base))
    trials.push(confirm({ config: base }, "the default, to compare with"));
  return { trials };
}

export default { apiVersion: 1, name: "coordinate-descent", next };
