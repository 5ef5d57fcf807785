//! Files of OTLP requests that one process leaves in a folder for another to take in: the inbox of a data directory, and
//! the spool of an SDK.
//!
//! A segment is [`MAGIC`] and frames: the length of a request (4 bytes, little-endian), its CRC-32 (4 bytes), and an
//! `ExportTraceServiceRequest` as protobuf. While it is written it is called `*.part` and locked, so that whoever takes
//! segments in can tell one whose writer died; then it is called `*.otlp` and never changes again. Names sort in the
//! order in which segments were begun.

mod crc;
mod read;
mod write;

pub use read::{Damage, Frames, Segment, find_segments};
pub use write::SegmentWriter;

/// The folder of the inbox in a data directory.
pub const INBOX_DIR: &str = "inbox";
/// What a segment begins with; the last byte is the version of the form.
pub const MAGIC: &[u8; 8] = b"SPWOTLP\x01";
/// Bytes of a request at most, so that a damaged length is not taken for one.
pub const REQUEST_BYTES_MAX: usize = 1 << 30;

/// What a segment is called while it is written, when it is complete, and when it could not be taken in.
pub(crate) mod suffix {
    /// Under way.
    pub(crate) const PART: &str = "part";
    /// Complete.
    pub(crate) const COMPLETE: &str = "otlp";
    /// Set aside.
    pub(crate) const REFUSED: &str = "refused";
}
