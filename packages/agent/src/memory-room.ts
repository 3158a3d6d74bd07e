// How much memory a server on this machine could have for a model: implements the port of measure/.
import type { MachineFacts } from "@ozone/shared/machine-facts";
import { readAvailableBytes } from "./machine/available-memory.ts";
import { programOf } from "./managed/server-program.ts";
import { seeServer } from "./managed/users-server.ts";
import type { RoomPort } from "./measure/ports.ts";

/** Memory of GPUs that have their own; null: one does not tell, or GPUs can't be seen. */
function gpuBytesOf({ gpus }: MachineFacts): number | null {
  if (gpus === null) return null;
  return gpus.reduce<number | null>((sum, { unified, vramBytes }) => {
    if (unified === true) return sum;
    return sum === null || vramBytes === null ? null : sum + vramBytes;
  }, 0);
}

/** For a server that surely runs on this machine. */
export const roomHere = (facts: MachineFacts): RoomPort => ({
  async read() {
    const [mainBytes, gpuBytes] = [readAvailableBytes(), gpuBytesOf(facts)];
    return mainBytes === null || gpuBytes === null ? null : { mainBytes, gpuBytes };
  },
});

/** For a server that others have started: only one whose process is seen here; a tunnel or container is none. */
export const roomBehind = (engineUrl: string, facts: MachineFacts): RoomPort => ({
  async read() {
    const sight = await seeServer(engineUrl);
    return sight.place === "here" && programOf(sight) !== null ? roomHere(facts).read() : null;
  },
});
