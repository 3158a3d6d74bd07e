// The coordinator's configuration from its environment: parsed in a function, checked, with one sentence per problem.
import { homedir } from "node:os";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { dataFolder, NAMED_STRATEGIES } from "@ozone/shared/data-folder";
import { parseDuration } from "@ozone/shared/duration";
import { OzoneError } from "@ozone/shared/errors";
import { hostOf, isLoopback } from "@ozone/shared/host-address";
import { LEASE_MS } from "@ozone/shared/limits";
import * as z from "zod";
import type { CalloutSettings } from "./callout/callout-keys.ts";
import type { BroughtFiles } from "./certificates/server-certificate.ts";
import type { WebhookSettings } from "./notifications/endpoint.ts";
import type { ModuleRules } from "./plug-ins/find-module.ts";

/** Everything that can be set from outside. */
export interface CoordinatorConfig {
  readonly dataDir: string;
  /** Null: the embedded Postgres. */
  readonly databaseUrl: string | null;
  /** Null: a supervised local nats-server. */
  readonly natsUrl: string | null;
  /** The CA of an external NATS; null: none, or one that the system trusts. */
  readonly natsCa: string | null;
  /** On how many servers of an external NATS the streams are kept; null: one, or as they are. */
  readonly natsReplicas: number | null;
  /** Serve the auth callout of an external NATS with the keys of a file; null: it has a list of users. */
  readonly callout: CalloutSettings | null;
  /** A nats-server to use instead of looking for one. */
  readonly natsServerPath: string | null;
  /** Loopback: for callers of this machine, without TLS. */
  readonly grpcAddress: string;
  /** The supervised nats-server speaks TLS there; null: on loopback without. Port 0: any. */
  readonly natsListen: { readonly host: string; readonly port: number } | null;
  /** host:port at which other machines find the bus; null: where they find the coordinator. */
  readonly natsAdvertise: string | null;
  /** Beyond loopback, with TLS and role tokens; null: not there. */
  readonly outsideAddress: string | null;
  /** A certificate of the user's own; null: Ozone's. */
  readonly broughtCertificate: BroughtFiles | null;
  /** host:port of /healthz, /readyz and /metrics; null: not there. */
  readonly httpAddress: string | null;
  readonly leaseMs: number;
  /** The lead of several coordinators on one Postgres is taken over when its holder did not renew it for so long. */
  readonly leaderLeaseMs: number;
  /** Which modules may be loaded as strategies. */
  readonly modules: ModuleRules;
  /** A file of one's own objectives; null: the defaults. */
  readonly objectivesPath: string | null;
  /** How long results keep their raw details, in milliseconds; null: for ever. */
  readonly keepRawMs: number | null;
  /** Backups are read whatever they unpack to. */
  readonly backupAnySize: boolean;
  /** Where notifications go, not checked yet; null: there are none. */
  readonly webhook: WebhookSettings | null;
  /** A machine is told of as missing after so long without a heartbeat. */
  readonly missingAfterMs: number;
  /** Sweeps wait so long for a machine that is not heard. */
  readonly waitForMachinesMs: number;
  readonly logLevel: string;
}

const LEASE_MS_MIN = 1_000;
const KEEP_RAW_MS_MIN = 86_400_000;
const LEADER_LEASE_MS = 10_000;
const MISSING_AFTER_MS = 300_000;
const WAIT_FOR_MACHINES_MS_MIN = 3_600_000;
const CALLOUT_LIFE_MS = 45_000;
const CALLOUT_LIFE_MS_MIN = 2_000;
/** A revoked machine stays connected for so long, and is to be cut within a minute. */
const CALLOUT_LIFE_MS_MAX = 55_000;
const ANY_LOCAL_PORT = "127.0.0.1:0";

const schema = z.object({
  OZONE_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "must look like postgres://user:password@host:5432/database")
    .optional(),
  OZONE_NATS_URL: z.string().min(1, "must look like nats://host:4222").optional(),
  OZONE_NATS_CA: z.string().min(1).optional(),
  OZONE_NATS_REPLICAS: z
    .string()
    .regex(/^[135]$/, "must be 1, 3 or 5: on how many servers of a NATS cluster the streams are kept")
    .optional(),
  OZONE_NATS_CALLOUT_KEYS: z.string().min(1).optional(),
  OZONE_NATS_CALLOUT_LIFE_MS: z.coerce
    .number("must be a number of milliseconds")
    .int()
    .min(CALLOUT_LIFE_MS_MIN)
    .max(CALLOUT_LIFE_MS_MAX)
    .default(CALLOUT_LIFE_MS),
  OZONE_NATS_SERVER: z.string().min(1).optional(),
  OZONE_GRPC_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d{1,5}$/, "must look like 127.0.0.1:7464")
    .default(ANY_LOCAL_PORT),
  OZONE_HTTP_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d{1,5}$/, "must look like 127.0.0.1:7465")
    .optional(),
  OZONE_NATS_LISTEN: z
    .string()
    .regex(
      /^(0\.0\.0\.0|127\.0\.0\.1|\[::\]):\d{1,5}$/,
      "must be 0.0.0.0:PORT or [::]:PORT for all addresses, or 127.0.0.1:PORT",
    )
    .optional(),
  OZONE_NATS_ADVERTISE: z
    .string()
    .regex(
      /^([A-Za-z0-9._-]{1,253}|\[[0-9a-fA-F:.]{2,45}\]):\d{1,5}$/,
      "must be HOST:PORT, as other machines reach the bus",
    )
    .optional(),
  OZONE_TLS_CERT: z.string().min(1).optional(),
  OZONE_TLS_KEY: z.string().min(1).optional(),
  OZONE_TLS_CA: z.string().min(1).optional(),
  OZONE_LEASE_MS: z.coerce
    .number("must be a number of milliseconds")
    .int()
    .min(LEASE_MS_MIN)
    .default(LEASE_MS),
  OZONE_LEADER_LEASE_MS: z.coerce
    .number("must be a number of milliseconds")
    .int()
    .min(LEASE_MS_MIN)
    .default(LEADER_LEASE_MS),
  OZONE_STRATEGIES: z.string().optional(),
  OZONE_OBJECTIVES: z.string().min(1).optional(),
  OZONE_KEEP_RAW: z
    .string()
    .refine(
      (text) => (parseDuration(text) ?? 0) >= KEEP_RAW_MS_MIN,
      "must be a duration of a day or more, for example 90d",
    )
    .optional(),
  OZONE_BACKUP_ANY_SIZE: z.enum(["yes", "no"]).default("no"),
  OZONE_WEBHOOK_URL: z.string().optional(),
  OZONE_WEBHOOK_SECRET: z.string().optional(),
  OZONE_WEBHOOK_SECRET_FILE: z.string().optional(),
  OZONE_MISSING_AFTER_MS: z.coerce
    .number("must be a number of milliseconds")
    .int()
    .min(LEASE_MS_MIN)
    .default(MISSING_AFTER_MS),
  OZONE_WAIT_FOR_MACHINES: z
    .string()
    .default("7d")
    .refine(
      (text) => (parseDuration(text) ?? 0) >= WAIT_FOR_MACHINES_MS_MIN,
      "must be a duration of an hour or more, for example 7d",
    ),
  OZONE_LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

function natsListen(text: string | undefined) {
  if (text === undefined) return null;
  return { host: hostOf(text), port: Number(text.slice(text.lastIndexOf(":") + 1)) };
}

function webhook(values: z.infer<typeof schema>): WebhookSettings | null {
  const { OZONE_WEBHOOK_URL: url, OZONE_WEBHOOK_SECRET: secret = null } = values;
  const file = values.OZONE_WEBHOOK_SECRET_FILE;
  if (url !== undefined) return { url, secret, secretPath: file === undefined ? null : resolve(file) };
  if (secret === null && file === undefined) return null;
  throw new OzoneError("invalid_input", "A secret of a webhook is set, and no OZONE_WEBHOOK_URL.");
}

/** Certificate and key belong together; the CA is what clients have to trust, if their systems don't. */
function broughtCertificate(values: z.infer<typeof schema>): BroughtFiles | null {
  const { OZONE_TLS_CERT: certificate, OZONE_TLS_KEY: key, OZONE_TLS_CA: ca } = values;
  if (certificate === undefined && key === undefined && ca === undefined) return null;
  if (certificate === undefined || key === undefined) {
    throw new OzoneError(
      "invalid_input",
      "OZONE_TLS_CERT and OZONE_TLS_KEY belong together: name both files, or neither and Ozone makes its own.",
    );
  }
  return { certificate: resolve(certificate), key: resolve(key), ca: ca === undefined ? null : resolve(ca) };
}

/** The nats-server that Ozone starts is one server. */
function natsReplicas(text: string | undefined, natsUrl: string | undefined): number | null {
  if (text === undefined) return null;
  if (natsUrl !== undefined || text === "1") return Number(text);
  throw new OzoneError(
    "invalid_input",
    "OZONE_NATS_REPLICAS is for a NATS cluster of yours: name its servers in OZONE_NATS_URL.",
  );
}

/** No module at all may be loaded. */
const NO_STRATEGIES = "off";

/** Only an outside server calls out; the supervised one has its list. */
function calloutSettings(values: z.infer<typeof schema>): CalloutSettings | null {
  const { OZONE_NATS_CALLOUT_KEYS: keys, OZONE_NATS_CALLOUT_LIFE_MS: lifeMs } = values;
  if (keys === undefined) return null;
  if (values.OZONE_NATS_URL !== undefined) return { keysPath: resolve(keys), lifeMs };
  throw new OzoneError(
    "invalid_input",
    "OZONE_NATS_CALLOUT_KEYS is for a NATS of yours: name it in OZONE_NATS_URL; the nats-server that Ozone starts needs no callout.",
  );
}

/** Without the variable only what is named in the data folder: who may write there is the coordinator's own user. */
function moduleRules(given: string | undefined, dataDir: string): ModuleRules {
  if (given === NO_STRATEGIES) return { places: [], namedIn: null };
  const places = (given ?? "").split(delimiter).filter((place) => place !== "");
  const wrong = places.find((place) => !isAbsolute(place));
  if (wrong !== undefined) {
    throw new OzoneError(
      "invalid_input",
      `OZONE_STRATEGIES ${wrong} is no absolute path; list folders and modules with ${JSON.stringify(delimiter)} between them, or say ${NO_STRATEGIES}.`,
    );
  }
  return { places: places.map((place) => resolve(place)), namedIn: join(dataDir, NAMED_STRATEGIES) };
}

/**
 * Reads the environment.
 * @throws OzoneError invalid_input with one sentence that names the variable.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): CoordinatorConfig {
  // An empty variable means: not set.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(set);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new OzoneError("invalid_input", `${issue?.path.join(".")} ${issue?.message}.`);
  }
  const values = parsed.data;
  const isOutside = !isLoopback(values.OZONE_GRPC_ADDRESS);
  const isRoot = process.getuid?.() === 0;
  const dataDir = resolve(dataFolder({ env: set, platform: process.platform, homeDir: homedir(), isRoot }));
  return {
    dataDir,
    databaseUrl: values.OZONE_DATABASE_URL ?? null,
    natsUrl: values.OZONE_NATS_URL ?? null,
    natsCa: values.OZONE_NATS_CA ? resolve(values.OZONE_NATS_CA) : null,
    natsReplicas: natsReplicas(values.OZONE_NATS_REPLICAS, values.OZONE_NATS_URL),
    callout: calloutSettings(values),
    natsServerPath: values.OZONE_NATS_SERVER ?? null,
    grpcAddress: isOutside ? ANY_LOCAL_PORT : values.OZONE_GRPC_ADDRESS,
    httpAddress: values.OZONE_HTTP_ADDRESS ?? null,
    natsListen: natsListen(values.OZONE_NATS_LISTEN),
    natsAdvertise: values.OZONE_NATS_ADVERTISE ?? null,
    outsideAddress: isOutside ? values.OZONE_GRPC_ADDRESS : null,
    broughtCertificate: broughtCertificate(values),
    leaseMs: values.OZONE_LEASE_MS,
    leaderLeaseMs: values.OZONE_LEADER_LEASE_MS,
    modules: moduleRules(values.OZONE_STRATEGIES, dataDir),
    objectivesPath: values.OZONE_OBJECTIVES ? resolve(values.OZONE_OBJECTIVES) : null,
    backupAnySize: values.OZONE_BACKUP_ANY_SIZE === "yes",
    keepRawMs: values.OZONE_KEEP_RAW === undefined ? null : parseDuration(values.OZONE_KEEP_RAW),
    webhook: webhook(values),
    missingAfterMs: values.OZONE_MISSING_AFTER_MS,
    waitForMachinesMs: parseDuration(values.OZONE_WAIT_FOR_MACHINES) ?? WAIT_FOR_MACHINES_MS_MIN,
    logLevel: values.OZONE_LOG_LEVEL,
  };
}
