import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "./command-map.ts";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "commands");
const all = Object.entries(COMMANDS);

describe("every command", () => {
  it.each(all)(
    "%s has a summary of one sentence, an example that starts with the program, and --json",
    (id, command) => {
      expect(command.summary, id).toMatch(/^[A-Z].*\.$/);
      expect(command.enableJsonFlag, id).toBe(true);
      const examples = (command.examples ?? []).map((example) =>
        typeof example === "string" ? example : example.command,
      );
      expect(examples.length, id).toBeGreaterThan(0);
      const words = id.replaceAll(":", " ");
      for (const example of examples) expect(example).toContain(`<%= config.bin %> ${words}`);
    },
  );

  it.each(all)("%s describes each of its flags and arguments", (_, command) => {
    for (const [name, flag] of Object.entries({ ...command.baseFlags, ...command.flags })) {
      expect(flag.summary ?? flag.description, name).toMatch(/\.$/);
    }
    for (const [name, arg] of Object.entries(command.args ?? {}))
      expect(arg.description, name).toMatch(/\.$/);
  });

  it("lives in the file that its words name, and no file is forgotten", () => {
    for (const id of Object.keys(COMMANDS))
      expect(existsSync(join(FOLDER, `${id.replaceAll(":", "/")}.ts`)), id).toBe(true);
    const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    const parts = files.filter((file) => !/(-argument|-filter)\.ts$/.test(file));
    expect(parts.map((file) => file.replace(/\.ts$/, "").replaceAll(/[\\/]/g, ":")).sort()).toEqual(
      Object.keys(COMMANDS).sort(),
    );
  });
});
