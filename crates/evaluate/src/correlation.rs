//! How much more often two conditions hold together than chance would have it.

/// How many of some things fulfil two conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JointCounts {
    /// All things.
    pub total: u64,
    /// Those of the first condition.
    pub first: u64,
    /// Those of the second condition.
    pub second: u64,
    /// Those of both.
    pub joint: u64,
}

/// Returns the normalized pointwise mutual information of two conditions: 1 if each holds where the other does, 0 if they
/// have nothing to do with each other, -1 if they never hold together; `None` if one of them never holds, or if the
/// counts contradict each other.
///
/// `smoothing` is added to each of the four cells (both, one, the other, neither), so that a few things say less than
/// many; 0.5 is Jeffreys' prior.
pub fn npmi(counts: JointCounts, smoothing: f64) -> Option<f64> {
    let [both, first, second, neither] = cells(counts)?;
    if counts.first == 0 || counts.second == 0 {
        return None;
    }
    if first == 0 && second == 0 && neither == 0 {
        return Some(1.0);
    }
    if both == 0 && smoothing == 0.0 {
        return Some(-1.0);
    }
    let cell = |count: u64| count as f64 + smoothing;
    let joint = cell(both);
    let (of_first, of_second) = (joint + cell(first), joint + cell(second));
    let total = joint + cell(first) + cell(second) + cell(neither);
    // In this order what has nothing to do with each other gives exactly 0.
    let information = (joint.ln() + total.ln()) - (of_first.ln() + of_second.ln());
    Some((information / (total.ln() - joint.ln())).clamp(-1.0, 1.0))
}

/// Returns how many fulfil both, the first alone, the second alone and none.
fn cells(counts: JointCounts) -> Option<[u64; 4]> {
    let JointCounts { total, first, second, joint } = counts;
    let either = first.checked_sub(joint)?.checked_add(second)?;
    Some([joint, first - joint, second.checked_sub(joint)?, total.checked_sub(either)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: [u64; 4], smoothing: f64, expected: Option<f64>) {
        let [joint, first, second, total] = counts;
        let got = npmi(JointCounts { total, first, second, joint }, smoothing);
        let same = match (got, expected) {
            (Some(got), Some(expected)) => (got - expected).abs() < 1e-4,
            _ => got == expected,
        };
        assert!(same, "{counts:?} with {smoothing}: {got:?}, expected {expected:?}");
    }

    #[test]
    fn what_holds_together_is_near_one_and_what_does_not_near_minus_one() {
        check([5, 5, 5, 11], 0.0, Some(1.0));
        check([11, 11, 11, 11], 0.0, Some(1.0));
        check([5, 11, 5, 11], 0.0, Some(0.0));
        check([5, 11, 5, 11], 0.5, Some(-0.0081));
        check([0, 3, 4, 11], 0.0, Some(-1.0));
        check([25, 50, 50, 100], 0.0, Some(0.0));
    }

    #[test]
    fn what_never_holds_says_nothing() {
        check([0, 0, 3, 10], 0.5, None);
        check([0, 0, 0, 0], 0.0, None);
        check([4, 3, 5, 10], 0.0, None);
        check([0, 8, 8, 10], 0.0, None);
    }
}
