// Runs claims one after the other and judges what they report. A claim that throws is not held; the others still run.
import type { Claim } from "./claim.ts";
import { brokenVerdict, type Verdict, verdictOf } from "./verdict.ts";

/** Runs all, in order. @param log progress, a line at a time */
export async function runClaims(claims: readonly Claim[], log: (line: string) => void): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const claim of claims) {
    log(`${claim.name}: ${claim.about}`);
    const started = performance.now();
    verdicts.push(...(await judged(claim, (line) => log(`  ${line}`))));
    log(`${claim.name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return verdicts;
}

async function judged(claim: Claim, log: (line: string) => void): Promise<Verdict[]> {
  try {
    const findings = await claim.run(log);
    if (findings.length > 0) return findings.map(verdictOf);
    return [brokenVerdict(claim.name, "the claim reported nothing")];
  } catch (thrown) {
    if (thrown instanceof Error && thrown.stack !== undefined) log(thrown.stack);
    return [brokenVerdict(claim.name, thrown instanceof Error ? thrown.message : String(thrown))];
  }
}
