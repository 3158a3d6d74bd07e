// `ozone sweep run [FILE]`.
import { Args, Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { SWEEP_FLAGS } from "../../sweep-request/sweep-flags.ts";

export default class SweepRun extends ConnectedCommand {
  static override summary =
    "Start a sweep from a YAML file, from flags, or both (flags go first), and follow it.";
  static override description =
    "Keys of the file: name, models, machines, strategy (grid, guided, halving, quick, random, a module ./my-search.mjs relative to the file, or an installed package; see docs/plug-in-strategies.md), trials, seed, budget (240s, 10m), fill, repetitions, launches, precision (on, off), depths (shares of the context), warm_prefix (on, off), sustained (60s), managed (on, off), quiet_wait, contended (allow, refuse), allow_battery (true, false), matrix (num_ctx, num_batch, num_thread, num_gpu, kv_cache_type, flash_attention, num_predict, concurrency; one value or a list). With neither matrix nor strategy, quick searches for 240 s.";
  static override examples = [
    "<%= config.bin %> sweep run",
    "<%= config.bin %> sweep run night.yaml --machine lab-1",
    "<%= config.bin %> sweep run --model qwen3:8b --num-ctx 4096,8192 --num-batch 256,512 --repetitions 3",
  ];
  static override args = {
    file: Args.string({ description: "YAML file with the sweep." }),
  };
  static override flags = {
    ...SWEEP_FLAGS,
    detach: Flags.boolean({ summary: "Start it and return at once." }),
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
    const sweep = await this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(SweepService.method.startSweep, { request });
      if (!response.sweep) throw new Error("The coordinator started no sweep and did not say why.");
      return response.sweep;
    });
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
