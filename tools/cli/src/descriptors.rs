//! How many connections the system lets a process hold.
//!
//! In: the limits of the process. Out: the soft one raised to the hard one, which the system allows
//! to everybody; how many connections that leaves room for. Never: an end of the program: where it
//! cannot be raised, fewer connect.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are no connection's: about thirty of the process (its log, its locks, what it
/// waits with, the segments that it writes), and one for each segment of the journal while a full
/// count opens them: a hundred of them are 25 GB of ballots.
const RESERVE: u64 = 128;

/// Asks for as many descriptors as there may be: shells give a thousand, and stations are many.
/// Gives how many there are now; `None`: any number.
pub(crate) fn raise_limit() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // What is refused here is told when a connection is refused for want of one.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
    getrlimit(Resource::Nofile).current
}

/// So many of the connections that are wanted can be held within a limit of descriptors, and the
/// journal is still written and counted again. At least half of the descriptors are connections.
pub(crate) fn connections_within(limit: Option<u64>, wanted: usize) -> usize {
    let Some(limit) = limit else { return wanted };
    let left = limit.saturating_sub(RESERVE).max(limit / 2).max(1);
    usize::try_from(left).map_or(wanted, |left| left.min(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soft_limit_becomes_the_hard_one() {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        let low = Rlimit { current: Some(maximum.map_or(256, |own| own.min(256))), maximum };
        setrlimit(Resource::Nofile, low).unwrap();
        assert_eq!(raise_limit(), maximum);
        assert_eq!(getrlimit(Resource::Nofile).current, maximum);
    }

    #[test]
    fn connections_leave_descriptors_for_the_journal() {
        assert_eq!(connections_within(None, 16_384), 16_384);
        assert_eq!(connections_within(Some(1 << 20), 16_384), 16_384);
        assert_eq!(connections_within(Some(4_096), 16_384), 3_968);
        assert_eq!(connections_within(Some(4_096), 100), 100);
        assert_eq!(connections_within(Some(200), 16_384), 100);
        assert_eq!(connections_within(Some(1), 16_384), 1);
    }
}
