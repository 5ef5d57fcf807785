//! Rules that can be used, and what is wrong with others.

use super::redacted;
use spanwise_redact::{Pattern, Redactor, Rules, Step, Tally};

fn patterns(patterns: &[(&str, &str)]) -> Rules {
    let pattern = |(name, regex): &(&str, &str)| Pattern { name: name.to_string(), regex: regex.to_string() };
    Rules { patterns: patterns.iter().map(pattern).collect(), ..Rules::default() }
}

#[track_caller]
fn refused(rules: &Rules, expected: &str) {
    let error = Redactor::new(rules).expect_err("the rules are wrong").to_string();
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn patterns_of_ones_own_are_found_by_their_name() {
    let redactor =
        Redactor::new(&patterns(&[("mrn", r"MRN-\d{4}"), ("badge", r"badge (?<secret>\w+)")])).unwrap();
    let (text, counts) = redacted(&redactor, None, "MRN-1234, badge x17, MRN-1");
    assert_eq!(text, "[redacted:mrn], badge [redacted:badge], MRN-1");
    assert_eq!(counts, ["badge 1", "mrn 1"]);
}

#[test]
fn keys_and_paths_mask_whole_values() {
    let rules = Rules {
        attributes: vec!["http.request.header.*".into()],
        paths: vec!["$.user.ssn".into()],
        ..Rules::default()
    };
    let redactor = Redactor::new(&rules).unwrap();
    let tally = &mut Tally::default();
    assert_eq!(
        redactor.mask_key("http.request.header.cookie", tally).as_deref(),
        Some("[redacted:attribute]")
    );
    assert_eq!(redactor.mask_key("http.method", tally), None);
    let path = [Step::Key("user".into()), Step::Key("ssn".into())];
    assert_eq!(redactor.mask_path(&path, tally).as_deref(), Some("[redacted:path]"));
    assert_eq!(redactor.mask_path(&path[..1], tally), None);
    // The steps to a text lead on into its JSON.
    let inside = redactor.redact(None, &path[..1], r#"{"ssn": 1}"#, tally);
    assert_eq!(inside.as_deref(), Some(r#"{"ssn": "[redacted:path]"}"#));
    assert_eq!(tally.iter().collect::<Vec<_>>(), [("attribute", 1), ("path", 2)]);
}

#[test]
fn what_is_wrong_with_rules_is_named() {
    refused(
        &Rules { detectors: vec!["mail".into()], ..Rules::default() },
        "unknown detector `mail`; expected one of all, personal, secrets, private-key,",
    );
    refused(&patterns(&[("a", "x(y")]), "the pattern `a` is wrong at character 2: unclosed group");
    refused(
        &patterns(&[("a", "é[z-a]")]),
        "the pattern `a` is wrong at character 3: invalid character class range",
    );
    refused(&patterns(&[("a", "x*")]), "the pattern `a` matches the empty text");
    refused(&patterns(&[("a", r"\w{5000}")]), "the pattern `a` is too large when compiled");
    refused(&patterns(&[("a", &"x".repeat(1_001))]), "the pattern `a` has 1001 bytes; the limit is 1000");
    refused(&patterns(&[("A b", "x")]), "the pattern's name `A b` can't be used; expected 1 to 40 of");
    refused(&patterns(&[("email", "x")]), "the pattern's name `email` is taken by a built-in rule");
    refused(&patterns(&[("a", "x"), ("a", "y")]), "the pattern's name `a` is there twice");
    refused(&patterns(&[("a", "x"); 51]), "there are 51 patterns; the limit is 50");
    refused(
        &Rules { paths: vec!["ssn".into()], ..Rules::default() },
        "path `ssn` is wrong at character 1: expected `$`",
    );
    refused(&Rules { attributes: vec![String::new()], ..Rules::default() }, "the key `` can't be used");
}

#[test]
fn bytes_are_searched_as_far_as_they_are_text() {
    let redactor = super::redactor(&["email"]);
    let tally = &mut Tally::default();
    assert_eq!(
        redactor.redact_bytes(None, b"\xff a@b.org \xfe", tally).unwrap(),
        b"\xff [redacted:email] \xfe"
    );
    assert_eq!(redactor.redact_bytes(None, b"\xff nothing \xfe", tally), None);
}
