//! What an address says: where it is, what is asked for, and of which model.

use std::borrow::Cow;

/// The parts of a URL that matter here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Route {
    /// Without a port; empty if the address has none.
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// Without a slash at its end.
    pub(crate) path: String,
}

impl Route {
    /// Reads `https://host:port/path?query`, or a path alone, whose host is then that of the header.
    pub(crate) fn parse(url: &str, host_header: Option<&str>) -> Route {
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme, rest),
            None => ("", url),
        };
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let rest = &rest[..end];
        let (authority, path) = match scheme {
            "" => (host_header.unwrap_or_default(), rest),
            _ => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        };
        // Who asks is nobody's business.
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = split_port(authority);
        let port = port.or(match scheme {
            "https" => Some(443),
            "http" => Some(80),
            _ => None,
        });
        Route { host: host.to_owned(), port, path: path.trim_end_matches('/').to_owned() }
    }

    /// Returns the last segment, and the verb that Google's APIs write behind a colon.
    pub(crate) fn verb(&self) -> Option<&str> {
        self.path.rsplit('/').next()?.rsplit_once(':').map(|(_, verb)| verb)
    }

    /// Returns the segment behind one of those names, decoded; what is behind its colon is left out where that is a verb.
    pub(crate) fn segment_behind(&self, names: &[&str]) -> Option<String> {
        let mut segments = self.path.split('/').peekable();
        let mut found = None;
        while let Some(segment) = segments.next() {
            if names.contains(&segment) {
                found = segments.peek().copied().filter(|next| !next.is_empty()).or(found);
            }
        }
        let found = found?;
        let is_last = self.path.ends_with(found);
        let plain = if is_last { found.rsplit_once(':').map_or(found, |(model, _)| model) } else { found };
        Some(percent_decoded(plain).into_owned())
    }
}

fn split_port(authority: &str) -> (&str, Option<u16>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        _ => (authority, None),
    }
}

/// Decodes `%3A` and the like; what is no such thing stays as it is.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|_| bytes[at] == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let route =
            Route::parse("https://user:secret@api.example.com:8443/v1/models/m:generateContent?key=x", None);
        assert_eq!((route.host.as_str(), route.port), ("api.example.com", Some(8443)));
        assert_eq!(route.path, "/v1/models/m:generateContent");
        assert_eq!(route.verb(), Some("generateContent"));
        assert_eq!(route.segment_behind(&["models"]).as_deref(), Some("m"));
        let route = Route::parse("/v1/messages/", Some("[::1]:8080"));
        assert_eq!(
            (route.host.as_str(), route.port, route.path.as_str()),
            ("[::1]", Some(8080), "/v1/messages")
        );
    }

    #[test]
    fn a_model_is_decoded() {
        let route = Route::parse("http://h/model/arn%3Aaws%3Ax%2Fm%3A0/converse", None);
        assert_eq!(route.segment_behind(&["model"]).as_deref(), Some("arn:aws:x/m:0"));
        let route = Route::parse("http://h/model/anthropic.claude-v2:1/invoke", None);
        assert_eq!(route.segment_behind(&["model"]).as_deref(), Some("anthropic.claude-v2:1"));
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(percent_decoded("%zz%4"), "%zz%4");
    }
}
