// A command that a person may stop.

/** Ctrl-C and SIGTERM end the work, which then cleans up; a second one ends the process as usual. */
export async function cancellable<Value>(run: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const cancel = new AbortController();
  const onSignal = (): void => cancel.abort();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, onSignal);
  try {
    return await run(cancel.signal);
  } finally {
    for (const signal of signals) process.removeListener(signal, onSignal);
  }
}
