//! A file that is not what was written is found out, and costs no trace.

use super::fixture::{TestBlock, ask, build, set_of, span, text};
use crate::postings::part::Part;
use crate::postings::part_writer::{CRC_BYTES, FOOTER_BYTES, Footer};
use crate::postings::{Candidates, TermQuery};
use spanwise_store::StoreResult;
use std::collections::BTreeSet;
use std::ops::Range;

/// A part with lists inside and outside of the dictionary.
fn part_bytes() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let block = |trace: i64| {
        TestBlock::new(trace, vec![span("chat", vec![("key", text(&format!("word{}", trace % 2)))])])
    };
    let blocks: Vec<TestBlock> = (0..160).map(block).collect();
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

/// Opens a part of which some bytes of the footer were changed, and its checksum with them.
fn open_with_footer(field: Range<usize>, value: u8) -> StoreResult<Part> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.idx");
    let mut bytes = part_bytes();
    let start = bytes.len() - FOOTER_BYTES;
    bytes[start + field.start..start + field.end].fill(value);
    // Behind the checksum are the six bytes that a part begins with, too.
    let sum = bytes.len() - 6 - CRC_BYTES;
    let crc = crc32c::crc32c(&bytes[start..sum]).to_le_bytes();
    bytes[sum..sum + CRC_BYTES].copy_from_slice(&crc);
    std::fs::write(&path, bytes).unwrap();
    Part::open(&path)
}

#[test]
fn a_footer_that_is_whole_and_impossible_is_refused() {
    // Where the table of documents begins, where the directory does, and how many documents there are.
    for field in [0..8, 8..16, 40..44] {
        for value in [0x00, 0x7f] {
            let error = open_with_footer(field.clone(), value).map(drop).unwrap_err();
            assert!(error.message().contains("impossible offsets"), "{field:?}, {value}: {error}");
        }
    }
    // How many terms there are is seen by whoever reads all of them.
    let error = open_with_footer(48..56, 0).unwrap().verify().unwrap_err();
    assert!(error.message().contains("terms instead of 0"), "{error}");
}

#[test]
fn a_damaged_part_narrows_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.idx");
    let mut bytes = part_bytes();
    std::fs::write(&path, &bytes).unwrap();
    let expected: BTreeSet<i64> = (0..160).filter(|trace| trace % 2 == 1).collect();
    assert_eq!(ask(&set_of(vec![Part::open(&path).unwrap()]), &TermQuery::Word("word1")), expected);
    let footer = Footer::decode(bytes.last_chunk().unwrap()).unwrap();
    // The dictionary, here one block and its checksum, is what precedes the table of documents.
    bytes[footer.docs_offset as usize - CRC_BYTES - 1] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let set = set_of(vec![Part::open(&path).unwrap()]);
    assert_eq!(set.problems().len(), 1);
    assert_eq!(set.evaluate(&TermQuery::WordContaining("word"), &|| Ok(())).unwrap(), Candidates::All);
    assert_eq!(set.evaluate(&TermQuery::Word("word1"), &|| Ok(())).unwrap(), Candidates::All);
}
