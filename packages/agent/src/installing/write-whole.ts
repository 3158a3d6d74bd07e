// A file of the installation is there whole or not at all: the unit may start at any moment.
import { mkdir, open, rename } from "node:fs/promises";
import { at, type Host } from "./host.ts";

/** Writes a file of that system under its name, flushed. */
export async function writeWhole(host: Host, path: string, content: Buffer, mode: number): Promise<void> {
  await mkdir(at(host, path.slice(0, path.lastIndexOf("/"))), { recursive: true });
  const draft = at(host, `${path}.draft`);
  const file = await open(draft, "w", mode);
  try {
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, at(host, path));
}
