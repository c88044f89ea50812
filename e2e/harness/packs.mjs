// Publishing a changed pack as a person at the command line does.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { binary } from "./platform.mjs";

const pack = fileURLToPath(new URL("../../packs/kuzbass", import.meta.url));

/** The region's pack with these files changed, under a new version. changes: file to a function of its text. */
export async function published(platform, changes) {
  const folder = await mkdtemp(join(tmpdir(), "svod-pack-"));
  try {
    await cp(pack, folder, { recursive: true });
    const all = { ...changes, "pack.yaml": (text) => text.replace(/^version: .*$/m, `version: 0.9.${Date.now() % 100_000}`) };
    for (const [file, change] of Object.entries(all)) {
      const before = await readFile(join(folder, file), "utf8");
      const after = change(before);
      assert.notEqual(after, before, `the change of ${file} changes nothing`);
      await writeFile(join(folder, file), after);
    }
    const token = await platform.token("administrator");
    await promisify(execFile)(binary, ["pack", "publish", folder, "--to", platform.http, "--token", token]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
