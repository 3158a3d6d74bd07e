// Runs the story. Started by scripts/upgrade.mjs, which has built both versions.
// Words: NAME-OF-THE-OLD-VERSION ROOT-OF-ITS-CHECKOUT
import { messageOf } from "@ozone/shared/errors";
import { ROOT } from "./setup/processes.ts";
import { goBackWithNewFeatures } from "./upgrade/new-features.ts";
import { Site, type Version } from "./upgrade/site.ts";
import { Steps } from "./upgrade/steps.ts";
import { tellStory } from "./upgrade/story.ts";
import { goUpAndDown } from "./upgrade/up-and-down.ts";

const EXIT_BROKEN = 1;
const EXIT_INTERRUPTED = 130;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function endOnSignal(site: Site): void {
  let ending = false;
  for (const signal of ["SIGINT", "SIGTERM"])
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      say(`${signal}: ending what was started`);
      const exit = () => process.exit(EXIT_INTERRUPTED);
      site.end().then(exit, exit);
    });
}

async function main([name = "", root = ""]: readonly string[]): Promise<number> {
  const before: Version = { name, root: root.endsWith("/") ? root : `${root}/` };
  const now: Version = { name: "now", root: ROOT };
  const site = await Site.open(["A", "B"], before);
  endOnSignal(site);
  const steps = new Steps();
  try {
    await tellStory({ site, steps, before, now });
    await goBackWithNewFeatures(site, steps, { before, now });
    await goUpAndDown(steps, { before, now });
  } catch (thrown) {
    say(`the story ends here: ${messageOf(thrown)}`);
    say(`the last coordinator said:\n${site.coordinator.output.split("\n").slice(-15).join("\n")}`);
    for (const machine of site.machines)
      say(`agent ${machine.name} said:\n${(machine.agent?.output ?? "").split("\n").slice(-10).join("\n")}`);
    await site.end();
    return EXIT_BROKEN;
  }
  await site.end();
  process.stdout.write(`${steps.held} of ${steps.said} held\n`);
  return steps.held === steps.said ? 0 : EXIT_BROKEN;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    say(messageOf(thrown));
    process.exit(EXIT_BROKEN);
  },
);
