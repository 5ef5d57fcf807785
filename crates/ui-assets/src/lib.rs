//! The built web UI as bytes in the binary, and nothing else.
//!
//! Only the compressed files are embedded, as `npm run build` leaves them: every browser takes gzip.

use rust_embed::RustEmbed;
use std::borrow::Cow;

/// What the name of an embedded file ends with.
const COMPRESSED: &str = ".gz";

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[include = "*.gz"]
#[allow_missing = true]
struct Files;

/// Returns a file of the UI, gzipped, by its path (`index.html`, `assets/…`); `None` if there is none.
pub fn compressed(path: &str) -> Option<Cow<'static, [u8]>> {
    Files::get(&format!("{path}{COMPRESSED}")).map(|file| file.data)
}
