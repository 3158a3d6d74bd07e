// `ozone sweep run [FILE|NAME]`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { SWEEP_DESCRIPTION, SWEEP_FILE, SWEEP_FLAGS } from "../../sweep-request/sweep-flags.ts";

export default class SweepRun extends ConnectedCommand {
  static override summary =
    "Start a sweep from a YAML file, by its name, from flags, or both (flags go first), and follow it.";
  static override description = SWEEP_DESCRIPTION;
  static override examples = [
    "<%= config.bin %> sweep run",
    "<%= config.bin %> sweep run standard --model qwen3:8b",
    "<%= config.bin %> sweep run night.yaml --machine lab-1",
    "<%= config.bin %> sweep run --model qwen3:8b --num-ctx 4096,8192 --num-batch 256,512 --repetitions 3",
  ];
  static override args = { file: SWEEP_FILE };
  static override flags = {
    ...SWEEP_FLAGS,
    detach: Flags.boolean({ summary: "Start it and return at once." }),
    pull: Flags.boolean({
      summary: "First pull the named models where machines lack them and their owners consented.",
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SweepRun);
    const { SweepService } = await import("@ozone/proto/sweep_service");
    const { SweepSchema } = await import("@ozone/proto/sweep");
    const { messageJson } = await import("../../message-json.ts");
    const { readSweepRequest } = await import("../../sweep-request/read-request.ts");
    const { watchToTheEnd } = await import("../../watch/watch-to-the-end.ts");
    const { isModulePath } = await import("../../sweep-request/strategy-module.ts");
    const elsewhere = Boolean(flags.address ?? process.env.OZONE_GRPC_ADDRESS);
    const request = await readSweepRequest({ file: args.file, flags, elsewhere });
    if (isModulePath(request.strategy) && !elsewhere) {
      const { nameStrategy } = await import("../../local/name-strategy.ts");
      const { localDataFolder } = await import("../../local/folder.ts");
      nameStrategy(localDataFolder(), request.strategy);
    }
    const { requireUnderstood } = await import("../../sweep-request/require-understood.ts");
    const startedAtMs = Date.now();
    const sweep = await this.withCoordinator(flags.address, async (client) => {
      await requireUnderstood(client, request);
      if (flags.pull) {
        const { pullBefore } = await import("../../sweep-request/pull-before.ts");
        await pullBefore(client, request, (line) => this.progress(line));
      }
      const response = await client.call(SweepService.method.startSweep, { request });
      if (!response.sweep) throw new Error("The coordinator started no sweep and did not say why.");
      return response.sweep;
    });
    const { traceSubmission } = await import("../../sweep-request/trace-submission.ts");
    await traceSubmission(sweep.id, startedAtMs, (sentence) => this.progress(sentence));
    if (flags.detach) {
      this.print(`Started ${sweep.id}; \`ozone sweep watch ${sweep.id}\` follows it.`);
      return { sweep: messageJson(SweepSchema, sweep) };
    }
    this.progress(`sweep ${sweep.id} started`);
    const { text, document } = await watchToTheEnd({ address: flags.address, sweepId: sweep.id });
    this.print(text);
    return document;
  }
}
