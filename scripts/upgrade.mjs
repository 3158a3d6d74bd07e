// npm run upgrade: a fleet of the last release is upgraded with work in flight, taken back, and upgraded again, all with real
// processes. The release is built from its commit into a temporary folder. `--old FOLDER` uses one that is built already.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, install } from "./install.mjs";
import { ROOT, run } from "./run.mjs";

/** The release before this one. After the next release: that one's. */
const RELEASE = { name: "0.1.0", commit: "c35be3eb5a91925f9f37d0a153f0c66ce6586bc7" };
const EXIT_USAGE = 2;

const at = process.argv.indexOf("--old");
const given = at < 0 ? null : (process.argv[at + 1] ?? "");

/** Runs a command of the old version. @throws Error with what it printed */
function inFolder(folder, command, args, input) {
  const options = { cwd: folder, input, encoding: "buffer", maxBuffer: 1 << 30 };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (status === 0) return stdout;
  throw new Error(`\`${command} ${args.join(" ")}\` failed: ${error?.message ?? ""}${stderr ?? ""}${stdout}`);
}

function requireCommit({ name, commit }) {
  const { status } = spawnSync("git", ["cat-file", "-e", `${commit}^{commit}`], {
    cwd: ROOT,
    stdio: "ignore",
  });
  if (status === 0) return;
  process.stderr.write(
    `The commit of ${name} (${commit.slice(0, 7)}) is not in this checkout; fetch it with \`git fetch --unshallow\`, or name a built checkout of it with --old FOLDER.\n`,
  );
  process.exit(EXIT_USAGE);
}

/** Builds the release in a new folder. */
function buildRelease({ name, commit }, folder) {
  process.stderr.write(`Building ${name} in ${folder} (about half a minute)\n`);
  const tree = inFolder(ROOT, "git", ["archive", "--format=tar", commit]);
  inFolder(folder, "tar", ["-x"], tree);
  inFolder(folder, "npm", ["install", "--no-save", "--no-audit", "--no-fund"]);
  inFolder(folder, "npm", ["run", "--silent", "build"]);
}

if (given === "") {
  process.stderr.write("--old needs a folder: a built checkout of the last release.\n");
  process.exit(EXIT_USAGE);
}
if (given === null) requireCommit(RELEASE);
await install();
await build();
const folder = given ?? mkdtempSync(join(tmpdir(), `ozone-${RELEASE.name}-`));
let code = 1;
try {
  if (given === null) buildRelease(RELEASE, folder);
  code = await run(process.execPath, [
    "--enable-source-maps",
    `${ROOT}e2e/dist/run-upgrade.js`,
    RELEASE.name,
    folder,
  ]);
} finally {
  if (given === null) rmSync(folder, { recursive: true, force: true });
}
process.exit(code);
