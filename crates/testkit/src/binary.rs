use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::Answer;

/// Real time within which the program must start, stop or answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the program reads from the environment; a test gives its own or nothing.
const VARIABLES: [&str; 8] = [
    "SVOD_DATA",
    "SVOD_STORE",
    "SVOD_HTTP",
    "SVOD_MQTT",
    "SVOD_LOG",
    "SVOD_LOG_FORMAT",
    "SVOD_TOKEN",
    "CREDENTIALS_DIRECTORY",
];

/// The real program. In a test: `Program::new(env!("CARGO_BIN_EXE_svod"))`.
#[derive(Debug, Clone)]
pub struct Program {
    exe: PathBuf,
    env: Vec<(String, String)>,
}

/// What became of a command that ends by itself.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Program {
    /// That executable, with an empty configuration.
    pub fn new(exe: impl Into<PathBuf>) -> Self {
        Self { exe: exe.into(), env: Vec::new() }
    }

    /// With a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.exe);
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command.envs(self.env.iter().map(|(k, v)| (k, v))).args(args).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, args: &[&str]) -> Ran {
        let out = self.command(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ran { code: out.status.code(), stdout: text(out.stdout), stderr: text(out.stderr) }
    }

    /// `svod serve` over that folder on free ports, its addresses read from the log's first line. It listens; whether it
    /// answers yet, [`Binary::ready`] waits for.
    ///
    /// # Panics
    /// When it does not start.
    pub fn serve(&self, data: &Path, args: &[&str]) -> Binary {
        let folder = data.to_str().expect("a test's folder is UTF-8");
        let mut all = vec!["serve", "--data", folder, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"];
        all.extend(["--log-format", "json"]);
        all.extend(args);
        let mut child = self.command(&all).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Log::default());
        let (errors, kept) = (child.stderr.take().expect("it is piped"), log.clone());
        let reader = std::thread::spawn(move || kept.gather(errors));
        let first = log.wait(|lines| lines.first().cloned());
        let first: Value = match first.as_deref().map(serde_json::from_str) {
            Some(Ok(line)) => line,
            other => panic!("the log does not begin with the addresses: {other:?}\n{}", log.text()),
        };
        let address = |key: &str| -> SocketAddr {
            let text = first[key].as_str().unwrap_or_else(|| panic!("the log's first line names no {key}: {first}"));
            text.parse().unwrap()
        };
        Binary {
            http: address("http"),
            mqtt: address("mqtt"),
            program: self.clone(),
            data: data.to_owned(),
            child,
            log,
            reader: Some(reader),
            expected: Vec::new(),
            client: reqwest::blocking::Client::builder().timeout(PATIENCE).build().unwrap(),
        }
    }
}

/// `svod serve`, running. Killed on drop; a WARN or ERROR line of its log that was not expected fails the test.
pub struct Binary {
    /// Where pages and API listen.
    pub http: SocketAddr,
    /// Where the broker listens.
    pub mqtt: SocketAddr,
    program: Program,
    data: PathBuf,
    child: Child,
    log: Arc<Log>,
    reader: Option<JoinHandle<()>>,
    expected: Vec<String>,
    client: reqwest::blocking::Client,
}

impl Binary {
    /// Waits until it answers.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn ready(self) -> Self {
        let told = self.log.wait(|lines| lines.iter().find(|l| l.contains("\"message\":\"ready\"")).cloned());
        assert!(told.is_some(), "the program did not become ready:\n{}", self.log.text());
        self
    }

    /// Warnings that hold this text belong to the test.
    pub fn expect(&mut self, text: &str) {
        self.expected.push(text.to_owned());
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A bearer token by `svod demo token`.
    ///
    /// # Panics
    /// When there is none.
    pub fn token(&self, persona: &str) -> String {
        let data = self.data.to_str().expect("a test's folder is UTF-8");
        let ran = self.program.run(&["demo", "token", persona, "--data", data]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout.trim().to_owned()
    }

    /// One request.
    ///
    /// # Errors
    /// When the program does not answer.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Vec<u8>>,
    ) -> reqwest::Result<Answer> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("http://{}{path}", self.http));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text()? })
    }

    /// A GET that must succeed, as JSON.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn get(&self, path: &str, token: Option<&str>) -> Value {
        self.request("GET", path, token, None).unwrap().ok()
    }

    /// A figure of `/metrics`, all its labels that hold `label` together; 0 when it is not there.
    ///
    /// # Panics
    /// When the figures are not told.
    pub fn metric(&self, name: &str, label: &str) -> f64 {
        let answer = self.request("GET", "/metrics", None, None).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        let lines = answer.text.lines().filter(|l| l.starts_with(name) && l.contains(label));
        lines.filter_map(|l| l.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }

    /// Memory that is really used, KiB (`VmRSS` of proc(5)).
    ///
    /// # Panics
    /// When the process is gone.
    pub fn rss_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).expect("a process has memory");
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }

    /// SIGKILL, at once.
    ///
    /// # Panics
    /// When its log holds what was not expected.
    pub fn kill(mut self) {
        self.end();
        self.judge();
    }

    /// SIGTERM: the program must end by itself, with success and a clean log.
    ///
    /// # Panics
    /// When it does not.
    pub fn stop(mut self) {
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.pid())]).status().unwrap();
        assert!(sent.success());
        for _ in 0..PATIENCE.as_millis() / 20 {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.end();
                assert!(status.success(), "{status}\n{}", self.log.text());
                return self.judge();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the program did not stop:\n{}", self.log.text());
    }

    /// The log so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    fn end(&mut self) {
        let _ = self.child.kill(); // it may have ended already
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join(); // ends with the pipe
        }
    }

    fn judge(&mut self) {
        let expected = std::mem::take(&mut self.expected);
        let bad = self.log.bad(&expected);
        assert!(bad.is_empty(), "the log holds what was not expected:\n{}", bad.join("\n"));
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        if self.reader.is_some() {
            self.end();
            if !std::thread::panicking() {
                self.judge();
            }
        }
    }
}

#[derive(Default)]
struct Log {
    lines: Mutex<(Vec<String>, bool)>,
    more: Condvar,
}

impl Log {
    fn gather(&self, errors: impl std::io::Read) {
        for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
            self.lines.lock().unwrap_or_else(PoisonError::into_inner).0.push(String::from_utf8_lossy(&line).into());
            self.more.notify_all();
        }
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.more.notify_all();
    }

    /// What `find` finds, waited for; none when the log ended without it or time is over.
    fn wait<T>(&self, find: impl Fn(&[String]) -> Option<T>) -> Option<T> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let unfinished = |l: &mut (Vec<String>, bool)| find(&l.0).is_none() && !l.1;
        let waited = self.more.wait_timeout_while(lines, PATIENCE, unfinished);
        find(&waited.unwrap_or_else(PoisonError::into_inner).0.0)
    }

    fn text(&self) -> String {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).0.join("\n")
    }

    fn bad(&self, expected: &[String]) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let grave = |l: &&String| {
            let level =
                serde_json::from_str::<Value>(l).ok().map(|v| v["level"].as_str().unwrap_or_default().to_owned());
            matches!(level.as_deref(), Some("WARN" | "ERROR")) || l.contains("panicked at")
        };
        lines.0.iter().filter(grave).filter(|l| !expected.iter().any(|e| l.contains(e))).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_what_was_not_expected() {
        let log = Log::default();
        let lines = "{\"level\":\"INFO\",\"message\":\"WARN is only a word here\"}\n{\"level\":\"WARN\",\"message\":\"late\"}\n\
            {\"level\":\"ERROR\",\"message\":\"lost\"}\n\n  Open http://127.0.0.1:1\nthread 'main' panicked at src/a.rs:1:1:\n";
        log.gather(lines.as_bytes());
        assert_eq!(log.bad(&[]).len(), 3);
        let rest = log.bad(&["late".to_owned()]);
        assert!(rest.len() == 2 && rest[0].contains("lost") && rest[1].contains("panicked"), "{rest:?}");
        assert_eq!(log.wait(|l| l.iter().position(|l| l.contains("lost"))), Some(2));
        assert_eq!(log.wait(|l| l.iter().position(|l| l.contains("never"))), None, "the log has ended");
    }
}
