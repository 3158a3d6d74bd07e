import { isPublicKey, isSignedBy, makeMachineKey, signText } from "@ozone/shared/bus";
import { describe, expect, it } from "vitest";
import { createChallenges } from "./challenge.ts";
import { decideEnrolment, type EnrolmentFacts } from "./decide-enrolment.ts";

const first: EnrolmentFacts = {
  machineId: "m-1",
  publicKey: "KEY",
  known: null,
  announced: false,
  holderOfKey: null,
  token: { approved: false, machineId: null },
};
const decide = (change: Partial<EnrolmentFacts>) => decideEnrolment({ ...first, ...change });
const OPEN = { approved: true, machineId: null };
const OWN = { approved: true, machineId: "m-1" };

describe("deciding about an enrolment", () => {
  it("has a new machine wait, unless its token was approved beforehand", () => {
    expect(decide({})).toEqual({ state: "pending" });
    expect(decide({ token: OPEN })).toEqual({ state: "approved" });
  });

  it("gives a machine from before identities its key, keeping its id, with a token of its own only", () => {
    expect(decide({ announced: true, token: OPEN })).toHaveProperty("refused");
    expect(decide({ announced: true, token: OWN })).toEqual({ state: "approved" });
  });

  it("lets nobody take the place of a machine that is there, whatever its token allows", () => {
    const known = { publicKey: "OTHER", state: "approved" } as const;
    expect(decide({ known, token: OPEN })).toHaveProperty("refused");
    expect(decide({ known, token: OWN })).toEqual({ state: "approved" });
    expect(decide({ holderOfKey: "m-2", token: OWN })).toHaveProperty("refused");
  });

  it("keeps an approved machine approved when it enrols again with its key", () => {
    const known = { publicKey: "KEY", state: "approved" } as const;
    expect(decide({ known, holderOfKey: "m-1" })).toEqual({ state: "approved" });
  });

  it("never lets a revoked machine back by a token, and a removed one by its own only", () => {
    const revoked = { publicKey: "KEY", state: "revoked" } as const;
    expect(decide({ known: revoked, holderOfKey: "m-1", token: OWN })).toHaveProperty("refused");
    const removed = { publicKey: "KEY", state: "removed" } as const;
    expect(decide({ known: removed, holderOfKey: "m-1", token: OPEN })).toHaveProperty("refused");
    expect(decide({ known: removed, holderOfKey: "m-1", token: OWN })).toEqual({ state: "approved" });
  });
});

describe("challenges", () => {
  it("are good for a minute, and only as they were made here", () => {
    let now = 1_000;
    const challenges = createChallenges(() => now);
    const nonce = challenges.make();
    expect(challenges.isGood(nonce)).toBe(true);
    expect(createChallenges(() => now).isGood(nonce)).toBe(false);
    expect(challenges.isGood(nonce.replace(/^\d+/, "999999"))).toBe(false);
    for (const wrong of ["", "x", `${nonce}\n`, nonce.slice(1)]) expect(challenges.isGood(wrong)).toBe(false);
    now += 60_001;
    expect(challenges.isGood(nonce)).toBe(false);
  });
});

describe("keys of machines", () => {
  it("sign for themselves only, and what is no key or no signature is refused without a throw", () => {
    const [mine, other] = [makeMachineKey(), makeMachineKey()];
    const signature = signText(mine, "text");
    expect(isSignedBy(mine.publicKey, "text", signature)).toBe(true);
    expect(isSignedBy(mine.publicKey, "texts", signature)).toBe(false);
    expect(isSignedBy(other.publicKey, "text", signature)).toBe(false);
    expect(isSignedBy(mine.publicKey, "text", signature.slice(1))).toBe(false);
    for (const wrong of ["", mine.seed, `${mine.publicKey}"`, mine.publicKey.replace(/.$/, "?")])
      expect([isPublicKey(wrong), isSignedBy(wrong, "text", signature)]).toEqual([false, false]);
  });
});
