//! Admits, queues or rejects runs.
//!
//! The whole state is one value in a watch channel. A waiting run checks its own place whenever the value changes, so no run is
//! notified separately, and a freed slot goes to the front of the queue in the same change.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::caller::CallerId;

/// Number of finished runs from which a run's duration is estimated.
const MEASURED_RUNS: usize = 32;
/// The estimate before any run has finished.
const ASSUMED_DURATION: Duration = Duration::from_secs(30);
/// `Retry-After` while memory is short.
const MEMORY_RETRY: Duration = Duration::from_secs(5);

/// Clones share one state.
#[derive(Clone)]
pub(super) struct Admission {
    state: Arc<watch::Sender<State>>,
}

/// A slot or a place in the queue; freed when dropped.
pub(super) struct Ticket {
    id: TicketId,
    admission: Admission,
}

/// The state of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Admitted,
    /// 1 is next.
    Queued {
        position: usize,
    },
    /// It was queued when the service began to drain.
    Rejected,
}

/// The reason that a run is neither admitted nor queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    pub reason: RefusalReason,
    /// Estimated time until a slot is free; at least a second.
    pub retry_after: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    #[error("the service is full")]
    Full,
    #[error("the service is shutting down")]
    Draining,
    /// Slots may be free, but there is no memory for another run.
    #[error("the service is short of memory")]
    MemoryHigh,
    #[error("the caller has as many runs as one caller may have")]
    CallerFull,
}

/// Limits of the number of runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    /// At least 1.
    pub(super) running: usize,
    pub(super) queued: usize,
    /// Running and queued runs of one named caller.
    pub(super) per_caller: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunCounts {
    pub running: usize,
    pub queued: usize,
}

type TicketId = u64;

struct State {
    /// When this process is expected to exit, for its successor to take over. `None` while runs are admitted.
    draining_until: Option<Instant>,
    /// No run starts while this is set; queued ones stay queued.
    memory_high: bool,
    places: Places,
    next_id: TicketId,
    /// When each one started.
    running: BTreeMap<TicketId, Instant>,
    queue: VecDeque<TicketId>,
    /// The callers of running and queued runs, if named.
    callers: BTreeMap<TicketId, CallerId>,
    /// Durations of the latest runs, oldest first.
    durations: VecDeque<Duration>,
}

impl Admission {
    pub(super) fn new(places: Places) -> Self {
        let state = State {
            draining_until: None,
            memory_high: false,
            places,
            next_id: 0,
            running: BTreeMap::new(),
            queue: VecDeque::new(),
            callers: BTreeMap::new(),
            durations: VecDeque::new(),
        };
        Self { state: Arc::new(watch::Sender::new(state)) }
    }

    /// Admits or queues a run, or rejects it.
    pub(super) fn enter(&self, caller: Option<&CallerId>) -> Result<Ticket, Refusal> {
        let mut entered = None;
        // Joining the end of the queue changes no other place, so there is no notification.
        self.state.send_if_modified(|state| {
            entered = Some(state.enter(caller));
            false
        });
        let id = entered.expect("the closure above has run")?;
        Ok(Ticket { id, admission: self.clone() })
    }

    /// Whether `enter` would reject a caller without runs.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        self.state.borrow().check()
    }

    /// Rejects new and queued runs; running ones keep their slots.
    pub(super) fn drain(&self, until: Instant) {
        self.state.send_modify(|state| {
            state.draining_until = Some(until);
            state.queue.clear();
        });
    }

    /// Starts no run while memory is high; running and queued ones keep their places.
    pub(super) fn set_memory_high(&self, is_high: bool) {
        self.state.send_if_modified(|state| {
            let changes = state.memory_high != is_high;
            state.memory_high = is_high;
            state.promote();
            changes
        });
    }

    pub(super) fn counts(&self) -> RunCounts {
        let state = self.state.borrow();
        RunCounts { running: state.running.len(), queued: state.queue.len() }
    }
}

impl Ticket {
    pub(super) fn place(&self) -> Place {
        self.admission.state.borrow().place(self.id)
    }

    /// Waits until the ticket's place is not `place`.
    pub(super) async fn changed_from(&self, place: Place) -> Place {
        let mut changes = self.admission.state.subscribe();
        let changed = changes.wait_for(|state| state.place(self.id) != place).await;
        changed.expect("the ticket itself keeps the sender alive").place(self.id)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.admission.state.send_modify(|state| state.leave(self.id));
    }
}

impl State {
    fn check(&self) -> Result<(), Refusal> {
        if let Some(until) = self.draining_until {
            return Err(Refusal::new(RefusalReason::Draining, until.saturating_duration_since(Instant::now())));
        }
        if self.memory_high {
            return Err(Refusal::new(RefusalReason::MemoryHigh, MEMORY_RETRY));
        }
        if self.running.len() >= self.places.running && self.queue.len() >= self.places.queued {
            return Err(Refusal::new(RefusalReason::Full, self.expected_wait()));
        }
        Ok(())
    }

    fn enter(&mut self, caller: Option<&CallerId>) -> Result<TicketId, Refusal> {
        self.check()?;
        if let (Some(caller), Some(most)) = (caller, self.places.per_caller) {
            let held = self.callers.values().filter(|other| *other == caller).count();
            if held >= most {
                // Any of them may be the next to end.
                return Err(Refusal::new(RefusalReason::CallerFull, self.mean_duration().div_f64(held.max(1) as f64)));
            }
        }
        let id = self.next_id;
        self.next_id += 1;
        self.queue.push_back(id);
        if let Some(caller) = caller {
            self.callers.insert(id, caller.clone());
        }
        self.promote();
        Ok(id)
    }

    fn leave(&mut self, id: TicketId) {
        if let Some(since) = self.running.remove(&id) {
            if self.durations.len() == MEASURED_RUNS {
                self.durations.pop_front();
            }
            self.durations.push_back(since.elapsed());
        }
        self.queue.retain(|waiting| *waiting != id);
        self.callers.remove(&id);
        self.promote();
    }

    fn promote(&mut self) {
        while !self.memory_high
            && self.running.len() < self.places.running
            && let Some(id) = self.queue.pop_front()
        {
            self.running.insert(id, Instant::now());
        }
    }

    fn place(&self, id: TicketId) -> Place {
        if self.running.contains_key(&id) {
            return Place::Admitted;
        }
        match self.queue.iter().position(|waiting| *waiting == id) {
            Some(ahead) => Place::Queued { position: ahead + 1 },
            None => Place::Rejected,
        }
    }

    /// For a run at the end of the queue. It starts after one more run than are queued has ended, and `places.running` runs
    /// end per mean duration.
    fn expected_wait(&self) -> Duration {
        self.mean_duration().mul_f64((self.queue.len() + 1) as f64 / self.places.running as f64)
    }

    fn mean_duration(&self) -> Duration {
        match u32::try_from(self.durations.len()) {
            Ok(measured @ 1..) => self.durations.iter().sum::<Duration>() / measured,
            _ => ASSUMED_DURATION,
        }
    }
}

impl Refusal {
    fn new(reason: RefusalReason, retry_after: Duration) -> Self {
        Self { reason, retry_after: retry_after.max(Duration::from_secs(1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(running: usize, queued: usize) -> Admission {
        Admission::new(Places { running, queued, per_caller: None })
    }

    fn refusal(admission: &Admission) -> Refusal {
        admission.enter(None).err().expect("a refusal")
    }

    fn caller(name: &str) -> CallerId {
        CallerId::parse(name.as_bytes()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn slots_go_to_the_queue_in_order_of_arrival() {
        let admission = places(1, 2);
        let first = admission.enter(None).unwrap();
        let second = admission.enter(None).unwrap();
        let third = admission.enter(None).unwrap();
        assert_eq!(first.place(), Place::Admitted);
        assert_eq!(second.place(), Place::Queued { position: 1 });
        assert_eq!(third.place(), Place::Queued { position: 2 });
        assert_eq!(admission.counts(), RunCounts { running: 1, queued: 2 });

        drop(first);
        assert_eq!(second.changed_from(Place::Queued { position: 1 }).await, Place::Admitted);
        assert_eq!(third.changed_from(Place::Queued { position: 2 }).await, Place::Queued { position: 1 });
    }

    #[tokio::test(start_paused = true)]
    async fn leaving_the_queue_moves_later_runs_up() {
        let admission = places(1, 2);
        let _working = admission.enter(None).unwrap();
        let second = admission.enter(None).unwrap();
        let third = admission.enter(None).unwrap();
        drop(second);
        assert_eq!(third.place(), Place::Queued { position: 1 });
        assert_eq!(admission.counts(), RunCounts { running: 1, queued: 1 });
    }

    #[tokio::test(start_paused = true)]
    async fn a_rejection_estimates_the_wait_from_recent_run_times() {
        let admission = places(2, 1);
        for seconds in [10, 30] {
            let ticket = admission.enter(None).unwrap();
            tokio::time::advance(Duration::from_secs(seconds)).await;
            drop(ticket);
        }
        let _held: Vec<_> = (0..3).map(|_| admission.enter(None).unwrap()).collect();
        // Mean 20 s, second in line, two places.
        assert_eq!(refusal(&admission), Refusal::new(RefusalReason::Full, Duration::from_secs(20)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_estimate_is_at_least_a_second_and_has_an_initial_value() {
        let admission = places(1, 0);
        let ticket = admission.enter(None).unwrap();
        assert_eq!(refusal(&admission).retry_after, ASSUMED_DURATION);
        drop(ticket);
        let _ticket = admission.enter(None).unwrap();
        assert_eq!(refusal(&admission).retry_after, Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn draining_rejects_new_and_queued_runs() {
        let admission = places(1, 1);
        let working = admission.enter(None).unwrap();
        let waiting = admission.enter(None).unwrap();
        admission.drain(Instant::now() + Duration::from_secs(7));
        assert_eq!(working.place(), Place::Admitted);
        assert_eq!(waiting.changed_from(Place::Queued { position: 1 }).await, Place::Rejected);
        assert_eq!(refusal(&admission), Refusal::new(RefusalReason::Draining, Duration::from_secs(7)));
        drop(working);
        assert_eq!(admission.check().unwrap_err().reason, RefusalReason::Draining);
    }

    #[tokio::test(start_paused = true)]
    async fn running_and_queued_runs_per_caller_are_limited() {
        let admission = Admission::new(Places { running: 1, queued: 3, per_caller: Some(2) });
        let (a, b) = (caller("a"), caller("b"));
        let working = admission.enter(Some(&a)).unwrap();
        let waiting = admission.enter(Some(&a)).unwrap();
        let refusal = admission.enter(Some(&a)).err().unwrap();
        assert_eq!((refusal.reason, refusal.retry_after), (RefusalReason::CallerFull, ASSUMED_DURATION / 2));
        assert_eq!(admission.check(), Ok(()), "other callers are admitted");
        let _other = admission.enter(Some(&b)).unwrap();
        let _nameless = admission.enter(None).unwrap();
        drop(waiting);
        let _again = admission.enter(Some(&a)).unwrap();
        drop(working);
        assert!(admission.enter(Some(&a)).is_ok(), "dropping a ticket frees its place");
    }

    #[tokio::test(start_paused = true)]
    async fn while_memory_is_high_new_runs_are_rejected_and_queued_ones_wait() {
        let admission = places(1, 2);
        let working = admission.enter(None).unwrap();
        let waiting = admission.enter(None).unwrap();
        admission.set_memory_high(true);
        assert_eq!(refusal(&admission), Refusal::new(RefusalReason::MemoryHigh, MEMORY_RETRY));
        drop(working);
        assert_eq!(waiting.place(), Place::Queued { position: 1 }, "a free slot is not assigned");
        admission.set_memory_high(false);
        assert_eq!(waiting.changed_from(Place::Queued { position: 1 }).await, Place::Admitted);
        assert!(admission.enter(None).is_ok());
    }
}
