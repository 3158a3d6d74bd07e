import { create } from "@bufbuild/protobuf";
import { EnrollRequestSchema, GetChallengeRequestSchema } from "@ozone/proto/enrolment_service";
import { describe, expect, it } from "vitest";
import { createChallenges } from "../fleet/challenge.ts";
import { busUrlFor } from "../fleet/ways-in.ts";
import type { Store } from "../store/open-store.ts";
import { LOCAL_CALLER, UNNAMED_CALLER } from "./caller.ts";
import { enrolmentHandlers } from "./enrolment.ts";

describe("enrolling from another machine", () => {
  it("is refused before anything is asked of the store when the bus can't be reached from there", async () => {
    let touched = 0;
    const store = new Proxy({} as Store, {
      get: () => {
        touched += 1;
        throw new Error("the store was asked");
      },
    });
    const { enroll, getChallenge } = enrolmentHandlers({
      ...{ store, challenges: createChallenges(), admit: async () => true, busCa: async () => "" },
      busUrl: (arrival) =>
        busUrlFor({ url: "nats://127.0.0.1:4222", listens: "on loopback", advertised: null }, arrival),
    });
    const { signal } = new AbortController();
    const outside = { signal, caller: UNNAMED_CALLER, authority: "ozone.lab.example:7464" };
    const { nonce } = await getChallenge(create(GetChallengeRequestSchema), outside);
    const token = `ozone-enrol-${"x".repeat(43)}`;
    const request = create(EnrollRequestSchema, { nonce, token, machineId: "m-1", name: "lab-1" });
    await expect(enroll(request, outside)).rejects.toThrow(
      /^The bus of this coordinator listens .* not used up\.$/,
    );
    expect(touched).toBe(0);
    const local = { signal, caller: LOCAL_CALLER, authority: "127.0.0.1:7464" };
    await expect(enroll(request, local)).rejects.toThrow(/^The key is no public key/);
  });
});
