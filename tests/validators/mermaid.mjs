// Parses every Mermaid block of our Markdown reports with Mermaid's own parser.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";

const modules = process.env.NODE_MODULES;
const { JSDOM } = await import(pathToFileURL(`${modules}/jsdom/lib/api.js`));
const dom = new JSDOM("<!doctype html><body></body>");
globalThis.window = dom.window;
globalThis.document = dom.window.document;
const { default: mermaid } = await import(pathToFileURL(`${modules}/mermaid/dist/mermaid.core.mjs`));
mermaid.initialize({ startOnLoad: false });

let blocks = 0;
for (const world of readdirSync("testdata/worlds")) {
  const folder = `testdata/worlds/${world}`;
  const report = execFileSync(
    process.env.BINARY,
    ["check", folder, "--root", folder, "--format", "markdown", "--fail-on", "never", "--profile", "strict"],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  for (const [, text] of report.matchAll(/```mermaid\n([\s\S]*?)```/g)) {
    await mermaid.parse(text);
    blocks += 1;
  }
}
if (blocks === 0) {
  console.error("no world draws a way: nothing was parsed");
  process.exit(1);
}
console.log(`${blocks} charts parse`);
