//! Both directions of a DevTools connection, with faults.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use command_fds::{CommandFdExt, FdMapping};
use serde::Deserialize;

use super::plan::{Fault, Plan};
use super::{ARGUMENTS, BROWSER, FOLDER, PAUSED};

/// More than the service accepts in one message.
const OVERSIZE: usize = 80 << 20;
/// Pieces of a message that drips.
const DRIPS: usize = 200;

/// The part of a message that identifies it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    pub(super) id: Option<u64>,
    pub(super) method: Option<String>,
    session_id: Option<String>,
}

/// Starts the real browser and relays until either side closes the connection.
pub(super) fn run(folder: &Path) -> anyhow::Result<()> {
    let service = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (ours, theirs) = UnixStream::pair()?;
    let start = count_start(folder)?;
    let plan = fs::read_to_string(folder.join("plan"))?;
    let relay = Relay {
        plan: Mutex::new(Plan::parse(&plan, start)?),
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
    // The first direction to end ends the process, and with it both connections.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _closed = relay.relay_commands(commands.0, commands.1);
            std::process::exit(0);
        });
        let _closed = relay.relay_messages(BufReader::new(ours));
        std::process::exit(0)
    })
}

/// Counts this start of the folder's browser and returns its number, from 1 on.
fn count_start(folder: &Path) -> io::Result<u64> {
    let mut starts = OpenOptions::new().create(true).append(true).open(folder.join("starts"))?;
    starts.write_all(b".")?;
    Ok(starts.metadata()?.len())
}

struct Relay {
    plan: Mutex<Plan>,
    service: Mutex<UnixStream>,
    log: PathBuf,
    paused: PathBuf,
    start: u64,
}

impl Relay {
    fn relay_commands(&self, mut service: BufReader<UnixStream>, mut browser: UnixStream) -> io::Result<()> {
        while let Some(command) = next_message(&mut service)? {
            let head: Head = serde_json::from_slice(&command)?;
            let (Some(id), Some(method)) = (head.id, head.method) else { continue };
            let fault = self.unless_paused(self.plan().command(id, &method));
            match fault {
                Some(fault @ (Fault::Refuse | Fault::Ignore)) => {
                    self.note(&fault, &method)?;
                    let session = head.session_id.map(|id| format!(",\"sessionId\":\"{id}\"")).unwrap_or_default();
                    let response = match fault {
                        Fault::Refuse => "\"error\":{\"code\":-32000,\"message\":\"refused, as planned\"}",
                        _ => "\"result\":{}",
                    };
                    self.send(format!("{{\"id\":{id}{session},{response}}}\0").as_bytes())?;
                }
                Some(fault) => self.note(&fault, &method)?,
                None => browser.write_all(&[&command, &b"\0"[..]].concat())?,
            }
        }
        Ok(())
    }

    fn relay_messages(&self, mut browser: BufReader<UnixStream>) -> io::Result<()> {
        while let Some(message) = next_message(&mut browser)? {
            let head: Head = serde_json::from_slice(&message)?;
            let (method, fault) = self.plan().message(&head);
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
            Fault::Drop | Fault::Refuse | Fault::Swallow | Fault::Ignore => {}
            Fault::Delay(time) => {
                std::thread::sleep(*time);
                self.send(&whole)?;
            }
            Fault::Drip => {
                for piece in whole.chunks(whole.len().div_ceil(DRIPS)) {
                    self.send(piece)?;
                }
            }
            // An event that came twice would be two events.
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

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unless_paused(&self, fault: Option<Fault>) -> Option<Fault> {
        fault.filter(|_| !self.paused.exists())
    }

    /// Sends all bytes in one piece, as two threads send.
    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner).write_all(bytes)
    }

    fn note(&self, fault: &Fault, method: &str) -> io::Result<()> {
        let count = self.plan().count(method);
        let line = format!("start {}: {} at {method} {count}\n", self.start, fault.name());
        OpenOptions::new().create(true).append(true).open(&self.log)?.write_all(line.as_bytes())
    }
}

/// The next message without its NUL; none at the end.
fn next_message(from: &mut BufReader<UnixStream>) -> io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    from.read_until(0, &mut message)?;
    Ok((message.pop() == Some(0)).then_some(message))
}
