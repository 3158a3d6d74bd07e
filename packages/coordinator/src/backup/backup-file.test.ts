// Backups that were made to hurt, or went bad: none of them fills memory or disk, and each is refused with one sentence.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { backupCommand } from "./backup-command.ts";
import { BACKUP_LIMITS } from "./backup-limits.ts";
import { checkBackup } from "./restore-backup.ts";

const folder = mkdtempSync(join(tmpdir(), "ozone-backup-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "made-up.ozone-backup");
const HEAD = '{"ozoneBackup":1,"ozoneVersion":"0.1.0","takenAt":"2026-11-27T00:00:00.000Z"}\n';

const table = (name: string, rows: readonly string[]): string =>
  `{"table":"${name}","columns":["a"]}\n${rows.map((row) => `${row}\n`).join("")}\\.\n`;
const file = (name: string, content = ""): string =>
  `${JSON.stringify({ file: name, base64: Buffer.from(content).toString("base64") })}\n`;

/** A backup whose counts and digest are right. */
function write(body: string, rows: Readonly<Record<string, number>> = {}): void {
  const sha256 = createHash("sha256")
    .update(HEAD + body)
    .digest("hex");
  writeFileSync(path, gzipSync(`${HEAD}${body}${JSON.stringify({ end: { rows, sha256 } })}\n`));
}

const small = { ...BACKUP_LIMITS, anyBytes: 100_000, controlBytes: 20_000, parts: 3 };
const bomb = table(
  "acts",
  Array.from({ length: 40 }, () => "0".repeat(50_000)),
);

describe("a backup", () => {
  it("of few bytes that unpacks to very many is refused before they are read, unless who runs this says that it may", async () => {
    write(bomb, { acts: 40 });
    await expect(checkBackup(path, small)).rejects.toThrow(
      /made-up\.ozone-backup unpacks to more than 250 times its size, .*; use another one, or set OZONE_BACKUP_ANY_SIZE=yes/,
    );
    expect((await checkBackup(path, { ...small, ratio: null })).rows).toEqual({ acts: 40 });
    // So much is any backup allowed: what hostile agents sent to a young coordinator packs as well as this.
    const place = { dataDir: folder, databaseUrl: null };
    expect(await backupCommand(["check", path], place)).toMatchObject({ rows: { acts: 40 } });
  });

  it("with ordinary rows is nowhere near that", async () => {
    const rows = Array.from({ length: 5_000 }, (_, row) =>
      createHash("sha256")
        .update(String(row))
        .digest("hex")
        .concat("\t2026-11-27 02:00:00+00\tmachine.pause\tm-1"),
    );
    write(table("acts", rows), { acts: 5_000 });
    expect((await checkBackup(path, { ...small, ratio: 5 })).rows).toEqual({ acts: 5_000 });
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    [
      "more files than a coordinator has",
      [1, 2, 3, 4].map((n) => file(`certificates/${n}`)).join(""),
      /more files and tables than there are/,
    ],
    ["the same file twice", file("certificates/a").repeat(2), /certificates\/a is in it twice/],
    ["the same table twice", table("acts", []).repeat(2), /acts is in it twice/],
    [
      "a file that would be written elsewhere",
      file("certificates/../../x"),
      /a line that does not belong there/,
    ],
    [
      "a file too large to be a certificate",
      file("certificates/a", "x".repeat(20_000)),
      /a line that is too long there/,
    ],
    ["a table of no name", table("__proto__", []), /a line that does not belong there/],
    ["text that is none of both", "[1]\n", /a line that does not belong there/],
  ];
  it.each(refused)("with %s is refused", async (_, body, why) => {
    write(body);
    const said = await checkBackup(path, small).catch((thrown: unknown) => String(thrown));
    expect(said).toMatch(why);
    expect(said).toMatch(/made-up\.ozone-backup is no whole backup \(.{1,200}\); use another one\.$/);
  });

  it("with a file of megabytes is refused, which no certificate is", async () => {
    write(file("certificates/a", "x".repeat(5 * 1024 ** 2)));
    await expect(checkBackup(path)).rejects.toThrow(/certificates\/a is too large for a certificate/);
  });

  it("with a row beyond any row is refused, however well it packs", async () => {
    write(table("acts", ["0".repeat(50_000)]), { acts: 1 });
    await expect(checkBackup(path, { ...small, lineBytes: 30_000 })).rejects.toThrow(/a line without an end/);
  });
});
