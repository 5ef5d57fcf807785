//! How pages are compressed.

use super::PAGE_BYTES_MAX;
use crate::TableError;
use std::io::Read;

/// The codec by its number in the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Plain,
    Snappy,
    Gzip,
    Zstd,
}

impl Codec {
    pub(super) fn from_number(number: i64) -> Result<Codec, TableError> {
        Ok(match number {
            0 => Codec::Plain,
            1 => Codec::Snappy,
            2 => Codec::Gzip,
            6 => Codec::Zstd,
            other => {
                let name = ["LZO", "Brotli", "LZ4", "", "LZ4_RAW"].get((other - 3).max(0) as usize).copied();
                let name = name.filter(|name| !name.is_empty()).unwrap_or("an unknown");
                return Err(TableError::Unsupported(format!(
                    "{name} compression (expected Snappy, gzip, Zstandard or none)"
                )));
            }
        })
    }

    /// Unpacks bytes that are `length` of them afterwards.
    pub(super) fn unpack(self, packed: &[u8], length: usize) -> Result<Vec<u8>, TableError> {
        if length > PAGE_BYTES_MAX {
            return Err(TableError::Unsupported(format!("pages of more than {PAGE_BYTES_MAX} bytes")));
        }
        let broken =
            |error: &dyn std::fmt::Display| TableError::damaged(format!("a page can't be unpacked: {error}"));
        let out = match self {
            Codec::Plain => packed.to_vec(),
            Codec::Snappy => {
                let told = snap::raw::decompress_len(packed).map_err(|error| broken(&error))?;
                if told != length {
                    return Err(TableError::damaged("a page has another length than it says"));
                }
                snap::raw::Decoder::new().decompress_vec(packed).map_err(|error| broken(&error))?
            }
            Codec::Gzip => {
                let mut out = Vec::new();
                let reader = flate2::read::MultiGzDecoder::new(packed);
                reader.take(length as u64 + 1).read_to_end(&mut out).map_err(|error| broken(&error))?;
                out
            }
            Codec::Zstd => {
                let mut out = Vec::new();
                let reader = zstd::Decoder::new(packed)?;
                reader.take(length as u64 + 1).read_to_end(&mut out).map_err(|error| broken(&error))?;
                out
            }
        };
        if out.len() != length {
            return Err(TableError::damaged("a page has another length than it says"));
        }
        Ok(out)
    }
}
