// Enrolling: prove the key, use the token up, wait until an administrator approves, keep where the bus is.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Admission, EnrolmentService, type GetEnrolmentResponse } from "@ozone/proto/enrolment_service";
import { type BusIdentity, type MachineKey, signText } from "@ozone/shared/bus";
import { type ProofPurpose, proofText } from "@ozone/shared/enrolment";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { machineIdentity } from "../identity.ts";
import { writeDurably } from "../outbox/durable-file.ts";
import { sleep } from "../pause.ts";
import { connectForEnrolment, type EnrolmentCalls } from "./coordinator-calls.ts";
import type { Trust } from "./coordinator-trust.ts";
import { machineKey, readMachineKey } from "./machine-key.ts";

/** An enrolled machine: where its bus is, and as whom it comes. */
export interface Enrolled {
  readonly busUrl: string;
  /** The CA to trust there, PEM; null: none, or one that the system trusts. */
  readonly busCa: string | null;
  readonly identity: BusIdentity;
}

/** What enrolling needs. */
export interface EnrolOptions {
  readonly dataDir: string;
  readonly name: string;
  /** host:port of the coordinator. */
  readonly coordinator: string;
  /** Null: without TLS, on loopback. */
  readonly trust: Trust | null;
  /** Null: only ask how an earlier enrolment stands. */
  readonly token: string | null;
  readonly log: (line: string) => void;
  readonly stop: AbortSignal;
}

const POLL_MS = 2_000;
/** Twenty machines that wait behind one address must not keep each other waiting. */
const POLL_MS_MAX = 8_000;
const POLL_GROWTH = 1.3;
const { method } = EnrolmentService;

const fileIn = (dataDir: string): string => join(dataDir, "enrolment.json");

/** What an earlier enrolment left, or null. */
export async function readEnrolled(dataDir: string): Promise<Enrolled | null> {
  const text = await readFile(fileIn(dataDir), "utf8").catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return null; // never enrolled
    throw thrown;
  });
  const key = text === null ? null : await readMachineKey(dataDir);
  if (text === null || !key) return null;
  const bus = busIn(text);
  return bus && { ...bus, identity: { machineId: await machineIdentity(dataDir), key } };
}

function busIn(text: string): Pick<Enrolled, "busUrl" | "busCa"> | null {
  try {
    const { busUrl, busCa } = JSON.parse(text) as { busUrl?: unknown; busCa?: unknown };
    return typeof busUrl === "string" ? { busUrl, busCa: typeof busCa === "string" ? busCa : null } : null;
  } catch {
    return null; // damaged: enrolling again writes it anew
  }
}

/** The machine's side of one enrolment. */
interface Side {
  readonly calls: EnrolmentCalls;
  readonly machineId: string;
  readonly key: MachineKey;
}

async function proof({ calls, machineId, key }: Side, purpose: ProofPurpose, tokenDigest: string) {
  const { nonce } = await calls.call(method.getChallenge, {});
  const { publicKey } = key;
  const signature = signText(key, proofText({ purpose, nonce, machineId, publicKey, tokenDigest }));
  return { publicKey, machineId, nonce, signature };
}

/** How it stands; null: not enrolled there with this key. */
async function ask(side: Side): Promise<GetEnrolmentResponse | null> {
  try {
    return await side.calls.call(method.getEnrolment, await proof(side, "ask", ""));
  } catch (thrown) {
    if (thrown instanceof OzoneError && thrown.code === "not_found") return null;
    throw thrown;
  }
}

async function useToken(side: Side, name: string, token: string): Promise<void> {
  const digest = createHash("sha256").update(token).digest("hex");
  await side.calls.call(method.enroll, { ...(await proof(side, "enrol", digest)), name, token });
}

/** How it stands; a coordinator that is asked too often is asked again later. */
async function askPatiently(side: Side): Promise<GetEnrolmentResponse | "later" | null> {
  try {
    return await ask(side);
  } catch (thrown) {
    if (thrown instanceof OzoneError && thrown.code === "resource_exhausted") return "later";
    throw thrown;
  }
}

/** Waits as long as it takes. @throws OzoneError when it is refused for good */
async function approval(side: Side, { log, stop }: EnrolOptions): Promise<GetEnrolmentResponse> {
  let pauseMs = POLL_MS;
  let said = false;
  for (;;) {
    const now = await askPatiently(side);
    if (now !== "later") {
      if (now?.admission === Admission.APPROVED) return now;
      if (now?.admission !== Admission.PENDING) throw notLetIn(side.machineId);
      if (!said) log(waitingWords(side));
      said = true;
    }
    await sleep(pauseMs * (1 + Math.random()), stop);
    pauseMs = Math.min(pauseMs * POLL_GROWTH, POLL_MS_MAX);
    if (stop.aborted)
      throw new OzoneError("cancelled", "Stopped while waiting for approval; the enrolment stays.");
  }
}

const waitingWords = ({ machineId, key }: Side): string =>
  `waiting for approval: \`ozone machine approve ${machineId}\`; the key is ${key.publicKey}`;

const notLetIn = (machineId: string): OzoneError =>
  new OzoneError(
    "invalid_input",
    `${machineId} is not let in: it was revoked or removed; an administrator can run \`ozone machine approve ${machineId}\`.`,
  );

/**
 * Enrols this machine, or finds that it is enrolled already, and waits for the approval.
 * @throws OzoneError with one sentence
 */
export async function enrol(options: EnrolOptions): Promise<Enrolled> {
  const { dataDir, name, coordinator, token } = options;
  const machineId = await machineIdentity(dataDir);
  const key = await machineKey(dataDir);
  const calls = connectForEnrolment(coordinator, options.trust);
  try {
    const side = { calls, machineId, key };
    const known = await ask(side);
    const open =
      known === null || known.admission === Admission.REMOVED || known.admission === Admission.PENDING;
    if (open && token !== null) await useToken(side, name, token);
    else if (known === null)
      throw new OzoneError(
        "invalid_input",
        `${machineId} has not enrolled at ${coordinator}; give it a token.`,
      );
    const { busUrl, busCa } = await approval(side, options);
    const bus = { busUrl, busCa: busCa === "" ? null : busCa };
    await writeDurably(fileIn(dataDir), Buffer.from(`${JSON.stringify({ coordinator, ...bus })}\n`));
    return { ...bus, identity: { machineId, key } };
  } finally {
    calls.close();
  }
}
