// What the coordinator's program says of certificates, and `ozone certificate` shows: one JSON document between the two.

/** A certificate for people. */
export interface CertificateWords {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly validFrom: string;
  readonly validUntil: string;
  /** SHA-256, as browsers and openssl print it. */
  readonly fingerprint: string;
}

/** What there is, and what was done. It never holds a key. */
export interface CertificateReport {
  readonly brought: boolean;
  /** What clients need; null: a CA that their systems trust. */
  readonly caFile: string | null;
  readonly certificateFile: string;
  readonly ca: CertificateWords | null;
  readonly server: CertificateWords;
  readonly madeCa: boolean;
  /** Why there is a new server certificate; null when the old one stayed. */
  readonly replacedBecause: string | null;
}
