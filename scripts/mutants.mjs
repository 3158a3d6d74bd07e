// The mutation check: what turns red when one mechanism of shipped code is taken out. The sources stay as they are: the text is
// changed while it is loaded. `npm run mutants` tries all of them, or those that are named.
/**
 * Each takes one mechanism out: in `file`, `from` (there exactly once) becomes `to`. With `tests` it is these that must turn
 * red, run as `project` of vitest.config.ts; without, the simulated schedules.
 */
export const MUTANTS = [
  {
    name: "fencing",
    invariant: "I4",
    what: "results of attempts that were given up count",
    file: "packages/coordinator/src/intake/decide.ts",
    from: "if (result.attempt !== trial.attempt) {",
    to: "if (false) {",
  },
  {
    name: "term",
    invariant: "I4",
    what: "a coordinator whose lead was taken over writes",
    file: "packages/coordinator/src/leading/fenced-store.ts",
    from: "if (!(await holdTerm(tx, term))) {",
    to: "if (false) {",
    project: "integration",
    tests: ["packages/coordinator/src/leading"],
  },
  {
    name: "de-duplication",
    invariant: "I2",
    what: "nothing asks whether an attempt is stored already",
    file: "packages/coordinator/src/intake/decide.ts",
    from: "if (alreadyStored) return { outcome: ReceiptOutcome.DUPLICATE };",
    to: "",
  },
  {
    name: "receipt-after-commit",
    invariant: "I1",
    what: "the receipt goes out before the transaction",
    file: "packages/coordinator/src/intake/receive-results.ts",
    from: "const recorded = await recordResults(store, batch);",
    to: `for (const early of batch) {
      if (early.attempt) publishReceipt(bus, early.machineId, { ...early.attempt, $typeName: "ozone.v1.Receipt", outcome: 1, reason: "" } as never);
      early.acknowledge();
    }
    const recorded = await recordResults(store, batch);`,
  },
  {
    name: "outbox-until-receipt",
    invariant: "I1",
    what: "the outbox forgets a result once it is sent",
    file: "packages/agent/src/outbox/send-results.ts",
    from: "await publishResultBytes(bus, machineId, { ...attemptOfKey(key), payload, signature });",
    to: `await publishResultBytes(bus, machineId, { ...attemptOfKey(key), payload, signature });
    await outbox.forget(key);`,
  },
  {
    name: "ownership",
    invariant: "I6",
    what: "results for other machines' trials count",
    file: "packages/coordinator/src/intake/decide.ts",
    from: "if (trial.machineId !== result.machineId) {",
    to: "if (false) {",
  },
  {
    name: "sender",
    invariant: "I6",
    what: "nobody asks whether the machine that a result names has sent it",
    file: "packages/coordinator/src/intake/validate-result.ts",
    from: 'if (result.machineId !== machineId) return "the machine it names is not the one that sent it";',
    to: "",
  },
  {
    name: "signature",
    invariant: "I6",
    what: "what another key signed ends the attempt that it names",
    file: "packages/coordinator/src/intake/record-results.ts",
    from: 'if (signed === "foreign") return applyForeign(tx, message);',
    to: 'if (signed === "foreign") return applyUnusable(tx, { ...message, unusable: FOREIGN_SIGNATURE }, trials);',
    project: "integration",
    tests: ["packages/coordinator/src/intake/signed-results.integration.test.ts"],
  },
  {
    name: "lease-expiry",
    invariant: "I3",
    what: "leases never run out",
    file: "packages/coordinator/src/dispatch/expire-leases.ts",
    from: '    await expire(store, attempt, attempt.isOverrun ? "overrun" : "lost");',
    to: "",
  },
  {
    name: "host-lock",
    invariant: "I7",
    what: "a trial is run without waiting for the host",
    file: "packages/agent/src/take-trials.ts",
    from: "const lock = await ports.lockHost(signal, onWait).catch(",
    to: "const lock = await Promise.resolve({ release: async () => undefined }).catch(",
  },
  {
    name: "back-off",
    invariant: "I10",
    what: "a task that fails is run again at once",
    file: "packages/coordinator/src/background-task.ts",
    from: "await pause(failures > 0 ? backOffMs(failures) : options.intervalMs);",
    to: "if (failures === 0) await pause(options.intervalMs);",
  },
  {
    name: "share-of-the-stream",
    invariant: "I8",
    what: "one machine may fill the stream of results",
    file: "packages/shared/src/bus/streams.ts",
    from: "max_msgs_per_subject: RESULTS_PER_MACHINE_MAX,",
    to: "",
  },
  {
    name: "share-of-quarantine",
    invariant: "I8",
    what: "one machine may fill quarantine",
    file: "packages/coordinator/src/store/quarantine.ts",
    from: "  if (messages >= QUARANTINED_PER_MACHINE_MAX || bytes + payload.length > QUARANTINED_BYTES_PER_MACHINE_MAX)\n    return;\n",
    to: "",
    project: "integration",
    tests: ["packages/coordinator/src/store/quarantine.integration.test.ts"],
  },
  {
    name: "allowance",
    invariant: "I6",
    what: "a machine is heard as often as it likes",
    file: "packages/coordinator/src/fleet/control-gate.ts",
    from: 'if (!allows(machineId)) return onRefused({ machineId, kind, why: "too_often" });',
    to: "",
    project: "integration",
    tests: ["packages/coordinator/src/fleet-door.integration.test.ts"],
  },
  {
    name: "one-in-hand",
    invariant: "I6",
    what: "messages of one machine are handled side by side",
    file: "packages/coordinator/src/fleet/control-gate.ts",
    from: "if (this.#inHand.has(machineId)) continue;",
    to: "",
    project: "unit",
    tests: ["packages/coordinator/src/fleet/control-gate.test.ts"],
  },
  {
    name: "one-machine-one-word",
    invariant: "I6",
    what: "whatever a machine of a class says is pooled",
    file: "packages/coordinator/src/presets/agreeing-machines.ts",
    from: "if (words.length < MACHINES_FOR_A_CLASS) return",
    to: "if (true) return",
    project: "unit",
    tests: ["packages/coordinator/src/presets/lying-machines.test.ts"],
  },
  {
    name: "results-in-order",
    invariant: "I5",
    what: "presets are chosen from results as they arrived",
    file: "packages/coordinator/src/presets/whole-key.ts",
    from: "    .toSorted((a, b) => (a.trialId === b.trialId ? a.attempt - b.attempt : a.trialId < b.trialId ? -1 : 1));",
    to: ";",
    project: "unit",
    tests: ["packages/coordinator/src/presets"],
  },
  {
    name: "unload-at-the-end",
    invariant: "I9",
    what: "the model under test stays loaded",
    file: "packages/agent/src/measure/leave-no-trace.ts",
    from: "    if (attempt.holdsModel) await unloadModel(attempt, AbortSignal.timeout(CLEAN_UP_LIMIT_MS));\n",
    to: "",
    project: "paced",
    tests: ["packages/agent/src/run-trial.integration.test.ts"],
  },
  {
    name: "end-of-managed-servers",
    invariant: "I9",
    what: "servers of an agent that was killed run on",
    file: "packages/agent/src/measure/leave-no-trace.ts",
    from: "const said = await endLeftServers(cacheDir).catch(",
    to: "const said = await Promise.resolve([]).catch(",
    project: "measuring",
    tests: ["packages/agent/src/managed/managed.integration.test.ts"],
  },
];

/** @returns the text without the mechanism. @throws when the text that stands for it is no longer there, once */
export function patched({ file, from, to }, text) {
  if (text.split(from).length !== 2) throw new Error(`${file} no longer has, once: ${from}`);
  return text.replace(from, () => to);
}

/** For vitest.config.ts: sources are loaded without the mechanism that `OZONE_MUTANT` names. */
export function mutantPlugins(name = process.env.OZONE_MUTANT) {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (!mutant) return [];
  const transform = (text, id) =>
    id.split("?")[0].endsWith(mutant.file) ? patched(mutant, text) : undefined;
  return [{ name: `mutant-${name}`, enforce: "pre", transform }];
}
