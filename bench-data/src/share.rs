//! Whole numbers in proportion: a total divided by weights, with nothing left and nothing lost.
//!
//! In: a total and weights. Out: shares that sum up to the total exactly. Never: a fraction in
//! floating point, an order of remainders that differs between machines.
//!
//! This is the method of the largest remainder. It has nothing to do with seats: `shomar-seats` is
//! not known here, and must not be, because this crate is one of its checks.

/// Divides `total` by `weights`; equal remainders go to the earlier place.
///
/// # Panics
/// If there is something to divide, but no weight at all.
pub(crate) fn divide(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    assert!(sum > 0, "ballots need a place with people");
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders: Vec<(u128, usize)> = Vec::with_capacity(weights.len());
    for (place, &weight) in weights.iter().enumerate() {
        // 64 bits times 64 bits fits 128 bits.
        let product = u128::from(total) * u128::from(weight);
        let share = u64::try_from(product / sum).expect("a share is at most the total");
        shares.push(share);
        remainders.push((product % sum, place));
    }
    let given: u64 = shares.iter().sum();
    let left = usize::try_from(total - given).expect("fewer than there are places");
    remainders.sort_unstable_by_key(|&(remainder, place)| (std::cmp::Reverse(remainder), place));
    for &(_, place) in remainders.iter().take(left) {
        shares[place] += 1;
    }
    assert_eq!(shares.iter().sum::<u64>(), total, "nothing left, nothing lost");
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn remainders_go_to_the_largest_then_to_the_earliest() {
        assert_eq!(divide(10, &[45, 30, 25]), [5, 3, 2]);
        assert_eq!(divide(1, &[1, 1, 1]), [1, 0, 0]);
        assert_eq!(divide(0, &[]), Vec::<u64>::new());
        assert_eq!(divide(7, &[0, 3]), [0, 7]);
    }

    proptest! {
        #[test]
        fn shares_sum_up_and_stay_within_one_of_their_quota(
            total in 0..u64::from(u32::MAX),
            weights in prop::collection::vec(0..u64::from(u32::MAX), 1..50),
        ) {
            let sum: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
            prop_assume!(sum > 0);
            let shares = divide(total, &weights);
            prop_assert_eq!(shares.iter().sum::<u64>(), total);
            for (share, weight) in shares.iter().zip(&weights) {
                let quota = u128::from(total) * u128::from(*weight) / sum;
                prop_assert!((quota..=quota + 1).contains(&u128::from(*share)));
            }
        }
    }
}
