// The run file: how the command line finds a coordinator, and how a second one on the same data folder is refused.
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CoordinatorRunFile, RUN_FILES } from "@ozone/shared/data-folder";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";

const pathIn = (dataDir: string): string => join(dataDir, RUN_FILES.coordinator);

/** Whether a process lives. EPERM means that it does, as somebody else's. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return systemCodeOf(thrown) === "EPERM";
  }
}

/** On Linux a recycled process id is told apart by its command line. */
async function isCoordinator(pid: number): Promise<boolean> {
  if (process.platform !== "linux") return true;
  const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return words.includes("coordinator");
}

async function readRunFile(dataDir: string): Promise<CoordinatorRunFile | null> {
  try {
    return JSON.parse(await readFile(pathIn(dataDir), "utf8")) as CoordinatorRunFile;
  } catch {
    // Missing or half written by a process that was killed: as good as none.
    return null;
  }
}

/** @throws OzoneError already_exists when another coordinator lives on this data folder. */
export async function refuseSecondCoordinator(dataDir: string): Promise<void> {
  const other = await readRunFile(dataDir);
  if (other && other.pid !== process.pid && isAlive(other.pid) && (await isCoordinator(other.pid))) {
    throw new OzoneError(
      "already_exists",
      `A coordinator (pid ${other.pid}) is already running on ${dataDir}; stop it with \`ozone down\`, or set OZONE_DATA_DIR to another folder.`,
    );
  }
}

/** Writes the run file, readable by its owner only: it holds the bus's credentials. */
export async function writeRunFile(dataDir: string, content: CoordinatorRunFile): Promise<void> {
  const path = pathIn(dataDir);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
}

/** Removes the run file. */
export const removeRunFile = (dataDir: string): Promise<void> => rm(pathIn(dataDir), { force: true });
