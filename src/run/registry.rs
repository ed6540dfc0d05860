//! Who can come back: the runs whose events are held, by their ids and by their callers' keys.
//!
//! Runs at work are as many as admission lets in. What finished runs told is kept as long as it is read, and after that for
//! those of them that asked for it; and it is bounded here, in number and in bytes: the oldest go first.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::caller::CallerId;
use super::id::RunId;
use super::request::IdempotencyKey;
use super::stream::{Channel, NotAttached, RunStream};

/// Finished runs whose events are kept, whatever their size.
const MAX_KEPT: usize = 1_000;

/// A request that is to start one run, however often it is sent.
#[derive(Debug, Clone)]
pub struct Once {
    pub key: IdempotencyKey,
    /// The request's body as it was sent, by which it is told whether it is the same request.
    pub body: Vec<u8>,
    /// The last event that the caller has, of the run if there is one already; 0 for none.
    pub after: u64,
}

/// Why a stream cannot be gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    #[error("no such run is held")]
    Unknown,
    #[error("the run has told no event of this number yet, the last one was {last}")]
    Ahead { last: u64 },
    #[error("the key was used for another request")]
    KeyReused,
}

/// The runs that can be read.
pub(super) struct Registry {
    state: Mutex<State>,
    /// With a secret of this process, so that nobody can look for two bodies that look the same.
    hasher: RandomState,
    room: Room,
}

/// Memory for what finished runs told, in bytes.
pub(super) struct Room {
    /// Of those that nobody reads just now.
    pub(super) kept: usize,
    /// Of those that are being read. The newest of them has room in any case.
    pub(super) read: usize,
}

#[derive(Default)]
struct State {
    runs: HashMap<RunId, Held>,
    keys: HashMap<Name, RunId>,
    /// Runs that are over, the oldest first.
    kept: VecDeque<RunId>,
}

/// A key, and whose it is.
type Name = (Option<CallerId>, IdempotencyKey);

struct Held {
    channel: Arc<Channel>,
    caller: Option<CallerId>,
    /// The key that leads here, and a hash of the request's body.
    key: Option<(IdempotencyKey, u64)>,
    /// Of a run that is over; dropped when it is no longer kept.
    kept: Option<oneshot::Sender<()>>,
}

impl Registry {
    pub(super) fn new(room: Room) -> Self {
        Self { state: Mutex::default(), hasher: RandomState::new(), room }
    }

    /// Registers the run that `start` starts, unless there is one already that the same request has started: then its
    /// stream. Nobody else registers a run meanwhile.
    pub(super) fn enter<E: From<ResumeError>>(
        &self,
        caller: Option<CallerId>,
        once: Option<Once>,
        start: impl FnOnce() -> Result<(Arc<Channel>, RunStream), E>,
    ) -> Result<RunStream, E> {
        let key = once.as_ref().map(|once| (once.key.clone(), self.hasher.hash_one(&once.body)));
        let mut state = self.lock();
        if let Some(once) = once
            && let Some(id) = state.keys.get(&(caller.clone(), once.key))
            // Else it is being cancelled, for nobody read it, and its key is free.
            && let held = &state.runs[id]
            && held.channel.is_kept()
        {
            if held.key != key {
                return Err(ResumeError::KeyReused.into());
            }
            match held.channel.attach(once.after) {
                Ok(stream) => return Ok(stream),
                Err(NotAttached::Ahead { last }) => return Err(ResumeError::Ahead { last }.into()),
                // Its time was over just now.
                Err(NotAttached::Abandoned) => {}
            }
        }
        let (channel, stream) = start()?;
        if let Some((key, _)) = &key {
            state.keys.insert((caller.clone(), key.clone()), stream.id());
        }
        state.runs.insert(stream.id(), Held { channel, caller, key, kept: None });
        Ok(stream)
    }

    /// The stream of a run that the same caller has started, from the event after the number `after`.
    pub(super) fn attach(&self, id: RunId, caller: Option<&CallerId>, after: u64) -> Result<RunStream, ResumeError> {
        let state = self.lock();
        let held = state.runs.get(&id).filter(|held| held.caller.as_ref() == caller).ok_or(ResumeError::Unknown)?;
        held.channel.attach(after).map_err(|error| match error {
            NotAttached::Abandoned => ResumeError::Unknown,
            NotAttached::Ahead { last } => ResumeError::Ahead { last },
        })
    }

    /// The run is over, and what it told is kept until it is forgotten. The other end is closed when it has to go earlier, to
    /// make room.
    pub(super) fn keep(&self, id: RunId) -> oneshot::Receiver<()> {
        let (until, gone) = oneshot::channel();
        let mut state = self.lock();
        let Some(held) = state.runs.get_mut(&id) else { return gone };
        held.kept = Some(until);
        state.kept.push_back(id);
        state.make_room(&self.room);
        gone
    }

    /// To be asked for when somebody has left a run that is kept: it counts among those that nobody reads from then on.
    pub(super) fn make_room(&self) {
        self.lock().make_room(&self.room);
    }

    pub(super) fn forget(&self, id: RunId) {
        self.lock().forget(id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is done under the lock leaves the state whole, should it panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn make_room(&mut self, room: &Room) {
        for id in self.beyond(room) {
            // Whoever still reads it reads no more.
            if let Some(held) = self.runs.get(&id) {
                held.channel.evict();
            }
            self.forget(id);
        }
    }

    /// Runs that are over for which there is no room beside the newer ones.
    fn beyond(&self, room: &Room) -> Vec<RunId> {
        let (mut kept, mut read) = (0, 0);
        let mut beyond = Vec::new();
        for (newer, id) in self.kept.iter().rev().enumerate() {
            let channel = &self.runs[id].channel;
            let has_room = if channel.is_read() {
                let is_newest = read == 0;
                read += channel.bytes();
                is_newest || read <= room.read
            } else {
                kept += channel.bytes();
                kept <= room.kept
            };
            if !has_room || newer >= MAX_KEPT {
                beyond.push(*id);
            }
        }
        beyond
    }

    fn forget(&mut self, id: RunId) {
        let Some(held) = self.runs.remove(&id) else { return };
        // Readers who lost their place may hold on to the channel for long.
        if !held.channel.is_read() {
            held.channel.evict();
        }
        if let Some((key, _)) = held.key {
            let name = (held.caller, key);
            // A later run may have the key.
            if self.keys.get(&name) == Some(&id) {
                self.keys.remove(&name);
            }
        }
        if held.kept.is_some() {
            self.kept.retain(|other| *other != id);
        }
    }
}
