//! What is sent beside the honest batches: faults, and the second copies of a retry storm.
//!
//! In: a fault and the batch it hits. Out: the server's verdict, held against the one that is
//! known. Never: an honest batch held up by more than the faults that must come before it; a
//! verdict of a server that is down or busy taken for one (such a send is repeated).

use std::time::Duration;

use crate::answer::Verdict;
use crate::faults::Kind;
use crate::ledger::{count, nanoseconds};
use crate::link::{Link, Parts, post_truncated};
use crate::random::{Purpose, Random};
use crate::run::Shared;

/// How long a server may take to close a connection on which an upload was cut off.
const CUT_PATIENCE: Duration = Duration::from_secs(5);
/// Pieces in which a slow sender's record trickles in.
const SLOW_PIECES: usize = 32;

/// So often may a server say that it is busy; then that is its verdict on bytes that are no
/// record.
const PATIENT_ANSWERS: u32 = 8;

/// Whether any refusal is right: what it would be depends on which bytes are wrong.
fn may_say_anything(kind: Kind) -> bool {
    matches!(kind, Kind::Flip | Kind::Garbage)
}

/// Sends the faults that come before a batch, one after another.
pub(crate) async fn before(shared: &Shared, batch: usize) {
    for rule in shared.faults.of_batch(batch, true) {
        fault(shared, rule, batch).await;
    }
}

/// Sends a fault that comes after a batch, for the `time`-th time.
pub(crate) async fn after(shared: &Shared, rule: usize, batch: usize, time: u64) {
    let within = &shared.faults.rules[rule];
    if within.kind == Kind::Duplicate {
        let who = (rule as u64) << 32 | time;
        let mut random = Random::new(shared.seed, Purpose::Content, who, batch as u64);
        tokio::time::sleep(Duration::from_nanos(random.below(nanoseconds(within.within)))).await;
    }
    fault(shared, rule, batch).await;
}

/// Sends a fault until the server comes to a verdict.
async fn fault(shared: &Shared, rule: usize, batch: usize) {
    let expected = shared.faults.verdicts(rule);
    let kind = shared.faults.rules[rule].kind;
    shared.ledger.trying();
    let was_taken = shared.ledger.is_acknowledged(batch);
    let (mut attempt, mut answered) = (0, 0);
    let verdict = loop {
        attempt += 1;
        let verdict = attempt_fault(shared, rule, kind, batch).await;
        answered += u32::from(verdict.is_some());
        match verdict {
            Some(verdict) if verdict.is_among(&expected) || !verdict.is_again() => break verdict,
            // A flipped length can be one for which no server has room, ever.
            Some(verdict) if may_say_anything(kind) && answered >= PATIENT_ANSWERS => {
                break verdict;
            }
            _ => {}
        }
        // A number that no honest batch has.
        let who = batch as u64 | 1 << 62;
        tokio::time::sleep(shared.backoff(who, attempt)).await;
    };
    let about = match kind {
        Kind::Reorder => shared.plan.next_of_client(batch),
        Kind::Duplicate | Kind::Slow => Some(batch),
        _ => None,
    };
    if let (Some(about), Some(position)) = (about, verdict.position()) {
        // It was an honest record: where it is, it is for good.
        shared.ledger.acknowledge(about, shared.plan.batch(about).ballots, position);
    }
    let is_refusal = matches!(verdict, Verdict::Refused(..) | Verdict::Status(400..500));
    // Where a re-order has brought the honest record in already, a forged one contradicts it.
    let contradicts = was_taken && verdict.name() == "equivocation";
    let is_expected = verdict.is_among(&expected)
        || (may_say_anything(kind) && is_refusal)
        || (kind == Kind::Fork && contradicts);
    let mut books = shared.ledger.books();
    if let Some(counts) = books.faults.get_mut(rule) {
        counts.sent += 1;
        count(&mut counts.verdicts, &verdict.name());
        counts.unexpected += u64::from(!is_expected);
    }
    if !is_expected {
        let said = match &verdict {
            Verdict::Refused(code, why) => format!("{code} ({why})"),
            other => other.name().into_owned(),
        };
        let example = format!("batch {batch}: found {said}, expected {}", expected.join(" or "));
        books.findings.add(&format!("fault {} answered otherwise", kind.name()), example);
    }
    drop(books);
    shared.ledger.settled();
}

/// One attempt; `None` if there was no connection.
async fn attempt_fault(shared: &Shared, rule: usize, kind: Kind, batch: usize) -> Option<Verdict> {
    let record = shared.forge.make(&shared.plan, rule, kind, batch);
    if kind == Kind::Truncate {
        let _permit = shared.sides.acquire().await.ok()?;
        let cut = shared.forge.cut(rule, batch, record.len());
        return post_truncated(&shared.target, &record, cut, CUT_PATIENCE).await.ok();
    }
    let (parts, longer) = if kind == Kind::Slow {
        let over = shared.faults.rules[rule].over;
        let pieces = u32::try_from(SLOW_PIECES).unwrap_or(u32::MAX);
        (Parts::slow(&record, SLOW_PIECES, over / pieces), over)
    } else {
        (record.into(), Duration::ZERO)
    };
    post_beside(shared, parts, longer).await
}

/// Sends one record on a connection of the side pool; `None` if there was none.
async fn post_beside(shared: &Shared, parts: Parts, longer: Duration) -> Option<Verdict> {
    let _permit = shared.sides.acquire().await.ok()?;
    let idle = shared.take_side_link();
    let mut link = match idle {
        Some(link) => link,
        None => Link::connect(&shared.target).await.ok()?,
    };
    let posted = link.post(&shared.target, parts);
    match tokio::time::timeout(shared.answer_timeout + longer, posted).await {
        Ok(Ok(answer)) => {
            shared.keep_side_link(link);
            Some(answer.verdict(0))
        }
        // What it says is unknown; whether that is a verdict, the expectation decides.
        Ok(Err(_)) | Err(_) => Some(Verdict::Cut),
    }
}

/// Sends a batch a second time while the first one is on its way. Nobody waits for its answer, as
/// no station does that has given up waiting; it must all the same be the same as the other.
pub(crate) async fn storm(shared: &Shared, batch: usize) {
    let record = shared.plan.record(batch);
    let verdict = post_beside(shared, record.into(), Duration::ZERO).await;
    let verdict = verdict.unwrap_or(Verdict::Cut);
    if let Some(position) = verdict.position() {
        shared.ledger.acknowledge(batch, shared.plan.batch(batch).ballots, position);
    }
    let mut books = shared.ledger.books();
    count(&mut books.storm, &verdict.name());
    if let Verdict::Refused(code, why) = &verdict
        && !verdict.is_again()
    {
        let example = format!("batch {batch}: {code} ({why})");
        books.findings.add("second copy refused", example);
    }
}
