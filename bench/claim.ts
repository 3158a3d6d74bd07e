// What a claim is: something that Ozone says of itself, with a goal in figures, and the run that shows it.

/** One figure of a claim. The interval's ends are null where there is none; a goal without ends is informative. */
export interface Finding {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: { readonly least?: number; readonly most?: number };
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
  readonly detail?: string;
}

/** One claim. `run` measures and reports; whether a finding holds is the harness's to say, never the claim's. */
export interface Claim {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** Runs with --long only. */
  readonly long: boolean;
  /** @param log one line of progress for a person */
  run(log: (line: string) => void): Promise<readonly Finding[]>;
}
