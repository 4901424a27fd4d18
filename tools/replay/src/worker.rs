//! One connection with the virtual clients that share it.
//!
//! In: clients with their batches, intended times, a connection to keep alive. Out: answers in the
//! ledger. Never: a batch of a client before the one before it was answered; a client held up by
//! another one's retry (only by the connection itself being busy or broken).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use shomar_format::bytes::hex;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::error::with_causes;
use crate::ledger::nanoseconds;
use crate::link::Link;
use crate::random::{Purpose, Random};
use crate::run::Shared;
use crate::side;

/// The first wait before a retry; it doubles with each.
const BACKOFF_FIRST: Duration = Duration::from_millis(20);
/// No wait before a retry is longer, unless the server asks for it.
const BACKOFF_LONGEST: Duration = Duration::from_secs(2);

/// Why a record without a result is sent again.
const NOT_LOOKED_AT: &str = "not-looked-at";

/// One station: it sends its batches in order, each after the previous was answered.
struct Client {
    /// Its number in the plan.
    number: usize,
    /// Which of its batches is next.
    next: usize,
    /// Sends of that batch so far.
    attempt: u64,
    /// When that batch was meant to be sent, once it was tried.
    intended: Option<u64>,
}

/// A connection with its clients.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    number: usize,
    link: Option<Link>,
    clients: Vec<Client>,
    /// What is to be sent when: nanoseconds after the start, batch, client.
    queue: BinaryHeap<Reverse<(u64, usize, usize)>>,
    /// Clients whose faults are being sent.
    away: usize,
    back: mpsc::UnboundedReceiver<usize>,
    back_from_side: mpsc::UnboundedSender<usize>,
    /// Somebody with a better clock than the runtime's says that something is due.
    due: Arc<Notify>,
    tasks: JoinSet<()>,
    /// Connecting failed so often in a row.
    failures: u64,
}

impl Worker {
    pub(crate) fn new(
        shared: Arc<Shared>,
        number: usize,
        own: impl Iterator<Item = usize>,
        link: Option<Link>,
        due: Arc<Notify>,
    ) -> Self {
        let (back_from_side, back) = mpsc::unbounded_channel();
        let client = |number| Client { number, next: 0, attempt: 0, intended: None };
        let mut worker = Self {
            shared,
            number,
            link,
            clients: own.map(client).collect(),
            queue: BinaryHeap::new(),
            away: 0,
            back,
            back_from_side,
            due,
            tasks: JoinSet::new(),
            failures: 0,
        };
        for client in 0..worker.clients.len() {
            worker.enqueue(client);
        }
        worker
    }

    /// Sends everything; then waits for what its clients have started beside.
    pub(crate) async fn run(mut self) {
        loop {
            while let Ok(client) = self.back.try_recv() {
                self.returned(client);
            }
            while self.tasks.try_join_next().is_some() {}
            let group = self.take_due();
            if !group.is_empty() {
                self.send(group).await;
                continue;
            }
            let head = self.queue.peek().map(|Reverse((due, ..))| *due);
            let Some(head) = head else {
                if self.away == 0 {
                    break;
                }
                if let Some(client) = self.back.recv().await {
                    self.returned(client);
                }
                continue;
            };
            let until = self.shared.ledger.start() + Duration::from_nanos(head);
            tokio::select! {
                Some(client) = self.back.recv() => self.returned(client),
                () = self.due.notified() => {}
                () = tokio::time::sleep_until(until.into()) => {}
            }
        }
        while self.tasks.join_next().await.is_some() {}
    }

    /// The batch that a client sends next.
    fn batch_of(&self, client: usize) -> Option<usize> {
        let client = &self.clients[client];
        self.shared.plan.clients()[client.number].get(client.next).map(|&batch| batch as usize)
    }

    /// Puts a client's next batch into the queue at its intended time.
    fn enqueue(&mut self, client: usize) {
        if let Some(batch) = self.batch_of(client) {
            let due = self.shared.times.as_ref().map_or(0, |times| times[batch]);
            self.queue.push(Reverse((due, batch, client)));
        }
    }

    /// A client comes back from its faults, and sends its honest batch.
    fn returned(&mut self, client: usize) {
        self.away -= 1;
        // The time that the faults took is the tester's, not the server's.
        let now = self.shared.ledger.now();
        if let Some(batch) = self.batch_of(client) {
            self.clients[client].intended = Some(now);
            self.queue.push(Reverse((now, batch, client)));
        }
    }

    /// What is due, at most one batch of each client, and no more than fit in a request.
    fn take_due(&mut self) -> Vec<(usize, usize)> {
        let now = self.shared.ledger.now();
        let mut group = Vec::new();
        while group.len() < self.shared.per_request {
            match self.queue.peek() {
                Some(Reverse((due, ..))) if *due <= now => {}
                _ => break,
            }
            let Some(Reverse((_, batch, client))) = self.queue.pop() else { break };
            let scheduled = self.shared.times.as_ref().map_or(now, |times| times[batch]);
            let intended = &mut self.clients[client].intended;
            if intended.is_none() {
                self.shared.ledger.trying();
                *intended = Some(scheduled);
                if self.shared.faults.of_batch(batch, true).next().is_some() {
                    self.away += 1;
                    let (shared, back) = (Arc::clone(&self.shared), self.back_from_side.clone());
                    self.tasks.spawn(async move {
                        side::before(&shared, batch).await;
                        // Nobody listens any more only where the run was given up.
                        let _ = back.send(client);
                    });
                    continue;
                }
            }
            group.push((batch, client));
        }
        group
    }

    async fn send(&mut self, group: Vec<(usize, usize)>) {
        if !self.connected().await {
            self.shared.ledger.retried("connection");
            // Nothing was sent: they are due as before.
            let now = self.shared.ledger.now();
            for (batch, client) in group {
                self.queue.push(Reverse((now, batch, client)));
            }
            return;
        }
        let shared = Arc::clone(&self.shared);
        let records: Vec<Bytes> =
            group.iter().map(|&(batch, _)| shared.plan.record(batch)).collect();
        for &(batch, client) in &group {
            let first = self.clients[client].attempt == 0;
            if first && shared.is_sent_twice(batch) {
                let shared = Arc::clone(&shared);
                self.tasks.spawn(async move { side::storm(&shared, batch).await });
            }
            self.clients[client].attempt += 1;
        }
        shared.ledger.requests.fetch_add(1, Ordering::Relaxed);
        let sent = Instant::now();
        let posted = match &mut self.link {
            Some(link) => {
                tokio::time::timeout(shared.answer_timeout, link.post(&shared.target, records))
                    .await
            }
            None => return,
        };
        match posted {
            Ok(Ok(answer)) => self.answered(&group, &answer, sent),
            Ok(Err(error)) => self.broken(&group, "connection", with_causes(&error)),
            Err(_) => self.broken(&group, "timeout", "no answer in time".to_owned()),
        }
    }

    /// Makes sure that there is a connection. If there is none to be had, waits a little.
    async fn connected(&mut self) -> bool {
        if self.link.as_ref().is_some_and(|link| !link.is_closed()) {
            return true;
        }
        let connecting = Link::connect(&self.shared.target);
        let error = match tokio::time::timeout(self.shared.answer_timeout, connecting).await {
            Ok(Ok(link)) => {
                self.link = Some(link);
                self.failures = 0;
                return true;
            }
            Ok(Err(error)) => with_causes(&error),
            Err(_) => "no connection in time".to_owned(),
        };
        self.link = None;
        self.shared.ledger.books().last_error = Some(error);
        self.failures += 1;
        let wait = self.shared.backoff(self.number as u64 | 1 << 63, self.failures);
        tokio::time::sleep(wait).await;
        false
    }

    /// The connection broke before the answer: nobody knows whether the batches are durable.
    fn broken(&mut self, group: &[(usize, usize)], reason: &str, error: String) {
        self.link = None;
        self.shared.ledger.books().last_error = Some(error);
        for &(batch, client) in group {
            self.again(batch, client, reason, None);
        }
    }

    fn answered(&mut self, group: &[(usize, usize)], answer: &Answer, sent: Instant) {
        let service = sent.elapsed();
        let now = self.shared.ledger.now();
        for (place, &(batch, client)) in group.iter().enumerate() {
            let result = answer.results.get(place);
            if let Some(result) = result {
                self.check_name(batch, result.record.as_deref());
            }
            let verdict = answer.verdict(place);
            if let Some(position) = verdict.position() {
                let intended = self.clients[client].intended.unwrap_or(now);
                self.shared.acknowledged(batch, &verdict, position);
                let latency = Duration::from_nanos(now.saturating_sub(intended)).max(service);
                self.shared.ledger.measured(self.number, latency, service);
                self.done(batch, client, true);
            } else if verdict.is_again() {
                self.again(batch, client, &verdict.name(), answer.retry_after);
            } else if result.is_none() && !answer.results.is_empty() {
                // Others in the request were looked at, this one was not: it is no fault of its.
                self.again(batch, client, NOT_LOOKED_AT, None);
            } else {
                self.shared.refused(batch, &verdict);
                self.done(batch, client, false);
            }
        }
    }

    /// An answer must be about the record that was sent.
    fn check_name(&self, batch: usize, named: Option<&str>) {
        let Some(named) = named else { return };
        let hash = hex(&self.shared.plan.hash(batch));
        if named != hash {
            let example = format!("batch {batch}: found {named}, expected {hash}");
            self.shared.ledger.books().findings.add("answer about another record", example);
        }
    }

    /// A batch is acknowledged or refused; its client goes on.
    fn done(&mut self, batch: usize, client: usize, acknowledged: bool) {
        self.shared.ledger.settled();
        if acknowledged {
            for rule in self.shared.faults.of_batch(batch, false) {
                for time in 0..self.shared.faults.rules[rule].times {
                    let shared = Arc::clone(&self.shared);
                    self.tasks.spawn(async move { side::after(&shared, rule, batch, time).await });
                }
            }
        }
        let Client { next, attempt, intended, .. } = &mut self.clients[client];
        (*next, *attempt, *intended) = (*next + 1, 0, None);
        self.enqueue(client);
    }

    /// Sends a batch again, after a while.
    fn again(&mut self, batch: usize, client: usize, reason: &str, asked: Option<Duration>) {
        self.shared.ledger.retried(reason);
        let attempt = self.clients[client].attempt;
        let mut wait = self.shared.backoff(batch as u64, attempt);
        if let Some(asked) = asked {
            // Those who are told the same time must not all come back at it.
            wait = wait.max(asked) + wait / 4;
        }
        if reason == NOT_LOOKED_AT {
            wait = Duration::ZERO;
        }
        let due = self.shared.ledger.now().saturating_add(nanoseconds(wait));
        self.queue.push(Reverse((due, batch, client)));
    }
}

/// The wait before a retry: doubling, at least half of it drawn from the seed.
pub(crate) fn backoff(seed: u64, who: u64, attempt: u64) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1).min(16)).unwrap_or(16);
    let most = BACKOFF_LONGEST.min(BACKOFF_FIRST * 2_u32.pow(doublings));
    let half = nanoseconds(most / 2);
    let drawn = Random::new(seed, Purpose::Backoff, who, attempt).below(half);
    Duration::from_nanos(half + drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_a_limit_and_follow_from_the_seed() {
        for attempt in 1..40 {
            let wait = backoff(1, 2, attempt);
            assert_eq!(wait, backoff(1, 2, attempt));
            let doublings = u32::try_from(attempt - 1).unwrap().min(16);
            let most = BACKOFF_LONGEST.min(BACKOFF_FIRST * 2_u32.pow(doublings));
            assert!(wait >= most / 2 && wait <= most, "{attempt}: {wait:?}");
        }
        assert_ne!(backoff(1, 2, 3), backoff(1, 3, 3));
        assert_ne!(backoff(1, 2, 3), backoff(2, 2, 3));
    }
}
