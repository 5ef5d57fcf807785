//! Scores as numbers.

use serde_json::Value;

/// Returns what a score counts as: a number itself, true and `yes` 1, false and `no` 0, anything else nothing.
///
/// It is the rule by which MLflow's client aggregates feedback.
pub fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::String(text) if text.eq_ignore_ascii_case("yes") => Some(1.0),
        Value::String(text) if text.eq_ignore_ascii_case("no") => Some(0.0),
        _ => None,
    }
}

/// Values added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregate {
    /// How many there are.
    pub count: usize,
    /// Their mean; `None` of none.
    pub mean: Option<f64>,
}

/// Adds up values.
pub fn aggregate(values: impl IntoIterator<Item = f64>) -> Aggregate {
    let (mut count, mut sum) = (0_usize, 0.0);
    for value in values {
        count += 1;
        sum += value;
    }
    Aggregate { count, mean: (count > 0).then(|| sum / count as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scores_count_as_mlflow_counts_them() {
        for (value, expected) in [
            (json!(0.25), Some(0.25)),
            (json!(true), Some(1.0)),
            (json!(false), Some(0.0)),
            (json!("Yes"), Some(1.0)),
            (json!("no"), Some(0.0)),
            (json!("good"), None),
            (json!(null), None),
            (json!([1]), None),
        ] {
            assert_eq!(number_of(&value), expected, "{value}");
        }
    }

    #[test]
    fn the_mean_of_none_is_none() {
        assert_eq!(aggregate([]), Aggregate { count: 0, mean: None });
        assert_eq!(aggregate([1.0, 2.0]), Aggregate { count: 2, mean: Some(1.5) });
    }
}
