// Where this machine keeps Ozone's files: the agent's lie in a folder below.
import { homedir } from "node:os";
import { dataFolder } from "@ozone/shared/data-folder";

/** The data folder of whoever runs this process. */
export const dataDir = (env: Readonly<Record<string, string | undefined>> = process.env): string =>
  dataFolder({ env, platform: process.platform, homeDir: homedir(), isRoot: process.getuid?.() === 0 });
