//! A Chromium with faults: a program between the service and the real browser that passes DevTools messages on and breaks
//! them where a plan says so. What a plan says happens is the same in every run: chance comes from its seed, and from a
//! message's method and how often that came before.
//!
//! [`Faulty::install`] puts a stub into a folder, to be used as `BROWSER_EXECUTABLE`; it starts a program that calls
//! [`run_if_asked`] before anything else. The folder also has the `plan`, read at each start, and the `log`, a line for
//! each fault injected. Beside them `starts` has a byte for each browser started. While there is a file `paused`, messages
//! count and nothing is done to them.
//!
//! A plan is a list of lines, each `seed NUMBER` or a rule:
//!
//! ```text
//! [start N] WHEN: FAULT        only the N-th browser of the folder; all of them without it
//!
//! once METHOD                  the first answer to this command, or the first such event
//! every METHOD                 each of them; * is every method
//! message N                    the N-th message from the browser, from 1 on
//! rate P                       each message with this probability
//!
//! cut                          the connection ends instead of the message
//! mute                         this message and all after it are kept back, and the connection stays
//! drop                         the message is lost
//! delay MS                     it and what follows come later
//! drip                         it comes in many small pieces
//! twice                        it comes twice, if it is an answer
//! truncate                     half of it comes
//! invalid                      what comes is no JSON
//! nul                          empty messages come before it
//! stray                        an answer nobody waits for and an event of an unknown session come before it
//! oversize                     what comes has no end
//! garbage                      what comes are a thousand messages that are none
//! result JSON                  this is answered
//! refuse                       the command is answered with an error and never reaches the browser (`every` and `once`)
//! swallow                      the command never reaches the browser, and is not answered (`every` and `once`)
//! ```

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use command_fds::{CommandFdExt, FdMapping};
use serde::Deserialize;

/// The folder of the browser that this process is to be.
const FOLDER: &str = "FAULTY_CHROMIUM";
/// What the service passes to its browser, a line each.
const ARGUMENTS: &str = "FAULTY_CHROMIUM_ARGUMENTS";
/// The browser behind; `chromium` when it is not set.
pub(crate) const BROWSER: &str = "FAULTY_CHROMIUM_BROWSER";
/// In the folder while nothing is to be broken.
pub(crate) const PAUSED: &str = "paused";
/// More than the service takes for one message.
const OVERSIZE: usize = 80 << 20;

/// Pieces of a message that drips.
const DRIPS: usize = 200;

/// A browser with faults, in a folder of its own.
pub(crate) struct Faulty {
    folder: PathBuf,
}

impl Faulty {
    /// Makes one of a folder that is there. `program` and its arguments run [`run_if_asked`].
    pub(crate) fn install(folder: &Path, program: &Path, arguments: &[&str], plan: &str) -> io::Result<Self> {
        let faulty = Self { folder: folder.to_owned() };
        faulty.plan(plan)?;
        // Nothing in Rust without unsafe code takes over a descriptor by its number; both are one socket.
        let stub = format!(
            "#!/bin/sh\nexport {FOLDER}='{}'\nexport {ARGUMENTS}=\"$(printf '%s\\n' \"$@\")\"\n\
             exec '{}' {} <&3 3>&- 4>&-\n",
            folder.display(),
            program.display(),
            arguments.join(" ")
        );
        fs::write(faulty.executable(), stub)?;
        fs::set_permissions(faulty.executable(), fs::Permissions::from_mode(0o755))?;
        Ok(faulty)
    }

    pub(crate) fn executable(&self) -> PathBuf {
        self.folder.join("faulty-chromium")
    }

    /// Replaces the plan, for browsers that are started from now on.
    pub(crate) fn plan(&self, plan: &str) -> io::Result<()> {
        fs::write(self.folder.join("plan"), plan)
    }

    /// The faults so far: `start 1: cut at Page.navigate 3`.
    pub(crate) fn injected(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

/// Is the browser when this process was started by a stub, and ends with it.
pub(crate) fn run_if_asked() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    match relay(Path::new(&folder)) {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            eprintln!("{error:#}");
            std::process::exit(1);
        }
    }
}

/// The part of a message that says what it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    id: Option<u64>,
    method: Option<String>,
    session_id: Option<String>,
}

fn relay(folder: &Path) -> anyhow::Result<()> {
    let service = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (ours, theirs) = UnixStream::pair()?;
    let start = count_start(folder)?;
    let plan = fs::read_to_string(folder.join("plan"))?;
    let relay = Relay {
        faults: Mutex::new(Faults::of(&plan, start)?),
        log: folder.join("log"),
        paused: folder.join(PAUSED),
        start,
        service: Mutex::new(service.try_clone()?),
    };
    let arguments = std::env::var(ARGUMENTS)?;
    let browser = std::env::var_os(BROWSER).unwrap_or_else(|| "chromium".into());
    Command::new(&browser)
        .args(arguments.lines())
        .env_remove(FOLDER)
        .env_remove(ARGUMENTS)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .fd_mappings(vec![
            FdMapping { parent_fd: OwnedFd::from(theirs.try_clone()?), child_fd: 3 },
            FdMapping { parent_fd: theirs.into(), child_fd: 4 },
        ])?
        .spawn()
        .with_context(|| format!("{} cannot be started", browser.display()))?;
    let commands = (BufReader::new(service), ours.try_clone()?);
    // Whoever ends first ends the process, and with it both connections.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ended = relay.pass_commands(commands.0, commands.1);
            std::process::exit(0);
        });
        let _ended = relay.pass_answers(BufReader::new(ours));
        std::process::exit(0)
    })
}

/// Which start of this folder it is, from 1 on.
fn count_start(folder: &Path) -> io::Result<u64> {
    let mut starts = OpenOptions::new().create(true).append(true).open(folder.join("starts"))?;
    starts.write_all(b".")?;
    Ok(starts.metadata()?.len())
}

/// Both directions.
struct Relay {
    faults: Mutex<Faults>,
    service: Mutex<UnixStream>,
    log: PathBuf,
    paused: PathBuf,
    start: u64,
}

impl Relay {
    fn pass_commands(&self, mut service: BufReader<UnixStream>, mut browser: UnixStream) -> io::Result<()> {
        while let Some(command) = next_message(&mut service)? {
            let head: Head = serde_json::from_slice(&command)?;
            let (Some(id), Some(method)) = (head.id, head.method) else { continue };
            let stopped = self.unless_paused(self.faults().command(id, &method));
            match stopped {
                Some(Fault::Refuse) => {
                    self.note(&Fault::Refuse, &method)?;
                    let session = head.session_id.map(|id| format!(",\"sessionId\":\"{id}\"")).unwrap_or_default();
                    let error = "{\"code\":-32000,\"message\":\"refused, as planned\"}";
                    self.send(format!("{{\"id\":{id}{session},\"error\":{error}}}\0").as_bytes())?;
                }
                Some(fault) => self.note(&fault, &method)?,
                None => browser.write_all(&[&command, &b"\0"[..]].concat())?,
            }
        }
        Ok(())
    }

    fn pass_answers(&self, mut browser: BufReader<UnixStream>) -> io::Result<()> {
        while let Some(message) = next_message(&mut browser)? {
            let head: Head = serde_json::from_slice(&message)?;
            let (method, fault) = self.faults().answer(&head);
            match self.unless_paused(fault) {
                None => self.send(&[&message, &b"\0"[..]].concat())?,
                Some(fault) => {
                    self.note(&fault, &method)?;
                    self.break_with(&fault, &message, &head)?;
                }
            }
        }
        Ok(())
    }

    fn break_with(&self, fault: &Fault, message: &[u8], head: &Head) -> io::Result<()> {
        let whole = [message, b"\0"].concat();
        match fault {
            Fault::Cut => return Err(io::ErrorKind::ConnectionAborted.into()),
            Fault::Mute => loop {
                std::thread::park();
            },
            Fault::Drop | Fault::Refuse | Fault::Swallow => {}
            Fault::Delay(time) => {
                std::thread::sleep(*time);
                self.send(&whole)?;
            }
            Fault::Drip => {
                for piece in whole.chunks(whole.len().div_ceil(DRIPS)) {
                    self.send(piece)?;
                }
            }
            // An event that comes twice would be two.
            Fault::Twice if head.id.is_none() => self.send(&whole)?,
            Fault::Twice => self.send(&[whole.as_slice(), &whole].concat())?,
            Fault::Truncate => self.send(&[&message[..message.len() / 2], b"\0"].concat())?,
            Fault::Invalid => self.send(b"{\"id\": 1, \"result\": \xff}\0")?,
            Fault::Nul => self.send(&[&[0; 8], whole.as_slice()].concat())?,
            Fault::Stray => {
                let stray = "{\"id\":4000000000000,\"result\":{}}\0\
                             {\"method\":\"Page.frameNavigated\",\"params\":{},\"sessionId\":\"NOBODY\"}\0";
                self.send(&[stray.as_bytes(), &whole].concat())?;
            }
            Fault::Oversize => {
                for _ in 0..OVERSIZE >> 20 {
                    self.send(&[b'x'; 1 << 20])?;
                }
            }
            Fault::Garbage => self.send(&b"neither JSON nor anything\0".repeat(1000))?,
            Fault::Result(json) => {
                let session = head.session_id.as_ref().map(|id| format!(",\"sessionId\":\"{id}\"")).unwrap_or_default();
                let id = head.id.unwrap_or_default();
                self.send(format!("{{\"id\":{id}{session},\"result\":{json}}}\0").as_bytes())?;
            }
        }
        Ok(())
    }

    fn faults(&self) -> std::sync::MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unless_paused(&self, fault: Option<Fault>) -> Option<Fault> {
        fault.filter(|_| !self.paused.exists())
    }

    /// Whole, whichever thread sends.
    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner).write_all(bytes)
    }

    fn note(&self, fault: &Fault, method: &str) -> io::Result<()> {
        let count = self.faults().seen.get(method).copied().unwrap_or(0);
        let line = format!("start {}: {} at {method} {count}\n", self.start, fault.name());
        OpenOptions::new().create(true).append(true).open(&self.log)?.write_all(line.as_bytes())
    }
}

/// Without its NUL; none at the end.
fn next_message(from: &mut BufReader<UnixStream>) -> io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    from.read_until(0, &mut message)?;
    Ok((message.pop() == Some(0)).then_some(message))
}

/// The plan, and what it goes by.
struct Faults {
    seed: u64,
    start: u64,
    rules: Vec<Rule>,
    /// Methods of the commands that are not answered yet.
    asked: HashMap<u64, String>,
    /// Messages from the browser so far, by method and altogether.
    seen: HashMap<String, u64>,
    messages: u64,
}

struct Rule {
    when: When,
    fault: Fault,
    done: bool,
}

enum When {
    Once(String),
    Every(String),
    Message(u64),
    Rate(f64),
}

#[derive(Debug, Clone, PartialEq)]
enum Fault {
    Cut,
    Mute,
    Drop,
    Delay(Duration),
    Drip,
    Twice,
    Truncate,
    Invalid,
    Nul,
    Stray,
    Oversize,
    Garbage,
    Result(String),
    Refuse,
    Swallow,
}

impl Faults {
    fn of(plan: &str, start: u64) -> anyhow::Result<Self> {
        let mut faults =
            Self { seed: 0, start, rules: Vec::new(), asked: HashMap::new(), seen: HashMap::new(), messages: 0 };
        for line in plan.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let wrong = || format!("the plan's line {line:?} cannot be read");
            if let Some(seed) = line.strip_prefix("seed ") {
                faults.seed = seed.trim().parse().with_context(wrong)?;
                continue;
            }
            let (when, fault) = line.split_once(": ").with_context(wrong)?;
            let words: Vec<&str> = when.split_whitespace().collect();
            let (only, words) = match words.as_slice() {
                ["start", number, rest @ ..] => (Some(number.parse::<u64>().with_context(wrong)?), rest),
                rest => (None, rest),
            };
            let when = match words {
                ["once", method] => When::Once((*method).to_owned()),
                ["every", method] => When::Every((*method).to_owned()),
                ["message", number] => When::Message(number.parse().with_context(wrong)?),
                ["rate", rate] => When::Rate(rate.parse().with_context(wrong)?),
                _ => bail!(wrong()),
            };
            let fault = Fault::of(fault.trim()).with_context(wrong)?;
            if only.is_none_or(|only| only == start) {
                faults.rules.push(Rule { when, fault, done: false });
            }
        }
        Ok(faults)
    }

    /// What stops a command on its way, if anything does.
    fn command(&mut self, id: u64, method: &str) -> Option<Fault> {
        let stops = |rule: &&mut Rule| matches!(rule.fault, Fault::Refuse | Fault::Swallow);
        let hit = self.rules.iter_mut().filter(stops).find(|rule| !rule.done && rule.when.names(method));
        if let Some(rule) = hit {
            rule.done = matches!(rule.when, When::Once(_));
            return Some(rule.fault.clone());
        }
        self.asked.insert(id, method.to_owned());
        None
    }

    /// The method that a message is about, and what is to become of it.
    fn answer(&mut self, head: &Head) -> (String, Option<Fault>) {
        let asked = head.id.and_then(|id| self.asked.remove(&id));
        let method = head.method.clone().or(asked).unwrap_or_default();
        self.messages += 1;
        let count = self.seen.entry(method.clone()).or_default();
        *count += 1;
        let (seed, start, count, messages) = (self.seed, self.start, *count, self.messages);
        let hit = self.rules.iter_mut().enumerate().find(|(place, rule)| {
            let stops_commands = matches!(rule.fault, Fault::Refuse | Fault::Swallow);
            !rule.done
                && !stops_commands
                && match &rule.when {
                    When::Once(_) | When::Every(_) => rule.when.names(&method),
                    When::Message(number) => *number == messages,
                    When::Rate(rate) => {
                        let mut hasher = DefaultHasher::new();
                        (seed, start, place, &method, count).hash(&mut hasher);
                        fastrand::Rng::with_seed(hasher.finish()).f64() < *rate
                    }
                }
        });
        let fault = hit.map(|(_, rule)| {
            rule.done = matches!(rule.when, When::Once(_));
            rule.fault.clone()
        });
        (method, fault)
    }
}

impl When {
    fn names(&self, method: &str) -> bool {
        matches!(self, Self::Once(named) | Self::Every(named) if named == "*" || named == method)
    }
}

impl Fault {
    fn of(text: &str) -> anyhow::Result<Self> {
        let (name, value) = text.split_once(' ').unwrap_or((text, ""));
        Ok(match name {
            "cut" => Self::Cut,
            "mute" => Self::Mute,
            "drop" => Self::Drop,
            "delay" => Self::Delay(Duration::from_millis(value.parse()?)),
            "drip" => Self::Drip,
            "twice" => Self::Twice,
            "truncate" => Self::Truncate,
            "invalid" => Self::Invalid,
            "nul" => Self::Nul,
            "stray" => Self::Stray,
            "oversize" => Self::Oversize,
            "garbage" => Self::Garbage,
            "result" => Self::Result(value.to_owned()),
            "refuse" => Self::Refuse,
            "swallow" => Self::Swallow,
            other => bail!("there is no fault {other:?}"),
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Mute => "mute",
            Self::Drop => "drop",
            Self::Delay(_) => "delay",
            Self::Drip => "drip",
            Self::Twice => "twice",
            Self::Truncate => "truncate",
            Self::Invalid => "invalid",
            Self::Nul => "nul",
            Self::Stray => "stray",
            Self::Oversize => "oversize",
            Self::Garbage => "garbage",
            Self::Result(_) => "result",
            Self::Refuse => "refuse",
            Self::Swallow => "swallow",
        }
    }
}
