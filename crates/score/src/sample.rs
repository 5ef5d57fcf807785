//! Which traces a scorer takes.

use xxhash_rust::xxh3::Xxh3;

/// Returns whether a scorer takes a trace at that rate, 0 to 1. The answer is always the same for the two, so that a
/// restart changes nothing, and a higher rate takes what a lower one took.
pub fn is_sampled(scorer_id: &str, trace_id: &str, rate: f64) -> bool {
    let mut hasher = Xxh3::new();
    hasher.update(scorer_id.as_bytes());
    hasher.update(&[0]);
    hasher.update(trace_id.as_bytes());
    // The upper 53 bits are what a float holds exactly; the share is below 1.
    let share = (hasher.digest() >> 11) as f64 / (1_u64 << 53) as f64;
    share < rate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_share_and_a_higher_one_takes_more_of_the_same() {
        let taken = |rate: f64| -> Vec<usize> {
            (0..10_000).filter(|number| is_sampled("s", &format!("tr-{number}"), rate)).collect()
        };
        assert_eq!((taken(0.0).len(), taken(1.0).len()), (0, 10_000));
        let (few, many) = (taken(0.1), taken(0.3));
        assert!((900..1_100).contains(&few.len()) && (2_800..3_200).contains(&many.len()));
        assert!(few.iter().all(|one| many.binary_search(one).is_ok()));
        let of_other: Vec<usize> =
            (0..10_000).filter(|number| is_sampled("other", &format!("tr-{number}"), 0.1)).collect();
        assert_ne!(few, of_other);
    }
}
