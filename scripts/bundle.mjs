// Bundles a package's entry points into its dist/. Our own packages (@ozone/*) are compiled in; libraries stay
// in node_modules, unless --whole asks for one self-contained file (the command line, where start-up time counts).
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";

const whole = process.argv.includes("--whole");
const entryPoints = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));

/** Leaves every bare import except our own packages to Node. */
const librariesStayOutside = {
  name: "libraries-stay-outside",
  setup(setup) {
    setup.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === "entry-point" || path.startsWith("@ozone/")) return undefined;
      return { path, external: true };
    });
  },
};

const { outputFiles } = await build({
  entryPoints,
  write: false,
  outdir: "dist",
  // Packages keep their sources in src/, bench/ beside its manifest.
  outbase: entryPoints.every((entry) => entry.startsWith("src/")) ? "src" : ".",
  bundle: true,
  // Commands are loaded when they are run, so a trivial one must not pay for the others.
  splitting: whole,
  platform: "node",
  target: "node20",
  format: "esm",
  sourcemap: !whole,
  minify: whole,
  keepNames: whole,
  legalComments: "none",
  logLevel: "warning",
  plugins: whole ? [] : [librariesStayOutside],
  external: whole ? ["typescript", "ts-node"] : [],
  // Some bundled libraries are CommonJS and call require() at run time.
  banner: whole
    ? {
        js: 'import{createRequire as __ozoneRequire}from"node:module";const require=__ozoneRequire(import.meta.url);',
      }
    : {},
});

// Each file takes its place whole: programs run from here while they are built anew, in tests two at a time.
for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, contents);
  renameSync(draft, path);
}

// Chunks have hashes in their names: what an earlier build left would stay for ever.
const built = new Set(outputFiles.map(({ path }) => path));
for (const entry of readdirSync("dist", { recursive: true, withFileTypes: true })) {
  const path = resolve(join(entry.parentPath, entry.name));
  if (entry.isFile() && !built.has(path) && !path.endsWith(".draft")) rmSync(path, { force: true });
}
