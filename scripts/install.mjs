// Installs what is missing, once per lock file, remembered by the hash of package-lock.json. Not `npm ci`: where a
// registry lacks a platform package that nobody here needs, the lock lacks it too, and `npm ci` then refuses the whole.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { ROOT, run } from "./run.mjs";

const OLDEST_NODE = [20, 19];

/** Ends the process with one sentence when Node is too old. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  process.stderr.write(
    `Ozone needs Node ${OLDEST_NODE.join(".")} or newer; this is ${process.versions.node}.\n`,
  );
  process.exit(1);
}

/** Makes node_modules match package-lock.json. */
export async function install() {
  requireNode();
  const stamp = `${ROOT}node_modules/.ozone-lock`;
  const hash = createHash("sha256")
    .update(readFileSync(`${ROOT}package-lock.json`))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  process.stderr.write("Installing dependencies (once, about a minute)\n");
  const code = await run("npm", ["install", "--no-save", "--no-audit", "--no-fund"], { quiet: true });
  if (code !== 0) {
    process.stderr.write(
      "`npm install` failed; see above. Check the network and the npm registry's address.\n",
    );
    process.exit(1);
  }
  writeFileSync(stamp, hash);
}

/** Builds every package that changed. */
export async function build() {
  const code = await run("npm", ["run", "--silent", "build"], { quiet: true });
  if (code !== 0) {
    process.stderr.write("The build failed; see above.\n");
    process.exit(1);
  }
}
