//! Whether two samples that share no rows differ by more than chance: two means by Welch's test, two shares by Fisher's.

use crate::Moments;

/// Up to so many values in all, shares are compared exactly; more are taken as normally distributed.
const EXACT_MAX: u64 = 10_000;
/// Terms of a continued fraction; it takes some ten where it is used.
const TERMS_MAX: usize = 300;

/// How a second sample differs from a first one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The second mean (or share) minus the first.
    pub mean: f64,
    /// How probable a difference at least as large is if both are samples of the same; `None` where a sample is too small to
    /// tell how far it spreads.
    pub p_value: Option<f64>,
}

/// Compares two means by Welch's t-test, two-sided, which lets the samples spread differently; `None` if one is empty.
///
/// It holds of any values of which there are some dozen, since means of these are about normal; single times and costs are
/// not, so that of a handful of traces it is a hint.
pub fn mean_change(first: &Moments, second: &Moments) -> Option<Change> {
    let mean = second.mean()? - first.mean()?;
    let spread = |moments: &Moments| Some((moments.variance()? / moments.count as f64, moments.count as f64));
    let p_value = spread(first).zip(spread(second)).map(|((first, of_first), (second, of_second))| {
        let error = first + second;
        if error == 0.0 {
            // Values that never vary: any difference is one.
            return if mean == 0.0 { 1.0 } else { 0.0 };
        }
        let freedom =
            error * error / (first * first / (of_first - 1.0) + second * second / (of_second - 1.0));
        student_tails(mean / error.sqrt(), freedom)
    });
    Some(Change { mean, p_value })
}

/// Compares the share of hits in two samples, each given as hits and size; `None` if one is empty.
///
/// Exact by Fisher's test, two-sided: all tables with the same sums that are no more probable than this one. Of more than
/// 10,000 values the shares are taken as normal.
pub fn share_change(first: (u64, u64), second: (u64, u64)) -> Option<Change> {
    let share = |(hits, size): (u64, u64)| (size > 0).then(|| hits as f64 / size as f64);
    let mean = share(second)? - share(first)?;
    let is_small = first.1 + second.1 <= EXACT_MAX;
    let p_value = if is_small { fisher(first, second) } else { normal_shares(first, second, mean) };
    Some(Change { mean, p_value: Some(p_value) })
}

fn fisher(first: (u64, u64), second: (u64, u64)) -> f64 {
    let (size, all, hits) = (first.1, first.1 + second.1, first.0 + second.0);
    let log_factorials = log_factorials(all);
    let choose = |of: u64, some: u64| {
        log_factorials[of as usize] - log_factorials[some as usize] - log_factorials[(of - some) as usize]
    };
    let log_chance = |first: u64| choose(size, first) + choose(all - size, hits - first) - choose(all, hits);
    // The same table found in another way has a slightly other logarithm.
    let observed = log_chance(first.0) + 1e-7;
    let tables = hits.saturating_sub(all - size)..=hits.min(size);
    let chances = tables.map(log_chance).filter(|chance| *chance <= observed).map(f64::exp);
    chances.sum::<f64>().min(1.0)
}

fn log_factorials(up_to: u64) -> Vec<f64> {
    let mut sum = 0.0;
    let next = |number: u64| {
        sum += (number.max(1) as f64).ln();
        sum
    };
    (0..=up_to).map(next).collect()
}

fn normal_shares(first: (u64, u64), second: (u64, u64), difference: f64) -> f64 {
    let all = (first.1 + second.1) as f64;
    let share = (first.0 + second.0) as f64 / all;
    let error = (share * (1.0 - share) * (1.0 / first.1 as f64 + 1.0 / second.1 as f64)).sqrt();
    if error == 0.0 {
        return 1.0;
    }
    crate::significance::normal_tails(difference / error)
}

/// Returns how probable a value at least as far from 0 is under Student's t with so many degrees of freedom.
fn student_tails(t: f64, freedom: f64) -> f64 {
    incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t)).clamp(0.0, 1.0)
}

/// The regularized incomplete beta function, by its continued fraction.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let log_front = log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * x.ln() + b * (1.0 - x).ln();
    // The fraction converges fast on one side of the mean, and the function is symmetric.
    if x < (a + 1.0) / (a + b + 2.0) {
        log_front.exp() * beta_fraction(a, b, x) / a
    } else {
        1.0 - log_front.exp() * beta_fraction(b, a, 1.0 - x) / b
    }
}

/// Lentz's way to evaluate the continued fraction.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for term in 1..=TERMS_MAX {
        let m = term as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + coefficient * d);
            c = away_from_zero(1.0 + coefficient / c);
            step = c * d;
            fraction *= step;
        }
        if (step - 1.0).abs() < 1e-14 {
            break;
        }
    }
    fraction
}

/// The logarithm of the gamma function of a positive number: Stirling's series, far enough out to be exact to 1e-13.
fn log_gamma(x: f64) -> f64 {
    const OUT: f64 = 12.0;
    let (mut at, mut product) = (x, 1.0);
    while at < OUT {
        product *= at;
        at += 1.0;
    }
    let inverse = 1.0 / (at * at);
    let series = (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse / 1680.0))) / at;
    (at - 0.5) * at.ln() - at + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - product.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moments(values: &[f64]) -> Moments {
        values.iter().copied().collect()
    }

    fn near(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }

    #[test]
    fn students_tails_are_those_of_tables() {
        // Two-sided critical values at 5 %, and the Cauchy distribution, which is exact.
        near(Some(student_tails(12.706_204_736, 1.0)), 0.05);
        near(Some(student_tails(2.228_138_852, 10.0)), 0.05);
        near(Some(student_tails(1.0, 1.0)), 0.5);
        near(Some(student_tails(1.959_963_985, 1e9)), 0.05);
        near(Some(student_tails(0.0, 5.0)), 1.0);
    }

    #[test]
    fn means_are_compared_by_welchs_test() {
        // Means 3 and 5, variances 2.5 and 2.5, 5 each: t = 2, 8 degrees of freedom.
        let change = mean_change(&moments(&[1.0, 2.0, 3.0, 4.0, 5.0]), &moments(&[3.0, 4.0, 5.0, 6.0, 7.0]));
        assert_eq!(change.unwrap().mean, 2.0);
        near(change.unwrap().p_value, 0.080_516);
    }

    #[test]
    fn too_few_values_tell_nothing() {
        assert_eq!(mean_change(&moments(&[]), &moments(&[1.0])), None);
        let one = mean_change(&moments(&[1.0]), &moments(&[2.0, 3.0])).unwrap();
        assert_eq!((one.mean, one.p_value), (1.5, None));
        let constant = mean_change(&moments(&[1.0, 1.0]), &moments(&[2.0, 2.0])).unwrap();
        assert_eq!(constant.p_value, Some(0.0));
        assert_eq!(mean_change(&moments(&[1.0, 1.0]), &moments(&[1.0, 1.0])).unwrap().p_value, Some(1.0));
    }

    #[test]
    fn shares_are_compared_by_fishers_test() {
        // The lady tasting tea: 3 of 4 and 1 of 4.
        near(share_change((3, 4), (1, 4)).unwrap().p_value, 34.0 / 70.0);
        near(share_change((4, 4), (0, 4)).unwrap().p_value, 2.0 / 70.0);
        assert_eq!(share_change((4, 4), (0, 4)).unwrap().mean, -1.0);
        near(share_change((2, 4), (2, 4)).unwrap().p_value, 1.0);
        near(share_change((5, 5), (7, 7)).unwrap().p_value, 1.0);
        assert_eq!(share_change((0, 0), (1, 4)), None);
    }

    #[test]
    fn many_values_give_about_the_same_exactly_and_normally() {
        let (first, second) = ((2_300, 5_000), (2_400, 5_000));
        let exact = share_change(first, second).unwrap().p_value.unwrap();
        let normal = normal_shares(first, second, 0.02);
        assert!((exact - normal).abs() < 0.003, "{exact} and {normal}");
        near(share_change((60_000, 100_000), (60_000, 100_000)).unwrap().p_value, 1.0);
        assert_eq!(share_change((0, 100_000), (0, 100_000)).unwrap().p_value, Some(1.0));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_which_is_first(
            first in prop::collection::vec(-100.0_f64..100.0, 2..30),
            second in prop::collection::vec(-100.0_f64..100.0, 2..30),
        ) {
            let (first, second) = (moments(&first), moments(&second));
            let there = mean_change(&first, &second).unwrap();
            let back = mean_change(&second, &first).unwrap();
            prop_assert!((there.p_value.unwrap() - back.p_value.unwrap()).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&there.p_value.unwrap()));
            prop_assert!((there.mean + back.mean).abs() < 1e-9);
        }

        #[test]
        fn shares_give_probabilities(a in 0_u64..40, b in 0_u64..40, more in 0_u64..40, less in 1_u64..40) {
            let (first, second) = ((a, a + more), (b, b + less));
            if let Some(change) = share_change(first, second) {
                let p_value = change.p_value.unwrap();
                prop_assert!(p_value > 0.0 && p_value <= 1.0);
                let back = share_change(second, first).unwrap();
                prop_assert!((p_value - back.p_value.unwrap()).abs() < 1e-9);
            }
        }
    }
}
