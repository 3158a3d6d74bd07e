// Whatever a sentence says, no name, home folder or address of anybody is left in it; and what is none of these stays.
import { create } from "@bufbuild/protobuf";
import { TrialResultSchema } from "@ozone/proto/trial";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resultWithoutOwner } from "./result-without-owner.ts";
import { ownerCleaner } from "./without-owner.ts";

const clean = ownerCleaner({
  machineNames: ["lab-pc-17"],
  userNames: ["alice"],
  hosts: ["gpu-box"],
  homes: ["/srv/people/alice"],
});

/** A name as machines and people have them. */
const name = fc
  .tuple(
    fc.constantFrom(..."abcdefxyz"),
    fc.constantFrom("b", "q-", "1", "9-f"),
    fc.constantFrom(..."aexz"),
    fc.nat(99),
  )
  .map((parts) => parts.join(""));
const octet = fc.integer({ min: 0, max: 255 });
const ipv4 = fc
  .tuple(
    fc.integer({ min: 1, max: 223 }).filter((first) => first !== 127),
    octet,
    octet,
    octet,
  )
  .map((parts) => parts.join("."));
/** Seldom so short that a figure looks like it. */
const ipv6 = fc.ipV6().filter((text) => text.length > 7 && !/^[0:]*:(?:0*1|ffff:127.*)?$/i.test(text));
const separator = fc.constantFrom(
  " ",
  ", ",
  ": ",
  "=",
  " (",
  ") ",
  "; ",
  '"',
  "'",
  "`",
  " at ",
  "\n",
  " -> ",
);
const filler = fc.oneof(
  fc.constantFrom(
    "The server said",
    "3.5 t/s",
    "/api/ps",
    "failed",
    "sha256:0badc0de",
    "12:34:56",
    "…",
    "<home>",
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replace(/[\p{L}\p{N}.:%@_-]/gu, "")),
);

interface Secrets {
  readonly host: string;
  readonly user: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly port: number;
}

/** The forms in which programs write them. */
const FORMS: readonly ((secrets: Secrets) => string)[] = [
  ({ host }) => host,
  ({ host }) => host.toUpperCase(),
  ({ host }) => `${host}.example.org`,
  ({ host, port }) => `http://${host}:${port}/api/chat`,
  ({ host, user }) => `https://${user}:pw@${host}/`,
  ({ host, user }) => `${user}@${host}`,
  ({ user }) => user,
  ({ user }) => `/home/${user}`,
  ({ user }) => `/home/${user}/.ollama/models`,
  ({ user }) => `/Users/${user}/x.gguf`,
  ({ user }) => `C:\\Users\\${user}\\x.exe`,
  ({ user }) => `/data/${user}/models/x`,
  ({ user }) => `~${user}/x`,
  ({ user }) => `"/home/${user}/My Models/x"`,
  ({ ipv4 }) => ipv4,
  ({ ipv4, port }) => `${ipv4}:${port}`,
  ({ ipv4, port }) => `http://${ipv4}:${port}`,
  ({ ipv4, port }) => `dial tcp ${ipv4}:${port}`,
  ({ ipv6 }) => ipv6,
  ({ ipv6, port }) => `[${ipv6}]:${port}`,
  ({ ipv6, port }) => `http://[${ipv6}]:${port}/x`,
];

const secrets: fc.Arbitrary<Secrets> = fc
  .record({ host: name, user: name, ipv4, ipv6, port: fc.integer({ min: 1, max: 65_535 }) })
  .filter(({ host, user }) => host !== user);
const piece = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...FORMS) },
  { weight: 1, arbitrary: filler.map((text) => () => text) },
);
const secretive = fc.record({
  owner: secrets,
  pieces: fc.array(fc.tuple(separator, piece), { minLength: 1, maxLength: 8 }),
});

describe("a cleaned sentence", () => {
  it("holds neither host, user, home folder nor address, whatever it was, and is not changed by cleaning it again", () => {
    fc.assert(
      fc.property(secretive, ({ owner, pieces }) => {
        const sentence = pieces.map(([before, form]) => `${before}${form(owner)}`).join("");
        const cleaner = ownerCleaner({ machineNames: [owner.host], userNames: [owner.user] });
        const cleaned = cleaner(sentence);
        const words = cleaned.toLowerCase().split(/[^\p{L}\p{N}-]+/u);
        expect(words).not.toContain(owner.host);
        expect(words).not.toContain(owner.user);
        expect(cleaned).not.toMatch(/[\\/](?:home|users)[\\/]/i);
        expect(cleaned).not.toContain(owner.ipv4);
        expect(cleaned.toLowerCase()).not.toContain(owner.ipv6.toLowerCase());
        expect(cleaner(cleaned)).toBe(cleaned);
      }),
      { numRuns: 2_000 },
    );
  });

  it("says what things are instead of whose", () => {
    const said: Readonly<Record<string, string>> = {
      "The server at http://192.168.1.5:11434 said (HTTP 500): no.":
        "The server at <address> said (HTTP 500): no.",
      "`/home/bob/opt/ollama` can't be started: spawn /home/bob/opt/ollama EACCES.":
        "`<home>/ollama` can't be started: spawn <home>/ollama EACCES.",
      "C:\\Users\\Bob Smith\\AppData\\ollama.exe failed": "<home>/ollama.exe failed",
      "The models in /srv/people/alice/models belong to alice on lab-pc-17.example.org.":
        "The models in <home>/models belong to <user> on <machine>.",
      "dial tcp: lookup other-box on 10.0.0.1:53: no such host":
        "dial tcp: lookup <address> on <address>: no such host",
      "getaddrinfo ENOTFOUND other-box.example. Start it.": "getaddrinfo ENOTFOUND <address>. Start it.",
      "no route to gpu-box, fe80::1%eth0, aa:bb:cc:dd:ee:0f, printer.lan":
        "no route to <address>, <address>, <address>, <address>",
      "/mnt/lab-of-bob/models/blobs/x can't be read.": "…/x can't be read.",
      "GPU-12345678-1234-1234-1234-123456789abc": "GPU-<serial>",
    };
    for (const [sentence, expected] of Object.entries(said)) expect(clean(sentence)).toBe(expected);
  });

  it("leaves figures, versions, digests, this machine's own address and the folders of every system as they are", () => {
    const harmless = [
      "921 of 937 prompt tokens were sent before, on purpose; 3.5 t/s at 12:34:56.",
      "The server at http://127.0.0.1:11434 said (HTTP 500): bind [::1]:11434, http://localhost:11434/api/chat, 0.0.0.0.",
      "K (q8_0): 1.06 MiB, V (q8_0): 1.06 MiB; driver 535.104.05, v0.12.3.4",
      "As /api/ps says, /usr/share/ollama/.ollama/models and /proc/self/status; see the log of the Ollama server.",
      "digest sha256:0badc0de0badc0de instead of 0badc0de, hf.co/maker/model:Q4_K_M, std::bad_alloc, ggml.c:1234",
    ];
    for (const sentence of harmless) expect(clean(sentence)).toBe(sentence);
    expect(
      ownerCleaner({ machineNames: ["42", "x"], userNames: ["root", "ollama"] })("42 x of root, ollama"),
    ).toBe("42 x of root, ollama");
  });

  it("comes in time, whatever is repeated a hundred thousand times", () => {
    for (const piece of ["/", "\\", ".", "a.", "/home/", "::", "1.", "a@", "http://", '"/', "[", "f"]) {
      const startedAtMs = performance.now();
      clean(`/home/a/${piece.repeat(100_000)}x`);
      expect(performance.now() - startedAtMs, piece).toBeLessThan(5_000);
    }
  });
});

describe("a result", () => {
  it("has every sentence cleaned and nothing else changed; a clean one stays the very same", () => {
    const result = create(TrialResultSchema, {
      modelName: "hf.co/alice/model",
      failure: { failureClass: "server_unreachable", message: "alice" },
      warnings: [{ code: "w", message: "at lab-pc-17" }],
      samples: [
        { decodeTokensPerSecond: 3.5, checks: [{ code: "c", passed: false, detail: "/home/alice/x" }] },
      ],
      conditions: {
        loadAverage: 0.5,
        serverEnvironment: { OLLAMA_LLM_LIBRARY: "/opt/alice/x.so", OLLAMA_NOPRUNE: "1" },
      },
    });
    const cleaned = resultWithoutOwner(result, clean);
    expect(cleaned).toMatchObject({
      modelName: "hf.co/alice/model",
      failure: { failureClass: "server_unreachable", message: "<user>" },
      warnings: [{ code: "w", message: "at <machine>" }],
      samples: [{ decodeTokensPerSecond: 3.5, checks: [{ code: "c", passed: false, detail: "<home>/x" }] }],
      conditions: {
        loadAverage: 0.5,
        serverEnvironment: { OLLAMA_LLM_LIBRARY: "…/x.so", OLLAMA_NOPRUNE: "1" },
      },
    });
    expect(result.failure?.message).toBe("alice");
    expect(resultWithoutOwner(cleaned, clean)).toBe(cleaned);
  });
});
