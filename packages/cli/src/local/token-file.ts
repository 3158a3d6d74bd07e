// A new role token on its way to a file, and how long it is to hold.
import { writeFile } from "node:fs/promises";
import { parseDuration } from "@ozone/shared/duration";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";

/** @throws OzoneError invalid_input when the text is no duration. 0: it does not expire. */
export function expiresInMs(text: string | undefined): bigint {
  if (text === undefined) return 0n;
  const ms = parseDuration(text);
  if (ms !== null && ms >= 1) return BigInt(ms);
  throw new OzoneError(
    "invalid_input",
    `--expires ${JSON.stringify(text)} is no duration; write 90d or 12h.`,
  );
}

/** @throws OzoneError already_exists or unavailable; the token is lost then, and can be revoked. */
export async function writeTokenFile(path: string, secret: string): Promise<void> {
  try {
    await writeFile(path, `${secret}\n`, { mode: 0o600, flag: "wx" });
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    const why = code === "EEXIST" ? "it is there already" : (code ?? "unknown error");
    throw new OzoneError(
      code === "EEXIST" ? "already_exists" : "unavailable",
      `The token could not be written to ${path} (${why}); revoke it with \`ozone token revoke\` and make another.`,
      { cause: thrown },
    );
  }
}
