// The agent's log: lines for people, with the ids that a person searches for.

/** What a line is about, by field: `sweep_id`, `trial_id`, `attempt`. */
export type LogFields = Readonly<Record<string, string | number>>;

/** Writes one line. */
export type Log = (line: string, about?: LogFields) => void;

/** The fields of everything that has to do with an attempt. */
export const idsOf = ({
  sweepId,
  trialId,
  attempt,
}: {
  readonly sweepId: string;
  readonly trialId: string;
  readonly attempt: number;
}): LogFields => ({ sweep_id: sweepId, trial_id: trialId, attempt });
