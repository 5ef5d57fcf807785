//! Posting lists: ascending document numbers as bytes, whichever of two encodings is shorter.
//!
//! Deltas are LEB128; a bitmap starts at the first document's byte. Words that nearly every document has cost a bit
//! a document instead of a byte.

use crate::block::{Input, write_varint};
use crate::error::damaged;
use spanwise_store::StoreResult;

/// How a list is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// The first document, then the differences.
    Deltas,
    /// The first document / 8, then a bit a document.
    Bitmap,
}

/// Appends `docs`, which ascend, to `out`.
pub(crate) fn encode(docs: &[u32], out: &mut Vec<u8>) -> Encoding {
    let start = out.len();
    let mut before = 0;
    for &doc in docs {
        write_varint(out, u64::from(doc - before));
        before = doc;
    }
    let (Some(&first), Some(&last)) = (docs.first(), docs.last()) else { return Encoding::Deltas };
    let bitmap_bytes = (last / 8 - first / 8 + 1) as usize + 5;
    if bitmap_bytes >= out.len() - start {
        return Encoding::Deltas;
    }
    out.truncate(start);
    write_varint(out, u64::from(first / 8));
    let bits = out.len();
    out.resize(bits + bitmap_bytes - 5, 0);
    for &doc in docs {
        out[bits + (doc / 8 - first / 8) as usize] |= 1 << (doc % 8);
    }
    Encoding::Bitmap
}

/// Calls `each` with the documents of a list in order; all are below `doc_count`.
pub(crate) fn decode(
    bytes: &[u8],
    encoding: Encoding,
    doc_count: u32,
    each: &mut dyn FnMut(u32),
) -> StoreResult<()> {
    match encoding {
        Encoding::Deltas => decode_deltas(bytes, doc_count, each),
        Encoding::Bitmap => decode_bitmap(bytes, doc_count, each),
    }
}

fn decode_deltas(bytes: &[u8], doc_count: u32, each: &mut dyn FnMut(u32)) -> StoreResult<()> {
    let mut input = Input(bytes);
    let mut doc = 0_u64;
    while !input.0.is_empty() {
        doc = doc.saturating_add(input.varint()?);
        each(checked(doc, doc_count)?);
    }
    Ok(())
}

fn decode_bitmap(bytes: &[u8], doc_count: u32, each: &mut dyn FnMut(u32)) -> StoreResult<()> {
    let mut input = Input(bytes);
    let first_byte = input.varint()?;
    for (index, &byte) in input.0.iter().enumerate() {
        let mut bits = byte;
        while bits != 0 {
            let bit = u64::from(bits.trailing_zeros());
            each(checked(first_byte.saturating_add(index as u64).saturating_mul(8) + bit, doc_count)?);
            bits &= bits - 1;
        }
    }
    Ok(())
}

fn checked(doc: u64, doc_count: u32) -> StoreResult<u32> {
    match u32::try_from(doc) {
        Ok(doc) if doc < doc_count => Ok(doc),
        _ => Err(damaged(format!("a posting list names document {doc} of {doc_count}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(docs: &[u32], encoding: Encoding) {
        let mut bytes = vec![7];
        assert_eq!(encode(docs, &mut bytes), encoding);
        let mut decoded = Vec::new();
        decode(&bytes[1..], encoding, 1_000_000, &mut |doc| decoded.push(doc)).unwrap();
        assert_eq!(decoded, docs);
    }

    #[test]
    fn the_shorter_encoding_is_taken_and_comes_back() {
        check(&[0], Encoding::Deltas);
        check(&[5, 900, 70_000], Encoding::Deltas);
        check(&(3..400).collect::<Vec<u32>>(), Encoding::Bitmap);
        check(&(70_001..90_000).step_by(2).collect::<Vec<u32>>(), Encoding::Bitmap);
    }

    #[test]
    fn a_document_that_does_not_exist_is_an_error() {
        for (docs, encoding) in [(vec![3, 9], Encoding::Deltas), ((0..100).collect(), Encoding::Bitmap)] {
            let mut bytes = Vec::new();
            assert_eq!(encode(&docs, &mut bytes), encoding);
            assert!(decode(&bytes, encoding, *docs.last().unwrap(), &mut |_| ()).is_err());
        }
    }
}
