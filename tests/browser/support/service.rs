//! The real binary as a process.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use reqwest::{Client, Response};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::stream::EventLines;
use tokio::process::{Child, Command};

use super::{WARDEN, processes};

const GATEWAY_KEY: &str = "BROWSER_USE_INTERNAL_API_KEY";
const KEY: &str = "a-key-for-tests";
const READY_WITHIN: Duration = Duration::from_secs(30);
const ENDS_WITHIN: Duration = Duration::from_secs(35);

/// How a service is started.
pub(crate) struct Start {
    variables: Vec<(String, String)>,
    home: TempDir,
    /// Whether a write beyond the file size limit is an error instead of a signal.
    full_disk: bool,
    user: Option<u32>,
}

/// A running service; killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    client: Client,
    base: String,
    key: String,
    /// The folder of everything it writes.
    home: TempDir,
}

impl Start {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["profiles", "tmp"] {
            std::fs::create_dir(home.path().join(folder)).unwrap();
        }
        Self { variables: Vec::new(), home, full_disk: false, user: None }
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes a file size limit act like a full disk.
    pub(crate) fn full_disk(mut self) -> Self {
        self.full_disk = true;
        self
    }

    /// Runs it as another user, which needs root.
    pub(crate) fn by_user(mut self, user: u32) -> Self {
        let home = self.home.path();
        for above in home.ancestors().skip(1) {
            let mode = above.metadata().unwrap().permissions().mode();
            assert!(mode & 1 != 0, "{} is closed to other users: set TMPDIR", above.display());
        }
        for path in [home.to_owned(), home.join("profiles"), home.join("tmp")] {
            std::os::unix::fs::chown(path, Some(user), Some(user)).unwrap();
        }
        self.user = Some(user);
        self
    }

    /// The folder of its browsers' profiles.
    pub(crate) fn profiles(&self) -> PathBuf {
        self.home.path().join("profiles")
    }

    /// Starts it and waits until it is ready.
    pub(crate) async fn ready(self) -> Service {
        self.answering("/ready").await
    }

    /// Starts it and waits until it answers.
    pub(crate) async fn listening(self) -> Service {
        self.answering("/health").await
    }

    async fn answering(self, path: &str) -> Service {
        // Another program may take the port first; then the service exits.
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(self.home.path().join("log")).unwrap();
        let mut command = Command::new(WARDEN);
        if self.full_disk {
            command = Command::new("/bin/sh");
            command.args(["-c", "trap '' XFSZ; exec \"$0\"", WARDEN]);
        }
        if let Some(user) = self.user {
            // The build folder may be inaccessible to others.
            let program = self.home.path().join("browser-use-service");
            std::fs::copy(WARDEN, &program).unwrap();
            command = Command::new(program);
            command.uid(user).gid(user).env("HOME", self.home.path());
        }
        let key = self.variables.iter().find(|(name, _)| name == GATEWAY_KEY).map_or(KEY, |(_, key)| key).to_owned();
        let child = command
            .env("HOST", "127.0.0.1")
            .env("PORT", port.to_string())
            .env(GATEWAY_KEY, KEY)
            .env("BROWSER_USE_PRIVATE_HOSTS", "127.0.0.1")
            .env("PROFILE_ROOT", self.home.path().join("profiles"))
            .env("TMPDIR", self.home.path().join("tmp"))
            .envs(self.variables)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let base = format!("http://127.0.0.1:{port}");
        let mut service = Service { child, client: Client::new(), base, key, home: self.home };
        let ready = tokio::time::timeout(READY_WITHIN, service.answers(path)).await.is_ok_and(|ready| ready);
        assert!(ready, "{path} is not answered; the log:\n{}", service.log());
        service
    }
}

impl Service {
    /// Waits for a successful response; false when it has exited.
    async fn answers(&mut self, path: &str) -> bool {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while self.child.try_wait().unwrap().is_none() {
            look.tick().await;
            let answer = self.client.get(format!("{}{path}", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return true;
            }
        }
        false
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).header("X-Gateway-Key", &self.key).send().await.unwrap()
    }

    /// Posts a request for a run.
    pub(crate) async fn post(&self, request: &Value) -> Response {
        let url = format!("{}/api/v1/browser-use/run/stream", self.base);
        self.client.post(url).header("X-Gateway-Key", &self.key).json(request).send().await.unwrap()
    }

    /// Resumes a run's stream after an event.
    pub(crate) async fn resume(&self, run_id: &str, last: &str) -> Response {
        let url = self.url(&format!("/api/v1/browser-use/runs/{run_id}/stream"));
        let request = self.client.get(url).header("X-Gateway-Key", &self.key).header("Last-Event-ID", last);
        request.send().await.unwrap()
    }

    /// Starts a run of the built-in planner without screenshots.
    pub(crate) async fn run(&self, task: &str) -> Events {
        let request = json!({ "task": task, "provider": "template", "screenshotFormat": "none" });
        let response = self.post(&request).await;
        assert_eq!(response.status(), 200);
        Events::of(response)
    }

    /// Where it listens, as `host:port`.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("the service runs")
    }

    pub(crate) fn profiles(&self) -> PathBuf {
        self.home.path().join("profiles")
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap()
    }

    /// Every file below its folder that is not a browser's, its log included, as text.
    pub(crate) fn written(&self) -> Vec<(PathBuf, String)> {
        let mut folders = vec![self.home.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.file_type().unwrap() {
                    kind if kind.is_dir() && entry.path() != self.profiles() => folders.push(entry.path()),
                    kind if kind.is_file() => {
                        let bytes = std::fs::read(entry.path()).unwrap();
                        files.push((entry.path(), String::from_utf8_lossy(&bytes).into_owned()));
                    }
                    _ => {}
                }
            }
        }
        files
    }

    pub(crate) fn signal(&self, signal: Signal) {
        processes::signal(self.id(), signal);
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let status = tokio::time::timeout(ENDS_WITHIN, self.child.wait()).await;
        status.unwrap_or_else(|_| panic!("the service does not end; its log:\n{}", self.log())).unwrap()
    }

    /// Stops it and asserts that nothing is left.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::TERM);
        assert_eq!(self.ended().await.code(), Some(0), "{}", self.log());
        self.leaves_nothing();
    }

    /// Asserts that neither a process nor a file is left after its exit.
    pub(crate) fn leaves_nothing(&self) {
        assert_eq!(processes::of(&self.profiles()), []);
        assert_eq!(self.files(), Vec::<PathBuf>::new());
    }

    /// What it has written, its log excepted.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let folders = ["profiles", "tmp"].map(|folder| std::fs::read_dir(self.home.path().join(folder)).unwrap());
        folders.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }
}

/// A run's events as they arrive.
pub(crate) struct Events(EventLines);

impl Events {
    pub(crate) fn of(response: Response) -> Self {
        Self(EventLines::new(response))
    }

    /// The next event; none after `[DONE]`.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            let line = self.0.next().await.unwrap().expect("the stream ends with [DONE]");
            match line.strip_prefix("data: ") {
                Some("[DONE]") => return None,
                Some(event) => return Some(serde_json::from_str(event).unwrap()),
                None => {}
            }
        }
    }

    /// The next line as it is; none after the stream's end.
    pub(crate) async fn line(&mut self) -> Option<String> {
        self.0.next().await.unwrap()
    }

    /// Reads to the end; the last event is the terminal one.
    pub(crate) async fn rest(mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

/// The terminal event of a run that must succeed.
pub(crate) async fn finished(events: Events) -> Value {
    let terminal = events.rest().await.pop().expect("there is a terminal event");
    assert_eq!((&terminal["type"], &terminal["success"]), (&json!("result"), &json!(true)), "{terminal}");
    terminal
}
