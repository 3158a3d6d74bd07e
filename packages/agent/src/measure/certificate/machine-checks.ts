// Was the machine itself undisturbed: no others at work, no slowing down by heat or power?
import type { AttemptFacts, SampleFacts } from "./facts.ts";
import { type Finding, failed, passed, unknown } from "./finding.ts";

interface ForeignUse {
  readonly foreignLoadCores: number | null;
  readonly foreignGpuShare?: number | null;
}

/** " (0.31 cores, 40 % of a GPU)": what is known of it. */
function cores({ foreignLoadCores, foreignGpuShare }: ForeignUse): string {
  const parts = [
    ...(foreignLoadCores === null ? [] : [`${foreignLoadCores.toFixed(2)} cores`]),
    ...(typeof foreignGpuShare === "number" ? [`${Math.round(100 * foreignGpuShare)} % of a GPU`] : []),
  ];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** Others left the machine alone during the sample. */
export function uncontended({ evidence }: SampleFacts, { conditions }: AttemptFacts): Finding {
  const { resources } = evidence;
  const { contended } = resources;
  if (contended === true) {
    return failed("uncontended", `other programs used the machine during the sample${cores(resources)}`);
  }
  if (contended === false) return passed("uncontended", `others were quiet${cores(resources)}`);
  if (conditions?.contended === true) {
    return failed("uncontended", `the machine was busy before the attempt${cores(conditions)}`);
  }
  return unknown("uncontended", "the load of other programs during the sample can't be read");
}

/** The hardware did not slow itself down. */
export function unthrottled({ evidence }: SampleFacts): Finding {
  const { throttled } = evidence.resources;
  if (throttled === null) return unknown("unthrottled", "this machine does not say whether it slows down");
  return throttled
    ? failed("unthrottled", "the hardware reports that it slowed down during the sample")
    : passed("unthrottled", "the hardware reports no slowing down");
}
