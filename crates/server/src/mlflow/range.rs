//! The part of a file that a `Range` header asks for.

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, TryStreamExt};
use http::HeaderMap;
use http::header::{IF_RANGE, RANGE};
use spanwise_store::StoreResult;

/// What a request wants of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// The bytes from `first` to `last`, both included.
    Part { first: u64, last: u64 },
    /// Bytes behind its end.
    Nothing,
}

/// Reads the `Range` of a request for a file of this size and version. Several ranges, other units and what can't be read
/// are answered with the whole file, as RFC 9110 allows.
pub(super) fn wanted(headers: &HeaderMap, etag: &str, size_bytes: u64) -> Wanted {
    // A client that has a part of another version wants the whole of this one.
    if headers.get(IF_RANGE).is_some_and(|known| known.as_bytes() != etag.as_bytes()) {
        return Wanted::Whole;
    }
    let text = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let Some((first, last)) =
        text.and_then(|text| text.strip_prefix("bytes=")).and_then(|range| range.trim().split_once('-'))
    else {
        return Wanted::Whole;
    };
    let part = |first: u64, last: u64| {
        if first < size_bytes {
            Wanted::Part { first, last: last.min(size_bytes - 1) }
        } else {
            Wanted::Nothing
        }
    };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => part(first, last),
        (Ok(first), Err(_)) if last.is_empty() => part(first, u64::MAX),
        (Err(_), Ok(0)) if first.is_empty() => Wanted::Nothing,
        (Err(_), Ok(length)) if first.is_empty() => part(size_bytes.saturating_sub(length), u64::MAX),
        _ => Wanted::Whole,
    }
}

/// Cuts a stream off after so many bytes.
pub(super) fn cut(
    chunks: BoxStream<'static, StoreResult<Bytes>>,
    length: u64,
) -> impl Stream<Item = StoreResult<Bytes>> + Send + 'static {
    stream::try_unfold((chunks, length), |(mut chunks, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let Some(mut chunk) = chunks.try_next().await? else { return Ok(None) };
        chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left - chunk.len() as u64;
        Ok(Some((chunk, (chunks, left))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[track_caller]
    fn check(range: &str, size_bytes: u64, expected: Wanted) {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_str(range).unwrap())]);
        assert_eq!(wanted(&headers, "\"1\"", size_bytes), expected, "{range}");
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        check("bytes=0-3", 10, Wanted::Part { first: 0, last: 3 });
        check("bytes=4-", 10, Wanted::Part { first: 4, last: 9 });
        check("bytes=4-99", 10, Wanted::Part { first: 4, last: 9 });
        check("bytes=-3", 10, Wanted::Part { first: 7, last: 9 });
        check("bytes=-30", 10, Wanted::Part { first: 0, last: 9 });
        check("bytes=10-", 10, Wanted::Nothing);
        check("bytes=0-", 0, Wanted::Nothing);
        check("bytes=-0", 10, Wanted::Nothing);
    }

    #[test]
    fn what_is_no_single_range_is_the_whole_file() {
        for range in ["bytes=", "bytes=x-y", "bytes=3-1", "bytes=0-1,4-5", "lines=0-1", "bytes=-"] {
            check(range, 10, Wanted::Whole);
        }
        assert_eq!(wanted(&HeaderMap::new(), "\"1\"", 10), Wanted::Whole);
        let headers = [(RANGE, "bytes=0-1"), (IF_RANGE, "\"2\"")];
        let headers =
            HeaderMap::from_iter(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
        assert_eq!(wanted(&headers, "\"1\"", 10), Wanted::Whole);
        assert_eq!(wanted(&headers, "\"2\"", 10), Wanted::Part { first: 0, last: 1 });
    }
}
