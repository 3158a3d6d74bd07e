// Where the coordinator is: what was typed, else the environment, else what the local one wrote down.
import { OzoneError } from "@ozone/shared/errors";
import { localDataFolder } from "./local/folder.ts";
import { readCoordinatorRunFile } from "./local/run-files.ts";

/**
 * host:port of the coordinator's gRPC API.
 * @throws OzoneError unavailable when nothing says where it is; invalid_input when what was said is no address.
 */
export function findCoordinator(typed: string | undefined): string {
  const said = typed ?? (process.env.OZONE_GRPC_ADDRESS || undefined);
  if (said !== undefined) return checkedAddress(said);
  const runFile = readCoordinatorRunFile(localDataFolder());
  if (runFile === null) {
    throw new OzoneError("unavailable", "Ozone is not running here; start it with `ozone up`.");
  }
  return runFile.grpcAddress;
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
