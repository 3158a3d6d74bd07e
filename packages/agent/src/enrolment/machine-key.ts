// The key of this machine: made here once, kept in the agent's folder for its owner alone, never sent anywhere.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type MachineKey, machineKeyOf, makeMachineKey } from "@ozone/shared/bus";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { writeDurably } from "../outbox/durable-file.ts";

const pathIn = (dataDir: string): string => join(dataDir, "machine-key");

/** The key of this data folder, or null. @throws OzoneError when the file is damaged */
export async function readMachineKey(dataDir: string): Promise<MachineKey | null> {
  const path = pathIn(dataDir);
  const seed = await readFile(path, "utf8").catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return null;
    throw thrown;
  });
  if (seed === null) return null;
  try {
    return machineKeyOf(seed.trim());
  } catch {
    // The parser's own words might quote the secret.
    throw new OzoneError(
      "internal",
      `${path} is damaged; restore it, or delete it and enrol again with a token for this machine.`,
    );
  }
}

/** The key of this data folder, made when there is none. */
export async function machineKey(dataDir: string): Promise<MachineKey> {
  const known = await readMachineKey(dataDir);
  if (known) return known;
  await mkdir(dataDir, { recursive: true });
  const made = makeMachineKey();
  await writeDurably(pathIn(dataDir), Buffer.from(`${made.seed}\n`));
  return made;
}
