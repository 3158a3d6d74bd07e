// Where the coordinator is and how to speak to it: what was typed, else the environment, else what the local one wrote
// down. Beyond loopback nothing is ever said without TLS.
import { readFileSync } from "node:fs";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { isLoopback } from "@ozone/shared/host-address";
import { localDataFolder } from "./local/folder.ts";
import { readCoordinatorRunFile } from "./local/run-files.ts";

/** A coordinator and how to reach it. */
export interface CoordinatorPlace {
  /** host:port of the gRPC API. */
  readonly address: string;
  /** Null: without TLS, on loopback only. */
  readonly tls: Trust | null;
}

/** What a connection with TLS rests on. */
export interface Trust {
  /** The CA, PEM; null: those that the system trusts. */
  readonly ca: Buffer | null;
  readonly token: string | null;
}

/**
 * The coordinator to speak to.
 * @throws OzoneError unavailable when nothing says where it is; invalid_input when what was said can't be used.
 */
export function findCoordinator(typed: string | undefined): CoordinatorPlace {
  const { OZONE_COORDINATOR, OZONE_GRPC_ADDRESS } = process.env;
  // Beyond loopback OZONE_GRPC_ADDRESS is where the coordinator of this machine listens; it is asked on loopback.
  const local = OZONE_GRPC_ADDRESS && isLoopback(OZONE_GRPC_ADDRESS) ? OZONE_GRPC_ADDRESS : undefined;
  const said = typed ?? (OZONE_COORDINATOR || local);
  if (said !== undefined) {
    const address = checkedAddress(said);
    const isSecret = !isLoopback(address) || Boolean(process.env.OZONE_CA);
    return { address, tls: isSecret ? readTrust() : null };
  }
  const runFile = readCoordinatorRunFile(localDataFolder());
  if (runFile !== null) return { address: runFile.grpcAddress, tls: null };
  if (OZONE_GRPC_ADDRESS) return { address: checkedAddress(OZONE_GRPC_ADDRESS), tls: readTrust() };
  throw new OzoneError(
    "unavailable",
    "Ozone is not running here; start it with `ozone up`, or name another machine's coordinator in OZONE_COORDINATOR.",
  );
}

/** host:port, [v6]:port. */
function checkedAddress(address: string): string {
  const port = /^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(address)?.[1];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new OzoneError(
      "invalid_input",
      `${JSON.stringify(address)} is no address of a coordinator; write host:port, for example 127.0.0.1:7420.`,
    );
  }
  return address;
}

/** CA and token from the environment; the token never comes from the words that were typed: others can read those. */
function readTrust(): Trust {
  const { OZONE_CA, OZONE_TOKEN_FILE, OZONE_TOKEN } = process.env;
  const said = OZONE_TOKEN_FILE
    ? readNamed(OZONE_TOKEN_FILE, "OZONE_TOKEN_FILE").toString("utf8")
    : OZONE_TOKEN;
  return { ca: OZONE_CA ? readNamed(OZONE_CA, "OZONE_CA") : null, token: checkedToken(said?.trim()) };
}

function readNamed(path: string, variable: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    const why = systemCodeOf(thrown) ?? "unknown error";
    throw new OzoneError(
      "invalid_input",
      `${variable} ${path} can't be read (${why}); correct the path or the file's owner.`,
    );
  }
}

/** What is no token is not sent anywhere: it may be another secret. */
function checkedToken(text: string | undefined): string | null {
  if (!text) return null;
  if (/^ozr_[A-Za-z0-9_-]{20,100}$/.test(text)) return text;
  throw new OzoneError(
    "invalid_input",
    "What OZONE_TOKEN_FILE or OZONE_TOKEN holds is no role token; it looks like ozr_ and one line of letters, and `ozone token create` makes one.",
  );
}
