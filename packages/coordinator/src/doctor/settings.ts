// What the doctor has to know of the coordinator's configuration.
import type { CalloutSettings } from "../callout/callout-keys.ts";
import type { BroughtFiles } from "../certificates/server-certificate.ts";

/** A part of the coordinator's configuration; see there for what each means. */
export interface DoctorSettings {
  readonly dataDir: string;
  readonly databaseUrl: string | null;
  readonly natsUrl: string | null;
  readonly natsCa: string | null;
  readonly natsReplicas: number | null;
  readonly callout: CalloutSettings | null;
  readonly natsServerPath: string | null;
  readonly natsListen: { readonly host: string; readonly port: number } | null;
  readonly grpcAddress: string;
  readonly outsideAddress: string | null;
  readonly httpAddress: string | null;
  readonly broughtCertificate: BroughtFiles | null;
}
