// The story: a fleet of the old version is upgraded with work in flight, taken back with work in flight, and upgraded again.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { TrialResultSchema } from "@ozone/proto/trial";
import { waitFor } from "../setup/wait-for.ts";
import { countedOnce } from "./counted-once.ts";
import { chooseAnew, type PresetBytes, presetBytes, presetsUpToDate } from "./presets.ts";
import { inferences, journalOf, MODELS, outboxOf, type Site, type Version } from "./site.ts";
import { held, type Steps } from "./steps.ts";
import { measuring, onceInTables, receiptOf, seeSweep, startSweep, untilEnded } from "./sweeps.ts";

/** Who takes turns. */
export interface Cast {
  readonly before: Version;
  readonly now: Version;
}

interface Stage extends Cast {
  readonly site: Site;
  readonly steps: Steps;
}

const [FIRST, SECOND] = MODELS;

/** A result was receipted, and counts once. */
async function isCounted(site: Site, name: string, attempt: string): Promise<string[]> {
  const event = await receiptOf(site.machine(name), attempt);
  const kept = event === "stored" || event === "duplicate";
  return [...(kept ? [] : [`${attempt} was receipted as ${event}`]), ...(await onceInTables(site, attempt))];
}

/** From when to when an attempt ran, by its agent's clock, which is ours too. */
async function spanOf(site: Site, attempt: string): Promise<{ startedMs: number; finishedMs: number }> {
  const [trial] = attempt.split("/");
  const [row] = await site.query<{ payload: Buffer }>("select payload from results where trial_id = $1", [
    trial,
  ]);
  if (!row) throw new Error(`${attempt} has no result`);
  const { startedAt, finishedAt } = fromBinary(TrialResultSchema, row.payload);
  return {
    startedMs: startedAt ? timestampMs(startedAt) : 0,
    finishedMs: finishedAt ? timestampMs(finishedAt) : 0,
  };
}

const ended = async (site: Site, sweepId: string) => {
  await untilEnded(site, sweepId);
  const seen = await seeSweep(site, sweepId);
  return { broken: countedOnce(seen), words: `${seen.trials.length} trials, ${seen.results.length} results` };
};

async function begin({ site, steps, before }: Stage): Promise<string> {
  let sweepId = "";
  await steps.take(`${before.name}: coordinator and agents A and B are up, a grid sweep runs`, async () => {
    await site.startCoordinator(before);
    for (const machine of site.machines) {
      site.spawnAgent(machine, before);
      await site.agentReady(machine);
    }
    sweepId = await startSweep(site, FIRST);
    return held();
  });
  return sweepId;
}

/**
 * Stops the coordinator while `first` measures and `second` waits for the host with its order in hand; `first` then ends
 * without anyone who could receipt it, and `second` measures.
 */
async function stopInFlight(site: Site, how: "stop" | "kill", first: string, second: string) {
  const [one, other] = [site.machine(first), site.machine(second)];
  const attempts = await measuring(site, one, other);
  await (how === "stop" ? site.coordinator.stop() : site.coordinator.kill());
  const asked = inferences(other);
  await waitFor(`the result of ${first} in its outbox`, () => outboxOf(one), {
    until: (left) => left.includes(attempts.first),
  });
  await waitFor(`${second} measures`, () => inferences(other), { until: (now) => now > asked });
  const told = journalOf(one).filter(
    ({ attempt, event }) => attempt === attempts.first && event !== "finished",
  );
  const broken = told.map(({ event }) => `${attempts.first} was receipted as ${event} with no coordinator`);
  return { attempts, broken };
}

/** The switch of coordinators with one result un-receipted and one trial running. */
async function switchCoordinator(
  { site, steps }: Stage,
  from: Version,
  to: Version,
  { how, first, second }: { how: "stop" | "kill"; first: string; second: string },
): Promise<void> {
  let flight = { first: "", second: "" };
  const ends = how === "stop" ? "has stopped" : "was killed";
  await steps.take(
    `the coordinator of ${from.name} ${ends}: a result waits in ${first}'s outbox, a trial runs on ${second}`,
    async () => {
      const { attempts, broken } = await stopInFlight(site, how, first, second);
      flight = attempts;
      return { broken };
    },
  );
  let readyMs = 0;
  await steps.take(`the coordinator of ${to.name} serves the same folder`, async () => {
    const tookMs = await site.startCoordinator(to);
    readyMs = Date.now();
    const [row] = await site.query<{ n: number }>(
      "select count(*)::int as n from drizzle.__drizzle_migrations",
    );
    return held(`after ${(tookMs / 1_000).toFixed(1)} s, ${row?.n} migrations`);
  });
  await steps.take(`${first}'s waiting result is receipted and counts once`, async () => ({
    broken: await isCounted(site, first, flight.first),
  }));
  await steps.take(`${second}'s trial, which ran over the switch, counts once`, async () => {
    const broken = await isCounted(site, second, flight.second);
    const { startedMs, finishedMs } = await spanOf(site, flight.second);
    const over = startedMs < readyMs && finishedMs > readyMs;
    return { broken, words: over ? "begun before and ended under the new one" : "ended before it served" };
  });
}

/** Agent A is replaced while its finished result has no receipt: its coordinator stands still meanwhile. */
async function replaceWithResult({ site, steps, before, now }: Stage): Promise<void> {
  const machine = site.machine("A");
  await steps.take(
    `agent A of ${before.name} is replaced by ${now.name} with a result in its outbox; it counts once`,
    async () => {
      await measuring(site, machine);
      process.kill(site.coordinator.pid, "SIGSTOP");
      const left = await waitFor("a result in A's outbox", () => outboxOf(machine), {
        until: (waiting) => waiting.length > 0,
      });
      await machine.agent?.stop();
      const kept = outboxOf(machine);
      site.spawnAgent(machine, now);
      process.kill(site.coordinator.pid, "SIGCONT");
      await site.agentReady(machine);
      const counted = await Promise.all(left.map((attempt) => isCounted(site, "A", attempt)));
      return { broken: [...(kept.length > 0 ? [] : ["the outbox was empty"]), ...counted.flat()] };
    },
  );
}

/** Agent A is killed in the middle of a trial; the other version takes the same attempt up. */
async function replaceWithOrder({ site, steps }: Stage, from: Version, to: Version): Promise<void> {
  const machine = site.machine("A");
  await steps.take(
    `agent A of ${from.name} is killed in a trial, ${to.name} takes the same attempt up; it counts once`,
    async () => {
      const { first: attempt } = await measuring(site, machine);
      await machine.agent?.kill();
      const early = journalOf(machine).some((line) => line.attempt === attempt);
      site.spawnAgent(machine, to);
      await site.agentReady(machine);
      const broken = await isCounted(site, "A", attempt);
      return { broken, words: early ? "it had just finished" : "" };
    },
  );
}

async function presetsAgain({ site, steps, before, now }: Stage, kept: PresetBytes): Promise<void> {
  await steps.take(`forward again: coordinator and agent A of ${now.name}`, async () => {
    await site.coordinator.stop();
    await site.startCoordinator(now);
    const machine = site.machine("A");
    await machine.agent?.stop();
    site.spawnAgent(machine, now);
    await site.agentReady(machine);
    return held();
  });
  await steps.take(`presets: those of ${FIRST} are byte by byte what they were`, async () => {
    const again = await presetBytes(site, FIRST);
    return { broken: again === kept ? [] : ["other bytes for the same results"] };
  });
  await steps.take(`presets that ${before.name} chose are chosen again by ${now.name}`, async () => {
    const stored = new Map([
      [FIRST, kept],
      [SECOND, await presetsUpToDate(site, SECOND)],
    ]);
    const chosen = await chooseAnew(site, now);
    const other = MODELS.filter((model) => chosen.get(model) !== stored.get(model));
    return { broken: other.map((model) => `${model}: the same results gave other bytes, chosen anew`) };
  });
  await steps.take("`preset show` and `report build` work", () => showAndReport(site));
}

async function showAndReport(site: Site) {
  const out = join(site.dataDir, "report");
  const words = [
    ...MODELS.map((model) => ["preset", "show", model]),
    ["report", "build", "--out", out],
    ["sweep", "list"],
    ["machine", "list"],
  ];
  const broken: string[] = [];
  for (const args of words) {
    const { code, stderr } = await site.ozone(args);
    if (code !== 0) broken.push(`ozone ${args.join(" ")} ended with ${code}: ${stderr.trim()}`);
  }
  if (!existsSync(join(out, "report.html"))) broken.push(`${out} has no report.html`);
  return { broken };
}

/** An old agent would leave the shorter answers out in silence. */
async function refusedToOldAgent(site: Site) {
  const plan = ["sweep", "plan", "--share-fill", "on", "--num-ctx", "512", "--num-predict", "8,16"];
  const both = await site.ozone(plan);
  const alone = await site.ozone([...plan, "--machine", "A"]);
  const sentence = /B runs agent \S+ \(protocol 1\), which does not know shared fills/;
  return {
    broken: [
      ...(both.code !== 0 && sentence.test(both.stderr) ? [] : [`it said: ${both.stderr || both.stdout}`]),
      ...(alone.code === 0 ? [] : [`A of this version was refused too: ${alone.stderr}`]),
    ],
  };
}

/** Everything, in order. @throws when a step could not be carried out */
export async function tellStory(stage: Stage): Promise<void> {
  const { site, steps, before, now } = stage;
  const first = await begin(stage);
  await switchCoordinator(stage, before, now, { how: "stop", first: "B", second: "A" });
  await replaceWithResult(stage);
  await steps.take("the first sweep ends done, everything counts once", () => ended(site, first));
  let kept: PresetBytes = "";
  let second = "";
  await steps.take(`a second sweep begins under ${now.name}`, async () => {
    kept = await presetsUpToDate(site, FIRST);
    second = await startSweep(site, SECOND);
    return held();
  });
  await steps.take(`shared fills are refused to agent B of ${before.name}, and only to it`, () =>
    refusedToOldAgent(site),
  );
  await switchCoordinator(stage, now, before, { how: "kill", first: "A", second: "B" });
  await replaceWithOrder(stage, now, before);
  await steps.take(`the second sweep ends done under ${before.name}, everything counts once`, () =>
    ended(site, second),
  );
  await presetsAgain(stage, kept);
}
