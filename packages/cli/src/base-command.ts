// What all commands share: --json, one way for errors to leave, progress on stderr, and the way to the coordinator.

import { Command, Flags } from "@oclif/core";
import type { CoordinatorClient } from "./coordinator-client.ts";
import { reportError } from "./error-output.ts";
import { jsonText } from "./render/json-text.ts";

/**
 * A command returns its data from `run` and prints text with `log`; with --json the data is the one document on stdout
 * and `log` is silent.
 */
export abstract class OzoneCommand extends Command {
  static override enableJsonFlag = true;

  /** A line for the person who waits: always on stderr, so that stdout stays the result. */
  protected progress(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** Prints text that already ends where it should, without oclif's formatting of percent signs. */
  protected print(text: string): void {
    if (!this.jsonEnabled()) process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  }

  protected override logJson(document: unknown): void {
    process.stdout.write(`${jsonText(document)}\n`);
  }

  protected override async catch(thrown: Error): Promise<void> {
    reportError(thrown, this.jsonEnabled());
  }
}

/** A command that talks to the coordinator. */
export abstract class ConnectedCommand extends OzoneCommand {
  static override baseFlags = {
    address: Flags.string({
      summary: "Address of the coordinator, host:port (default: OZONE_COORDINATOR, else the local one).",
      helpValue: "HOST:PORT",
    }),
  };

  /** Connects, runs, and always disconnects. */
  protected async withCoordinator<Result>(
    address: string | undefined,
    use: (client: CoordinatorClient) => Promise<Result>,
  ): Promise<Result> {
    const { findCoordinator } = await import("./coordinator-address.ts");
    const found = findCoordinator(address); // before the gRPC library is loaded: it may not be needed
    const { connectCoordinator } = await import("./coordinator-client.ts");
    const client = connectCoordinator(found);
    try {
      return await use(client);
    } finally {
      client.close();
    }
  }
}
