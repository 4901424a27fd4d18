//! Failed logins: how long somebody has to wait before the next try.
//!
//! In: a name and an address, a moment. Out: go on, or how many seconds to wait. Never: a clock of
//! its own; a memory that grows with whoever asks; a wait without an end.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use shomar_limits::{REMEMBERED_MAX, owner_of};

/// Failures after which an account has to wait.
const ACCOUNT_FREE: u32 = 5;
/// Failures after which an address has to wait: a room of people may share one.
const ADDRESS_FREE: u32 = 20;
/// The longest wait after a failure.
const WAIT_MS_MAX: u64 = 15 * 60 * 1_000;
/// Failures are forgotten after so long without another one.
const FORGOTTEN_MS: u64 = 60 * 60 * 1_000;

/// Failures of one name or address.
#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    last_ms: u64,
}

/// Names or addresses that have failed to log in.
struct Failed<K> {
    free: u32,
    of: HashMap<K, Failures>,
}

impl<K: Clone + Eq + Hash> Failed<K> {
    fn new(free: u32) -> Self {
        Self { free, of: HashMap::new() }
    }

    /// Milliseconds to wait.
    fn wait_ms(&mut self, key: &K, now_ms: u64) -> u64 {
        let Some(own) = self.of.get_mut(key) else { return 0 };
        // Where the clock was set back, nobody waits for it to come as far again.
        own.last_ms = own.last_ms.min(now_ms);
        let Some(beyond) = own.count.checked_sub(self.free) else { return 0 };
        // 1 s, 2 s, 4 s, and so on.
        let wait = 1_000_u64.checked_shl(beyond.min(30)).unwrap_or(WAIT_MS_MAX).min(WAIT_MS_MAX);
        own.last_ms.saturating_add(wait).saturating_sub(now_ms)
    }

    fn fail(&mut self, key: K, now_ms: u64) {
        if !self.of.contains_key(&key) && self.of.len() >= REMEMBERED_MAX {
            self.of.retain(|_, own| now_ms.saturating_sub(own.last_ms) < FORGOTTEN_MS);
            if self.of.len() >= REMEMBERED_MAX
                && let Some(oldest) =
                    self.of.iter().min_by_key(|(_, own)| own.last_ms).map(|(key, _)| key.clone())
            {
                self.of.remove(&oldest);
            }
        }
        let own = self.of.entry(key).or_default();
        if now_ms.saturating_sub(own.last_ms) >= FORGOTTEN_MS {
            own.count = 0;
        }
        own.count = own.count.saturating_add(1);
        own.last_ms = now_ms;
    }
}

/// Failed logins, by account and by address.
pub(crate) struct Attempts {
    failed: Mutex<(Failed<String>, Failed<IpAddr>)>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { failed: Mutex::new((Failed::new(ACCOUNT_FREE), Failed::new(ADDRESS_FREE))) }
    }
}

impl Attempts {
    fn lock(&self) -> std::sync::MutexGuard<'_, (Failed<String>, Failed<IpAddr>)> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody may try. A try counts as a failure until [`Self::succeed`] takes it back:
    /// whoever sends many at once has as many.
    ///
    /// # Errors
    /// With the seconds to wait.
    pub(crate) fn begin(&self, name: &str, address: IpAddr, now_ms: u64) -> Result<(), u64> {
        let (accounts, addresses) = &mut *self.lock();
        let name = name.to_owned();
        let address = owner_of(address);
        let wait = accounts.wait_ms(&name, now_ms).max(addresses.wait_ms(&address, now_ms));
        if wait > 0 {
            return Err(wait.div_ceil(1_000));
        }
        accounts.fail(name, now_ms);
        addresses.fail(address, now_ms);
        Ok(())
    }

    /// Somebody has logged in: their failures are forgotten, and this try of their address.
    pub(crate) fn succeed(&self, name: &str, address: IpAddr) {
        let (accounts, addresses) = &mut *self.lock();
        accounts.of.remove(name);
        if let Some(own) = addresses.of.get_mut(&owner_of(address)) {
            own.count = own.count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn an_account_is_locked_after_failures_and_the_lock_ends() {
        let attempts = Attempts::default();
        for try_ in 0..ACCOUNT_FREE {
            // From many addresses: the account is what is attacked.
            let from = address(u8::try_from(try_).unwrap());
            assert_eq!(attempts.begin("maryam", from, 0), Ok(()));
        }
        assert_eq!(attempts.begin("maryam", address(99), 0), Err(1));
        assert_eq!(attempts.begin("maryam", address(99), 999), Err(1));
        assert_eq!(attempts.begin("reza", address(99), 0), Ok(()), "nobody else waits");
        // The wait doubles.
        assert_eq!(attempts.begin("maryam", address(99), 1_000), Ok(()));
        assert_eq!(attempts.begin("maryam", address(99), 1_000), Err(2));
        assert_eq!(attempts.begin("maryam", address(99), 3_000), Ok(()));
        assert_eq!(attempts.begin("maryam", address(99), 3_000), Err(4));
        // Whoever has the password is free again.
        assert_eq!(attempts.begin("maryam", address(99), 7_000), Ok(()));
        attempts.succeed("maryam", address(99));
        for _ in 0..ACCOUNT_FREE {
            assert_eq!(attempts.begin("maryam", address(98), 7_000), Ok(()));
        }
        assert_eq!(attempts.begin("maryam", address(98), 7_000), Err(1));
    }

    #[test]
    fn no_wait_is_longer_than_the_longest_and_failures_are_forgotten() {
        let attempts = Attempts::default();
        let (mut now, mut longest) = (0, 0);
        for _ in 0..80 {
            while let Err(seconds) = attempts.begin("maryam", address(1), now) {
                longest = longest.max(seconds);
                now += seconds * 1_000;
            }
        }
        assert_eq!(longest, WAIT_MS_MAX / 1_000);
        now += FORGOTTEN_MS;
        for _ in 0..ACCOUNT_FREE {
            assert_eq!(attempts.begin("maryam", address(1), now), Ok(()));
        }
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_wait_longer() {
        let attempts = Attempts::default();
        let three_hours = 3 * 60 * 60 * 1_000;
        for _ in 0..ACCOUNT_FREE {
            assert_eq!(attempts.begin("maryam", address(1), three_hours), Ok(()));
        }
        assert_eq!(attempts.begin("maryam", address(1), 5_000), Err(1));
        assert_eq!(attempts.begin("maryam", address(1), 6_000), Ok(()));
    }

    #[test]
    fn an_address_that_tries_many_names_waits() {
        let attempts = Attempts::default();
        for name in 0..ADDRESS_FREE {
            assert_eq!(attempts.begin(&format!("name{name}"), address(1), 0), Ok(()));
        }
        assert_eq!(attempts.begin("another", address(1), 0), Err(1));
        assert_eq!(attempts.begin("another", address(2), 0), Ok(()));
        // Of IPv6 an owner has more addresses than anybody can count.
        let of_network = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        for name in 0..ADDRESS_FREE {
            let from = of_network(u16::try_from(name).unwrap());
            assert_eq!(attempts.begin(&format!("other{name}"), from, 0), Ok(()));
        }
        assert_eq!(attempts.begin("one more", of_network(999), 0), Err(1));
    }

    #[test]
    fn memory_is_bounded_whoever_tries() {
        let attempts = Attempts::default();
        for number in 0..u32::try_from(REMEMBERED_MAX).unwrap() + 500 {
            let from = IpAddr::from(number.to_be_bytes());
            let _ = attempts.begin(&format!("name{number}"), from, u64::from(number));
        }
        let (accounts, addresses) = &*attempts.lock();
        assert_eq!(accounts.of.len(), REMEMBERED_MAX);
        assert_eq!(addresses.of.len(), REMEMBERED_MAX);
    }
}
