// ozone-coordinator: reads its configuration, starts, runs until it is told to stop.
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { hostOf } from "@ozone/shared/host-address";
import { OZONE_VERSION } from "@ozone/shared/version";
import { destination, pino } from "pino";
import { backupCommand, exportCommand } from "./backup/backup-command.ts";
import { busUsersCommand } from "./bus-users.ts";
import { certificateCommand } from "./certificates/certificate-command.ts";
import { readConfig } from "./config.ts";
import { runDoctor } from "./doctor/run-doctor.ts";
import { stopOrphans } from "./embedded/orphans.ts";
import { startCoordinator } from "./start.ts";

const USAGE = `ozone-coordinator ${OZONE_VERSION}

  ozone-coordinator                  start, and run until SIGTERM or Ctrl-C
  ozone-coordinator stop-leftovers   stop Postgres and nats-server of a coordinator that was killed
  ozone-coordinator certificate make|show|rotate [--name NAME]   the certificates of its servers, as JSON
  ozone-coordinator backup make|check|restore FILE   everything it knows, in one file, as JSON what it is
  ozone-coordinator export FOLDER    everything it knows, as JSON lines
  ozone-coordinator doctor [--json]  every prerequisite, each with what to do; 1 when something is missing
  ozone-coordinator bus-users [--out FILE]       who may use an external NATS, for its configuration (docs/deploying.md)
  ozone-coordinator --help | --version

Environment: OZONE_DATA_DIR, OZONE_DATABASE_URL, OZONE_NATS_URL, OZONE_NATS_SERVER, OZONE_GRPC_ADDRESS,
OZONE_HTTP_ADDRESS, OZONE_NATS_CA, OZONE_NATS_REPLICAS, OZONE_NATS_LISTEN, OZONE_NATS_CALLOUT_KEYS,
OZONE_NATS_CALLOUT_LIFE_MS, OZONE_TLS_CERT, OZONE_TLS_KEY, OZONE_TLS_CA, OZONE_LEASE_MS,
OZONE_LEADER_LEASE_MS, OZONE_STRATEGIES, OZONE_OBJECTIVES, OZONE_KEEP_RAW, OZONE_BACKUP_ANY_SIZE, OZONE_WEBHOOK_URL,
OZONE_WEBHOOK_SECRET or OZONE_WEBHOOK_SECRET_FILE, OZONE_MISSING_AFTER_MS, OZONE_WAIT_FOR_MACHINES,
OZONE_LOG_LEVEL. See docs/operating.md.
`;
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

async function run(): Promise<void> {
  const config = readConfig(process.env);
  // What is started from here, and modules that are loaded, need not have it.
  delete process.env.OZONE_WEBHOOK_SECRET;
  const log = pino({ level: config.logLevel, base: null }, destination({ dest: 2, sync: true }));
  const coordinator = await startCoordinator(config, log);
  log.info(`ready: gRPC on ${coordinator.grpcAddress}`);
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info(`stopping on ${signal}`);
    coordinator.stop().then(
      () => process.exit(0),
      (thrown: unknown) => fail(thrown),
    );
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
}

async function stopLeftovers(): Promise<void> {
  const { dataDir } = readConfig(process.env);
  const stopped = { ...(await stopOrphans(dataDir)) };
  process.stdout.write(`${JSON.stringify(stopped)}\n`);
}

/** The last line that a person sees: one sentence. */
function fail(thrown: unknown): never {
  process.stderr.write(`${JSON.stringify({ level: 60, msg: messageOf(thrown) })}\n`);
  process.exit(thrown instanceof OzoneError && thrown.code === "invalid_input" ? EXIT_USAGE : EXIT_FAILURE);
}

async function certificate(words: readonly string[]): Promise<void> {
  const { dataDir, broughtCertificate: brought, outsideAddress } = readConfig(process.env);
  const listensOn = outsideAddress === null ? "" : hostOf(outsideAddress);
  const report = await certificateCommand(words, { dataDir, brought, listensOn });
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** Ends the program, too: a Postgres that runs already is watched for as long as its finder lives. */
const printed = (document: object): void =>
  void process.stdout.write(`${JSON.stringify(document)}\n`, () => process.exit(0));
async function doctor(words: readonly string[]): Promise<void> {
  const { text, exitCode } = await runDoctor(words, readConfig(process.env));
  // A probe that hangs has been judged unknown; it must not keep the command from ending.
  process.stdout.write(text, () => process.exit(exitCode));
}

async function main([command, ...words]: readonly string[]): Promise<void> {
  if (command === undefined || command === "start") return run();
  if (command === "stop-leftovers") return stopLeftovers();
  if (command === "certificate") return certificate(words);
  if (command === "backup") return printed(await backupCommand(words, readConfig(process.env)));
  if (command === "export") return printed(await exportCommand(words, readConfig(process.env)));
  if (command === "doctor") return doctor(words);
  if (command === "bus-users")
    return void process.stdout.write(await busUsersCommand(words, readConfig(process.env)));
  const known = command === "--help" || command === "--version";
  const text = command === "--version" ? `${OZONE_VERSION}\n` : USAGE;
  (known ? process.stdout : process.stderr).write(text);
  if (!known) process.exitCode = EXIT_USAGE;
}

main(process.argv.slice(2)).catch(fail);
