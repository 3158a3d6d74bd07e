// What the owner of this machine lets Ozone pull: the settings, read once at the border.
import { OzoneError } from "@ozone/shared/errors";

/** Consent to pull, and where from. */
export interface PullRule {
  /** Room for all models that Ozone pulled, in bytes. */
  readonly diskBytes: number;
  /** Registry that is asked instead of the one in a model's name, host and port; null: none. */
  readonly mirror: string | null;
  /** The mirror speaks HTTP. */
  readonly insecure: boolean;
}

const SIZE = /^(\d+(?:\.\d+)?)\s?(GB|GiB|TB|TiB|MB|MiB)$/;
const UNIT_BYTES: Readonly<Record<string, number>> = {
  ...{ MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
};

const MIRROR = /^(https?:\/\/)?([A-Za-z0-9.-]+(?::\d{1,5})?)\/?$/;

/**
 * Reads the two settings as they were written.
 * @param disk "40GB"; "off" and nothing: no consent
 * @param mirror "registry.lab:5000", or "http://registry.lab:5000" for one without TLS
 * @throws OzoneError invalid_input with one sentence
 */
export function readPullRule(disk: string | undefined, mirror: string | undefined): PullRule | null {
  const where = MIRROR.exec(mirror ?? "");
  if (mirror && where === null)
    throw new OzoneError(
      "invalid_input",
      `OZONE_AGENT_PULL_MIRROR ${JSON.stringify(mirror)} is no registry; write host:port, or http://host:port for one without TLS.`,
    );
  if (disk === undefined || disk === "" || disk === "off") return null;
  const [, amount, unit = ""] = SIZE.exec(disk) ?? [];
  const diskBytes = Math.round(Number(amount) * (UNIT_BYTES[unit] ?? Number.NaN));
  if (!Number.isSafeInteger(diskBytes) || diskBytes <= 0)
    throw new OzoneError(
      "invalid_input",
      `--pull-disk (OZONE_AGENT_PULL_DISK) ${JSON.stringify(disk)} is neither off nor a size such as 40GB.`,
    );
  return { diskBytes, mirror: where?.[2] ?? null, insecure: where?.[1] === "http://" };
}
