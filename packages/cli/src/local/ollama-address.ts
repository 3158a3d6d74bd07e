// OLLAMA_HOST as Ollama itself reads it, turned into the address a client uses.
import { OzoneError } from "@ozone/shared/errors";

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };

/** Where a local Ollama listens when nobody said otherwise. */
export const LOCAL_OLLAMA = "http://127.0.0.1:11434";

/**
 * "", "host", ":port", "host:port" or a URL; without a scheme the port is 11434 by default. An address to listen on
 * everywhere (0.0.0.0) becomes loopback.
 * @throws OzoneError invalid_input when it is none of these.
 */
export function ollamaUrl(host: string): string {
  const text = host.trim().replace(/^["']|["']$/g, "");
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase();
  const refused = () => {
    const message = `OLLAMA_HOST ${JSON.stringify(host)} is no address; write host:port or http://host:port.`;
    return new OzoneError("invalid_input", message);
  };
  if (scheme !== undefined && DEFAULT_PORTS[scheme] === undefined) throw refused();
  const rest = scheme === undefined ? text : text.slice(scheme.length + 3);
  const [, address = "", port = "", path = ""] = /^(\[[^\]]*\]|[^:/]*)(?::(\d*))?(\/.*)?$/.exec(rest) ?? [];
  const isEmpty = address === "" && port === "";
  if (isEmpty && (rest !== "" || scheme !== undefined)) throw refused();
  if (port !== "" && (Number(port) < 1 || Number(port) > 65_535)) throw refused();
  const everywhere = address === "" || address === "0.0.0.0" || address === "[::]";
  const chosenPort = port || (scheme === undefined ? "11434" : (DEFAULT_PORTS[scheme] ?? "11434"));
  const url = `${scheme ?? "http"}://${everywhere ? "127.0.0.1" : address}:${chosenPort}${path.replace(/\/+$/, "")}`;
  if (!URL.canParse(url)) throw refused();
  return url;
}
