//! What was found out about one part, which never changes: which of its documents have a word that contains some text.
//!
//! Any word may, so all of them must be walked; and a list, its count and its chart ask the same at the same moment.

use super::doc_set::DocSet;
use lru::LruCache;
use spanwise_store::StoreResult;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

/// Texts that are remembered of one part. A set has a bit for each document.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// A set, as soon as it is known.
type Place = Arc<Mutex<Option<Arc<DocSet>>>>;

/// Sets of documents by text, those used last.
#[derive(Debug)]
pub(crate) struct Memo {
    sets: Mutex<LruCache<String, Place>>,
}

impl Default for Memo {
    fn default() -> Self {
        Memo { sets: Mutex::new(LruCache::new(REMEMBERED_MAX)) }
    }
}

impl Memo {
    /// Returns the set for `text`, which `find` finds if it is not known. Whoever asks meanwhile waits; after an error the
    /// next one tries.
    pub(crate) fn get(
        &self,
        text: &str,
        find: impl FnOnce() -> StoreResult<DocSet>,
    ) -> StoreResult<Arc<DocSet>> {
        let place = {
            let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(sets.get_or_insert_ref(text, Default::default))
        };
        let mut set = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*set {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(find()?);
        *set = Some(Arc::clone(&found));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spanwise_model::ErrorKind;
    use spanwise_store::StoreError;
    use std::cell::Cell;

    #[test]
    fn each_text_is_looked_for_once_unless_that_failed() {
        let memo = Memo::default();
        let looked = Cell::new(0);
        let find = |doc: u32| {
            looked.set(looked.get() + 1);
            let mut docs = DocSet::new(100);
            docs.insert(doc);
            Ok(docs)
        };
        let failed = memo.get("a", || Err(StoreError::new(ErrorKind::Unavailable, "too late")));
        assert!(failed.is_err());
        for _ in 0..3 {
            assert!(memo.get("a", || find(3)).unwrap().has_any(0..64));
            assert!(memo.get("b", || find(70)).unwrap().has_any(64..128));
        }
        assert_eq!(looked.get(), 2);
    }

    #[test]
    fn what_was_not_asked_for_longest_is_forgotten() {
        let memo = Memo::default();
        let looked = Cell::new(0);
        let ask = |text: &str| {
            memo.get(text, || {
                looked.set(looked.get() + 1);
                Ok(DocSet::new(1))
            })
            .unwrap();
        };
        (0..=REMEMBERED_MAX.get()).for_each(|number| ask(&number.to_string()));
        assert_eq!(looked.get(), REMEMBERED_MAX.get() + 1);
        ask("1");
        assert_eq!(looked.get(), REMEMBERED_MAX.get() + 1);
        ask("0");
        assert_eq!(looked.get(), REMEMBERED_MAX.get() + 2);
    }
}
