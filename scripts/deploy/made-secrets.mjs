// The files that deploy/ expects beside it and that are not committed, made in a folder that is removed afterwards.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { ROOT } from "./files.mjs";

/** What a person makes by docs/deploying.md; the certificates are empty, nobody reads them here. */
export function makeSecrets(folder) {
  const words = [`${ROOT}scripts/deploy-secrets.mjs`, folder, "--bus", "nats.ozone"];
  execFileSync(process.execPath, [...words, "--database", "postgres.ozone"], { stdio: "pipe" });
  mkdirSync(`${folder}/certificates`);
  for (const name of ["ca.pem", "server.pem"]) writeFileSync(`${folder}/certificates/${name}`, "");
}
