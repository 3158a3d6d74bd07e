// Looks for the doctor at where the coordinator would listen, what it would show there, and who runs on its data folder.
import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { RUN_FILES } from "@ozone/shared/data-folder";
import type { Finding, Probe } from "@ozone/shared/doctor/findings";
import { messageOf, systemCodeOf } from "@ozone/shared/errors";
import { hostOf, isLoopback } from "@ozone/shared/host-address";
import { certificateFiles } from "../certificates/own-certificates.ts";
import { openServerCertificate } from "../certificates/server-certificate.ts";
import type { DatabaseLook } from "../store/look-at-database.ts";
import {
  type CertificateLook,
  judgeAgent,
  judgeBusCa,
  judgeCertificate,
  judgePort,
  judgeRunning,
  judgeTokens,
  type PortLook,
} from "./judge-doors.ts";
import type { DoctorSettings } from "./settings.ts";

/** Ports, certificate, role tokens, processes. */
export function doorProbes(settings: DoctorSettings, database: Promise<DatabaseLook> | null): Probe[] {
  const { dataDir, natsCa, outsideAddress } = settings;
  const probe = (subject: string, look: () => Promise<Finding | Finding[]>): Probe => ({
    subject,
    look: async () => [await look()].flat(),
  });
  return [
    probe("port", () => lookAtPorts(settings)),
    probe("certificate", async () => judgeCertificate(await lookAtCertificate(settings), Date.now())),
    probe("bus CA", async () => judgeBusCa(natsCa === null ? null : await endOf(natsCa), Date.now())),
    probe("role tokens", async () => {
      const look = await database;
      const known = look !== null && look.version !== null;
      return judgeTokens(known ? look.adminTokens : null, outsideAddress !== null);
    }),
    probe("coordinator", async () => judgeRunning(await runningPid(join(dataDir, RUN_FILES.coordinator)))),
    probe("agent", async () => judgeAgent(await runningPid(join(dataDir, "agent", RUN_FILES.agent)))),
  ];
}

async function lookAtPorts(settings: DoctorSettings): Promise<Finding[]> {
  const { dataDir, grpcAddress, outsideAddress, httpAddress, natsListen } = settings;
  const pid = await runningPid(join(dataDir, RUN_FILES.coordinator));
  const wanted: [string, string | null][] = [
    ["OZONE_GRPC_ADDRESS", outsideAddress ?? grpcAddress],
    ["OZONE_HTTP_ADDRESS", httpAddress],
    ["OZONE_NATS_LISTEN", natsListen && `${natsListen.host}:${natsListen.port}`],
  ];
  const fixed = wanted.flatMap(([variable, address]) =>
    address && !address.endsWith(":0") ? [{ variable, address }] : [],
  );
  return Promise.all(
    fixed.map(async ({ variable, address }) =>
      judgePort(variable, address, { look: await tryPort(address), runningPid: pid }),
    ),
  );
}

/** Listens for a moment. */
function tryPort(address: string): Promise<PortLook> {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (thrown) =>
      resolve(systemCodeOf(thrown) === "EADDRINUSE" ? "taken" : { problem: messageOf(thrown) }),
    );
    server.listen({ port, host: hostOf(address), exclusive: true }, () =>
      server.close(() => resolve("free")),
    );
  });
}

async function lookAtCertificate(settings: DoctorSettings): Promise<CertificateLook> {
  const { dataDir, broughtCertificate: brought, outsideAddress, natsListen } = settings;
  const natsOutside = natsListen !== null && !isLoopback(`${natsListen.host}:0`);
  if (outsideAddress === null && !natsOutside) return "not needed";
  try {
    if (brought === null) {
      const { server } = certificateFiles(dataDir);
      if ((await stat(server).catch(() => null)) === null) return "made at the start";
      return { validToMs: endIn(await readFile(server)), brought: false };
    }
    // Reads what was brought, and makes nothing.
    const { certificate } = await (
      await openServerCertificate({ dataDir, brought, listensOn: "" }, () => undefined)
    ).read();
    return { validToMs: endIn(certificate), brought: true };
  } catch (thrown) {
    return { problem: messageOf(thrown) };
  }
}

const endIn = (pem: Buffer): number => Date.parse(new X509Certificate(pem).validTo);

async function endOf(path: string): Promise<{ validToMs: number } | { problem: string }> {
  try {
    return { validToMs: endIn(await readFile(path)) };
  } catch (thrown) {
    return { problem: `${path} is no certificate that can be read (${messageOf(thrown)})` };
  }
}

/** The process of a run file that lives; null: none. */
async function runningPid(path: string): Promise<number | null> {
  try {
    const { pid } = JSON.parse(await readFile(path, "utf8")) as { pid?: unknown };
    return typeof pid === "number" && isAlive(pid) ? pid : null;
  } catch {
    return null; // nobody ever ran here, or a half written file of one that was killed
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return systemCodeOf(thrown) === "EPERM"; // it lives, as another user
  }
}
