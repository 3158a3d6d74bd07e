// Reads the Prometheus text format by its grammar, apart from the library that writes it.
const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const VALUE = "(?:[+-]?(?:\\d+\\.?\\d*(?:[eE][+-]?\\d+)?|Inf)|NaN)";
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(?:${LABEL}(?:,${LABEL})*,?)?\\})? ${VALUE}( -?\\d+)?$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (?:counter|gauge|histogram|summary|untyped)$`);
const HELP = new RegExp(`^# HELP ${NAME} .+$`);

/** One sentence per line that is not valid, is there twice, or has no type. */
export function expositionProblems(text: string): string[] {
  const types = new Set<string>();
  const seen = new Set<string>();
  const problems = text.endsWith("\n") ? [] : ["The last line does not end."];
  for (const line of text.split("\n")) {
    if (line === "" || HELP.test(line)) continue;
    const type = TYPE.exec(line)?.[1];
    if (type !== undefined) {
      types.add(type);
      continue;
    }
    const name = SAMPLE.exec(line)?.[1];
    if (name === undefined) problems.push(`no sample: ${line}`);
    else if (!types.has(name) && !types.has(name.replace(/_(bucket|sum|count)$/, "")))
      problems.push(`no type: ${line}`);
    const series = line.slice(0, line.lastIndexOf(" "));
    if (seen.has(series)) problems.push(`twice: ${line}`);
    seen.add(series);
  }
  return problems;
}
