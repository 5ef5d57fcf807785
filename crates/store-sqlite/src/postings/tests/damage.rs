//! A file that is not what was written is found out, and costs no trace.

use super::fixture::{TestBlock, ask, build, set_of, span, text};
use crate::postings::{Candidates, Part, TermQuery};
use std::collections::BTreeSet;

/// A part with lists inside and outside of the dictionary.
fn part_bytes() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let block = |trace: i64| {
        TestBlock::new(trace, vec![span("chat", vec![("key", text(&format!("word{}", trace % 40)))])])
    };
    let blocks: Vec<TestBlock> = (0..700).map(block).collect();
    let path = folder.path().join("1.idx");
    build(&path, 1, &blocks).verify().unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn any_flipped_bit_or_cut_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.idx");
    let bytes = part_bytes();
    let is_damaged = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Part::open(&path).and_then(|part| part.verify()).is_err()
    };
    assert!(!is_damaged(&bytes));
    for index in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[index] ^= 1 << (index % 8);
        assert!(is_damaged(&flipped), "byte {index} of {}", bytes.len());
    }
    for end in (0..bytes.len()).step_by(97) {
        assert!(is_damaged(&bytes[..end]), "cut at {end}");
    }
}

#[test]
fn a_damaged_part_narrows_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.idx");
    let mut bytes = part_bytes();
    std::fs::write(&path, &bytes).unwrap();
    let expected: BTreeSet<i64> = (0..700).filter(|trace| trace % 40 == 3).collect();
    assert_eq!(ask(&set_of(vec![Part::open(&path).unwrap()]), &TermQuery::Word("word3")), expected);
    // The dictionary follows the header and the lists; its end is before the table of documents.
    bytes[600] ^= 1;
    bytes[60] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let set = set_of(vec![Part::open(&path).unwrap()]);
    assert_eq!(set.evaluate(&TermQuery::WordContaining("word"), &|| Ok(())).unwrap(), Candidates::All);
    assert_eq!(set.evaluate(&TermQuery::Word("word3"), &|| Ok(())).unwrap(), Candidates::All);
}
