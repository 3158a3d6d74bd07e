// What the doctor thinks of Postgres and NATS, embedded or outside. Pure: part-probes.ts looks.
import { type Finding, fine, trouble } from "@ozone/shared/doctor/findings";
import { isAtLeast, tooOldForOthers } from "../embedded/nats-config.ts";
import type { DatabaseLook } from "../store/look-at-database.ts";

/** Older ones get no fixes any more. */
const POSTGRES_MAJOR_MIN = 15;

/** A Postgres outside; `at` says where, without its password. */
export function judgeDatabase(at: string, look: DatabaseLook): Finding[] {
  const { version, problem, isStandby, mayMake, schema } = look;
  const missing = (seen: string, advice: string) => [trouble("postgres", "missing", [seen, advice])];
  if (version === null)
    return missing(`${at}: ${problem}`, "Start it, or correct OZONE_DATABASE_URL and the password in it.");
  const seen = `${version} at ${at}`;
  if (isStandby)
    return missing(`${seen} is a standby`, "Name the server that takes writes in OZONE_DATABASE_URL.");
  if (!mayMake)
    return missing(
      `${seen}: its user may make no tables`,
      "Make the user the owner of the database: `ALTER DATABASE ... OWNER TO ...`.",
    );
  const isOld = Number.parseInt(version, 10) < POSTGRES_MAJOR_MIN;
  const server = isOld
    ? trouble("postgres", "warning", [
        seen,
        `Upgrade it: ${POSTGRES_MAJOR_MIN} or newer gets fixes; Ozone is tested with 18.`,
      ])
    : fine("postgres", seen);
  return [server, judgeSchema(schema)];
}

const SCHEMA_WORDS = {
  current: "as this version has it",
  older: "of an older version; brought up to date at the start",
  none: "none yet; made at the start",
} as const;

function judgeSchema(schema: DatabaseLook["schema"]): Finding {
  if (schema !== "newer") return fine("tables", SCHEMA_WORDS[schema ?? "none"]);
  return trouble("tables", "warning", [
    "a newer version has been here",
    "One release apart works; farther, run the newer version (docs/upgrading.md).",
  ]);
}

/** The Postgres that comes from npm. */
export const judgeEmbeddedPostgres = (look: { version: string } | { problem: string }): Finding =>
  "version" in look
    ? fine("postgres", `embedded ${look.version}`)
    : trouble("postgres", "missing", ["none is installed", look.problem]);

/** The nats-server program that would be started; null: none is here. */
export function judgeNatsProgram(
  look: { version: string; source: string } | { problem: string } | null,
  { forOthers, maybeFetched }: { forOthers: boolean; maybeFetched: boolean },
): Finding[] {
  if (look === null)
    return maybeFetched
      ? [
          trouble("nats-server", "warning", [
            "none is here",
            "It is fetched from Debian's packages at the start; or install one of 2.12.6 or newer and name it in OZONE_NATS_SERVER.",
          ]),
        ]
      : [
          trouble("nats-server", "missing", [
            "none is here",
            "Install nats-server 2.12.6 or newer, or set OZONE_NATS_URL.",
          ]),
        ];
  if ("problem" in look) return [trouble("nats-server", "missing", ["can't be used", look.problem])];
  const seen = `${look.version} (${look.source})`;
  const holes = forOthers ? tooOldForOthers(look.version) : null;
  if (holes !== null) return [trouble("nats-server", "missing", [seen, holes])];
  return [judgeVersion("nats-server", seen, look.version), judgeSync(look.version)];
}

function judgeVersion(subject: string, seen: string, version: string): Finding {
  if (isAtLeast(version, 2, 12)) return fine(subject, seen);
  return trouble(subject, "warning", [
    seen,
    isAtLeast(version, 2, 10)
      ? "It works; 2.12.6 or newer is recommended."
      : "It works on loopback; 2.12.6 or newer is recommended, and beyond loopback 2.10.27 is the oldest without known holes.",
  ]);
}

/** Ozone has its own flush before it acknowledges, where that server can. */
const judgeSync = (version: string): Finding =>
  isAtLeast(version, 2, 10)
    ? fine("flushing", "before each acknowledgement")
    : trouble("flushing", "warning", [
        "every two minutes: this version knows no `sync_interval: always`",
        "A power cut can lose orders and results on their way (the work is done again); use 2.10 or newer.",
      ]);

/** A NATS outside, as it says of itself. */
export interface BusLook {
  readonly version: string;
  readonly jetstream: boolean;
  readonly isCluster: boolean;
  readonly isEncrypted: boolean;
}

/** Can it carry what Ozone sends? */
export function judgeBus(
  at: string,
  look: BusLook | { readonly problem: string },
  facts: { readonly isLoopback: boolean; readonly replicas: number | null },
): Finding[] {
  if ("problem" in look) return [trouble("bus", "missing", [at, look.problem])];
  const seen = `nats-server ${look.version} at ${at}`;
  const missing = (advice: string) => [trouble("bus", "missing", [seen, advice])];
  if (!isAtLeast(look.version, 2, 9)) return missing("It is too old: 2.9 or newer, best 2.12.6.");
  if (!look.jetstream) return missing("Turn JetStream on there: `jetstream { store_dir: ... }`.");
  if ((facts.replicas ?? 1) > 1 && !look.isCluster)
    return missing(`It is no cluster: unset OZONE_NATS_REPLICAS=${facts.replicas}, or name servers of one.`);
  const holes = facts.isLoopback ? null : tooOldForOthers(look.version);
  const open = !facts.isLoopback && !look.isEncrypted;
  return [
    holes === null
      ? judgeVersion("bus", seen, look.version)
      : trouble("bus", "warning", [
          seen,
          "It has known holes (CVE-2025-30215, CVE-2026-33249): upgrade to 2.10.27, 2.11.15, 2.12.6 or later.",
        ]),
    ...(open
      ? [
          trouble("bus", "warning", [
            "without TLS, beyond loopback",
            "Give it a certificate, write tls:// and name its CA in OZONE_NATS_CA.",
          ]),
        ]
      : []),
    isAtLeast(look.version, 2, 10)
      ? trouble("flushing", "unknown", [
          "a client is not told whether it flushes before it acknowledges",
          "See that its configuration has `sync_interval: always` in `jetstream {}`.",
        ])
      : judgeSync(look.version),
  ];
}

/** May we answer for machines there? Whether that server asks, only a client that comes can tell. */
export function judgeCallout(
  at: string,
  look: { readonly version: string } | { readonly problem: string },
): Finding {
  if ("problem" in look) return trouble("callout", "missing", ["can't be answered", look.problem]);
  if (isAtLeast(look.version, 2, 10)) return fine("callout", `answered at ${at}`);
  const advice = "The auth callout needs nats-server 2.10 or newer, best 2.12.6.";
  return trouble("callout", "missing", [`nats-server ${look.version} at ${at}`, advice]);
}
