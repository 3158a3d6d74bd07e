// Bundles the simulated schedules, whole or with one mechanism of shipped code patched out of the bundle.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";
import { patched } from "./mutants.mjs";
import { ROOT } from "./run.mjs";

const withMutant = (mutant) => ({
  name: "mutant",
  setup(setup) {
    setup.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (!path.endsWith(mutant.file)) return undefined;
      return { contents: patched(mutant, await readFile(path, "utf8")), loader: "ts" };
    });
  },
});

const librariesStayOutside = {
  name: "libraries-stay-outside",
  setup(setup) {
    setup.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === "entry-point" || path.startsWith("@ozone/") ? undefined : { path, external: true },
    );
  },
};

/** @returns the bundle's path: beside the coordinator's, whose libraries it needs; the caller removes it */
export async function buildSchedules(mutant) {
  const name = `simulated-schedules-${mutant?.name ?? "shipped"}-${process.pid}.js`;
  const outfile = `${ROOT}packages/coordinator/dist/${name}`;
  await build({
    entryPoints: [`${ROOT}e2e/schedules/simulated/main.ts`],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    sourcemap: "inline",
    logLevel: "warning",
    plugins: [...(mutant ? [withMutant(mutant)] : []), librariesStayOutside],
  });
  return outfile;
}
