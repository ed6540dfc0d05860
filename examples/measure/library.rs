//! The calls by which the leading library (browser-use for Python, 0.13) reads a page, sent to a Chromium of their own
//! over its DevTools pipe as fast as it takes them: the browser's part of the library's work, and nothing of Python's.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What it asks the snapshot for.
const STYLES: [&str; 10] = [
    "display",
    "visibility",
    "opacity",
    "overflow",
    "overflow-x",
    "overflow-y",
    "cursor",
    "pointer-events",
    "position",
    "background-color",
];

/// What tells an answer from an event, and from a refusal.
#[derive(Deserialize)]
struct Answer {
    id: Option<u64>,
    error: Option<Value>,
}

/// A page in a Chromium that nobody else uses.
pub(crate) struct LibraryPage {
    browser: Child,
    _profile: TempDir,
    to: UnixStream,
    from: BufReader<UnixStream>,
    last_id: u64,
    /// The page's own session, then those of its frames of other sites.
    sessions: Vec<String>,
    /// Each frame and the session it is read in.
    frames: Vec<(String, String)>,
}

impl LibraryPage {
    /// Starts a browser and opens a page in it.
    ///
    /// # Errors
    /// The browser does not start, or does not do what it is told.
    pub(crate) fn open(url: &str) -> anyhow::Result<Self> {
        let profile = tempfile::tempdir()?;
        let (ours, theirs) = UnixStream::pair()?;
        let theirs = OwnedFd::from(theirs);
        let executable = std::env::var_os("BROWSER_EXECUTABLE").unwrap_or_else(|| "chromium".into());
        let mut command = Command::new(&executable);
        command
            .args(["--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run", "--disable-sync"])
            .args(["--disable-background-networking", "--disable-component-update", "--window-size=1280,900"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            // All that it leaves goes with its profile.
            .env("TMPDIR", profile.path())
            .stderr(Stdio::null())
            .process_group(0)
            .fd_mappings(vec![
                FdMapping { parent_fd: theirs.try_clone()?, child_fd: 3 },
                FdMapping { parent_fd: theirs, child_fd: 4 },
            ])?;
        let browser = command.spawn().with_context(|| format!("cannot start {}", executable.display()))?;
        drop(command);
        let from = BufReader::new(ours.try_clone()?);
        let (sessions, frames) = (Vec::new(), Vec::new());
        let mut page = Self { browser, _profile: profile, to: ours, from, last_id: 0, sessions, frames };
        page.go(url)?;
        Ok(page)
    }

    fn go(&mut self, url: &str) -> anyhow::Result<()> {
        let target = self.call("", "Target.createTarget", json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = text(&self.call("", "Target.attachToTarget", attach)?["sessionId"])?;
        let metrics = json!({ "width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call(&session, "Emulation.setDeviceMetricsOverride", metrics)?;
        self.call(&session, "Emulation.setFocusEmulationEnabled", json!({ "enabled": true }))?;
        self.call(&session, "Page.enable", json!({}))?;
        let attach = json!({ "autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true });
        self.call(&session, "Target.setAutoAttach", attach)?;
        self.sessions.push(session.clone());
        self.send(&session, "Page.navigate", &json!({ "url": url }))?;
        loop {
            let message = self.receive()?;
            match message["method"].as_str() {
                Some("Target.attachedToTarget") if message["params"]["targetInfo"]["type"] == "iframe" => {
                    self.sessions.push(text(&message["params"]["sessionId"])?);
                }
                // The frames' loads come before their page's.
                Some("Page.loadEventFired") if message["sessionId"] == session.as_str() => break,
                _ => {}
            }
        }
        for session in self.sessions.clone() {
            let tree = self.call(&session, "Page.getFrameTree", json!({}))?;
            self.add_frames(&tree["frameTree"], &session)?;
        }
        Ok(())
    }

    fn add_frames(&mut self, tree: &Value, session: &str) -> anyhow::Result<()> {
        self.frames.push((text(&tree["frame"]["id"])?, session.to_owned()));
        for child in tree["childFrames"].as_array().into_iter().flatten() {
            self.add_frames(child, session)?;
        }
        Ok(())
    }

    /// How many documents there are to read.
    pub(crate) fn frames(&self) -> usize {
        self.frames.len()
    }

    /// One reading; answers its size in bytes. All calls are sent before any is answered.
    ///
    /// # Errors
    /// A call fails.
    pub(crate) fn read(&mut self) -> anyhow::Result<usize> {
        let mut calls = Vec::new();
        let snapshot = json!({ "computedStyles": STYLES, "includePaintOrder": true, "includeDOMRects": true });
        for session in &self.sessions {
            calls.push((session.clone(), "DOMSnapshot.captureSnapshot", snapshot.clone()));
            calls.push((session.clone(), "DOM.getDocument", json!({ "depth": -1, "pierce": true })));
        }
        for (frame, session) in &self.frames {
            calls.push((session.clone(), "Accessibility.getFullAXTree", json!({ "frameId": frame })));
        }
        calls.push((self.sessions[0].clone(), "Page.captureScreenshot", json!({ "format": "png" })));
        for (session, method, parameters) in &calls {
            self.send(session, method, parameters)?;
        }
        let mut left = calls.len();
        let mut bytes = 0;
        while left > 0 {
            let message = self.receive_bytes()?;
            bytes += message.len();
            // Looked at and not taken apart: that would be this program's work, not the browser's.
            let answer: Answer = serde_json::from_slice(&message)?;
            if answer.id.is_some() {
                ensure!(answer.error.is_none(), "a call failed: {:?}", answer.error);
                left -= 1;
            }
        }
        Ok(bytes)
    }

    fn call(&mut self, session: &str, method: &str, parameters: Value) -> anyhow::Result<Value> {
        let id = self.send(session, method, &parameters)?;
        loop {
            let mut message = self.receive()?;
            if message["id"] == id {
                ensure!(message["error"].is_null(), "{method} failed: {}", message["error"]);
                return Ok(message["result"].take());
            }
        }
    }

    fn send(&mut self, session: &str, method: &str, parameters: &Value) -> anyhow::Result<u64> {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": parameters });
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        let mut bytes = serde_json::to_vec(&message)?;
        bytes.push(0);
        self.to.write_all(&bytes)?;
        Ok(self.last_id)
    }

    fn receive(&mut self) -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(&self.receive_bytes()?)?)
    }

    fn receive_bytes(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message)?;
        ensure!(message.pop() == Some(0), "the browser is gone");
        Ok(message)
    }
}

impl Drop for LibraryPage {
    fn drop(&mut self) {
        // It is asked first: killed, it would leave files behind. Its socket tells when it is gone.
        if self.send("", "Browser.close", &json!({})).is_ok() {
            while self.receive_bytes().is_ok() {}
        }
        // Its helpers are in its group. One that has ended already is no loss.
        if let Some(group) = i32::try_from(self.browser.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.browser.wait();
    }
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value.as_str().context("not a text")?.to_owned())
}
