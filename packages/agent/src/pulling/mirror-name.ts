// A model's name at a registry inside the lab. Ollama takes the registry from the name ("host/namespace/model:tag"); there is
// no setting of the server for it. Pure.

/** The name under which the mirror has the model: its host before namespace and model, in place of any other. */
export function mirrorName(model: string, mirror: string): string {
  const parts = model.split("/");
  const last = parts.at(-1) ?? "";
  const namespace = parts.length > 1 ? (parts.at(-2) ?? "") : "library";
  return `${mirror}/${namespace}/${last.includes(":") ? last : `${last}:latest`}`;
}
