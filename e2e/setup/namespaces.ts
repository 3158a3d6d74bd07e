// Hosts that are network namespaces: one for the coordinator, one for each agent, on a bridge. Needs root.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { ROOT } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

const RELAY = `${ROOT}e2e/setup/relay.mjs`;
const NETWORK = "10.77.0";

const ip = (...words: string[]): void => {
  execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
};

/** Whether this process may make them. */
export function mayMakeNamespaces(): boolean {
  const probe = `oz${process.pid}-probe`;
  try {
    ip("netns", "add", probe);
    ip("netns", "del", probe);
    return process.getuid?.() === 0;
  } catch {
    return false; // not root, no iproute2, or not allowed in this container
  }
}

/** A program that runs until it is stopped. */
export interface Helper {
  stop(): Promise<void>;
}

/** Starts a relay, in a namespace or where we are. */
export async function startRelay(
  listen: string,
  target: string,
  wrapper: readonly string[] = [],
): Promise<Helper> {
  const [command = "", ...words] = [...wrapper, process.execPath, RELAY, listen, target];
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += chunk;
    });
  await waitFor("a relay", () => said, { until: (text) => text.includes("relaying") });
  return {
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}

/** A host of its own. */
export interface Host {
  /** Runs a command there. */
  readonly wrapper: [string, ...string[]];
  readonly address: string;
  /** Cuts it off, or connects it again. The hub is never cut off. */
  link(state: "up" | "down"): void;
}

/** Hosts on one bridge; the first is the hub, which has the bridge. */
export class Namespaces {
  readonly #names: string[] = [];

  #add(kind: string): string {
    const name = `oz${process.pid}-${kind}`;
    ip("netns", "add", name);
    this.#names.push(name);
    ip("-n", name, "link", "set", "lo", "up");
    return name;
  }

  /** The host with the bridge. */
  hub(): Host {
    const name = this.#add("hub");
    ip("-n", name, "link", "add", "br0", "type", "bridge");
    ip("-n", name, "addr", "add", `${NETWORK}.1/24`, "dev", "br0");
    ip("-n", name, "link", "set", "br0", "up");
    return { wrapper: ["ip", "netns", "exec", name], address: `${NETWORK}.1`, link: () => undefined };
  }

  /** One more, connected to the hub. */
  host(number: number): Host {
    const [hub = ""] = this.#names;
    const name = this.#add(String(number));
    const [port, address] = [`v${number}`, `${NETWORK}.${10 + number}`];
    ip("-n", hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name);
    ip("-n", hub, "link", "set", port, "master", "br0", "up");
    ip("-n", name, "addr", "add", `${address}/24`, "dev", "eth0");
    ip("-n", name, "link", "set", "eth0", "up");
    return {
      wrapper: ["ip", "netns", "exec", name],
      address,
      link: (state) => ip("-n", hub, "link", "set", port, state),
    };
  }

  /** Takes them away; what runs there has to be ended before. */
  remove(): void {
    for (const name of this.#names.splice(0).toReversed()) ip("netns", "del", name);
  }
}
