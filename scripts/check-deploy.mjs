// Does deploy/ hold together? What can be said without a cluster, a container engine or another operating system. What
// could not be looked at on this machine is said in one line each.
import { composeProblems } from "./deploy/compose.mjs";
import { dockerfileProblems } from "./deploy/dockerfiles.mjs";
import { kubernetesProblems } from "./deploy/kubernetes.mjs";
import { serviceProblems } from "./deploy/services.mjs";
import { variableProblems } from "./deploy/variables.mjs";

const alone = [...variableProblems(), ...dockerfileProblems(), ...composeProblems()];
const found = [{ problems: alone, notes: [] }, serviceProblems(), kubernetesProblems()];
const problems = found.flatMap((part) => part.problems);
for (const note of found.flatMap(({ notes }) => notes)) process.stdout.write(`note: ${note}\n`);
if (problems.length > 0) {
  process.stdout.write(`${problems.join("\n")}\n`);
  process.exit(1);
}
