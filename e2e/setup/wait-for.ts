// Waits for a state, never for a time; says what it saw last when it gives up.

const LOOK_EVERY_MS = 100;

/**
 * Asks until the answer satisfies.
 * @throws Error with the last answer when `limitMs` has passed.
 */
export async function waitFor<Answer>(
  what: string,
  ask: () => Answer | Promise<Answer>,
  options: { until: (answer: Answer) => boolean; limitMs?: number },
): Promise<Answer> {
  const limitMs = options.limitMs ?? 60_000;
  const end = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const answer = await ask();
      if (options.until(answer)) return answer;
      last = answer;
    } catch (thrown) {
      last = thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const seen = last instanceof Error ? last.message : JSON.stringify(last);
  throw new Error(`${what} did not happen within ${limitMs} ms; last seen: ${String(seen).slice(0, 2_000)}`);
}
