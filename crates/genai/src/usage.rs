//! Token counts as spans report them.

use crate::engine::{Count, Part, Slot};
use crate::json::{Cursor, Node};
use spanwise_model::TokenUsage;
use spanwise_otlp::AnyValueView;

/// The keys of MLflow's usage map, in the order in which they are written.
pub(crate) const USAGE_KEYS: [(&str, Count); 6] = [
    ("input_tokens", Count::Input),
    ("output_tokens", Count::Output),
    ("total_tokens", Count::Total),
    ("cache_read_input_tokens", Count::CacheRead),
    ("cache_creation_input_tokens", Count::CacheCreation),
    ("cache_creation_input_tokens_above_1hr", Count::CacheCreationAbove1h),
];

/// The counts that a span reports; `None` where it is silent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reported {
    counts: [Option<u64>; USAGE_KEYS.len()],
}

impl Reported {
    pub(crate) fn get(&self, count: Count) -> Option<u64> {
        self.counts[count as usize]
    }

    fn set_once(&mut self, count: Count, value: Option<u64>) {
        let place = &mut self.counts[count as usize];
        *place = place.or(value);
    }

    /// Returns whether there is input, output or total; cache counts alone are no usage.
    fn is_usage(&self) -> bool {
        [Count::Input, Count::Output, Count::Total].iter().any(|&count| self.get(count).is_some())
    }

    /// Returns whether there is input or output, not only a total.
    fn has_parts(&self) -> bool {
        self.get(Count::Input).or(self.get(Count::Output)).is_some()
    }

    /// Counts the cached tokens as input, as every other dialect does.
    fn add_cached_input(&mut self) {
        let cached = [Count::CacheRead, Count::CacheCreation].into_iter().filter_map(|count| self.get(count));
        let cached = cached.fold(0, u64::saturating_add);
        if let Some(input) = &mut self.counts[Count::Input as usize] {
            *input = input.saturating_add(cached);
        }
    }

    /// Adds the total where input and output are both known.
    fn with_total(mut self) -> Self {
        if let (Some(input), Some(output)) = (self.get(Count::Input), self.get(Count::Output)) {
            self.set_once(Count::Total, Some(input.saturating_add(output)));
        }
        self
    }

    /// Returns the usage, where a missing total is the sum of what is known.
    pub(crate) fn usage(&self) -> TokenUsage {
        let input = self.get(Count::Input).unwrap_or(0);
        let output = self.get(Count::Output).unwrap_or(0);
        TokenUsage {
            input,
            output,
            total: self.get(Count::Total).unwrap_or(input.saturating_add(output)),
            cache_read: self.get(Count::CacheRead),
            cache_creation: self.get(Count::CacheCreation),
            cache_creation_above_1h: self.get(Count::CacheCreationAbove1h),
        }
    }
}

/// Finds the usage among hits that come in order of precedence.
///
/// The first dialect that reports any input or output supplies all counts: counts of two dialects are never mixed,
/// since one may include the cached tokens and the other not. A total alone counts if no dialect says more.
#[derive(Default)]
pub(crate) struct UsagePick {
    dialect: u16,
    excludes_cache: bool,
    reported: Reported,
    /// Of an earlier dialect that has only a total.
    total: Reported,
}

impl UsagePick {
    pub(crate) fn take(&mut self, slot: &Slot, value: AnyValueView<'_>) {
        if slot.dialect != self.dialect {
            if self.reported.has_parts() {
                return;
            }
            let total = if self.total.is_usage() { self.total } else { self.reported };
            let (dialect, excludes_cache) = (slot.dialect, slot.excludes_cache);
            *self = UsagePick { dialect, excludes_cache, reported: Reported::default(), total };
        }
        match slot.part {
            Part::Count(count) => self.reported.set_once(count, native_count(value)),
            Part::FilledCount(count) => {
                self.reported.set_once(count, native_count(value).filter(|count| *count > 0));
            }
            _ => self.reported = read_usage_map(Cursor::of_attribute(value)),
        }
    }

    pub(crate) fn finish(&mut self) -> Option<Reported> {
        if self.total.is_usage() && !self.reported.has_parts() {
            self.reported = self.total;
        } else if self.excludes_cache {
            self.reported.add_cached_input();
        }
        self.reported.is_usage().then(|| self.reported.with_total())
    }
}

/// Returns the counts of a map; `None` if it has none.
pub(crate) fn reported_in(map: Cursor<'_>) -> Option<Reported> {
    let reported = read_usage_map(map);
    reported.is_usage().then(|| reported.with_total())
}

/// What else maps of counts call them; Langfuse lets its users choose.
const OTHER_KEYS: [(&str, Count); 13] = [
    ("input", Count::Input),
    ("prompt_tokens", Count::Input),
    ("inputTokens", Count::Input),
    ("promptTokens", Count::Input),
    ("output", Count::Output),
    ("completion_tokens", Count::Output),
    ("outputTokens", Count::Output),
    ("completionTokens", Count::Output),
    ("total", Count::Total),
    ("totalTokens", Count::Total),
    ("input_cached_tokens", Count::CacheRead),
    ("prompt_cached_tokens", Count::CacheRead),
    ("input_cache_creation", Count::CacheCreation),
];

fn read_usage_map(map: Cursor<'_>) -> Reported {
    let mut reported = Reported::default();
    let Node::Map(entries) = map.node() else { return reported };
    for (key, value) in entries {
        if let Some((_, count)) = USAGE_KEYS.iter().find(|(own, _)| *own == key) {
            // Of equal keys the last one counts, as in Python.
            reported.counts[*count as usize] = cursor_count(value);
        }
    }
    if !reported.has_parts() {
        for (key, count) in OTHER_KEYS {
            reported.set_once(count, map.get(key).and_then(cursor_count));
        }
    }
    reported
}

/// Reads a token count; whole numbers may come as floating point or text. Negative ones are no count.
pub(crate) fn native_count(value: AnyValueView<'_>) -> Option<u64> {
    match value {
        AnyValueView::Int(number) => u64::try_from(number).ok(),
        AnyValueView::Double(number) => whole_number(number),
        AnyValueView::String(text) => count_of_text(text),
        _ => None,
    }
}

fn cursor_count(cursor: Cursor<'_>) -> Option<u64> {
    match cursor.node() {
        Node::Number(text) | Node::Text(text) => count_of_text(&text),
        _ => None,
    }
}

fn count_of_text(text: &str) -> Option<u64> {
    let text = text.trim();
    text.parse().ok().or_else(|| whole_number(text.parse().ok()?))
}

fn whole_number(number: f64) -> Option<u64> {
    // Above 2^53 a double no longer tells neighbours apart; no span has that many tokens.
    (number.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_may_be_numbers_or_numeric_text() {
        assert_eq!(native_count(AnyValueView::Int(12)), Some(12));
        assert_eq!(native_count(AnyValueView::String(" 12 ")), Some(12));
        assert_eq!(native_count(AnyValueView::String("12.0")), Some(12));
        assert_eq!(native_count(AnyValueView::Double(12.0)), Some(12));
        for value in [AnyValueView::Int(-1), AnyValueView::Double(1.5), AnyValueView::Double(f64::NAN)] {
            assert_eq!(native_count(value), None);
        }
        assert_eq!(native_count(AnyValueView::String("many")), None);
        assert_eq!(native_count(AnyValueView::Bool(true)), None);
    }
}
