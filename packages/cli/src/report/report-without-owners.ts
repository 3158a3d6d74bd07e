// A report without what says whose its machines are. Agents leave such things out of what they sign; here this is done again for
// results of older ones, and for the sentences of the coordinator, which name machines. Pure.
import { clone, create, fromBinary } from "@bufbuild/protobuf";
import { type Preset, PresetSchema } from "@ozone/proto/preset";
import { type Report, ReportSchema, type SignedResult } from "@ozone/proto/report";
import { TrialResultSchema } from "@ozone/proto/trial";
import { resultWithoutOwner } from "@ozone/shared/result-without-owner";
import { type Cleaner, ownerCleaner } from "@ozone/shared/without-owner";

/** By machine: what another machine is called may be a word of this one's sentences. */
function cleaners({ machines }: Report): (machineId: string) => Cleaner {
  const byMachine = new Map(machines.map(({ id, name }) => [id, ownerCleaner({ machineNames: [name] })]));
  const stranger = ownerCleaner();
  return (machineId) => byMachine.get(machineId) ?? stranger;
}

/** Whether the signed bytes may be passed on: they can't be cleaned, only left out. */
function saysNothing({ payload }: SignedResult, cleanerOf: (machineId: string) => Cleaner): boolean {
  const result = fromBinary(TrialResultSchema, payload);
  return resultWithoutOwner(result, cleanerOf(result.machineId)) === result;
}

function presetWithoutOwners(preset: Preset, clean: Cleaner): Preset {
  const copy = clone(PresetSchema, preset);
  copy.warnings = copy.warnings.map(clean);
  copy.staleBecause = copy.staleBecause.map(clean);
  return copy;
}

function leftOut(count: number): string[] {
  if (count === 0) return [];
  const what = count === 1 ? "One signed result is" : `${count} signed results are`;
  return [
    `${what} left out of signed/: what an older agent signed there names a host, a person or an address (docs/securing.md). The samples are in logs/, without it.`,
  ];
}

/** The report as it may be passed on. */
export function reportWithoutOwners(report: Report): Report {
  const cleanerOf = cleaners(report);
  const clean = ownerCleaner({ machineNames: report.machines.map(({ name }) => name) });
  const signed = report.signed.filter((one) => saysNothing(one, cleanerOf));
  return create(ReportSchema, {
    ...report,
    title: clean(report.title),
    presets: report.presets.map((preset) => presetWithoutOwners(preset, clean)),
    results: report.results.map((result) => resultWithoutOwner(result, cleanerOf(result.machineId))),
    notes: [...report.notes.map(clean), ...leftOut(report.signed.length - signed.length)],
    signed,
  });
}
