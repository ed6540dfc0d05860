//! What an idle service uses: memory, descriptors, folders, slots.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::Value;
use testkit::processes;
use testkit::service::Service;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Time from the last run until the service is back at its earlier usage. Killed browsers are replaced after growing
/// delays.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_secs(1);
/// Allowed growth of memory: browsers keep caches of different sizes.
const MEMORY_MARGIN: u64 = 150 << 20;
/// Allowed growth of descriptors and threads: a blocking pool keeps idle threads for some seconds.
const DESCRIPTOR_MARGIN: usize = 4;
const THREAD_MARGIN: usize = 4;
/// What Chromium calls the processes that show pages.
const RENDERER: &str = "renderer";

#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// Why the service is not ready, if so.
    pub(crate) unready: Option<String>,
    pub(crate) running: u64,
    pub(crate) queued: u64,
    /// Profile folders, and run folders in them: a spare context has one.
    pub(crate) profiles: usize,
    pub(crate) run_folders: usize,
    /// Anything else in the temp dir.
    pub(crate) others: Vec<String>,
    /// What each of its processes is; see [`kind`].
    pub(crate) processes: Vec<String>,
    /// The service's, and one proxy per context.
    pub(crate) listeners: usize,
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
    /// The service's and its browsers', bytes (PSS).
    pub(crate) memory: u64,
}

/// The service's state once it is idle, and back at `before` if given, or when the time is over.
///
/// # Errors
/// The service has ended or does not answer.
pub(crate) async fn settled(service: &Service, before: Option<&State>) -> anyhow::Result<State> {
    let until = Instant::now() + SETTLED_WITHIN;
    loop {
        sleep(POLL_EVERY).await;
        let state = State::of(service).await?;
        if state.differs(before).is_empty() || Instant::now() >= until {
            return Ok(state);
        }
    }
}

impl State {
    async fn of(service: &Service) -> anyhow::Result<Self> {
        let answer = reqwest::get(format!("{}/ready", service.base)).await.context("the service does not answer")?;
        let status = answer.status();
        let ready: Value = answer.json().await?;
        let pid = service.id()?;
        let mut state = Self {
            unready: (!status.is_success()).then(|| ready.to_string()),
            running: ready["running"].as_u64().unwrap_or_default(),
            queued: ready["queued"].as_u64().unwrap_or_default(),
            processes: processes::tree(pid)?.into_iter().map(kind).collect(),
            listeners: listeners(pid)?,
            descriptors: fs::read_dir(format!("/proc/{pid}/fd"))?.count(),
            threads: fs::read_dir(format!("/proc/{pid}/task"))?.count(),
            memory: processes::memory(pid)?,
            ..Self::default()
        };
        for entry in fs::read_dir(service.temp())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with("browser-use-service-") {
                state.others.push(name);
                continue;
            }
            state.profiles += 1;
            let inside = fs::read_dir(entry.path()).into_iter().flatten().flatten();
            state.run_folders += inside.filter(|entry| entry.file_name().to_string_lossy().starts_with("run-")).count();
        }
        Ok(state)
    }

    /// What an idle service should not have, and what grew since `before`.
    pub(crate) fn differs(&self, before: Option<&Self>) -> Vec<String> {
        let mut differs = Vec::new();
        if let Some(reason) = &self.unready {
            differs.push(format!("the service is not ready: {reason}"));
        }
        if (self.running, self.queued) != (0, 0) {
            differs.push(format!("{} runs and {} in the queue are left", self.running, self.queued));
        }
        if self.profiles != 1 || self.run_folders > 1 {
            differs.push(format!("{} profiles with {} runs' folders are left", self.profiles, self.run_folders));
        }
        if !self.others.is_empty() {
            differs.push(format!("left in the temp dir: {}", self.others.join(", ")));
        }
        let Some(before) = before else { return differs };
        if self.listeners > before.listeners {
            differs.push(format!("{} listeners, {} before", self.listeners, before.listeners));
        }
        if self.descriptors > before.descriptors + DESCRIPTOR_MARGIN {
            differs.push(format!("{} descriptors, {} before", self.descriptors, before.descriptors));
        }
        if self.threads > before.threads + THREAD_MARGIN {
            differs.push(format!("{} threads, {} before", self.threads, before.threads));
        }
        if self.processes.len() > before.processes.len() {
            let mut more = self.processes.clone();
            for known in &before.processes {
                if let Some(at) = more.iter().position(|kind| kind == known) {
                    more.swap_remove(at);
                }
            }
            // Chromium keeps a spare renderer, or has just used it.
            if more != [RENDERER] {
                let (now, then) = (self.processes.len(), before.processes.len());
                differs.push(format!("{now} processes, {then} before; additional: {}", more.join(", ")));
            }
        }
        if self.memory > before.memory + MEMORY_MARGIN {
            differs.push(format!("{} MB of memory, {} before", self.memory >> 20, before.memory >> 20));
        }
        differs
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processes, listeners, descriptors, threads, memory, .. } = self;
        let (memory, processes) = (memory >> 20, processes.len());
        write!(
            f,
            "{memory} MB, {processes} processes, {listeners} listeners, {descriptors} descriptors, {threads} threads"
        )
    }
}

/// The type that Chromium gives a process, or the name of its program. Empty for one that has exited.
fn kind(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line);
    // Forked processes of Chromium have all their arguments in one.
    let mut arguments = line.split(['\0', ' ']);
    let program = arguments.next().unwrap_or_default();
    let kind = arguments.find_map(|argument| argument.strip_prefix("--type=")).unwrap_or(program);
    kind.to_owned()
}

/// The number of a process's listening TCP sockets.
fn listeners(pid: u32) -> anyhow::Result<usize> {
    let mut sockets = HashSet::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        // Empty if it has just been closed.
        let target = fs::read_link(entry?.path()).unwrap_or_default();
        let inode = target.to_str().and_then(|target| target.strip_prefix("socket:[")?.strip_suffix(']'));
        sockets.extend(inode.map(str::to_owned));
    }
    let tables =
        ["tcp", "tcp6"].map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default());
    let listens = |line: &&str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields.get(3) == Some(&LISTEN) && fields.get(9).is_some_and(|inode| sockets.contains(*inode))
    };
    Ok(tables.iter().flat_map(|table| table.lines()).filter(listens).count())
}

/// The state of a socket as the kernel writes it.
const LISTEN: &str = "0A";

/// The peak memory in bytes (PSS).
pub(crate) struct Peak(u32);

impl Peak {
    /// Of the service and its browsers.
    pub(crate) fn watch(service: &Service) -> Self {
        Self(service.id().unwrap_or_default())
    }

    pub(crate) async fn until(self, until: Instant) -> u64 {
        let mut peak = 0;
        while Instant::now() < until {
            sleep(POLL_EVERY).await;
            // Slow, as the kernel adds it up page by page.
            let memory = spawn_blocking(move || processes::memory(self.0).unwrap_or_default());
            peak = memory.await.unwrap_or_default().max(peak);
        }
        peak
    }
}
