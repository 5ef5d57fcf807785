//! Mean and spread of values that come one by one and are not kept.

/// Count, mean and spread of values, as far as they were added; by Welford's method, which does not cancel.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    /// How many values there are.
    pub count: u64,
    /// Apart from the running mean, which is a little off: what a person adds up must be the same.
    sum: f64,
    mean: f64,
    /// The sum of the squares of what each differs from the mean.
    squares: f64,
}

impl Moments {
    /// Adds a value; one that is no finite number is passed over.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        self.sum += value;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// Returns the mean; `None` of no value.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// Returns the sum.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Returns the variance of what the values are a sample of; `None` of fewer than 2.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Moments::default();
        values.into_iter().for_each(|value| moments.add(value));
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_summed_up_as_they_come() {
        let moments: Moments = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().collect();
        assert_eq!((moments.count, moments.mean(), moments.sum()), (8, Some(5.0), 40.0));
        let shares: Moments = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0].into_iter().collect();
        assert_eq!(shares.mean(), Some(0.125));
        assert!((moments.variance().unwrap() - 32.0 / 7.0).abs() < 1e-12);
    }

    #[test]
    fn of_none_nothing_is_known() {
        let moments: Moments = [f64::NAN, f64::INFINITY].into_iter().collect();
        assert_eq!((moments.count, moments.mean(), moments.variance()), (0, None, None));
        assert_eq!([1.0].into_iter().collect::<Moments>().variance(), None);
    }

    #[test]
    fn a_small_spread_far_from_zero_is_not_lost() {
        let moments: Moments = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0].into_iter().collect();
        assert!((moments.variance().unwrap() - 30.0).abs() < 1e-6);
    }
}
