// Service definitions: systemd's by systemd's own eyes, launchd's and WinSW's as XML with the keys that they must have.
import { execFileSync } from "node:child_process";
import { DOMParser, onErrorStopParsing } from "@xmldom/xmldom";
import { ROOT, textOf } from "./files.mjs";

const UNIT = "deploy/systemd/ozone-coordinator.service";
const PLIST = "deploy/launchd/local.ozone.agent.plist";
const WINSW = "deploy/windows/ozone-agent.xml";
/** What `systemd-analyze security` may say at most: 0 is closed, 10 is open. */
const EXPOSURE_MAX = 1.5;

const elements = (node) => [...node.childNodes].filter(({ nodeType }) => nodeType === 1);

/** The root element, or the reason why there is none. */
function parse(file) {
  try {
    const parser = new DOMParser({ onError: onErrorStopParsing });
    return { root: parser.parseFromString(textOf(file), "text/xml").documentElement };
  } catch (thrown) {
    return { problem: `${file}: no well-formed XML: ${thrown.message}` };
  }
}

/** A plist's values as those of JavaScript. @throws RangeError for a key without a value, or an unknown kind */
function plistValue(node) {
  const kinds = {
    string: () => node.textContent,
    integer: () => Number(node.textContent),
    true: () => true,
    false: () => false,
    array: () => elements(node).map(plistValue),
    dict: () => {
      const inside = elements(node);
      const pairs = inside.flatMap((key, at) => (at % 2 === 0 ? [[key, inside[at + 1]]] : []));
      for (const [key, value] of pairs)
        if (key.tagName !== "key" || value === undefined)
          throw new RangeError(`no value for ${key.textContent}`);
      return Object.fromEntries(pairs.map(([key, value]) => [key.textContent, plistValue(value)]));
    },
  };
  if (!kinds[node.tagName]) throw new RangeError(`<${node.tagName}> is no value of a plist`);
  return kinds[node.tagName]();
}

function plistProblems() {
  const { root, problem } = parse(PLIST);
  if (problem) return [problem];
  try {
    const daemon = plistValue(elements(root)[0]);
    const wanted = {
      Label: "local.ozone.agent",
      UserName: "_ozone",
      RunAtLoad: true,
      Umask: 0o077,
    };
    const wrong = Object.entries(wanted).filter(([key, value]) => daemon[key] !== value);
    const words = daemon.ProgramArguments?.slice(1).join(" ");
    return [
      ...wrong.map(([key, value]) => `${PLIST}: ${key} should be ${value}`),
      ...(words === "/usr/local/ozone/ozone-agent.mjs start"
        ? []
        : [`${PLIST}: ProgramArguments say ${words}`]),
      ...(daemon.KeepAlive?.SuccessfulExit === false
        ? []
        : [`${PLIST}: it is not started again after a failure`]),
    ];
  } catch (thrown) {
    return [`${PLIST}: ${thrown.message}`];
  }
}

function winswProblems() {
  const { root, problem } = parse(WINSW);
  if (problem) return [problem];
  const names = elements(root).map(({ tagName }) => tagName);
  const needed = ["id", "executable", "arguments", "serviceaccount", "onfailure", "stoptimeout"];
  return [
    ...(root.tagName === "service" ? [] : [`${WINSW}: the root is <${root.tagName}>`]),
    ...needed.filter((name) => !names.includes(name)).map((name) => `${WINSW}: <${name}> is missing`),
  ];
}

/** What a program of systemd says; null where it is not installed. */
function systemd(args) {
  try {
    return execFileSync("systemd-analyze", args, { cwd: ROOT, encoding: "utf8", stdio: "pipe" });
  } catch (thrown) {
    if (thrown.code === "ENOENT") return null;
    return `${thrown.stdout}${thrown.stderr}`;
  }
}

/** The unit names programs that are not on this machine: those alone may be missing. */
const isOfThisMachine = (line) => /Command .* is not executable|Failed to prepare filename/.test(line);

function unitProblems() {
  const verified = systemd(["verify", UNIT]);
  if (verified === null)
    return { problems: [], notes: [`systemd-analyze is not here: ${UNIT} was not verified`] };
  const said = verified.split("\n").filter((line) => line !== "" && !isOfThisMachine(line));
  const security = systemd(["security", "--offline=yes", UNIT]);
  const level = Number(/exposure level for [^:]+: ([\d.]+)/.exec(security)?.[1]);
  const open = level > EXPOSURE_MAX ? [`exposure level ${level}, at most ${EXPOSURE_MAX}`] : [];
  const notes = Number.isNaN(level) ? [`this systemd does not say how open ${UNIT} is`] : [];
  return { problems: [...said, ...open].map((line) => `${UNIT}: ${line}`), notes };
}

/** @returns {{ problems: string[], notes: string[] }} */
export function serviceProblems() {
  const { problems, notes } = unitProblems();
  return { problems: [...problems, ...plistProblems(), ...winswProblems()], notes };
}
