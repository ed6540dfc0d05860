//! How many runs there may be at once, and who is next.
//!
//! The whole state is one value in a watch channel: whoever waits looks at its own place whenever the value changes, so
//! nobody has to be told apart, and a place that is given back goes to the front of the queue in the same change.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::caller::CallerId;

/// How many finished runs the estimate of a run's duration looks back on.
const MEASURED_RUNS: usize = 32;
/// Taken for a run's duration as long as none has finished.
const ASSUMED_DURATION: Duration = Duration::from_secs(30);
/// When to try again while memory is short: a run's end frees it, and so does a page that is left.
const MEMORY_RETRY: Duration = Duration::from_secs(5);

/// Hands out places. Clones share them.
#[derive(Clone)]
pub(super) struct Admission {
    state: Arc<watch::Sender<State>>,
}

/// A place at work or in the queue; given back when dropped.
pub(super) struct Ticket {
    id: TicketId,
    admission: Admission,
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Admitted,
    /// 1 is next.
    Queued {
        position: usize,
    },
    /// Was waiting when the service began to drain.
    TurnedAway,
}

/// There is no place, not even in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    pub reason: RefusalReason,
    /// When another try is likely to find a place, as far as can be told; at least a second.
    pub retry_after: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    #[error("the service is full")]
    Full,
    #[error("the service is shutting down")]
    Draining,
    /// There may be places, but no memory for another run.
    #[error("the service is short of memory")]
    MemoryHigh,
    #[error("the caller has as many runs as one caller may have")]
    CallerFull,
}

/// How many runs there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    /// At work; at least 1.
    pub(super) running: usize,
    /// Waiting.
    pub(super) queued: usize,
    /// Of one named caller, at work and waiting together.
    pub(super) per_caller: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunCounts {
    pub running: usize,
    pub queued: usize,
}

type TicketId = u64;

struct State {
    gate: Gate,
    /// Whether nobody is to begin for want of memory. Who waits goes on waiting.
    memory_high: bool,
    places: Places,
    next_id: TicketId,
    /// Since when each one works.
    running: BTreeMap<TicketId, Instant>,
    queue: VecDeque<TicketId>,
    /// Who the tickets, at work or waiting, are of, where they named themselves.
    callers: BTreeMap<TicketId, CallerId>,
    /// How long the latest runs held their places, oldest first.
    durations: VecDeque<Duration>,
}

enum Gate {
    Open,
    /// `until`: when this process is expected to have made room for its successor.
    Draining {
        until: Instant,
    },
}

impl Admission {
    pub(super) fn new(places: Places) -> Self {
        let state = State {
            gate: Gate::Open,
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

    /// A place at work, else one in the queue, else a refusal; decided at once.
    pub(super) fn enter(&self, caller: Option<&CallerId>) -> Result<Ticket, Refusal> {
        let mut entered = None;
        // Nobody's place changes by somebody joining the end, so nobody is woken.
        self.state.send_if_modified(|state| {
            entered = Some(state.enter(caller));
            false
        });
        let id = entered.expect("the closure above has run")?;
        Ok(Ticket { id, admission: self.clone() })
    }

    /// Whether `enter` would refuse a caller that has no runs.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        self.state.borrow().check()
    }

    /// Refuses whoever comes and turns away whoever waits; those at work keep their places.
    pub(super) fn drain(&self, until: Instant) {
        self.state.send_modify(|state| {
            state.gate = Gate::Draining { until };
            state.queue.clear();
        });
    }

    /// Lets nobody begin while memory is high; those at work and those waiting keep their places.
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

    /// Waits until the ticket stands elsewhere than at `place`.
    pub(super) async fn moved_from(&self, place: Place) -> Place {
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
        match self.gate {
            Gate::Draining { until } => {
                Err(Refusal::new(RefusalReason::Draining, until.saturating_duration_since(Instant::now())))
            }
            Gate::Open if self.memory_high => Err(Refusal::new(RefusalReason::MemoryHigh, MEMORY_RETRY)),
            Gate::Open if self.running.len() < self.places.running || self.queue.len() < self.places.queued => Ok(()),
            Gate::Open => Err(Refusal::new(RefusalReason::Full, self.expected_wait())),
        }
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
            None => Place::TurnedAway,
        }
    }

    /// For one who would stand behind the whole queue: as many runs have to end as stand before him, and he himself
    /// needs one more; `places.running` of them end in the mean time of one.
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
        assert_eq!(second.moved_from(Place::Queued { position: 1 }).await, Place::Admitted);
        assert_eq!(third.moved_from(Place::Queued { position: 2 }).await, Place::Queued { position: 1 });
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
        assert_eq!(waiting.moved_from(Place::Queued { position: 1 }).await, Place::TurnedAway);
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
        assert_eq!(admission.check(), Ok(()), "others are served");
        let _other = admission.enter(Some(&b)).unwrap();
        let _nameless = admission.enter(None).unwrap();
        drop(waiting);
        let _again = admission.enter(Some(&a)).unwrap();
        drop(working);
        assert!(admission.enter(Some(&a)).is_ok(), "a place goes back with its ticket");
    }

    #[tokio::test(start_paused = true)]
    async fn while_memory_is_high_new_runs_are_rejected_and_queued_ones_wait() {
        let admission = places(1, 2);
        let working = admission.enter(None).unwrap();
        let waiting = admission.enter(None).unwrap();
        admission.set_memory_high(true);
        assert_eq!(refusal(&admission), Refusal::new(RefusalReason::MemoryHigh, MEMORY_RETRY));
        drop(working);
        assert_eq!(waiting.place(), Place::Queued { position: 1 }, "a free place is not given");
        admission.set_memory_high(false);
        assert_eq!(waiting.moved_from(Place::Queued { position: 1 }).await, Place::Admitted);
        assert!(admission.enter(None).is_ok());
    }
}
