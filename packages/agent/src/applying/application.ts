// What is known of one derived model: what stands, and what is under way. This is what survives a kill.

/** A step that was begun, and what has to be known to end it or to undo it. */
export type Underway =
  /** The trial model is made and measured; to be undone. */
  | { readonly step: "trying"; readonly trialName: string }
  /** Decided: the trial model is to take the name; to be gone on with. */
  | {
      readonly step: "publishing";
      readonly trialName: string;
      readonly digest: string;
      readonly before: Before;
    }
  /** The name is to be what it was before; to be gone on with. */
  | { readonly step: "rolling back" };

/** What had the name before Ozone, by which rolling back restores it. */
export interface Before {
  /** Null: nothing had it. */
  readonly digest: string | null;
  /** The name under which it is kept meanwhile; null when nothing has to be kept. */
  readonly backupName: string | null;
}

/** A derived model that was kept. */
export interface Standing {
  readonly digest: string;
  readonly before: Before;
  readonly purpose: string;
  readonly appliedAt: string;
}

/** All that is known of one name on one server. */
export interface Application {
  readonly engineUrl: string;
  readonly name: string;
  readonly baseName: string;
  readonly purpose: string;
  readonly standing: Standing | null;
  readonly underway: Underway | null;
}
