// The bench as a function of its arguments, so that its tests need no process.
import type { Claim } from "./claim.ts";
import { jsonOf, tableOf } from "./printing.ts";
import { runClaims } from "./run-claims.ts";
import { selectClaims } from "./selection.ts";

/** Where a bench writes: the table and the document on stdout, progress and complaints on stderr. */
export interface BenchStreams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Runs what the flags ask for. @returns the exit code: 0 all hold, 1 not all hold, 2 usage */
export async function bench(
  argv: readonly string[],
  claims: readonly Claim[],
  { stdout, stderr }: BenchStreams,
): Promise<number> {
  const log = (line: string): void => {
    stderr.write(`${line}\n`);
  };
  const selection = selectClaims(argv, claims);
  if ("problem" in selection) {
    log(selection.problem);
    return 2;
  }
  for (const name of selection.skipped) log(`${name} takes long and was left out: add --long.`);
  const verdicts = await runClaims(selection.claims, log);
  stdout.write(tableOf(verdicts));
  if (selection.json) stdout.write(`${jsonOf(verdicts)}\n`);
  return verdicts.every(({ holds }) => holds) ? 0 : 1;
}
