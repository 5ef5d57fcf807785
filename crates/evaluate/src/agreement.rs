//! Whether reviewers who answered the same question about the same things agree.

use std::collections::{BTreeMap, BTreeSet};

/// One answer: about what, by whom, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    /// What the question was about.
    pub subject: &'a str,
    /// Who answered.
    pub rater: &'a str,
    /// The answer; two are the same if their texts are.
    pub category: &'a str,
}

/// How far raters agree on one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Things that at least two raters answered about.
    pub subjects: usize,
    /// Of them, those about which all said the same.
    pub unanimous: usize,
    /// The share of pairs of answers about the same thing that are the same, 0 to 1; `None` without pairs.
    pub share: Option<f64>,
    /// The mean of the kappas of all pairs of raters that have one (Light's kappa); of two raters, Cohen's.
    pub kappa: Option<f64>,
    /// Each two raters who answered about the same thing, in the order of their names.
    pub pairs: Vec<RaterPair>,
}

/// How far two raters agree.
#[derive(Debug, Clone, PartialEq)]
pub struct RaterPair {
    /// The first.
    pub first: String,
    /// The second.
    pub second: String,
    /// Things that both answered about.
    pub subjects: usize,
    /// Of them, those about which both said the same.
    pub agreed: usize,
    /// Cohen's kappa: how much more they agree than two would who answer at random, each as often this or that as they do;
    /// 1 is always, 0 no more. `None` if chance alone makes them agree, as when both always say the same.
    pub kappa: Option<f64>,
}

/// Compares answers to one question. A rater who answered about the same thing again is heard the last time.
pub fn agreement(answers: &[Answer<'_>]) -> Agreement {
    let mut by_subject: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for answer in answers {
        by_subject.entry(answer.subject).or_default().insert(answer.rater, answer.category);
    }
    let shared: Vec<_> = by_subject.into_values().filter(|raters| raters.len() > 1).collect();
    let is_unanimous = |raters: &&BTreeMap<&str, &str>| raters.values().collect::<BTreeSet<_>>().len() == 1;
    let unanimous = shared.iter().filter(is_unanimous).count();
    let mut by_pair: BTreeMap<(&str, &str), Vec<(&str, &str)>> = BTreeMap::new();
    for raters in &shared {
        let raters: Vec<_> = raters.iter().collect();
        for (index, (first, said)) in raters.iter().enumerate() {
            for (second, also) in &raters[index + 1..] {
                by_pair.entry((first, second)).or_default().push((said, also));
            }
        }
    }
    let pairs: Vec<RaterPair> = by_pair.iter().map(|(raters, said)| rater_pair(*raters, said)).collect();
    let (all, agreed) =
        pairs.iter().fold((0, 0), |(all, agreed), pair| (all + pair.subjects, agreed + pair.agreed));
    let kappas: Vec<f64> = pairs.iter().filter_map(|pair| pair.kappa).collect();
    Agreement {
        subjects: shared.len(),
        unanimous,
        share: (all > 0).then(|| agreed as f64 / all as f64),
        kappa: (!kappas.is_empty()).then(|| kappas.iter().sum::<f64>() / kappas.len() as f64),
        pairs,
    }
}

fn rater_pair((first, second): (&str, &str), said: &[(&str, &str)]) -> RaterPair {
    RaterPair {
        first: first.to_owned(),
        second: second.to_owned(),
        subjects: said.len(),
        agreed: said.iter().filter(|(one, other)| one == other).count(),
        kappa: cohen_kappa(said),
    }
}

/// Returns Cohen's kappa of paired answers; `None` without pairs, or where chance alone would make all of them agree.
pub fn cohen_kappa(pairs: &[(&str, &str)]) -> Option<f64> {
    let total = pairs.len() as f64;
    let mut counts: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (one, other) in pairs {
        counts.entry(one).or_default().0 += 1.0;
        counts.entry(other).or_default().1 += 1.0;
    }
    let observed = pairs.iter().filter(|(one, other)| one == other).count() as f64 / total;
    let expected: f64 = counts.values().map(|(one, other)| one * other / (total * total)).sum();
    (!pairs.is_empty() && expected < 1.0).then(|| (observed - expected) / (1.0 - expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(cells: &[(&'static str, &'static str, usize)]) -> Vec<(&'static str, &'static str)> {
        cells.iter().flat_map(|(one, other, count)| std::iter::repeat_n((*one, *other), *count)).collect()
    }

    #[test]
    fn kappa_is_what_textbooks_say() {
        // 20 both yes, 15 both no, 5 and 10 apart: observed 0.7, by chance 0.5.
        let table = pairs(&[("yes", "yes", 20), ("yes", "no", 5), ("no", "yes", 10), ("no", "no", 15)]);
        assert!((cohen_kappa(&table).unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(cohen_kappa(&pairs(&[("a", "a", 3), ("b", "b", 2)])), Some(1.0));
        assert_eq!(cohen_kappa(&pairs(&[("a", "b", 1), ("b", "a", 1)])), Some(-1.0));
    }

    #[test]
    fn where_chance_makes_all_agree_there_is_no_kappa() {
        assert_eq!(cohen_kappa(&[]), None);
        assert_eq!(cohen_kappa(&pairs(&[("yes", "yes", 9)])), None);
    }

    fn answers(table: &[(&'static str, &'static str, &'static str)]) -> Vec<Answer<'static>> {
        table.iter().map(|(subject, rater, category)| Answer { subject, rater, category }).collect()
    }

    #[test]
    fn each_two_raters_are_compared_where_both_answered() {
        let found = agreement(&answers(&[
            ("1", "ann", "yes"),
            ("1", "bob", "yes"),
            ("1", "cyd", "yes"),
            ("2", "bob", "no"),
            ("2", "ann", "yes"),
            ("3", "bob", "no"),
            ("3", "ann", "no"),
            ("4", "cyd", "no"),
        ]));
        assert_eq!((found.subjects, found.unanimous), (3, 2));
        // Ann and Bob agree twice of three times, each of them once with Cyd.
        assert_eq!(found.share, Some(4.0 / 5.0));
        let pairs: Vec<_> =
            found.pairs.iter().map(|pair| (pair.first.as_str(), pair.second.as_str(), pair.agreed)).collect();
        assert_eq!(pairs, [("ann", "bob", 2), ("ann", "cyd", 1), ("bob", "cyd", 1)]);
        // Of one answer each that is the same, chance says as much.
        assert_eq!(found.kappa, found.pairs[0].kappa);
        assert!((found.kappa.unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn a_later_answer_of_the_same_rater_replaces_the_earlier() {
        let found = agreement(&answers(&[("1", "ann", "no"), ("1", "bob", "yes"), ("1", "ann", "yes")]));
        assert_eq!((found.subjects, found.unanimous, found.share), (1, 1, Some(1.0)));
    }

    #[test]
    fn of_one_rater_there_is_nothing_to_say() {
        let found = agreement(&answers(&[("1", "ann", "no"), ("2", "ann", "no")]));
        assert_eq!((found.subjects, found.share, found.kappa), (0, None, None));
        assert!(found.pairs.is_empty());
    }
}
