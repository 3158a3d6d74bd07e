// Model names as Ollama writes them: [host/][namespace/]model[:tag]. Pure.

/** A valid name in its shortest form, the tag always present: "ozone-synthetic:4m". */
export type ModelName = string & { readonly brand: "ModelName" };

const part = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/;
const namespacePart = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/;
const hostPart = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/;
const defaultHost = "registry.ollama.ai";
const defaultNamespace = "library";

/** Reads a name as a person writes it; undefined if it is not a valid one. A missing tag means "latest". */
export function parseModelName(text: string): ModelName | undefined {
  const pieces = text.replace(/^https?:\/\//, "").split("/");
  const last = pieces.pop() ?? "";
  const colon = last.indexOf(":");
  const model = colon < 0 ? last : last.slice(0, colon);
  const tag = colon < 0 ? "latest" : last.slice(colon + 1);
  const namespace = pieces.pop() ?? defaultNamespace;
  const host = pieces.pop() ?? defaultHost;
  if (pieces.length > 0 || !part.test(model) || !part.test(tag)) return undefined;
  if (!namespacePart.test(namespace) || !hostPart.test(host)) return undefined;
  return shortest({ host, namespace, model, tag }) as ModelName;
}

function shortest(name: { host: string; namespace: string; model: string; tag: string }): string {
  const short = `${name.model}:${name.tag}`;
  if (name.host.toLowerCase() !== defaultHost) return `${name.host}/${name.namespace}/${short}`;
  return name.namespace.toLowerCase() === defaultNamespace ? short : `${name.namespace}/${short}`;
}
