// What every step of starting and stopping the local stack is given.

/** Shared by all steps of one `up` or `down`. */
export interface StackOptions {
  /** Absolute path of the data folder. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes one line for the person who waits. */
  readonly progress: (line: string) => void;
  /** A file of one's own objectives, as typed here; else OZONE_OBJECTIVES names it, or nothing does. */
  readonly objectives?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}
