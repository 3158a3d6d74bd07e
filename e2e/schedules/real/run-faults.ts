// Carries out the faults of a schedule one after the other or, where that was drawn, side by side; never two that take hold
// of the same part.
import { CARRY_OUT } from "./carry-out.ts";
import { describeFault, type Fault, holdsOf, type Schedule } from "./draw-schedule.ts";
import type { Fleet } from "./fleet.ts";
import { reach } from "./moments.ts";

/** What became of the faults. */
export interface FaultsDone {
  readonly done: number;
  /** Not begun: the sweep had ended before. */
  readonly missed: number;
  /** To be done once the sweep has ended. */
  readonly afterwards: readonly (() => Promise<void>)[];
}

interface Lasting {
  readonly holds: readonly string[];
  readonly ended: Promise<void>;
}

/** Those that `fault` has to wait for. */
const inTheWay = (fault: Fault, lasting: readonly Lasting[]): readonly Lasting[] =>
  fault.overlaps
    ? lasting.filter(({ holds }) => holds.some((part) => holdsOf(fault).includes(part)))
    : lasting;

/**
 * Runs them all and waits for the end of each.
 * @throws Error when a fault could not be carried out: a defect of the harness, or a part that never came back.
 */
export async function runFaults(
  fleet: Fleet,
  { faults }: Schedule,
  say: (line: string) => void,
): Promise<FaultsDone> {
  const lasting: Lasting[] = [];
  const afterwards: (() => Promise<void>)[] = [];
  let done = 0;
  for (const fault of faults) {
    const agent = fleet.agents[fault.agent];
    if (!agent) throw new Error(`there is no agent ${fault.agent}`);
    await Promise.all(inTheWay(fault, lasting).map(({ ended }) => ended));
    const moment = await reach(fleet, agent, fault);
    if (moment === "over") break;
    say(`${moment === "seen" ? "" : "(its moment did not come) "}${describeFault(fault)}`);
    done += 1;
    const doing = { fault, fleet, agent, later: (act: () => Promise<void>) => afterwards.push(act) };
    const ended = CARRY_OUT[fault.kind](doing);
    // Awaited below; until then a failure must not end the process.
    ended.catch(() => undefined);
    lasting.push({ holds: holdsOf(fault), ended });
  }
  await Promise.all(lasting.map(({ ended }) => ended));
  return { done, missed: faults.length - done, afterwards };
}
