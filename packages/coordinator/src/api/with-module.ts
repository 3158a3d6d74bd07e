// A request that names a plug-in strategy, with the path at which its module was found.
import { create } from "@bufbuild/protobuf";
import { type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import { strategyNamed } from "../search/strategies.ts";

/** Where the module of a plug-in strategy is; null: there is none of that name. Throws when it may not be used. */
export type FindModule = (name: string) => Promise<string | null>;

/** With the module of a plug-in strategy as the path that it was found at. */
export async function withModule(findModule: FindModule, asked: SweepRequest): Promise<SweepRequest> {
  const { strategy } = asked;
  if (strategy === "" || strategyNamed(strategy) !== null) return asked;
  return create(SweepRequestSchema, { ...asked, strategy: (await findModule(strategy)) ?? strategy });
}
