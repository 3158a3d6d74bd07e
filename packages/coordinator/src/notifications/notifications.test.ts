// The pure parts of notifications: signatures, pauses between tries, who counts as missing, what is said, what may be set.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { absenceStep } from "./absence.ts";
import { makeNotification } from "./bodies.ts";
import { openEndpoint } from "./endpoint.ts";
import { afterTry, PACE } from "./next-try.ts";
import { webhookHeaders } from "./sign.ts";

describe("signing", () => {
  it("gives the specification's example, and what its library verifies", () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const key = Buffer.from(secret.slice(6), "base64");
    const example = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", nowS: 1_614_265_330, body: '{"test": 2432232314}' };
    expect(webhookHeaders(example, key)["webhook-signature"]).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
    const body = JSON.stringify({ name: "Prüfstand \u2028 \u0007" });
    const headers = webhookHeaders({ id: "msg_1", nowS: Math.floor(Date.now() / 1_000), body }, key);
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
  });
});

describe("a notification that was not taken", () => {
  const refused = { httpStatus: 503, delivered: false, words: "HTTP 503", tookMs: 1 };
  const after = (attempts: number, ageMs: number, chance = 1) =>
    afterTry(refused, { attempts, ageMs }, { pace: PACE, chance });

  it("is tried again after pauses that grow to an hour, each shortened by chance to a half at most", () => {
    const pauses = [0, 1, 2, 3, 4, 5, 30].map((attempts) => {
      const outcome = after(attempts, 0);
      return outcome.state === "waiting" ? outcome.retryInMs / 1_000 : outcome.state;
    });
    expect(pauses).toEqual([5, 20, 80, 320, 1_280, 3_600, 3_600]);
    expect(after(0, 0, 0)).toMatchObject({ retryInMs: 2_500 });
  });

  it("is given up after a day, and at once when the receiver says that it is gone", () => {
    expect(after(30, 84_000_000)).toEqual({ state: "given_up", answer: "HTTP 503" });
    const gone = { ...refused, httpStatus: 410, words: "HTTP 410" };
    expect(afterTry(gone, { attempts: 0, ageMs: 0 }, { pace: PACE, chance: 1 }).state).toBe("given_up");
  });
});

describe("a machine that is not heard", () => {
  const rules = { missingAfterMs: 300_000, leaseMs: 30_000, listeningMs: 1e9 };
  const silent = { silentMs: 301_000, admission: "approved" as const, paused: false, toldOf: null };
  const heardAt = new Date(0);

  it.each([
    ["is missing after the time that was set", silent, "missing"],
    ["is missing too where machines have no identities", { ...silent, admission: null }, "missing"],
    ["is no news before", { ...silent, silentMs: 299_000 }, null],
    ["is no news while it is paused", { ...silent, paused: true }, null],
    ["is no news once it was revoked", { ...silent, admission: "revoked" as const }, null],
    ["is no news twice", { ...silent, toldOf: heardAt }, null],
    ["is back when it is heard again", { ...silent, toldOf: heardAt, silentMs: 2_000 }, "back"],
    [
      "is not back while its last word is older than a lease",
      { ...silent, toldOf: heardAt, silentMs: 40_000 },
      null,
    ],
    ["is forgotten when it is paused meanwhile", { ...silent, toldOf: heardAt, paused: true }, "forget"],
    [
      "is forgotten when it is removed",
      { ...silent, toldOf: heardAt, admission: "removed" as const },
      "forget",
    ],
  ] as const)("%s", (_title, machine, step) => {
    expect(absenceStep(machine, rules)).toBe(step);
  });

  it("is not missing because nobody listened", () => {
    expect(absenceStep(silent, { ...rules, listeningMs: 10_000 })).toBeNull();
  });
});

describe("a body", () => {
  it("holds names as data, cut to a length", () => {
    const name = `"},{"type":"x\n${"🙂".repeat(300)}`;
    const { body, about } = makeNotification("sweep.done", new Date(0), { name, sweepId: "s-1" });
    const { type, timestamp, data } = JSON.parse(body);
    expect([type, timestamp, data.sweepId]).toEqual(["sweep.done", "1970-01-01T00:00:00.000Z", "s-1"]);
    expect([...data.name]).toHaveLength(200);
    expect(name.startsWith(data.name)).toBe(true);
    expect(about).toBe(data.name);
  });
});

describe("what may be set", () => {
  const url = "https://hooks.lab/T0K3N";
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const problemOf = (settings: object) =>
    openEndpoint({ url, secret: null, secretPath: null, ...settings }).then(
      () => "",
      (thrown: Error) => thrown.message,
    );

  it("is an address and a secret, which may come from a file; of the address only its host is shown", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ozone-webhook-"));
    const secretPath = join(folder, "secret");
    writeFileSync(secretPath, `${secret}\n`);
    expect((await openEndpoint({ url, secret: null, secretPath }))?.shown).toBe("https://hooks.lab");
    expect((await openEndpoint({ url, secret, secretPath: null }))?.key).toHaveLength(32);
    rmSync(folder, { recursive: true });
  });

  it("is refused in one sentence that holds neither the address nor the secret", async () => {
    const problems = [
      await problemOf({}),
      await problemOf({ url: "hooks.lab/T0K3N", secret }),
      await problemOf({ url: "https://user:T0K3N@hooks.lab/", secret }),
      await problemOf({ secret: "whsec_T0K3N" }),
      await problemOf({ secret: secret.slice(6) }),
      await problemOf({ secret, secretPath: "/nowhere" }),
      await problemOf({ secretPath: "/nowhere" }),
    ];
    for (const problem of problems) {
      expect(problem).toMatch(/^[^.]*OZONE_WEBHOOK_[A-Z_]+ .*\.$/);
      expect(problem).not.toContain("T0K3N");
      expect(problem).not.toContain(secret.slice(6));
    }
  });
});
