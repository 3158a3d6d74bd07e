// This machine's data folder, asked from the real environment.
import { homedir } from "node:os";
import { resolve } from "node:path";
import { dataFolder } from "@ozone/shared/data-folder";

/** Absolute path of the data folder: what all processes of this machine share. */
export function localDataFolder(): string {
  const isRoot = process.getuid?.() === 0;
  return resolve(dataFolder({ env: process.env, platform: process.platform, homeDir: homedir(), isRoot }));
}
