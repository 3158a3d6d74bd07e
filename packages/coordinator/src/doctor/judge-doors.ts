// What the doctor thinks of where a coordinator listens and who may come: ports, certificate, role tokens; and of who runs
// here. Pure: door-probes.ts looks.
import { type Finding, fine, trouble } from "@ozone/shared/doctor/findings";
import { judgeEnd } from "@ozone/shared/doctor/judge-host";

/** Whether an address could be listened on now. */
export type PortLook = "free" | "taken" | { readonly problem: string };

/** An address by its variable; `runningPid`: a coordinator that runs on this data folder, which has it then. */
export function judgePort(
  variable: string,
  address: string,
  facts: { look: PortLook; runningPid: number | null },
): Finding {
  const { look, runningPid } = facts;
  if (look === "free") return fine("port", `${variable} ${address} is free`);
  if (look === "taken" && runningPid !== null)
    return fine("port", `${variable} ${address} is taken, and a coordinator runs (process ${runningPid})`);
  const problem = look === "taken" ? "another program listens there" : look.problem;
  return trouble("port", "missing", [
    `${variable} ${address}: ${problem}`,
    "Stop what listens there, or choose another address.",
  ]);
}

/** What is shown to callers from other machines. */
export type CertificateLook =
  /** Nobody comes from outside. */
  | "not needed"
  /** Ozone makes it when it first listens beyond loopback. */
  | "made at the start"
  | { readonly validToMs: number; readonly brought: boolean }
  | { readonly problem: string };

/** Is it there, and for how long? */
export function judgeCertificate(look: CertificateLook, nowMs: number): Finding {
  if (look === "not needed") return fine("certificate", "none needed: nothing listens beyond loopback");
  if (look === "made at the start") return fine("certificate", "none yet; made at the start");
  if ("problem" in look) return trouble("certificate", "missing", ["can't be used", look.problem]);
  const { validToMs, brought } = look;
  if (!brought && validToMs > nowMs)
    return fine("certificate", "Ozone's own, replaced by itself in its last 30 days");
  const advice = brought
    ? "Replace the file in OZONE_TLS_CERT; a running coordinator takes it up."
    : "It is replaced at the start, or now with `ozone certificate rotate`.";
  return judgeEnd("certificate", validToMs, { nowMs, advice });
}

/** The CA of an external bus; null: none is set. */
export function judgeBusCa(
  look: { validToMs: number } | { problem: string } | null,
  nowMs: number,
): Finding[] {
  if (look === null) return [];
  if ("problem" in look)
    return [trouble("bus CA", "missing", [look.problem, "Correct OZONE_NATS_CA: a file of the CA, PEM."])];
  return [
    judgeEnd("bus CA", look.validToMs, {
      nowMs,
      advice: "Get the next CA of the bus and name it in OZONE_NATS_CA.",
    }),
  ];
}

/** Admins' tokens that hold; null: Postgres could not be asked. */
export function judgeTokens(adminTokens: number | null, listensOutside: boolean): Finding {
  if (!listensOutside) return fine("role tokens", "none needed: only this machine calls");
  if (adminTokens === null)
    return trouble("role tokens", "unknown", ["Postgres was not asked", "`ozone token list` shows them."]);
  if (adminTokens > 0) return fine("role tokens", `${adminTokens} of an admin`);
  return trouble("role tokens", "warning", [
    "none of an admin",
    "On this machine: `ozone token create --role admin --name NAME`; until then other machines may do nothing.",
  ]);
}

/** The coordinator's process by its run file. */
export const judgeRunning = (pid: number | null): Finding =>
  fine("coordinator", pid === null ? "does not run on this folder" : `runs, process ${pid}`);

/** An agent with its folder inside this one. */
export const judgeAgent = (pid: number | null): Finding =>
  fine(
    "agent",
    pid === null ? "none runs on this folder" : `runs, process ${pid}; \`ozone-agent doctor\` looks at it`,
  );
