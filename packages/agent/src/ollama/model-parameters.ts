// The parameters that a model carries, from an answer of /api/show: one "name value" per line.

/** Numbers only: the parameters that make a load are numbers. A name that stands twice has its last value. */
export function numberParametersOf(shown: unknown): ReadonlyMap<string, number> {
  const text = (shown as { parameters?: unknown } | null)?.parameters;
  const lines = typeof text === "string" ? text.split("\n") : [];
  return new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^\s*(\S+)\s+(-?\d+(?:\.\d+)?)\s*$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, Number(value)] as const];
    }),
  );
}
