//! Which rows of two evaluations belong together.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::hash::Hash;

/// Pairs the rows of two evaluations that have the same key, the first with the first, the second with the second, in the
/// order of `left`; rows of `right` that are left over follow in their order.
///
/// The key is what was asked: an evaluation that is run again asks the same, whatever ids its traces got.
pub fn pair_rows<K: Eq + Hash>(left: &[K], right: &[K]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut waiting: HashMap<&K, VecDeque<usize>> = HashMap::new();
    for (index, key) in right.iter().enumerate() {
        waiting.entry(key).or_default().push_back(index);
    }
    let mut is_paired = vec![false; right.len()];
    let mut pairs = Vec::with_capacity(left.len().max(right.len()));
    for (index, key) in left.iter().enumerate() {
        let partner = waiting.get_mut(key).and_then(VecDeque::pop_front);
        if let Some(partner) = partner {
            is_paired[partner] = true;
        }
        pairs.push((Some(index), partner));
    }
    let left_over = is_paired.iter().enumerate().filter(|(_, is_paired)| !**is_paired);
    pairs.extend(left_over.map(|(index, _)| (None, Some(index))));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_are_paired_in_their_order_and_the_others_stand_alone() {
        let pairs = pair_rows(&["a", "b", "a", "c"], &["a", "a", "a", "d", "b"]);
        let expected = [
            (Some(0), Some(0)),
            (Some(1), Some(4)),
            (Some(2), Some(1)),
            (Some(3), None),
            (None, Some(2)),
            (None, Some(3)),
        ];
        assert_eq!(pairs, expected);
    }
}
