// `ozone --version`: answered before oclif starts, which would print the package's name instead of the program's.
import { OZONE_VERSION } from "@ozone/shared/version";

/** Whether the words ask for the version and nothing else. */
export const wantsVersion = (words: readonly string[]): boolean => words[0] === "--version";

/** "ozone/0.1.0 linux-x64 node-v20.20.2" on stdout, or the same as one JSON document. */
export function writeVersion(json: boolean): void {
  const { platform, arch, version: node } = process;
  const text = `ozone/${OZONE_VERSION} ${platform}-${arch} node-${node}`;
  const document = { version: OZONE_VERSION, platform, arch, node };
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${text}\n`);
}
