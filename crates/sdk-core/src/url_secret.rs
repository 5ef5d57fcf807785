//! What of a URL must not be recorded: keys in its query, and passwords.

use std::borrow::Cow;

/// Returns a text without what may be secret in the URLs in it: whom they log in as, and all that is behind the path.
/// HTTP clients name in their errors the whole URL, and some providers have their key in the query.
///
/// ```
/// let error = "error sending request for url (https://user:password@api.example/v1?key=secret): timed out";
/// let told = spanwise_sdk_core::without_url_secrets(error);
/// assert_eq!(told, "error sending request for url (https://api.example/v1): timed out");
/// ```
pub fn without_url_secrets(text: &str) -> Cow<'_, str> {
    const SCHEME_END: &str = "://";
    if !text.contains(SCHEME_END) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(SCHEME_END) {
        let (before, after) = rest.split_at(at + SCHEME_END.len());
        let (url, behind) = after.split_at(url_length(after));
        out.push_str(before);
        out.push_str(public_part(url));
        rest = behind;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns how long the URL is that a text begins with.
fn url_length(text: &str) -> usize {
    let is_end = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '<' | '>');
    let url = &text[..text.find(is_end).unwrap_or(text.len())];
    // A query may hold each of these, and a text puts them behind a URL: only at its end they belong to the text.
    url.trim_end_matches([')', ']', '}', '\'', '`', '\\', ',', ';', ':', '.']).len()
}

/// Returns host and path of a URL whose scheme is cut off.
fn public_part(url: &str) -> &str {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let host_length = url.find('/').unwrap_or(url.len());
    let user_length = url[..host_length].rfind('@').map_or(0, |at| at + 1);
    &url[user_length..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_what_may_be_secret_and_texts_stay() {
        for (text, told) in [
            ("no URL: a@b?c#d", "no URL: a@b?c#d"),
            ("https://a.b:1/c/d", "https://a.b:1/c/d"),
            ("https://a.b/c?key=S#S", "https://a.b/c"),
            ("https://a.b/c#S?S", "https://a.b/c"),
            ("https://u:S@a.b/c@d?key=S", "https://a.b/c@d"),
            ("https://u:S@S@[::1]:80", "https://[::1]:80"),
            ("https://a.b?key=S", "https://a.b"),
            (
                "for url (https://a.b/c?k=S)S&key=S): http://u@d/?S, and",
                "for url (https://a.b/c): http://d/, and",
            ),
            (r#"Url("https://a.b/c?key=S") "é""#, r#"Url("https://a.b/c") "é""#),
            (r#"{"u":"{\"u\":\"https://a.b/?S\"}"}"#, r#"{"u":"{\"u\":\"https://a.b/\"}"}"#),
            ("https://a.b/?next=https://u:S@c/?S", "https://a.b/"),
            ("://", "://"),
            ("wss://a/é?é\nhttps://ü@b", "wss://a/é\nhttps://b"),
        ] {
            assert_eq!(without_url_secrets(text), told, "{text}");
        }
    }
}
