// The agent's configuration from its environment and flags: parsed in a function, one sentence per problem.
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { isMachineName } from "@ozone/shared/enrolment";
import { OzoneError } from "@ozone/shared/errors";
import { dataDir } from "./data-dir.ts";
import type { TrustSource } from "./enrolment/coordinator-trust.ts";
import { type IdleRule, readIdleRule } from "./guard/idle-rule.ts";
import { type PullRule, readPullRule } from "./pulling/pull-rule.ts";
import { readFlags } from "./read-flags.ts";

/** Everything that can be set from outside. */
export interface AgentConfig {
  readonly dataDir: string;
  /** Null: this machine has enrolled, or is about to. */
  readonly natsUrl: string | null;
  /** host:port to enrol with. */
  readonly coordinator: string | null;
  /** How to know it when it is on another machine. */
  readonly coordinatorTrust: TrustSource;
  /** File of the CA of NATS; null: none, or one that the system trusts. */
  readonly natsCa: string | null;
  readonly engineUrl: string;
  /** Data folder of this installation's reference engine. */
  readonly engineDataDir: string;
  /** Shown in the fleet; not published in reports. */
  readonly name: string;
  /** host:port of /healthz, /readyz and /metrics; null: not there. */
  readonly httpAddress: string | null;
  readonly logLevel: string;
  /** Null: it works whoever is at the machine. */
  readonly onlyWhenIdle: IdleRule | null;
  /** Null: Ozone pulls no models here. */
  readonly pull: PullRule | null;
}

const DEFAULT_OLLAMA = "http://127.0.0.1:11434";

/**
 * OLLAMA_HOST as people write it: with or without scheme and port; 0.0.0.0 means this machine.
 * @throws OzoneError invalid_input when it is no address.
 */
export function engineUrlOf(host: string | undefined): string {
  if (!host) return DEFAULT_OLLAMA;
  const withScheme = /^https?:\/\//.test(host)
    ? host
    : `http://${host.startsWith(":") ? `127.0.0.1${host}` : host}`;
  try {
    const url = new URL(withScheme);
    if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = "127.0.0.1";
    if (url.port === "" && !/:\d+\/?$/.test(withScheme))
      url.port = url.protocol === "https:" ? "443" : "11434";
    return url.href.replace(/\/$/, "");
  } catch {
    throw new OzoneError(
      "invalid_input",
      `OLLAMA_HOST ${JSON.stringify(host)} is not an address; write host:11434.`,
    );
  }
}

function httpAddressOf(text: string | undefined): string | null {
  if (!text) return null;
  if (/^[^\s/]+:\d{1,5}$/.test(text)) return text;
  throw new OzoneError(
    "invalid_input",
    `OZONE_AGENT_HTTP_ADDRESS ${JSON.stringify(text)} is no address; write 127.0.0.1:7466.`,
  );
}

/**
 * Reads environment and flags (`--name`, `--data-dir`, `--only-when-idle`, `--pull-disk`).
 * @throws OzoneError invalid_input with one sentence.
 */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  argv: readonly string[],
): AgentConfig {
  const flags = readFlags(argv, {
    name: { type: "string" },
    "data-dir": { type: "string" },
    "only-when-idle": { type: "string" },
    "pull-disk": { type: "string" },
  });
  const name = flags.name ?? env.OZONE_AGENT_NAME ?? hostname();
  if (!isMachineName(name)) {
    throw new OzoneError(
      "invalid_input",
      `The name ${JSON.stringify(name)} can't be used: letters, digits, dot, dash, underscore, at most 63.`,
    );
  }
  const base = dataDir(env);
  return {
    dataDir: resolve(flags["data-dir"] ?? join(base, "agent")),
    natsUrl: env.OZONE_NATS_URL || null,
    coordinator: env.OZONE_GRPC_ADDRESS || null,
    coordinatorTrust: {
      caFile: env.OZONE_CA ? resolve(env.OZONE_CA) : null,
      fingerprint: env.OZONE_CA_FINGERPRINT || null,
    },
    natsCa: env.OZONE_NATS_CA ? resolve(env.OZONE_NATS_CA) : null,
    engineUrl: engineUrlOf(env.OLLAMA_HOST),
    engineDataDir: join(base, "engine"),
    name,
    httpAddress: httpAddressOf(env.OZONE_AGENT_HTTP_ADDRESS),
    logLevel: env.OZONE_LOG_LEVEL ?? "info",
    pull: readPullRule(flags["pull-disk"] ?? env.OZONE_AGENT_PULL_DISK, env.OZONE_AGENT_PULL_MIRROR),
    onlyWhenIdle: readIdleRule(
      flags["only-when-idle"] ?? env.OZONE_AGENT_ONLY_WHEN_IDLE,
      env.OZONE_AGENT_IDLE_LOAD,
    ),
  };
}
