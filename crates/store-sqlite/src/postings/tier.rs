//! Which parts to merge: as soon as enough neighbours of about one size are there, so that each posting is rewritten
//! once per size class and the number of parts stays small.

use super::part_writer::PartMeta;
use std::ops::Range;

/// Neighbours of one size class that are merged, and how much larger one class is than the one before.
const FAN_OUT: usize = 8;
/// Bytes of the smallest class.
const SMALLEST_BYTES: u64 = 4 << 10;
/// Documents of a part that is not merged further; the memory of a merge grows with them, at 24 bytes each.
const DOCS_MAX: u32 = 1 << 20;

/// Returns the parts to merge next, if any; `parts` are in order.
pub(crate) fn choose(parts: &[PartMeta]) -> Option<Range<usize>> {
    let classes: Vec<u32> = parts.iter().map(class).collect();
    let largest = classes.iter().copied().max()?;
    (0..=largest).find_map(|class| run_up_to(parts, &classes, class))
}

/// Finds neighbours of at most this class.
fn run_up_to(parts: &[PartMeta], classes: &[u32], class: u32) -> Option<Range<usize>> {
    let mut start = 0;
    let mut docs = 0_u32;
    for end in 0..parts.len() {
        let fits = classes[end] <= class && docs.saturating_add(parts[end].doc_count) <= DOCS_MAX;
        if !fits || (end > start && !adjacent(&parts[end - 1], &parts[end])) {
            start = if classes[end] <= class { end } else { end + 1 };
            docs = 0;
        }
        docs = docs.saturating_add(parts[end].doc_count);
        if end + 1 >= start + FAN_OUT {
            return Some(start..end + 1);
        }
    }
    None
}

fn adjacent(left: &PartMeta, right: &PartMeta) -> bool {
    left.last_block_id.checked_add(1) == Some(right.first_block_id)
}

fn class(part: &PartMeta) -> u32 {
    (part.bytes / SMALLEST_BYTES).checked_ilog(FAN_OUT as u64).map_or(0, |class| class + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts of these sizes, each of 10 blocks and documents; a size of 0 is a gap.
    fn parts(kib: &[u64]) -> Vec<PartMeta> {
        let metas = kib.iter().enumerate().map(|(index, kib)| PartMeta {
            first_block_id: index as i64 * 10 + 1,
            last_block_id: index as i64 * 10 + 10,
            doc_count: 10,
            bytes: kib << 10,
        });
        metas.filter(|meta| meta.bytes > 0).collect()
    }

    #[test]
    fn enough_neighbours_of_one_size_are_merged() {
        assert_eq!(choose(&parts(&[1; 7])), None);
        assert_eq!(choose(&parts(&[1; 8])), Some(0..8));
        assert_eq!(choose(&parts(&[900, 1, 1, 1, 1, 1, 1, 1, 1, 1])), Some(1..9));
    }

    #[test]
    fn a_large_part_or_a_gap_parts_neighbours() {
        assert_eq!(choose(&parts(&[1, 1, 1, 1, 900, 1, 1, 1, 1])), None);
        assert_eq!(choose(&parts(&[1, 1, 1, 1, 0, 1, 1, 1, 1])), None);
    }

    #[test]
    fn smaller_parts_between_larger_ones_go_with_them() {
        assert_eq!(choose(&parts(&[20, 20, 20, 1, 20, 20, 20, 20])), Some(0..8));
    }

    #[test]
    fn full_parts_are_left_alone() {
        let mut full = parts(&[5_000; 8]);
        full.iter_mut().for_each(|part| part.doc_count = DOCS_MAX);
        assert_eq!(choose(&full), None);
    }

    #[test]
    fn the_number_of_parts_grows_with_the_logarithm_of_what_came() {
        let mut parts: Vec<PartMeta> = Vec::new();
        for number in 0..5_000 {
            parts.push(PartMeta {
                first_block_id: number,
                last_block_id: number,
                doc_count: 1,
                bytes: 30 << 10,
            });
            while let Some(range) = choose(&parts) {
                let merged = PartMeta {
                    first_block_id: parts[range.start].first_block_id,
                    last_block_id: parts[range.end - 1].last_block_id,
                    doc_count: parts[range.clone()].iter().map(|part| part.doc_count).sum(),
                    bytes: parts[range.clone()].iter().map(|part| part.bytes).sum(),
                };
                parts.splice(range, [merged]);
            }
            assert!(parts.len() <= 40, "{} parts after {number}", parts.len());
        }
    }
}
