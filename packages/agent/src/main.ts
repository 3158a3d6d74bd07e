// ozone-agent: measures this machine's Ollama, for a coordinator (start) or alone (bench).
import { fileURLToPath } from "node:url";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { OZONE_VERSION } from "@ozone/shared/version";

const USAGE = `ozone-agent ${OZONE_VERSION}

  ozone-agent start [--name NAME] [--data-dir DIR] [--only-when-idle 10m] [--pull-disk 40GB]
                                                     join the fleet and run trials until SIGTERM or Ctrl-C; with
                                                     --only-when-idle only while nobody uses the machine; --pull-disk
                                                     lets Ozone pull models, within that room
  ozone-agent enroll --coordinator HOST:PORT [--ca-fingerprint sha256:... | --ca FILE] [--token-file FILE]
                                                     join the fleet; the token also from OZONE_ENROLL_TOKEN or stdin
  ozone-agent bench --model M --num-ctx N [...]      one honest trial, no coordinator (see ozone-agent bench --help)
  ozone-agent apply [--file FILE]                    a preset becomes a model here, if it keeps its promise
  ozone-agent rollback [NAME]                        and is taken back (see ozone-agent apply --help)
  ozone-agent probe                                  print what is known of this machine, and what may not be read, as JSON
  ozone-agent doctor [--json] [--data-dir DIR]       every prerequisite, each with what to do; 1 when something is missing
  ozone-agent install [--user ozone] [--prefix /opt/ozone] [--data-dir DIR] [--no-start] [--dry-run]   a systemd service
  ozone-agent upgrade BUNDLE|URL --sha256 DIGEST [--wait 30m | --now] [--health 2m]   another version, between two trials; taken back if it is not well
  ozone-agent uninstall [--purge]                    takes away what install made; --purge: with key and results
  ozone-agent --help | --version

Environment: OLLAMA_HOST, OZONE_GRPC_ADDRESS (where to enrol), OZONE_CA or OZONE_CA_FINGERPRINT (of the coordinator there), OZONE_ENROLL_TOKEN, OZONE_NATS_URL (a bus with a password), OZONE_DATA_DIR, OZONE_LOG_LEVEL, OZONE_AGENT_ONLY_WHEN_IDLE (10m, off), OZONE_AGENT_PULL_DISK (40GB, off), OZONE_AGENT_PULL_MIRROR, OZONE_AGENT_HTTP_ADDRESS (127.0.0.1:7466); OZONE_OLLAMA names the program of managed servers.
`;
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

async function start(argv: readonly string[]): Promise<void> {
  const [{ readConfig }, { runAgent }, { destination, pino }] = await Promise.all([
    import("./config.ts"),
    import("./start-agent.ts"),
    import("pino"),
  ]);
  const config = readConfig(process.env, argv);
  const log = pino({ level: config.logLevel, base: null }, destination({ dest: 2, sync: true }));
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      log.info(`stopping on ${signal}`);
      stop.abort();
    });
  }
  await runAgent(config, (line, about) => log.info(about ?? {}, line), stop.signal).catch(
    (thrown: unknown) => {
      if (!stop.signal.aborted) throw thrown;
    },
  );
  process.exit(0);
}

async function enroll(argv: readonly string[]): Promise<void> {
  const { enrolCommand } = await import("./enrolment/enrol-command.ts");
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
  const tell = (line: string) => process.stderr.write(`${line}\n`);
  const { env, stdin } = process;
  const isTerminal = stdin.isTTY === true;
  await enrolCommand(argv, { env, stdin, isTerminal, say: tell, stop: stop.signal });
  stdin.destroy();
}

async function probe(): Promise<void> {
  const [{ probeMachine }, { hardwareClass }, { hostAccessProblems }, { engineUrlOf }] = await Promise.all([
    import("./machine/identify.ts"),
    import("@ozone/shared/hardware-class"),
    import("./host-access.ts"),
    import("./config.ts"),
  ]);
  const facts = await probeMachine();
  const accessProblems = await hostAccessProblems(engineUrlOf(process.env.OLLAMA_HOST), process.env);
  const seen = { hardwareClass: hardwareClass(facts), accessProblems, facts };
  process.stdout.write(`${JSON.stringify(seen, null, 2)}\n`);
}

async function doctor(argv: readonly string[]): Promise<void> {
  const { runDoctor } = await import("./doctor/run-doctor.ts");
  const { text, exitCode } = await runDoctor(argv, process.env);
  // A probe that hangs has been judged unknown; it must not keep the command from ending.
  process.stdout.write(text, () => process.exit(exitCode));
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function upgrade(argv: readonly string[]): Promise<void> {
  const [{ runUpgrade }, { acquireHostLock }] = await Promise.all([
    import("./installing/run-upgrade.ts"),
    import("./machine/host-lock.ts"),
  ]);
  const lockHost = (signal: AbortSignal, onWait: () => void) => acquireHostLock({ signal, onWait });
  await runUpgrade(argv, { host: { root: "", env: process.env }, node: process.execPath, say, lockHost });
}

async function installing(command: "install" | "uninstall", argv: readonly string[]): Promise<void> {
  const host = { root: "", env: process.env };
  if (command === "uninstall") {
    const { runUninstall } = await import("./installing/run-uninstall.ts");
    return runUninstall(argv, { host, say });
  }
  const { runInstall } = await import("./installing/run-install.ts");
  // Set when the one-file bundle is made (scripts/bundle-agent.mjs).
  const bundle = process.env.OZONE_ONE_FILE === "1" ? fileURLToPath(import.meta.url) : null;
  await runInstall(argv, { host, say, bundle, node: process.execPath });
}

async function bench(argv: readonly string[]): Promise<void> {
  const { runBench } = await import("./bench/run-bench.ts");
  process.exitCode = await runBench([...argv], { stdout: process.stdout, stderr: process.stderr });
}

async function applying(command: "apply" | "rollback", argv: readonly string[]): Promise<void> {
  const { runApplying } = await import("./applying/run-applying.ts");
  const { stdin, stdout, stderr } = process;
  process.exitCode = await runApplying(command, argv, { stdin, stdout, stderr });
}

async function main([command, ...rest]: readonly string[]): Promise<void> {
  if (command === "start") return start(rest);
  if (command === "enroll") return enroll(rest);
  if (command === "bench") return bench(rest);
  if (command === "apply" || command === "rollback") return applying(command, rest);
  if (command === "probe") return probe();
  if (command === "install" || command === "uninstall") return installing(command, rest);
  if (command === "upgrade") return upgrade(rest);
  if (command === "doctor") return doctor(rest);
  if (command === "--version") return void process.stdout.write(`${OZONE_VERSION}\n`);
  const asked = command === "--help";
  (asked ? process.stdout : process.stderr).write(USAGE);
  process.exitCode = asked ? 0 : EXIT_USAGE;
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  process.stderr.write(`${JSON.stringify({ level: 60, msg: messageOf(thrown) })}\n`);
  process.exit(thrown instanceof OzoneError && thrown.code === "invalid_input" ? EXIT_USAGE : EXIT_FAILURE);
});
