// The invariants, checked at the end of a schedule against what the clients saw.
import { createHash } from "node:crypto";
import { type TrialResult, Verdict } from "@ozone/proto/trial";
import { decodeResult } from "@ozone/shared/bus";
import { RESULTS_PER_MACHINE_MAX } from "@ozone/shared/limits";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { choosePresets } from "../../../packages/coordinator/src/presets/choose-preset.ts";
import { FORGED_RATE } from "./hostile.ts";
import type { Measured } from "./journal.ts";
import { REMEMBERED_MAX } from "./pipe-words.ts";
import type { AgentSeat, World } from "./world.ts";

/** A broken invariant, in one sentence. */
export interface Broken {
  readonly invariant: string;
  readonly what: string;
}

interface TrialRow {
  readonly id: string;
  readonly machine_id: string;
  readonly state: string;
  readonly attempt: number;
  readonly failed_attempts: number;
}
interface ResultRow {
  readonly trial_id: string;
  readonly attempt: number;
  readonly payload: Buffer;
}
interface DiskLine {
  readonly event: string;
  readonly attempt: string;
  readonly digest?: string;
}

/** What is stored in the end. */
export interface Stored {
  readonly trials: readonly TrialRow[];
  readonly results: readonly ResultRow[];
  readonly sweeps: readonly { id: string; state: string }[];
  readonly presets: readonly { purpose: string; document: Buffer }[];
  readonly quarantined: number;
}

/** Reads it. */
export async function readStored({ database }: World): Promise<Stored> {
  const [quarantine] = await database.ask<{ n: number }>("select count(*)::int as n from quarantine");
  return {
    trials: await database.ask(
      "select id, machine_id, state, attempt, failed_attempts from trials order by id",
    ),
    results: await database.ask("select trial_id, attempt, payload from results order by trial_id, attempt"),
    sweeps: await database.ask("select id, state from sweeps order by id"),
    presets: await database.ask("select purpose, document from presets order by purpose"),
    quarantined: quarantine?.n ?? 0,
  };
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A line that a full disk tore was never said to be written. */
function readLine(line: string): DiskLine[] {
  try {
    return [JSON.parse(line) as DiskLine];
  } catch {
    return [];
  }
}

function diskLines({ disk }: World, { folder }: AgentSeat): DiskLine[] {
  const text = disk.files.get(`${folder}/journal.jsonl`)?.toString("utf8") ?? "";
  return text.split("\n").flatMap(readLine);
}

/** I1 and I2: what an agent was told is stored is stored with the same bytes, and was never told otherwise. */
function receipted(world: World, { results }: Stored): Broken[] {
  const rows = new Map(results.map((row) => [`${row.trial_id}/${row.attempt}`, sha256(row.payload)]));
  return world.agents.flatMap((seat) => {
    const lines = diskLines(world, seat);
    const finished = new Map(
      lines.flatMap(({ event, attempt, digest }) => (event === "finished" ? [[attempt, digest]] : [])),
    );
    return lines.flatMap(({ event, attempt }): Broken[] => {
      const kept = rows.get(attempt);
      if ((event === "stored" || event === "duplicate") && kept !== finished.get(attempt))
        return [
          {
            invariant: "I1",
            what: `${seat.name} has a receipt (${event}) for ${attempt}; stored: ${kept ? "other bytes" : "nothing"}`,
          },
        ];
      if ((event === "stale" || event === "refused") && kept !== undefined && kept === finished.get(attempt))
        return [{ invariant: "I2", what: `${attempt} is stored, and ${seat.name} was told ${event}` }];
      return [];
    });
  });
}

/** I1: what was finished has been answered for, or is still on the disk (set aside, if it was damaged). */
function keptUntilReceipt(world: World): Broken[] {
  const names = [...world.disk.files.keys()].filter((path) => path.endsWith(".result"));
  return world.agents.flatMap((seat) => {
    const lines = diskLines(world, seat);
    const settled = new Set(lines.flatMap(({ event, attempt }) => (event === "finished" ? [] : [attempt])));
    const onDisk = (attempt: string) =>
      names.some(
        (path) => path.startsWith(seat.folder) && path.endsWith(`/${attempt.replace("/", ".")}.result`),
      );
    return lines.flatMap(({ event, attempt }): Broken[] =>
      event !== "finished" || settled.has(attempt) || onDisk(attempt)
        ? []
        : [{ invariant: "I1", what: `${seat.name} let go of ${attempt} without a receipt` }],
    );
  });
}

/** I2: failures are counted as often as failed attempts were reported. */
function countedOnce({ trials, results, quarantined }: Stored): Broken[] {
  if (quarantined > 0) return [];
  return trials.flatMap(({ id, failed_attempts: counted }) => {
    const failed = results.filter(
      (row) => row.trial_id === id && decodeResult(row.payload).verdict === Verdict.FAILED,
    );
    return failed.length === counted
      ? []
      : [{ invariant: "I2", what: `${id} counts ${counted} failures of ${failed.length}` }];
  });
}

const ENDED = new Set(["done", "failed", "cancelled"]);

/** I3: every trial and sweep ended. */
const ended = ({ trials, sweeps }: Stored): Broken[] => [
  ...trials.flatMap(({ id, state, attempt }) =>
    ENDED.has(state) ? [] : [{ invariant: "I3", what: `trial ${id} is ${state} at attempt ${attempt}` }],
  ),
  ...sweeps.flatMap(({ id, state }) =>
    state === "running" ? [{ invariant: "I3", what: `sweep ${id} runs on` }] : [],
  ),
];

/** I4: a result that ends a trial is that of its newest attempt. */
function fenced({ trials, results }: Stored): Broken[] {
  const newest = new Map(trials.map(({ id, attempt }) => [id, attempt]));
  return results.flatMap(({ trial_id: id, attempt, payload }) =>
    newest.get(id) !== attempt && decodeResult(payload).verdict !== Verdict.FAILED
      ? [
          {
            invariant: "I4",
            what: `attempt ${attempt} of ${id} was stored after attempt ${newest.get(id)} had been opened`,
          },
        ]
      : [],
  );
}

/** I5: the same results in another order give the same bytes. */
function orderless({ results }: Stored): Broken[] {
  const all = results.map(({ payload }) => decodeResult(payload));
  const text = (of: readonly TrialResult[]) =>
    JSON.stringify(choosePresets(of, []), (_key, value) =>
      typeof value === "bigint" ? String(value) : value,
    );
  const shuffled = seededRandom("order").shuffle(all);
  return text(all) === text(shuffled)
    ? []
    : [{ invariant: "I5", what: "presets depend on the order of results" }];
}

/** I6: every stored result was measured by the machine whose trial it is. */
function unforged(world: World, { trials, results }: Stored): Broken[] {
  const owners = new Map(trials.map(({ id, machine_id: machine }) => [id, machine]));
  const measured = new Set(
    world.journal.measured.map((one) => `${one.machineId} ${one.trialId}/${one.attempt}`),
  );
  return results.flatMap(({ trial_id: id, attempt, payload }) => {
    const { machineId, samples } = decodeResult(payload);
    const forged = samples.some(({ decodeTokensPerSecond = 0 }) => decodeTokensPerSecond === FORGED_RATE);
    const own = owners.get(id) === machineId && measured.has(`${machineId} ${id}/${attempt}`);
    return own && !forged
      ? []
      : [{ invariant: "I6", what: `${id}/${attempt} of ${machineId} was not measured by its machine` }];
  });
}

/** I7: measurements of one host do not overlap. */
function alone({ journal, clock }: World): Broken[] {
  const endOf = ({ toMs }: Measured) => toMs ?? clock.nowMs;
  const all = journal.measured;
  return all.flatMap((one, index) =>
    all.slice(index + 1).flatMap((other) =>
      one.host === other.host && one.fromMs < endOf(other) && other.fromMs < endOf(one)
        ? [
            {
              invariant: "I7",
              what: `${one.trialId} and ${other.trialId} were measured at once on ${one.host}`,
            },
          ]
        : [],
    ),
  );
}

const QUARANTINE_MAX = 1_000;
/** Of results on the way; a server that was killed may have some of them again. */
const ON_THE_WAY_MAX = RESULTS_PER_MACHINE_MAX + REMEMBERED_MAX + 1;

/** I8: nothing is left over: outboxes and pipe are empty, quarantine is small; no machine ever had more than its share on the way. */
function bounded({ disk, pipe }: World, { quarantined }: Stored): Broken[] {
  const waiting = [...disk.files.keys()].filter(
    (path) => path.endsWith(".result") && !path.includes("/damaged/"),
  );
  return [
    ...(waiting.length > 0 ? [{ invariant: "I8", what: `${waiting.join(", ")} left in an outbox` }] : []),
    ...(pipe.depth() > 0 ? [{ invariant: "I8", what: `${pipe.depth()} messages left in the pipe` }] : []),
    ...(pipe.mostOfOneSubject > ON_THE_WAY_MAX
      ? [
          {
            invariant: "I8",
            what: `${pipe.mostOfOneSubject} messages of one machine were on the way at once`,
          },
        ]
      : []),
    ...(quarantined > QUARANTINE_MAX
      ? [{ invariant: "I8", what: `${quarantined} messages in quarantine` }]
      : []),
  ];
}

/** Calls of one process to the outside within some virtual seconds: above, it runs hot. */
const CALLS_MAX = 1_000;
/** To take one forged message in, each in a transaction of its own when they come late one by one; a loop makes ten times more. */
const CALLS_PER_FORGED = 25;
/** Over so many: whoever was stopped catches up in one of them, a hot loop fills them all. */
export const CALM_WINDOW_S = 5;

const calm = ({ busiest, forgedMessages }: World): Broken[] =>
  busiest.calls > CALLS_MAX + CALLS_PER_FORGED * forgedMessages
    ? [
        {
          invariant: "I10",
          what: `${busiest.name} made ${busiest.calls} calls within ${CALM_WINDOW_S} seconds`,
        },
      ]
    : [];

/** All that is broken. */
export const checkAll = (world: World, stored: Stored): Broken[] => [
  ...receipted(world, stored),
  ...keptUntilReceipt(world),
  ...countedOnce(stored),
  ...ended(stored),
  ...fenced(stored),
  ...orderless(stored),
  ...unforged(world, stored),
  ...alone(world),
  ...bounded(world, stored),
  ...calm(world),
];
