// The agent's systemd unit: an unprivileged process that may write its data folder and nothing else. Pure.
import { type InstallChoice, placesOf } from "./places.ts";

/** What the unit depends on besides the choice. */
export interface UnitFacts {
  /** Those of render, video and ollama that exist here. */
  readonly groups: readonly string[];
  /** Names in /proc/devices that belong to GPUs; none: the unit sees no device at all. */
  readonly gpuDevices: readonly string[];
  /** 0: unknown, then nothing is used that only newer ones know. */
  readonly systemdVersion: number;
}

/** From here on a unit may wait longer after each failure, and start in a subgroup of its own cgroup. */
const WITH_STEPS = 254;

/** The text of the unit. */
export function agentUnit(choice: InstallChoice, facts: UnitFacts): string {
  return [
    "# Written by `ozone-agent install`. To change something: `systemctl edit ozone-agent`; this file stays as it is.",
    ...section("Unit", [
      "Description=Ozone agent: measures this machine's Ollama",
      "Wants=network-online.target",
      "After=network-online.target ollama.service",
      "StartLimitIntervalSec=0",
    ]),
    ...section("Service", [
      ...program(choice, facts),
      ...restarts(facts),
      ...sandbox(choice),
      ...devices(facts),
      ...systemCalls,
      ...controlGroups(facts),
    ]),
    ...section("Install", ["WantedBy=multi-user.target"]),
    "",
  ].join("\n");
}

const section = (name: string, lines: readonly string[]): string[] => ["", `[${name}]`, ...lines];

function program(choice: InstallChoice, { groups }: UnitFacts): string[] {
  const { program: file, settings } = placesOf(choice);
  return [
    "Type=exec",
    `User=${choice.user}`,
    `Group=${choice.user}`,
    ...(groups.length === 0 ? [] : [`SupplementaryGroups=${groups.join(" ")}`]),
    `Environment=OZONE_DATA_DIR=${choice.dataDir}`,
    "# Settings and secrets: 0600, read by systemd before it gives up root.",
    `EnvironmentFile=-${settings}`,
    `ExecStart=${choice.node} ${file} start`,
    "UMask=0077",
  ];
}

const restarts = ({ systemdVersion }: UnitFacts): string[] => [
  "Restart=on-failure",
  ...(systemdVersion >= WITH_STEPS
    ? ["RestartSec=5", "RestartSteps=6", "RestartMaxDelaySec=300"]
    : ["RestartSec=15"]),
  "# The agent gives its trial back and ends the servers that it started itself.",
  "KillMode=mixed",
  "TimeoutStopSec=90",
];

const sandbox = ({ dataDir }: InstallChoice): string[] => [
  "NoNewPrivileges=yes",
  "CapabilityBoundingSet=",
  "AmbientCapabilities=",
  "ProtectSystem=strict",
  `ReadWritePaths=${dataDir}`,
  "ProtectHome=yes",
  "PrivateTmp=yes",
  "ProtectClock=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "LockPersonality=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "RemoveIPC=yes",
  "# AF_NETLINK: names are resolved by what addresses the machine has.",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
  "# V8 and CUDA write code and run it: with `yes` Node would not start.",
  "MemoryDenyWriteExecute=no",
  "# The server's memory and the load of others are read from /proc: with `invisible` both would be unknown.",
  "ProtectProc=default",
];

const devices = ({ gpuDevices }: UnitFacts): string[] =>
  gpuDevices.length === 0
    ? ["PrivateDevices=yes", "DevicePolicy=closed"]
    : ["DevicePolicy=closed", ...gpuDevices.map((name) => `DeviceAllow=char-${name} rw`)];

const systemCalls = [
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged",
  "SystemCallErrorNumber=EPERM",
];

/** A managed server gets a memory limit that the kernel keeps, where the unit may be handed a part of the cgroups. */
const controlGroups = ({ systemdVersion }: UnitFacts): string[] =>
  systemdVersion >= WITH_STEPS ? ["Delegate=memory", "DelegateSubgroup=agent"] : ["ProtectControlGroups=yes"];
