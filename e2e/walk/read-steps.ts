// The steps of docs/operating.md, as they stand there: what is tried is what is written. Pure.

/** One block of commands. */
export interface WalkStep {
  /** Number of the step in the list. */
  readonly number: number;
  /** On the administrator's machine, or on each machine of the lab. */
  readonly place: "here" | "machine";
  readonly script: string;
}

const SECTION = /^## Twenty lab machines[^\n]*\n([\s\S]*?)^## /m;
const BLOCK = /^(\d+)\. |^```sh (here|machine)\n([\s\S]*?)^```$/gm;

/** @throws Error when the page no longer has the section, or a block without a step before it */
export function readSteps(page: string): WalkStep[] {
  const section = SECTION.exec(page)?.[1];
  if (section === undefined) throw new Error("docs/operating.md has no section about twenty lab machines.");
  let number = 0;
  const steps: WalkStep[] = [];
  for (const [, listed, place, script] of section.matchAll(BLOCK)) {
    if (listed !== undefined) number = Number(listed);
    else if (script !== undefined && number > 0 && (place === "here" || place === "machine"))
      steps.push({ number, place, script });
    else throw new Error("A block of commands in docs/operating.md stands before the first step.");
  }
  return steps;
}
