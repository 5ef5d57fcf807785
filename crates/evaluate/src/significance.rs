//! Whether paired values differ by more than chance.

use std::f64::consts::SQRT_2;

/// Differences up to which all ways to turn their signs are tried; more are taken as normally distributed.
const EXACT_MAX: usize = 16;

/// How the second of paired values differs from the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// How many pairs there are.
    pub pairs: usize,
    /// Pairs of which the second is higher.
    pub higher: usize,
    /// Pairs of which the second is lower.
    pub lower: usize,
    /// The mean of second minus first.
    pub mean: f64,
    /// How probable a mean at least as far from 0 is if it were chance which of each pair is first: the two-sided
    /// sign-flip test, of which McNemar's exact test is the case of two values. Exact up to 16 pairs that differ.
    pub p_value: f64,
}

/// Compares paired values, none of which is NaN; `None` without pairs.
pub fn difference(pairs: &[(f64, f64)]) -> Option<Difference> {
    let differences: Vec<f64> = pairs.iter().map(|(first, second)| second - first).collect();
    if differences.is_empty() {
        return None;
    }
    let unequal: Vec<f64> = differences.iter().copied().filter(|difference| *difference != 0.0).collect();
    let higher = unequal.iter().filter(|difference| **difference > 0.0).count();
    Some(Difference {
        pairs: pairs.len(),
        higher,
        lower: unequal.len() - higher,
        mean: differences.iter().sum::<f64>() / pairs.len() as f64,
        p_value: if unequal.len() <= EXACT_MAX { exact(&unequal) } else { normal(&unequal) },
    })
}

/// Counts the ways to turn signs that bring the sum at least as far from 0.
fn exact(differences: &[f64]) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    // The same numbers in another order add up a little differently.
    let tolerance = 1e-9 * differences.iter().map(|difference| difference.abs()).sum::<f64>();
    let ways = 1_u32 << differences.len();
    let mut sum: f64 = differences.iter().sum();
    let mut signs = 0_u32;
    let mut far = 0_u32;
    for way in 0..ways {
        if way > 0 {
            // Gray's code: the next way turns one sign.
            let turned = way.trailing_zeros() as usize;
            signs ^= 1 << turned;
            let sign = if signs >> turned & 1 == 1 { -2.0 } else { 2.0 };
            sum += sign * differences[turned];
        }
        far += u32::from(sum.abs() >= observed - tolerance);
    }
    f64::from(far) / f64::from(ways)
}

fn normal(differences: &[f64]) -> f64 {
    let sum: f64 = differences.iter().sum();
    let deviation = differences.iter().map(|difference| difference * difference).sum::<f64>().sqrt();
    normal_tails(sum / deviation)
}

/// Returns how probable a value at least as far from 0 is under the standard normal distribution.
pub(crate) fn normal_tails(z: f64) -> f64 {
    erfc(z.abs() / SQRT_2).min(1.0)
}

/// The complementary error function of a number from 0 on, by Chebyshev's fit; at most 1.2e-7 off, relatively.
fn erfc(x: f64) -> f64 {
    const FIT: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let t = 1.0 / (1.0 + 0.5 * x);
    let exponent = FIT.iter().rev().fold(0.0, |sum, coefficient| sum * t + coefficient);
    t * (exponent - x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn p_value(differences: &[f64]) -> f64 {
        let pairs: Vec<(f64, f64)> = differences.iter().map(|difference| (1.0, 1.0 + difference)).collect();
        difference(&pairs).unwrap().p_value
    }

    #[test]
    fn no_pairs_have_no_difference_and_equal_ones_are_chance() {
        assert_eq!(difference(&[]), None);
        let equal = difference(&[(1.0, 1.0), (0.0, 0.0)]).unwrap();
        assert_eq!(equal, Difference { pairs: 2, higher: 0, lower: 0, mean: 0.0, p_value: 1.0 });
    }

    #[test]
    fn two_values_give_mcnemars_exact_test() {
        // 9 of 10 pairs got better: 2 · (C(10,9) + C(10,10)) / 2^10.
        let mut differences = vec![1.0; 9];
        differences.extend([-1.0, 0.0, 0.0]);
        assert!((p_value(&differences) - 22.0 / 1024.0).abs() < 1e-12);
    }

    #[test]
    fn sizes_count() {
        // Only turning none or all of the signs is as far from 0: 2 of 8 ways.
        assert_eq!(p_value(&[1.0, 2.0, 4.0]), 0.25);
        // |1 + 2 − 4| = 1 is the nearest, so that every way is as far.
        assert_eq!(p_value(&[1.0, 2.0, -4.0]), 1.0);
    }

    #[test]
    fn many_pairs_agree_with_the_normal_distribution() {
        // 60 better and 40 worse: z = 20 / 10 = 2.
        let differences: Vec<f64> = (0..100).map(|index| if index < 60 { 1.0 } else { -1.0 }).collect();
        assert!((p_value(&differences) - 0.045_500_26).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_which_is_first(differences in prop::collection::vec(-10_i32..10, 0..40)) {
            let pairs: Vec<(f64, f64)> = differences.iter().map(|d| (0.0, f64::from(*d))).collect();
            let turned: Vec<(f64, f64)> = pairs.iter().map(|(a, b)| (*b, *a)).collect();
            match (difference(&pairs), difference(&turned)) {
                (None, None) => {}
                (Some(there), Some(back)) => {
                    prop_assert!((there.p_value - back.p_value).abs() < 1e-9);
                    prop_assert!(there.p_value > 0.0 && there.p_value <= 1.0);
                    prop_assert_eq!((there.higher, there.lower), (back.lower, back.higher));
                }
                _ => prop_assert!(false),
            }
        }
    }
}
