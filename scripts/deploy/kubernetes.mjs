// The cluster's objects: built by kustomize where kubectl is, of the shape that Kubernetes knows, and closed as they should be.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { filesIn, ROOT, textOf } from "./files.mjs";
import { makeSecrets } from "./made-secrets.mjs";

const FOLDER = "deploy/kubernetes";

/** Where the type of each kind is; one that is not here has no place in deploy/. */
const TYPES = {
  ConfigMap: "core/v1",
  Namespace: "core/v1",
  Secret: "core/v1",
  Service: "core/v1",
  DaemonSet: "apps/v1",
  Deployment: "apps/v1",
  StatefulSet: "apps/v1",
  NetworkPolicy: "networking/v1",
  PodDisruptionBudget: "policy/v1",
};
const WORKLOADS = ["DaemonSet", "Deployment", "StatefulSet"];
/** Containers whose memory must not be limited, because it is what is measured. */
const UNLIMITED = ["ollama"];

const documentsOf = (text) => parseAllDocuments(text).map((document) => document.toJS());
const nameOf = ({ kind, metadata }) => `${kind} ${metadata?.namespace ?? ""}/${metadata?.name}`;

/** What `kubectl apply -k` would send; null where there is no kubectl. */
function built() {
  const folder = mkdtempSync(join(tmpdir(), "ozone-kubernetes-"));
  try {
    cpSync(`${ROOT}${FOLDER}`, folder, { recursive: true, filter: (path) => !path.endsWith("/secrets") });
    makeSecrets(join(folder, "overlays/example/secrets"));
    const overlay = join(folder, "overlays/example");
    return { text: execFileSync("kubectl", ["kustomize", overlay], { encoding: "utf8", stdio: "pipe" }) };
  } catch (thrown) {
    return thrown.code === "ENOENT" ? null : { problem: String(thrown.stderr ?? thrown.message).trim() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every object as a value of its type: the compiler knows fields that are missing, unknown or of another kind. */
function shapeProblems(objects) {
  const unknown = objects
    .filter(({ kind }) => !TYPES[kind])
    .map((object) => `${nameOf(object)} is of no known kind`);
  const known = objects.filter(({ kind }) => TYPES[kind]);
  const lines = known.map(
    (object, at) =>
      `export const o${at}: import("kubernetes-types/${TYPES[object.kind]}").${object.kind} = ${JSON.stringify(object)};`,
  );
  const folder = `${ROOT}node_modules/.cache`;
  const file = `${folder}/ozone-objects-${process.pid}.ts`;
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(file, `${lines.join("\n")}\n`);
    const flags = [
      "--ignoreConfig",
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--types",
      "",
      "--pretty",
      "false",
    ];
    const words = [...flags, "--module", "esnext", "--moduleResolution", "bundler", file];
    execFileSync(`${ROOT}node_modules/.bin/tsc`, words, { encoding: "utf8", stdio: "pipe" });
    return unknown;
  } catch (thrown) {
    const said = String(thrown.stdout)
      .split("\n")
      .filter((line) => /error TS/.test(line));
    return said.map((line) => {
      const at = Number(/\.ts[(:](\d+)/.exec(line)?.[1]) - 1;
      return `${known[at] ? nameOf(known[at]) : line}: ${line.replace(/^.*error TS\d+: /, "")}`;
    });
  } finally {
    rmSync(file, { force: true });
  }
}

function containerProblems(pod, container, isInit) {
  const security = { ...pod.securityContext, ...container.securityContext };
  const { requests = {}, limits = {} } = container.resources ?? {};
  const tagged =
    /:[^/]*[0-9]/.test(container.image) || ["ozone-agent", "ozone-coordinator"].includes(container.image);
  const wanted = {
    "runs as root": isInit || security.runAsNonRoot === true,
    "may gain rights": security.allowPrivilegeEscalation === false,
    "may write its image": security.readOnlyRootFilesystem === true,
    "keeps capabilities": security.capabilities?.drop?.includes("ALL") === true,
    "asks for no processor or memory": Boolean(requests.cpu && requests.memory),
    "has no limit of memory": Boolean(limits.memory) || UNLIMITED.includes(container.name),
    "is of no certain version": tagged,
  };
  return Object.entries(wanted).flatMap(([words, holds]) =>
    holds ? [] : [`container ${container.name} ${words}`],
  );
}

function workloadProblems(object) {
  const { template, selector } = object.spec;
  const pod = template.spec;
  const containers = [
    ...pod.containers.flatMap((container) => containerProblems(pod, container, false)),
    ...(pod.initContainers ?? []).flatMap((container) => containerProblems(pod, container, true)),
  ];
  const selected = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => template.metadata?.labels?.[key] === value,
  );
  return [
    ...containers,
    ...(selected ? [] : ["its selector is not its label"]),
    ...(pod.automountServiceAccountToken === false ? [] : ["it gets a token of the cluster"]),
  ].map((problem) => `${nameOf(object)}: ${problem}`);
}

/** Several of one kind must not be taken away at once, and where they may be heard from must be said. */
function companyProblems(objects) {
  const inSpace = (kind, namespace) =>
    objects.filter((object) => object.kind === kind && object.metadata.namespace === namespace);
  return objects
    .filter(({ kind }) => WORKLOADS.includes(kind))
    .flatMap((object) => {
      const { namespace } = object.metadata;
      const { app } = object.spec.template.metadata.labels;
      const budget = inSpace("PodDisruptionBudget", namespace).some(
        ({ spec }) => spec.selector.matchLabels.app === app,
      );
      const policy = inSpace("NetworkPolicy", namespace).some(
        ({ spec }) => Object.keys(spec.podSelector).length === 0 && spec.policyTypes.includes("Ingress"),
      );
      return [
        ...(object.spec.replicas > 1 && !budget ? [`${nameOf(object)} has no disruption budget`] : []),
        ...(policy ? [] : [`${nameOf(object)}: everybody may speak to it`]),
      ];
    });
}

/** Names of secrets and configurations anywhere in a workload, as "Secret name". */
function namedIn(value) {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inside]) => {
    const kind = /^secret(Ref|KeyRef)?$/.test(key) ? "Secret" : /^configMap/.test(key) ? "ConfigMap" : null;
    const name = kind && (inside?.name ?? inside?.secretName);
    return [...(name ? [`${kind} ${name}`] : []), ...namedIn(inside)];
  });
}

/** What a workload names is part of what is applied. */
function referenceProblems(objects) {
  const there = new Set(
    objects.map(({ kind, metadata }) => `${metadata.namespace} ${kind} ${metadata.name}`),
  );
  const workloads = objects.filter(({ kind }) => WORKLOADS.includes(kind));
  return workloads.flatMap((object) =>
    namedIn(object.spec.template)
      .filter((name) => !there.has(`${object.metadata.namespace} ${name}`))
      .map((name) => `${nameOf(object)}: there is no ${name}`),
  );
}

/** @returns {{ problems: string[], notes: string[] }} */
export function kubernetesProblems() {
  const files = filesIn(FOLDER).filter((file) => /\.yaml$/.test(file) && !/kustomization\.yaml$/.test(file));
  const committed = files.flatMap((file) => documentsOf(textOf(file)));
  const secrets = committed
    .filter(({ kind }) => kind === "Secret")
    .map((object) => `${nameOf(object)} is committed`);
  const result = built();
  if (result?.problem) return { problems: [`${FOLDER}: ${result.problem}`], notes: [] };
  const objects = result === null ? committed : documentsOf(result.text);
  const notes =
    result === null ? [`kubectl is not here: ${FOLDER} was looked at file by file, and not built`] : [];
  const workloads = objects.filter(({ kind }) => WORKLOADS.includes(kind));
  const problems = [...secrets, ...shapeProblems(objects), ...workloads.flatMap(workloadProblems)];
  if (result !== null) problems.push(...referenceProblems(objects));
  return { problems: [...problems, ...companyProblems(objects)].map((line) => `${FOLDER}: ${line}`), notes };
}
