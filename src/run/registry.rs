//! The runs whose streams can be resumed, by id and by idempotency key.
//!
//! Admission bounds the running ones. The events of finished runs are kept while they are read, and for as long as the
//! request asked for without a reader; their number and size are bounded here, and the oldest go first.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::caller::CallerId;
use super::handle::RunHandle;
use super::id::RunId;
use super::request::IdempotencyKey;
use super::stream::{Channel, ResumeError, RunStream};

/// Maximum number of finished runs whose events are kept.
const MAX_KEPT: usize = 1_000;

/// A request with an idempotency key: it starts one run, however often it is sent.
#[derive(Debug, Clone)]
pub struct Once {
    pub key: IdempotencyKey,
    /// The request's body as sent, which must be the same each time.
    pub body: Vec<u8>,
    /// The last event that the caller has, if the run exists already; 0 for none.
    pub after: u64,
}

/// The runs whose streams exist.
pub(super) struct Registry {
    state: Mutex<State>,
    /// Seeded per process, so that a caller cannot construct two bodies with the same hash.
    hasher: RandomState,
    room: Room,
}

/// Memory for the events of finished runs, in bytes.
pub(super) struct Room {
    /// For runs without a reader.
    pub(super) kept: usize,
    /// For runs with a reader. The newest of them is always kept.
    pub(super) read: usize,
}

#[derive(Default)]
struct State {
    runs: HashMap<RunId, Held>,
    keys: HashMap<Name, RunId>,
    /// Finished runs, oldest first.
    kept: VecDeque<RunId>,
}

/// A run that was just started.
pub(super) type NewRun = (Arc<Channel>, Arc<RunHandle>, RunStream);

/// A key in its caller's scope.
type Name = (Option<CallerId>, IdempotencyKey);

struct Held {
    channel: Arc<Channel>,
    handle: Arc<RunHandle>,
    caller: Option<CallerId>,
    /// The idempotency key, and a hash of the request's body.
    key: Option<(IdempotencyKey, u64)>,
}

impl Registry {
    pub(super) fn new(room: Room) -> Self {
        Self { state: Mutex::default(), hasher: RandomState::new(), room }
    }

    /// Registers the run that `start` starts. If the same request has started one before, returns a stream of that instead.
    /// Holds the lock, so that two such requests cannot both start one.
    pub(super) fn enter<E: From<ResumeError>>(
        &self,
        caller: Option<CallerId>,
        once: Option<Once>,
        start: impl FnOnce() -> Result<NewRun, E>,
    ) -> Result<RunStream, E> {
        let key = once.as_ref().map(|once| (once.key.clone(), self.hasher.hash_one(&once.body)));
        let mut state = self.lock();
        if let Some(once) = once
            && let Some(id) = state.keys.get(&(caller.clone(), once.key))
            // Otherwise it is being cancelled for want of a reader, and its key is free.
            && let held = &state.runs[id]
            && held.channel.is_kept()
        {
            if held.key != key {
                return Err(ResumeError::KeyReused.into());
            }
            match held.channel.attach(once.after) {
                // Its time ran out just now.
                Err(ResumeError::Unknown) => {}
                attached => return Ok(attached?),
            }
        }
        let (channel, handle, stream) = start()?;
        if let Some((key, _)) = &key {
            state.keys.insert((caller.clone(), key.clone()), stream.id());
        }
        state.runs.insert(stream.id(), Held { channel, handle, caller, key });
        Ok(stream)
    }

    /// The handles of the runs that this caller started, newest first.
    pub(super) fn handles(&self, caller: Option<&CallerId>) -> Vec<Arc<RunHandle>> {
        let state = self.lock();
        let own = state.runs.values().filter(|held| held.caller.as_ref() == caller);
        let mut handles: Vec<_> = own.map(|held| held.handle.clone()).collect();
        handles.sort_by_key(|handle| std::cmp::Reverse(handle.id));
        handles
    }

    /// The handle of a run that this caller started.
    pub(super) fn handle(&self, id: RunId, caller: Option<&CallerId>) -> Option<Arc<RunHandle>> {
        let state = self.lock();
        Some(state.runs.get(&id).filter(|held| held.caller.as_ref() == caller)?.handle.clone())
    }

    /// A stream of a run that the same caller started, from the event after `after`.
    pub(super) fn attach(&self, id: RunId, caller: Option<&CallerId>, after: u64) -> Result<RunStream, ResumeError> {
        let state = self.lock();
        let held = state.runs.get(&id).filter(|held| held.caller.as_ref() == caller).ok_or(ResumeError::Unknown)?;
        held.channel.attach(after)
    }

    /// Keeps the events of a finished run until [`forget`](Self::forget), or until they are evicted to make room.
    pub(super) fn keep(&self, id: RunId) {
        let mut state = self.lock();
        state.kept.push_back(id);
        state.make_room(&self.room);
    }

    /// To be called when a kept run loses its reader: it counts towards `Room::kept` from then on.
    pub(super) fn make_room(&self) {
        self.lock().make_room(&self.room);
    }

    pub(super) fn forget(&self, id: RunId) {
        self.lock().forget(id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic under the lock leaves the state consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn make_room(&mut self, room: &Room) {
        for id in self.beyond(room) {
            // Its reader, if any, is interrupted.
            if let Some(held) = self.runs.get(&id) {
                held.channel.evict();
            }
            self.forget(id);
        }
    }

    /// The finished runs that do not fit beside newer ones.
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
        // A replaced reader may keep the channel alive for long.
        if !held.channel.is_read() {
            held.channel.evict();
        }
        if let Some((key, _)) = held.key {
            let name = (held.caller, key);
            // A later run may have taken the key over.
            if self.keys.get(&name) == Some(&id) {
                self.keys.remove(&name);
            }
        }
        self.kept.retain(|other| *other != id);
    }
}
