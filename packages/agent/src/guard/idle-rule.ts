// When a machine counts as used: the setting, read once at the border.
import { parseDuration } from "@ozone/shared/duration";
import { OzoneError } from "@ozone/shared/errors";

/** What counts as somebody's use. */
export interface IdleRule {
  /** So long nobody may have touched the machine or its Ollama, in milliseconds. */
  readonly quietMs: number;
  /** Load of other programs from which on somebody works, in cores; null: load does not count. */
  readonly loadCores: number | null;
}

/** The kernel notes when a terminal was used to 8 seconds. */
const QUIET_MIN_MS = 10_000;
const QUIET_MAX_MS = 86_400_000;

/** A desktop's own programs stay below this for most of the time. */
const LOAD_CORES = 0.5;
const LOAD_CORES_MAX = 1_024;

/**
 * Reads the two settings as they were written.
 * @param quiet "10m", or "off", which is also what nothing means
 * @param load cores ("0.5"), or "off": load does not count
 * @throws OzoneError invalid_input with one sentence
 */
export function readIdleRule(quiet: string | undefined, load: string | undefined): IdleRule | null {
  const loadCores = readLoad(load);
  if (quiet === undefined || quiet === "" || quiet === "off") return null;
  const quietMs = parseDuration(quiet);
  if (quietMs === null || quietMs < QUIET_MIN_MS || quietMs > QUIET_MAX_MS)
    throw new OzoneError(
      "invalid_input",
      `--only-when-idle (OZONE_AGENT_ONLY_WHEN_IDLE) ${JSON.stringify(quiet)} is neither off nor a time from 10s to 24h, such as 10m.`,
    );
  return { quietMs, loadCores };
}

function readLoad(text: string | undefined): number | null {
  if (text === undefined || text === "") return LOAD_CORES;
  if (text === "off") return null;
  const cores = Number(text);
  if (!(cores > 0 && cores <= LOAD_CORES_MAX))
    throw new OzoneError(
      "invalid_input",
      `OZONE_AGENT_IDLE_LOAD ${JSON.stringify(text)} is neither off nor a number of cores, such as 0.5.`,
    );
  return cores;
}
