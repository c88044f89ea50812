// Runs every journey, one file after another (each starts its own platform and browser), with Node's own test runner.
//   npm test                      all
//   npm test -- citizen official  some
//   JUNIT=FILE                    writes a report beside
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const wanted = process.argv.slice(2);
const folders = ["harness", "journeys"];
const files = folders
  .flatMap((folder) => readdirSync(`${here}${folder}`).filter((name) => name.endsWith(".test.mjs")).map((name) => `${folder}/${name}`))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`no journey is called ${wanted.join(" or ")}`);
  process.exit(2);
}

const reports = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
if (process.env.JUNIT) reports.push("--test-reporter=junit", `--test-reporter-destination=${process.env.JUNIT}`);
const runner = spawn(process.execPath, ["--test", "--test-concurrency=1", ...reports, ...files], { cwd: here, stdio: ["ignore", "inherit", "inherit"] });
runner.on("exit", (code) => process.exit(code ?? 1));
