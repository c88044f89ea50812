// The real binary on free ports and a fresh folder, its log read line by line.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/svod/target");
export const binary = process.env.SVOD_BIN ?? join(target, "debug/svod");

/** A debug build on a busy machine compiles its policies and tables slowly, and the demonstration has five packs of them. */
const START_MS = 120_000;
const STOP_MS = 15_000;

export class Platform {
  /** All log lines: {level, message, …}. */
  log = [];
  /** Lines that are no JSON: a panic's text, say. */
  noise = [];
  #allowed = [];
  #process;
  #exit;

  /** options: simulation (false), args (more of them), folder (to start again on the same data). */
  static async start(options = {}) {
    await access(binary).catch(() => {
      throw new Error(`no binary at ${binary}: cargo build -p svod, or name it in SVOD_BIN`);
    });
    const platform = new Platform();
    platform.folder = options.folder ?? (await mkdtemp(join(tmpdir(), "svod-e2e-")));
    platform.keep = Boolean(options.folder);
    const args = ["serve", "--demo", "--data", platform.folder, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--log-format", "json"];
    if (!options.simulation) args.push("--no-simulation");
    await platform.#launch([...args, ...(options.args ?? [])]);
    return platform;
  }

  async #launch(args) {
    this.#process = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, RUST_BACKTRACE: "1" } });
    this.#exit = once(this.#process, "exit");
    let addresses;
    const ready = new Promise((resolve, reject) => {
      const read = (line) => {
        const entry = parse(line);
        if (!entry) return void this.noise.push(line);
        this.log.push(entry);
        if (entry.message === "listening") addresses = entry;
        // It listens before its packs are published; whoever asks then waits.
        if (entry.message === "ready") resolve(addresses);
      };
      createInterface({ input: this.#process.stdout }).on("line", read);
      createInterface({ input: this.#process.stderr }).on("line", read);
      this.#exit.then(([code, signal]) => reject(new Error(`the platform ended (${signal ?? code}) before it was ready:\n${this.told()}`)));
      setTimeout(() => reject(new Error(`the platform is not ready after ${START_MS / 1000} s:\n${this.told()}`)), START_MS).unref();
    });
    try {
      const first = await ready;
      this.http = `http://${first.http}`;
      /** Where passkeys are good. */
      this.named = this.http.replace("127.0.0.1", "localhost");
      this.mqtt = first.mqtt;
    } catch (error) {
      this.#process.kill("SIGKILL");
      throw error;
    }
  }

  /** A WARN or ERROR line that this journey provokes on purpose. */
  allow(pattern) {
    this.#allowed.push(pattern);
  }

  /** A persona's bearer token, as a person at the command line gets it. */
  async token(persona) {
    const { stdout } = await run(binary, ["demo", "token", persona, "--data", this.folder]);
    return stdout.trim();
  }

  /** An invitation to an account, as the administrator prints it: its path, and the code behind `#`. */
  async invitation(login, name, ...args) {
    const { stdout } = await run(binary, ["account", "invite", login, "--name", name, "--data", this.folder, ...args]);
    const { pathname, hash } = new URL(stdout.trim());
    return pathname + hash;
  }

  /** A device speaks: one message at QoS 1 from a foreign client (mosquitto_pub), durable when this returns. */
  async publish(topic, payload) {
    const [host, port] = this.mqtt.split(":");
    await run("mosquitto_pub", ["-h", host, "-p", port, "-q", "1", "-t", topic, "-m", typeof payload === "string" ? payload : JSON.stringify(payload)]);
  }

  /** One JSON request; throws the problem's own words when refused. */
  async call(method, path, body, bearer) {
    const headers = { accept: "application/json", ...(bearer && { authorization: `Bearer ${bearer}` }), ...(body && { "content-type": "application/json" }) };
    const answer = await fetch(this.http + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** Stops as Ctrl-C does, and throws when the end or the log was not clean. */
  async stop() {
    this.#process.kill("SIGINT");
    const late = new Promise((resolve) => setTimeout(resolve, STOP_MS, "late").unref());
    const ended = await Promise.race([this.#exit, late]);
    if (ended === "late") this.#process.kill("SIGKILL");
    if (!this.keep) await rm(this.folder, { recursive: true, force: true });
    const wrong = this.unexpected();
    if (ended === "late") wrong.push(`did not stop within ${STOP_MS / 1000} s`);
    else if (ended[0] !== 0) wrong.push(`ended with ${ended[1] ?? ended[0]}`);
    if (wrong.length > 0) throw new Error(`the platform's log is not clean:\n${wrong.join("\n")}`);
  }

  unexpected() {
    const bad = this.log.filter((entry) => ["WARN", "ERROR"].includes(entry.level)).map((entry) => JSON.stringify(entry));
    return [...bad, ...this.noise.filter((line) => /panicked|^(warning|error)/i.test(line))].filter((line) => !this.#allowed.some((pattern) => pattern.test(line)));
  }

  /** The end of what it said, for a failure's message. */
  told() {
    return [...this.log.map((entry) => JSON.stringify(entry)), ...this.noise].slice(-30).join("\n");
  }
}

/** One log line, with its fields flat whether or not the writer nests them. */
function parse(line) {
  try {
    const { fields, ...rest } = JSON.parse(line);
    return typeof rest === "object" ? { ...rest, ...fields } : undefined;
  } catch {
    return undefined;
  }
}
