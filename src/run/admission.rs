//! How many runs there may be at once, and who is next.
//!
//! The whole state is one value in a watch channel: whoever waits looks at its own place whenever the value changes, so
//! nobody has to be told apart, and a place that is given back goes to the front of the queue in the same change.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// How many finished runs the estimate of a run's duration looks back on.
const MEASURED_RUNS: usize = 32;
/// Taken for a run's duration as long as none has finished.
const ASSUMED_DURATION: Duration = Duration::from_secs(30);

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
}

type TicketId = u64;

struct State {
    gate: Gate,
    max_running: usize,
    max_queued: usize,
    next_id: TicketId,
    /// Since when each one works.
    running: BTreeMap<TicketId, Instant>,
    queue: VecDeque<TicketId>,
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
    pub(super) fn new(max_running: usize, max_queued: usize) -> Self {
        let state = State {
            gate: Gate::Open,
            max_running,
            max_queued,
            next_id: 0,
            running: BTreeMap::new(),
            queue: VecDeque::new(),
            durations: VecDeque::new(),
        };
        Self { state: Arc::new(watch::Sender::new(state)) }
    }

    /// A place at work, else one in the queue, else a refusal; decided at once.
    pub(super) fn enter(&self) -> Result<Ticket, Refusal> {
        let mut entered = None;
        // Nobody's place changes by somebody joining the end, so nobody is woken.
        self.state.send_if_modified(|state| {
            entered = Some(state.enter());
            false
        });
        let id = entered.expect("the closure above has run")?;
        Ok(Ticket { id, admission: self.clone() })
    }

    /// Whether `enter` would refuse.
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

    /// Runs at work and runs waiting.
    pub(super) fn counts(&self) -> (usize, usize) {
        let state = self.state.borrow();
        (state.running.len(), state.queue.len())
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
            Gate::Open if self.running.len() < self.max_running || self.queue.len() < self.max_queued => Ok(()),
            Gate::Open => Err(Refusal::new(RefusalReason::Full, self.expected_wait())),
        }
    }

    fn enter(&mut self) -> Result<TicketId, Refusal> {
        self.check()?;
        let id = self.next_id;
        self.next_id += 1;
        self.queue.push_back(id);
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
        self.promote();
    }

    fn promote(&mut self) {
        while self.running.len() < self.max_running
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
    /// needs one more; `max_running` of them end in the mean time of one.
    fn expected_wait(&self) -> Duration {
        let mean = match u32::try_from(self.durations.len()) {
            Ok(measured @ 1..) => self.durations.iter().sum::<Duration>() / measured,
            _ => ASSUMED_DURATION,
        };
        mean.mul_f64((self.queue.len() + 1) as f64 / self.max_running as f64)
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

    fn refusal(admission: &Admission) -> Refusal {
        admission.enter().err().expect("a refusal")
    }

    #[tokio::test(start_paused = true)]
    async fn places_go_to_the_queue_in_the_order_of_arrival() {
        let admission = Admission::new(1, 2);
        let first = admission.enter().unwrap();
        let second = admission.enter().unwrap();
        let third = admission.enter().unwrap();
        assert_eq!(first.place(), Place::Admitted);
        assert_eq!(second.place(), Place::Queued { position: 1 });
        assert_eq!(third.place(), Place::Queued { position: 2 });
        assert_eq!(admission.counts(), (1, 2));

        drop(first);
        assert_eq!(second.moved_from(Place::Queued { position: 1 }).await, Place::Admitted);
        assert_eq!(third.moved_from(Place::Queued { position: 2 }).await, Place::Queued { position: 1 });
    }

    #[tokio::test(start_paused = true)]
    async fn leaving_the_queue_moves_those_behind() {
        let admission = Admission::new(1, 2);
        let _working = admission.enter().unwrap();
        let second = admission.enter().unwrap();
        let third = admission.enter().unwrap();
        drop(second);
        assert_eq!(third.place(), Place::Queued { position: 1 });
        assert_eq!(admission.counts(), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_estimates_the_wait_from_what_runs_took() {
        let admission = Admission::new(2, 1);
        for seconds in [10, 30] {
            let ticket = admission.enter().unwrap();
            tokio::time::advance(Duration::from_secs(seconds)).await;
            drop(ticket);
        }
        let _held: Vec<_> = (0..3).map(|_| admission.enter().unwrap()).collect();
        // Mean 20 s, second in line, two places.
        assert_eq!(refusal(&admission), Refusal::new(RefusalReason::Full, Duration::from_secs(20)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_estimate_is_never_below_a_second_and_has_a_start_value() {
        let admission = Admission::new(1, 0);
        let ticket = admission.enter().unwrap();
        assert_eq!(refusal(&admission).retry_after, ASSUMED_DURATION);
        drop(ticket);
        let _ticket = admission.enter().unwrap();
        assert_eq!(refusal(&admission).retry_after, Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn draining_refuses_the_new_and_turns_away_the_waiting() {
        let admission = Admission::new(1, 1);
        let working = admission.enter().unwrap();
        let waiting = admission.enter().unwrap();
        admission.drain(Instant::now() + Duration::from_secs(7));
        assert_eq!(working.place(), Place::Admitted);
        assert_eq!(waiting.moved_from(Place::Queued { position: 1 }).await, Place::TurnedAway);
        assert_eq!(refusal(&admission), Refusal::new(RefusalReason::Draining, Duration::from_secs(7)));
        drop(working);
        assert_eq!(admission.check().unwrap_err().reason, RefusalReason::Draining);
    }
}
