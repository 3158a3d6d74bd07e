// What 0.1.0 does not know, in flight when the coordinator goes back: it must neither lose nor double anything, and all of
// it ends when the new version is back (docs/upgrading.md, "Back to 0.1.0").
import { waitFor } from "../setup/wait-for.ts";
import { countedOnce } from "./counted-once.ts";
import { MODELS, type Site } from "./site.ts";
import { held, type Steps } from "./steps.ts";
import type { Cast } from "./story.ts";
import { seeSweep, untilEnded } from "./sweeps.ts";

const KINDS = {
  "share: class": ["--strategy", "grid", "--share", "class", "--num-batch", "64,128,256"],
  share_fill: ["--strategy", "grid", "--share-fill", "on", "--num-batch", "64", "--num-predict", "16,32"],
  halving: ["--strategy", "halving", "--num-batch", "64,128,256"],
} as const;

type Kind = keyof typeof KINDS;

const LIMIT_MS = 420_000;

async function start(site: Site): Promise<Map<Kind, string>> {
  const common = [
    "--model",
    MODELS[0],
    "--num-ctx",
    "512,1024",
    "--contended",
    "allow",
    "--quiet-wait",
    "0s",
  ];
  const ids = new Map<Kind, string>();
  for (const [kind, words] of Object.entries(KINDS)) {
    const short = words.some((word) => word === "--num-predict") ? [] : ["--num-predict", "16"];
    const { sweep } = await site.json<{ sweep: { id: string } }>([
      ...["sweep", "run", "--detach", ...common, ...short, ...words],
    ]);
    ids.set(kind as Kind, sweep.id);
  }
  return ids;
}

/** Sweep -> its state, and how many of its trials have ended or not. */
async function standing(site: Site, sweepId: string) {
  const [row] = await site.query<{ state: string; done: number; open: number }>(
    "select s.state, count(*) filter (where t.state = 'done')::int as done, count(*) filter (where t.state in ('planned', 'running'))::int as open from sweeps s join trials t on t.sweep_id = s.id where s.id = $1 group by 1",
    [sweepId],
  );
  return row ?? { state: "missing", done: 0, open: 0 };
}

/** Everything, in order. Both agents are of the new version. */
export async function goBackWithNewFeatures(site: Site, steps: Steps, { before, now }: Cast): Promise<void> {
  let ids = new Map<Kind, string>();
  const id = (kind: Kind) => ids.get(kind) ?? "";
  await steps.take(
    `under ${now.name}: agent B too, and sweeps with ${Object.keys(KINDS).join(", ")}`,
    async () => {
      const machine = site.machine("B");
      await machine.agent?.stop();
      site.spawnAgent(machine, now);
      await site.agentReady(machine);
      ids = await start(site);
      await waitFor("the first trials", () => standing(site, id("share: class")), {
        until: ({ done }) => done >= 3,
        limitMs: 120_000,
      });
      return held();
    },
  );
  await steps.take(`${before.name} goes on with them: shared ones end, halving stands still`, async () => {
    await site.coordinator.kill();
    await site.startCoordinator(before);
    for (const kind of ["share: class", "share_fill"] as const)
      await waitFor(`${kind} ended`, () => standing(site, id(kind)), {
        until: ({ state }) => state !== "running",
        limitMs: LIMIT_MS,
      });
    const stands = await waitFor("halving stands still", () => standing(site, id("halving")), {
      until: ({ open }) => open === 0,
      limitMs: LIMIT_MS,
    });
    return { broken: stands.state === "running" ? [] : [`the halving sweep is ${stands.state}`] };
  });
  await steps.take(`${now.name} again: all of them end done, everything counts once`, async () => {
    await site.coordinator.stop();
    await site.startCoordinator(now);
    const broken: string[] = [];
    for (const kind of ids.keys()) {
      await untilEnded(site, id(kind));
      const seen = await seeSweep(site, id(kind), []);
      broken.push(...countedOnce(seen).map((sentence) => `${kind}: ${sentence}`));
    }
    return { broken };
  });
}
