//! Which parts to merge, so that they stay few and no posting is rewritten often.

use super::part_writer::PartMeta;
use std::ops::Range;

/// Fewest parts that are merged into one.
const FAN_OUT: usize = 8;
/// How much larger than its largest source a merged part must be: it bounds how often a posting is rewritten.
const GROWTH: u64 = 4;
/// With more parts than this some are merged, whatever they are.
const PARTS_MAX: usize = 64;
/// Documents of a part that is not merged further; the memory of a merge grows with them, at 24 bytes each.
const DOCS_MAX: u32 = 1 << 20;

/// Neighbours that could be merged.
struct Run {
    range: Range<usize>,
    bytes: u64,
    largest: u64,
}

impl Run {
    fn is_worth_it(&self) -> bool {
        self.bytes >= self.largest.saturating_mul(GROWTH)
    }
}

/// Returns the parts to merge next, if any; `parts` are in order.
pub(crate) fn choose(parts: &[PartMeta]) -> Option<Range<usize>> {
    let runs: Vec<Run> = (0..parts.len()).flat_map(|start| runs_from(parts, start)).collect();
    let worth_it = runs.iter().filter(|run| run.is_worth_it());
    // The smallest first, and as many of them as there are.
    let best = worth_it.min_by_key(|run| (run.largest, usize::MAX - run.range.len()));
    let cheapest = || runs.iter().filter(|_| parts.len() > PARTS_MAX).min_by_key(|run| run.bytes);
    best.or_else(cheapest).map(|run| run.range.clone())
}

/// Returns the runs of at least [`FAN_OUT`] neighbours that start at a part.
fn runs_from(parts: &[PartMeta], start: usize) -> Vec<Run> {
    let mut runs = Vec::new();
    let (mut bytes, mut largest, mut docs) = (0_u64, 0, 0_u32);
    for (index, part) in parts.iter().enumerate().skip(start) {
        docs = docs.saturating_add(part.doc_count);
        if docs > DOCS_MAX {
            break;
        }
        bytes = bytes.saturating_add(part.bytes);
        largest = part.bytes.max(largest);
        if index - start + 1 >= FAN_OUT {
            runs.push(Run { range: start..index + 1, bytes, largest });
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts of these sizes, each of 10 blocks and documents.
    fn parts(kib: &[u64]) -> Vec<PartMeta> {
        let metas = kib.iter().enumerate().map(|(index, kib)| PartMeta {
            first_block_id: index as i64 * 10 + 1,
            last_block_id: index as i64 * 10 + 10,
            doc_count: 10,
            bytes: kib << 10,
        });
        metas.collect()
    }

    #[test]
    fn enough_neighbours_of_about_one_size_are_merged() {
        assert_eq!(choose(&parts(&[1; 7])), None);
        assert_eq!(choose(&parts(&[1; 8])), Some(0..8));
        assert_eq!(choose(&parts(&[8, 7, 6, 5, 4, 3, 2, 1])), Some(0..8));
        assert_eq!(choose(&parts(&[900, 1, 1, 1, 1, 1, 1, 1, 1, 1])), Some(1..10));
    }

    #[test]
    fn a_large_part_is_not_rewritten_for_small_ones() {
        assert_eq!(choose(&parts(&[900, 1, 1, 1, 1, 1, 1, 1])), None);
        assert_eq!(choose(&parts(&[1, 1, 1, 1, 900, 1, 1, 1, 1])), None);
    }

    #[test]
    fn full_parts_are_left_alone() {
        let mut full = parts(&[5_000; 8]);
        full.iter_mut().for_each(|part| part.doc_count = DOCS_MAX);
        assert_eq!(choose(&full), None);
    }

    #[test]
    fn too_many_parts_are_merged_whatever_they_are() {
        let uneven: Vec<u64> =
            (0..=PARTS_MAX).map(|index| if index % 2 == 0 { 1 << (index / 4) } else { 1 }).collect();
        assert_eq!(choose(&parts(&uneven)), Some(0..8));
    }

    #[test]
    fn parts_stay_few_and_are_not_rewritten_often() {
        let mut parts: Vec<PartMeta> = Vec::new();
        let (mut written, mut merged_bytes) = (0, 0);
        for number in 0..5_000 {
            let bytes = (number as u64 * 7919 % 61 + 1) << 10;
            written += bytes;
            parts.push(PartMeta { first_block_id: number, last_block_id: number, doc_count: 1, bytes });
            while let Some(range) = choose(&parts) {
                let merged = PartMeta {
                    first_block_id: parts[range.start].first_block_id,
                    last_block_id: parts[range.end - 1].last_block_id,
                    doc_count: parts[range.clone()].iter().map(|part| part.doc_count).sum(),
                    bytes: parts[range.clone()].iter().map(|part| part.bytes).sum(),
                };
                merged_bytes += merged.bytes;
                parts.splice(range, [merged]);
            }
            assert!(parts.len() <= 40, "{} parts after {number}", parts.len());
        }
        assert!(merged_bytes < written * 5, "each byte was rewritten {} times", merged_bytes / written);
    }
}
