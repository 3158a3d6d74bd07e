// The way most people upgrade: `ozone down` of one version, `ozone up` of the other, on one data folder. Each `up` must find
// its machine again and have it measure.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scriptedModel, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { runToEnd } from "../setup/processes.ts";
import { waitFor } from "../setup/wait-for.ts";
import type { Version } from "./site.ts";
import type { Steps } from "./steps.ts";
import type { Cast } from "./story.ts";

const MODEL = "scripted:own";

interface Listed {
  readonly id: string;
  readonly status: string;
}

/** A folder with one machine, and the command lines of two versions. */
class Desk {
  readonly dataDir: string;
  readonly #env: Record<string, string>;

  constructor(dataDir: string, engineUrl: string) {
    this.dataDir = dataDir;
    this.#env = { OZONE_DATA_DIR: dataDir, OLLAMA_HOST: engineUrl };
  }

  /** @throws Error with what it printed when it fails */
  async ozone({ name, root }: Version, args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runToEnd("cli", { root, args, env: this.#env });
    if (code === 0) return stdout;
    throw new Error(`ozone ${args.join(" ")} of ${name} ended with ${code}: ${stderr} ${stdout}`);
  }

  async machine(version: Version): Promise<Listed> {
    const list = async () =>
      (JSON.parse(await this.ozone(version, ["machine", "list", "--json"])) as { machines: Listed[] })
        .machines;
    const online = await waitFor("one machine online", list, {
      until: (machines) => machines.length === 1 && machines[0]?.status === "online",
    });
    return online[0] ?? { id: "", status: "" };
  }

  /** One small sweep, to its end. @returns how it ended */
  async sweep(version: Version): Promise<string> {
    const words = ["--num-ctx", "512", "--num-batch", "64", "--num-predict", "8", "--model", MODEL];
    const quiet = ["--contended", "allow", "--quiet-wait", "0s", "--json"];
    await this.ozone(version, ["sweep", "run", "--strategy", "grid", ...words, ...quiet]);
    const { sweeps } = JSON.parse(await this.ozone(version, ["sweep", "list", "--json"])) as {
      sweeps: { state: string }[];
    };
    return [...new Set(sweeps.map(({ state }) => state))].join(", ");
  }
}

/** Up, a sweep, down; in turns. */
export async function goUpAndDown(steps: Steps, { before, now }: Cast): Promise<void> {
  const engine = await startScriptedOllama({ models: [scriptedModel(MODEL)] });
  const desk = new Desk(await mkdtemp(join(tmpdir(), "ozone-upgrade-desk-")), engine.url);
  let up: Version = before;
  let id = "";
  try {
    for (const version of [before, now, before, now]) {
      await steps.take(`\`ozone up\` of ${version.name}: its machine is there and measures`, async () => {
        up = version;
        await desk.ozone(version, ["up"]);
        const machine = await desk.machine(version);
        const isKnown = id === "" || machine.id === id;
        id = machine.id;
        const ends = await desk.sweep(version);
        await desk.ozone(version, ["down"]);
        return {
          broken: [
            ...(isKnown ? [] : [`it came back as another machine, ${machine.id}`]),
            ...(ends === "SWEEP_STATE_DONE" ? [] : [`sweeps ended as ${ends}`]),
          ],
        };
      });
    }
  } finally {
    await desk.ozone(up, ["down"]).catch(() => undefined);
    await engine.stop();
    await rm(desk.dataDir, { recursive: true, force: true });
  }
}
