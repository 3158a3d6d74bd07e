// Bundles the simulated schedules, whole or with one mechanism of shipped code patched out of the bundle.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";
import { ROOT } from "./run.mjs";

/** Each takes one mechanism out: in `file`, `from` (there exactly once) becomes `to`. */
export const MUTANTS = [
  {
    name: "fencing",
    what: "results of attempts that were given up count",
    file: "packages/coordinator/src/intake/decide.ts",
    from: "if (result.attempt !== trial.attempt) {",
    to: "if (false) {",
  },
  {
    name: "de-duplication",
    what: "nothing asks whether an attempt is stored already",
    file: "packages/coordinator/src/intake/decide.ts",
    from: "if (alreadyStored) return { outcome: ReceiptOutcome.DUPLICATE };",
    to: "",
  },
  {
    name: "receipt-after-commit",
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
    what: "the outbox forgets a result once it is sent",
    file: "packages/agent/src/outbox/send-results.ts",
    from: "await publishResultBytes(bus, machineId, { ...attemptOfKey(key), payload });",
    to: `await publishResultBytes(bus, machineId, { ...attemptOfKey(key), payload });
    await outbox.forget(key);`,
  },
  {
    name: "ownership",
    what: "results for other machines' trials count",
    file: "packages/coordinator/src/intake/decide.ts",
    from: "if (trial.machineId !== result.machineId) {",
    to: "if (false) {",
  },
  {
    name: "sender",
    what: "nobody asks whether the machine that a result names has sent it",
    file: "packages/coordinator/src/intake/validate-result.ts",
    from: 'if (result.machineId !== machineId) return "the machine it names is not the one that sent it";',
    to: "",
  },
  {
    name: "lease-expiry",
    what: "leases never run out",
    file: "packages/coordinator/src/dispatch/expire-leases.ts",
    from: "    await expire(store, attempt);",
    to: "",
  },
  {
    name: "host-lock",
    what: "a trial is run without waiting for the host",
    file: "packages/agent/src/take-trials.ts",
    from: "const lock = await ports.lockHost(signal, onWait).catch(",
    to: "const lock = await Promise.resolve({ release: async () => undefined }).catch(",
  },
];

const withMutant = ({ file, from, to }) => ({
  name: "mutant",
  setup(setup) {
    setup.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (!path.endsWith(file)) return undefined;
      const text = await readFile(path, "utf8");
      if (text.split(from).length !== 2) throw new Error(`${file} no longer has, once: ${from}`);
      return { contents: text.replace(from, () => to), loader: "ts" };
    });
  },
});

const librariesStayOutside = {
  name: "libraries-stay-outside",
  setup(setup) {
    setup.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === "entry-point" || path.startsWith("@ozone/") ? undefined : { path, external: true },
    );
  },
};

/** @returns the bundle's path: beside the coordinator's, whose migrations it needs; the caller removes it */
export async function buildSchedules(mutant) {
  const name = `simulated-schedules-${mutant?.name ?? "shipped"}-${process.pid}.js`;
  const outfile = `${ROOT}packages/coordinator/dist/${name}`;
  await build({
    entryPoints: [`${ROOT}e2e/schedules/simulated/main.ts`],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    sourcemap: "inline",
    logLevel: "warning",
    plugins: [...(mutant ? [withMutant(mutant)] : []), librariesStayOutside],
  });
  return outfile;
}
