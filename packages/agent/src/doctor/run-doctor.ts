// `ozone-agent doctor`: every prerequisite of this lab machine, each with what to do. Changes nothing.
import { askProbes, exitCodeOf, findingsText } from "@ozone/shared/doctor/findings";
import { readConfig } from "../config.ts";
import { readFlags } from "../read-flags.ts";
import { fleetProbes } from "./fleet-probes.ts";
import { hostProbes } from "./host-probes.ts";

/** Longer than any of the probes' own limits: they say better what is wrong. */
const LIMIT_MS = 8_000;

const OPTIONS = { json: { type: "boolean" }, "data-dir": { type: "string" } } as const;

/** What the command prints, and its exit code. @throws OzoneError invalid_input for wrong words */
export async function runDoctor(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ text: string; exitCode: number }> {
  const { json, "data-dir": dataDir } = readFlags(argv, OPTIONS);
  const config = readConfig(env, dataDir === undefined ? [] : ["--data-dir", dataDir]);
  const findings = await askProbes([...hostProbes(config, env), ...fleetProbes(config)], LIMIT_MS);
  const text = json ? `${JSON.stringify({ findings }, null, 2)}\n` : findingsText(findings);
  return { text, exitCode: exitCodeOf(findings) };
}
