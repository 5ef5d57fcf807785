//! Taking attachments out of a message.

use super::base64_run::{may_have_run, runs};
use super::reference::{Reference, SENTINEL, escaped_bytes, push_escaped};
use super::resolve::{TextRewriter, Texts, resolve};
use super::{ATTACHMENTS_MAX, BYTES_MIN, CUT_MARK, PLAIN_MARK, hash_of, is_marked};
use crate::rewrite::rewrite;
use crate::schema::{self, LOG_RECORD, Message, SPAN};
use crate::wire::{Payload, Reader};
use spanwise_model::AttachmentHash;
use spanwise_model::limit::ATTRIBUTE_DEPTH_MAX;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a raw message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An OTLP `Span`.
    Span,
    /// An OTLP `LogRecord`.
    LogRecord,
}

impl Kind {
    pub(super) fn table(self) -> &'static Message {
        match self {
            Kind::Span => &SPAN,
            Kind::LogRecord => &LOG_RECORD,
        }
    }
}

/// Bytes that were cut out of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What names them.
    pub hash: AttachmentHash,
    /// The bytes.
    pub bytes: Arc<[u8]>,
}

/// A message that was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// What is left of it: references, and a mark at its end.
    pub message: Vec<u8>,
    /// What its references refer to, each once.
    pub attachments: Vec<Attachment>,
}

/// Cuts long base64 and long bytes out of a message; `None` if it has none, and is kept as it came.
///
/// A message that could not be put together again byte for byte, such as one with lengths in more bytes than they need, is
/// kept as it came too.
pub fn cut(message: &[u8], kind: Kind) -> Option<Cut> {
    let may_be_cut = may_have_run(message) || has_long_bytes(message, kind.table(), 0);
    may_be_cut.then(|| cut_out(message, kind)).flatten().or_else(|| {
        let plain = || Cut { message: [message, &PLAIN_MARK].concat(), attachments: Vec::new() };
        is_marked(message).then(plain)
    })
}

fn cut_out(message: &[u8], kind: Kind) -> Option<Cut> {
    let mut cutter = TextRewriter(Cutter::default());
    let mut cut = rewrite(message, kind.table(), &mut cutter)?;
    let attachments = cutter.0.attachments;
    if attachments.is_empty() {
        return None;
    }
    cut.extend_from_slice(&CUT_MARK);
    // Nothing is trusted here: what is kept is what gives the message back.
    let of_hash: HashMap<_, _> = attachments.iter().map(|one| (one.hash, Arc::clone(&one.bytes))).collect();
    let again = resolve(&cut, kind, &mut |hash| of_hash.get(hash).cloned());
    again.is_ok_and(|again| *again == *message).then_some(Cut { message: cut, attachments })
}

/// Returns whether a message has a value of bytes that is cut.
fn has_long_bytes(message: &[u8], table: &'static Message, levels: usize) -> bool {
    if message.len() < BYTES_MIN || levels > 4 * ATTRIBUTE_DEPTH_MAX {
        return false;
    }
    let mut reader = Reader::new(message);
    while let Ok(Some(field)) = reader.next_field() {
        let Payload::Bytes(bytes) = field.payload else { continue };
        if bytes.len() < BYTES_MIN {
            continue;
        }
        let found = match table.index_of(field.number).map(|index| table.fields[index].kind) {
            Some(schema::Kind::Bytes) => true,
            Some(
                schema::Kind::Message(inner)
                | schema::Kind::Repeated(inner)
                | schema::Kind::Items(inner)
                | schema::Kind::Container(inner),
            ) => has_long_bytes(bytes, inner, levels + 1),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

#[derive(Default)]
struct Cutter {
    attachments: Vec<Attachment>,
    known: HashSet<AttachmentHash>,
}

impl Cutter {
    /// Keeps bytes as an attachment; `None` if there are too many.
    fn take(&mut self, bytes: Vec<u8>) -> Option<AttachmentHash> {
        let hash = hash_of(&bytes);
        if !self.known.contains(&hash) {
            if self.attachments.len() == ATTACHMENTS_MAX {
                return None;
            }
            self.known.insert(hash);
            self.attachments.push(Attachment { hash, bytes: bytes.into() });
        }
        Some(hash)
    }
}

impl Texts for Cutter {
    fn text(&mut self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut done = 0;
        for run in runs(text.as_bytes()) {
            let Some(decoded) = run.alphabet.decode(text[run.range.clone()].as_bytes()) else { continue };
            let bytes = decoded.len() as u64;
            let Some(hash) = self.take(decoded) else { continue };
            push_escaped(&text[done..run.range.start], &mut out);
            Reference { hash, bytes, alphabet: Some(run.alphabet) }.write(&mut out);
            done = run.range.end;
        }
        if done == 0 && !text.contains(SENTINEL) {
            return None;
        }
        push_escaped(&text[done..], &mut out);
        Some(out)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if bytes.len() >= BYTES_MIN
            && let Some(hash) = self.take(bytes.to_vec())
        {
            let mut out = String::new();
            Reference { hash, bytes: bytes.len() as u64, alphabet: None }.write(&mut out);
            return Some(out.into_bytes());
        }
        escaped_bytes(bytes)
    }
}
