// Log lines on stderr in the shape of Ollama's own log (key=value), so that tools which read that log can read this one.

/** The levels in use. */
export type LogLevel = "INFO" | "WARN" | "ERROR";

/** Writes one line; the shape that code which logs takes as a parameter. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** One line without its line end. Text with spaces or quotes is quoted, line breaks are escaped. */
export function formatLogLine(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join(" ");
}

/** The log of this process. */
export const logToStderr: Log = (level, message, fields) => {
  const time = new Date().toISOString();
  process.stderr.write(`${formatLogLine({ time, level, msg: message, ...fields })}\n`);
};

function quoted(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
  return /^[\w.:/@+,-]+$/.test(text) ? text : JSON.stringify(text);
}
