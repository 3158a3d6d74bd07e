// A YAML text with its positions: what it says, and in which line and column something stands.
import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from "yaml";

/** Line and column, from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A text that could be read. */
export interface YamlText {
  readonly value: unknown;
  /** Where the key or the value of a path stands; of what is missing, where its parent stands. */
  locate(path: readonly (string | number)[], at: "key" | "value"): Position;
}

/** Why a text could not be read, and where. */
export class YamlTrouble extends Error {
  readonly position: Position;

  constructor(message: string, position: Position) {
    super(message);
    this.name = "YamlTrouble";
    this.position = position;
  }
}

/** More references than this are an attack or a mistake, not a sweep. */
const ALIASES_MAX = 50;

/**
 * Reads one YAML document.
 * @throws YamlTrouble with the position of the first mistake.
 */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const [error] = document.errors;
  if (error) throw new YamlTrouble(error.message, positionAt(error.pos[0]));
  const value = readValue(() => document.toJS({ maxAliasCount: ALIASES_MAX }));
  return {
    value,
    locate: (path, at) => positionAt(offsetOf(document.contents, path, at)),
  };
}

function readValue(read: () => unknown): unknown {
  try {
    return read();
  } catch (thrown) {
    throw new YamlTrouble(thrown instanceof Error ? thrown.message : String(thrown), { line: 1, column: 1 });
  }
}

function offsetOf(root: Node | null, path: readonly (string | number)[], at: "key" | "value"): number {
  let node: unknown = root;
  let offset = startOf(root) ?? 0;
  for (const [index, step] of path.entries()) {
    const isLast = index === path.length - 1;
    const pair = isMap(node) ? node.items.find(({ key }) => keyText(key) === String(step)) : undefined;
    if (isLast && at === "key" && pair) return startOf(pair.key) ?? offset;
    node = pair ? pair.value : itemOf(node, step);
    offset = startOf(node) ?? startOf(pair?.key) ?? offset;
  }
  return offset;
}

const keyText = (key: Pair["key"]): string => String(isScalar(key) ? key.value : key);

/** An item of a list; a single value standing for a list stays itself. */
function itemOf(node: unknown, step: string | number): unknown {
  if (typeof step !== "number" || typeof node !== "object" || node === null) return undefined;
  const { items } = node as { items?: unknown };
  return Array.isArray(items) ? items[step] : node;
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  const { range } = node as { range?: readonly number[] | null };
  return range?.[0];
}
