//! Limits by address: how often one may ask, and how much of something it may hold.
//!
//! In: an address, a moment. Out: go on, or how many seconds to wait. Never: a clock that somebody
//! sets back, for which everybody would wait; a memory that grows with whoever asks.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Instant;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// Addresses that are remembered.
pub const REMEMBERED_MAX: usize = 10_000;

/// Milliseconds of a clock that nobody sets; only their differences mean something.
#[must_use]
pub fn steady_ms() -> u64 {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Whoever owns an address: of IPv6, all of a network of 64 bits.
#[must_use]
pub fn owner_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(own) => {
            let network = own.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        own => own,
    }
}

/// A clock that is told the time, and never goes back.
#[derive(Clone, Default)]
struct Told(Arc<AtomicU64>);

impl Clock for Told {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.load(Ordering::Relaxed))
    }
}

/// How often each address may ask: so often a second, and so often at once.
pub struct Rates {
    clock: Told,
    began_ms: u64,
    limiter: RateLimiter<IpAddr, HashMapStateStore<IpAddr>, Told, NoOpMiddleware<Nanos>>,
}

impl Rates {
    /// Limits of so many requests a second and address, with a burst of so many.
    #[must_use]
    pub fn new(per_second: NonZeroU32, burst: NonZeroU32, now_ms: u64) -> Self {
        let clock = Told::default();
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limiter = RateLimiter::new(quota, HashMapStateStore::default(), clock.clone());
        Self { clock, began_ms: now_ms, limiter }
    }

    /// Takes one request of an address.
    ///
    /// # Errors
    /// With the seconds after which it may come again.
    pub fn take(&self, address: IpAddr, now_ms: u64) -> Result<(), u64> {
        let since = now_ms.saturating_sub(self.began_ms).saturating_mul(1_000_000);
        self.clock.0.fetch_max(since, Ordering::Relaxed);
        if self.limiter.len() >= REMEMBERED_MAX {
            self.limiter.retain_recent();
            // Nobody is remembered who is not at their limit just now.
            if self.limiter.len() >= REMEMBERED_MAX {
                return Err(1);
            }
        }
        self.limiter.check_key(&owner_of(address)).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            wait.as_secs().saturating_add(1)
        })
    }
}

/// How many of something each address may hold at one time.
pub struct Places {
    most: usize,
    held: Mutex<HashMap<IpAddr, usize>>,
}

/// A place that is held; given back when it is dropped.
pub struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    /// So many for each address.
    #[must_use]
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default() })
    }

    /// A place; `None` if the address holds all of its own.
    #[must_use]
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = owner_of(address);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let own = held.entry(address).or_default();
        if *own >= self.most {
            return None;
        }
        *own += 1;
        Some(Place { places: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.places.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = held.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                held.remove(&self.address);
            }
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
    fn memory_is_bounded_whoever_asks() {
        let rates = Rates::new(NonZeroU32::MIN, NonZeroU32::MIN, 0);
        for number in 0..u32::try_from(REMEMBERED_MAX).unwrap() + 500 {
            let _ = rates.take(IpAddr::from(number.to_be_bytes()), 0);
        }
        assert!(rates.limiter.len() <= REMEMBERED_MAX);
        // And it is free again when they have gone.
        assert_eq!(rates.take(address(1), 60_000), Ok(()));
    }

    #[test]
    fn a_burst_is_taken_and_then_so_many_a_second() {
        let two = NonZeroU32::new(2).unwrap();
        let rates = Rates::new(two, NonZeroU32::new(4).unwrap(), 5_000);
        let taken =
            |now_ms: u64| (0..100).take_while(|_| rates.take(address(1), now_ms).is_ok()).count();
        assert_eq!(taken(5_000), 4);
        assert_eq!(rates.take(address(2), 5_000), Ok(()), "each address its own");
        assert_eq!(taken(6_000), 2);
        assert_eq!(rates.take(address(1), 6_000), Err(1));
        assert_eq!(taken(60_000), 4);
    }

    #[test]
    fn a_place_is_given_back() {
        let places = Places::new(2);
        let first = places.take(address(1));
        let second = places.take(address(1));
        assert!(first.is_some() && second.is_some() && places.take(address(1)).is_none());
        assert!(places.take(address(2)).is_some());
        drop(first);
        assert!(places.take(address(1)).is_some());
        drop(second);
        assert!(places.held.lock().unwrap().is_empty(), "nobody is remembered for nothing");
    }
}
