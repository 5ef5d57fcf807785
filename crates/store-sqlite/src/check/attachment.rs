//! Attachments: whether each has the bytes that it is named after, and each that messages refer to is there.

use super::Check;
use crate::attachments;
use crate::block::{Block, BlockKind};
use spanwise_model::AttachmentHash;
use spanwise_otlp::attachment::{Kind, references};
use spanwise_store::StoreResult;
use std::collections::BTreeSet;

/// Traces that are named with a damaged attachment.
const NAMED_TRACES_MAX: usize = 5;

impl Check<'_> {
    /// Reads all attachments that the index knows.
    pub(super) fn attachments(&mut self, go_on: &dyn Fn() -> StoreResult<()>) -> StoreResult<()> {
        let (conn, spans) = (self.conn, self.spans);
        attachments::for_each(conn, |hash, bytes| {
            go_on()?;
            self.report.attachments += 1;
            if let Err(error) = spans.attachments.verify(&hash, bytes) {
                let cause =
                    std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
                let path = attachments::attachment_path(self.data_dir, &hash);
                let lost = self.users(&hash)?;
                self.note(format!("{}{cause} ({}); {lost}", error.message(), path.display()));
            }
            Ok(())
        })
    }

    fn users(&self, hash: &AttachmentHash) -> StoreResult<String> {
        let (named, count) = attachments::users(self.conn, hash, NAMED_TRACES_MAX)?;
        Ok(match count.saturating_sub(named.len() as u64) {
            0 if named.is_empty() => "no trace needs it".to_owned(),
            0 => format!("needed by trace {}", named.join(", ")),
            more => format!("needed by trace {} and {more} more", named.join(", ")),
        })
    }

    /// Checks that what the messages of a block refer to is known as used by its trace.
    pub(super) fn attachments_of(
        &mut self,
        block: &Block,
        trace_key: i64,
        trace_id: &str,
    ) -> StoreResult<()> {
        let kind = if block.kind == BlockKind::Logs { Kind::LogRecord } else { Kind::Span };
        let messages = (0..block.len()).map(|index| block.message(index));
        let referred: BTreeSet<AttachmentHash> =
            messages.flat_map(|message| references(message, kind)).map(|reference| reference.hash).collect();
        for hash in referred {
            if !attachments::is_used(self.conn, trace_key, &hash)? {
                self.note(format!(
                    "index.db: trace {trace_id} refers to attachment {hash}, and is not known to use it"
                ));
            }
        }
        Ok(())
    }
}
