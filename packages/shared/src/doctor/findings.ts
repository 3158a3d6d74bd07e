// What a doctor found: one prerequisite each, with what to do where it is not as it should be. Pure.

/** `missing`: work can't be done like this; `warning`: it can, with less or worse; `unknown`: it could not be seen. */
export type FindingState = "ok" | "warning" | "missing" | "unknown";

/** One prerequisite. */
export interface Finding {
  readonly subject: string;
  readonly state: FindingState;
  /** What was seen, in a few words. */
  readonly seen: string;
  /** One sentence: what to do; empty when it is ok. */
  readonly advice: string;
}

/** As it should be. */
export const fine = (subject: string, seen: string): Finding => ({ subject, state: "ok", seen, advice: "" });

/** Not as it should be, with what to do. */
export const trouble = (
  subject: string,
  state: Exclude<FindingState, "ok">,
  [seen, advice]: readonly [seen: string, advice: string],
): Finding => ({ subject, state, seen, advice });

/** 1 when something is missing, else 0. */
export const exitCodeOf = (findings: readonly Finding[]): number =>
  findings.some(({ state }) => state === "missing") ? 1 : 0;

/** A probe with its subject: what it is about is known even where it does not answer. */
export interface Probe {
  readonly subject: string;
  look(): Promise<readonly Finding[]>;
}

/** Asks all at once, each with its own limit. A probe that fails or hangs is unknown; it never takes others along. */
export async function askProbes(probes: readonly Probe[], limitMs: number): Promise<Finding[]> {
  return (await Promise.all(probes.map((probe) => askProbe(probe, limitMs)))).flat();
}

function askProbe({ subject, look }: Probe, limitMs: number): Promise<readonly Finding[]> {
  return new Promise((resolve) => {
    const give = (seen: string) =>
      resolve([trouble(subject, "unknown", [seen, "Run the doctor again when the machine is less busy."])]);
    const timer = setTimeout(() => give(`no answer within ${limitMs / 1000} s`), limitMs);
    look()
      .then(resolve, (thrown: unknown) => give(thrown instanceof Error ? thrown.message : String(thrown)))
      .finally(() => clearTimeout(timer));
  });
}

const SUBJECT_WIDTH = 13;
const STATE_WIDTH = 9;

/** For a terminal of `width` columns: state, subject, what was seen; below it what to do. */
export function findingsText(findings: readonly Finding[], width = 80): string {
  const indent = " ".repeat(STATE_WIDTH + SUBJECT_WIDTH);
  const lines = findings.flatMap(({ subject, state, seen, advice }) => [
    ...wrapped(`${state.padEnd(STATE_WIDTH)}${subject.padEnd(SUBJECT_WIDTH)}`, seen, { indent, width }),
    ...(advice === "" ? [] : wrapped(indent, advice, { indent, width })),
  ]);
  return `${[...lines, "", summary(findings)].join("\n")}\n`;
}

function summary(findings: readonly Finding[]): string {
  const count = (wanted: FindingState) => findings.filter(({ state }) => state === wanted).length;
  return `${count("ok")} ok, ${count("warning")} warning, ${count("missing")} missing, ${count("unknown")} unknown`;
}

/** What others wrote (server names, error texts) must not move the cursor. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, " ").trim();

function wrapped(
  first: string,
  text: string,
  { indent, width }: { indent: string; width: number },
): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of oneLine(text).split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || indent.length + [...longer].length <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].map((one, at) => `${at === 0 ? first : indent}${one}`);
}
