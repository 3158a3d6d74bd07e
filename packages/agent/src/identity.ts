// Who this agent is: an id made once and kept in its data folder.
import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMachineId } from "@ozone/shared/bus";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { writeDurably } from "./outbox/durable-file.ts";

/** Reads the machine id of this data folder, or makes one. @throws OzoneError when the file is damaged. */
export async function machineIdentity(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const path = join(dataDir, "identity.json");
  const text = await readFile(path, "utf8").catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return null;
    throw thrown;
  });
  if (text === null) {
    const machineId = `m-${randomBytes(5).toString("hex")}`;
    await writeDurably(path, Buffer.from(`${JSON.stringify({ machineId })}\n`));
    return machineId;
  }
  try {
    const { machineId } = JSON.parse(text) as { machineId?: unknown };
    if (typeof machineId === "string" && isMachineId(machineId)) return machineId;
  } catch {
    // Not JSON: reported below like any other damage.
  }
  throw new OzoneError(
    "internal",
    `${path} is damaged; restore it, or delete it to join the fleet as a new machine.`,
  );
}
