// Does the steps of an installation, one after the other, and notes each in the record at once.
import { chmod, mkdir, rename, rmdir } from "node:fs/promises";
import { OZONE_VERSION } from "@ozone/shared/version";
import { ask, at, type Host, systemctl } from "./host.ts";
import { digestOf, type InstallRecord } from "./install-record.ts";
import { type InstallChoice, placesOf } from "./places.ts";
import { type Step, stepText } from "./plan-install.ts";
import { writeWhole } from "./write-whole.ts";

/** Where a step leaves the record: what it made is taken away again by removing. Pure. */
export function recordAfter(record: InstallRecord, step: Step): InstallRecord {
  if (step.act === "user") return { ...record, madeUser: true };
  if (step.act === "folder" && !record.folders.includes(step.path))
    return { ...record, folders: [...record.folders, step.path] };
  if (step.act === "file")
    return { ...record, files: { ...record.files, [step.path]: digestOf(step.content) } };
  return record;
}

const emptyRecord = ({ user, dataDir }: InstallChoice): InstallRecord => ({
  ...{ format: 1, version: OZONE_VERSION, files: {}, folders: [] },
  ...{ dataDir, user, madeUser: false },
});

/** @throws OzoneError where a step fails; what was done until then is in the record, and another run goes on */
export async function carryOut(
  host: Host,
  {
    choice,
    steps,
    earlier,
  }: { choice: InstallChoice; steps: readonly Step[]; earlier: InstallRecord | null },
  say: (line: string) => void,
): Promise<void> {
  const { record: path } = placesOf(choice);
  const { user, dataDir } = choice;
  let record = { ...(earlier ?? emptyRecord(choice)), version: OZONE_VERSION, user, dataDir };
  for (const step of steps) {
    await doStep(host, step);
    say(stepText(step, true));
    const noted = recordAfter(record, step);
    // A user is made before there is a folder for the record: the next step notes it too.
    if (noted !== record && step.act !== "user")
      await writeWhole(host, path, Buffer.from(`${JSON.stringify(noted, null, 2)}\n`), 0o644);
    record = noted;
  }
}

async function doStep(host: Host, step: Step): Promise<void> {
  switch (step.act) {
    case "keep":
      return;
    case "user": {
      const words = ["--system", "--user-group", "--no-create-home", "--home-dir", step.home];
      await ask(host, "useradd", [...words, "--shell", "/usr/sbin/nologin", step.name]);
      return;
    }
    case "folder":
      return makeFolder(host, step);
    case "file":
      return writeWhole(host, step.path, step.content, step.mode);
    case "systemctl":
      await systemctl(host, step.words);
  }
}

/** It gets its name when it has its owner: another run would take it as it is. */
async function makeFolder(
  host: Host,
  { path, mode, owner }: Extract<Step, { act: "folder" }>,
): Promise<void> {
  const draft = at(host, `${path}.draft`);
  await mkdir(draft, { recursive: true });
  try {
    await chmod(draft, mode);
    if (owner !== null) await ask(host, "chown", [`${owner}:`, draft]);
    await rename(draft, at(host, path));
  } catch (thrown) {
    await rmdir(draft);
    throw thrown;
  }
}
