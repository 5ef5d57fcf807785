//! Each detector, with what it finds and what looks like it.

use super::{all, redacted, redactor};

/// Checks that `all` finds `secret`, as `name`, whatever stands around it.
#[track_caller]
fn finds(name: &str, secret: &str) {
    let redactor = all();
    for (before, after) in
        [("", ""), ("mail: ", ", and more."), ("(", ")"), ("\"", "\""), ("é ", "\n"), ("= ", "; x")]
    {
        let (text, counts) = redacted(redactor, None, &format!("{before}{secret}{after}"));
        let expected = (format!("{before}[redacted:{name}]{after}"), vec![format!("{name} 1")]);
        assert_eq!((text, counts), expected, "{secret}");
    }
}

/// Checks that `all` leaves a text alone.
#[track_caller]
fn keeps(text: &str) {
    let (kept, counts) = redacted(all(), None, text);
    assert_eq!((kept.as_str(), counts.as_slice()), (text, [].as_slice()));
}

/// Checks what becomes of a text.
#[track_caller]
fn becomes(text: &str, expected: &str) {
    assert_eq!(redacted(all(), None, text).0, expected);
}

#[test]
fn mail_addresses() {
    finds("email", "ada@example.org");
    finds("email", "ada.lovelace+work@mail.example.co.uk");
    finds("email", "jürgen@bücher.example");
    finds("email", "ada%40example.org");
    finds("email", &format!("{}@example.org", "a".repeat(100)));
    becomes("<mailto:ada@example.org>.", "<mailto:[redacted:email]>.");
    keeps("@decorator");
    keeps("ada@localhost");
    keeps("icon@2x.png");
    keeps("npm install left-pad@1.3.0");
    keeps("at 5 @ 3");
}

#[test]
fn phone_numbers() {
    finds("phone", "+49 30 901820");
    finds("phone", "+1 (212) 555-0123");
    finds("phone", "+442079460958");
    finds("phone", "(212) 555-0123");
    finds("phone", "212-555-0123");
    finds("phone", "212.555.0123");
    becomes("1-212-555-0123", "1-[redacted:phone]");
    keeps("2026-01-02T03:04:05+10:00");
    keeps("12+34567890123");
    keeps("1767323045000000000");
    keeps("a 10-digit id 2125550123");
    keeps("+1 and +2");
    keeps("+1234567890123456789");
}

#[test]
fn payment_cards() {
    finds("card", "4111111111111111");
    finds("card", "4111 1111 1111 1111");
    finds("card", "5500-0000-0000-0004");
    finds("card", "378282246310005");
    finds("card", "3782 822463 10005");
    finds("card", "6011111111111117");
    becomes("4111 1111 1111 1111 12/27", "[redacted:card] 12/27");
    becomes("12 4111 1111 1111 1111", "12 [redacted:card]");
    keeps("order 4111111111111112");
    keeps("9999 9999 9999 9995");
    keeps("-0.4111111111111111");
    keeps("4111111111111111.5");
    keeps("a4111111111111111f");
    keeps("1767323045000000000");
    keeps("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1");
}

#[test]
fn account_numbers() {
    finds("iban", "DE89370400440532013000");
    finds("iban", "DE89 3704 0044 0532 0130 00");
    finds("iban", "GB29 NWBK 6016 1331 9268 19");
    finds("iban", "gb29 nwbk 6016 1331 9268 19");
    finds("iban", "NO9386011117947");
    becomes("DE89 3704 0044 0532 0130 00 BIC COBADEFF", "[redacted:iban] BIC COBADEFF");
    keeps("DE88370400440532013000");
    keeps("XX89370400440532013000");
    keeps("de89370400440532013000abcd");
}

#[test]
fn addresses_of_machines() {
    finds("ip", "192.168.1.17");
    finds("ip", "8.8.8.8");
    finds("ip", "2001:db8::8a2e:370:7334");
    finds("ip", "2001:0db8:85a3:0000:0000:8a2e:0370:7334");
    finds("ip", "fe80::1");
    becomes("http://10.0.0.1:8080/x", "http://[redacted:ip]:8080/x");
    becomes("reached 10.0.0.1.", "reached [redacted:ip].");
    keeps("v1.2.3.4");
    keeps("version 1.2.3.4");
    keeps("\"version\": \"10.0.19041.1\"");
    keeps("1.2.3.4.5");
    keeps("1.2.3.256");
    keeps("127.0.0.1 0.0.0.0 ::1");
    keeps("std::string dead::beef a::b");
    keeps("12:34:56 00:1b:44:11:3a:b7");
}

#[test]
fn keys_of_providers() {
    finds("openai-key", "sk-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL");
    finds("openai-key", "sk-proj-Ab1_Cd2-Ef3Gh4Ij5Kl6Mn7Op8Qr9St0");
    finds("anthropic-key", "sk-ant-api03-Ab1_Cd2-Ef3Gh4Ij5Kl6Mn7Op8Qr9St0AA");
    finds("google-key", "AIzaSyA1234567890abcdefghijklmnopqrstuv");
    finds("aws-key", "AKIAIOSFODNN7EXAMPLE");
    finds("github-token", "ghp_0123456789abcdefghijABCDEFGHIJ012345");
    finds("github-token", "github_pat_11ABCDEFG0123456789_abcdefghijklmnopqrstuvwxyz");
    finds("github-token", "glpat-abcdefghij1234567890");
    // Put together here, so that no scanner of source code takes these for real.
    finds("slack-token", &format!("xox{}-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx", "b"));
    finds("stripe-key", &format!("sk_{}_51H8abcdefghijklmnopqrst", "live"));
    finds("huggingface-token", "hf_abcdefghijklmnopqrstuvwxyz01234567");
    finds("groq-key", "gsk_abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl0123");
    finds("xai-key", "xai-abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnop");
    finds(
        "azure-key",
        &format!("{}JQQJ99{}", "A1b2C3d4E5f6".repeat(4) + "abcd", "BAACYeBjFXJ3w3AAABACOGabcd"),
    );
    finds("other-key", "pplx-abcdefghijklmnopqrstuvwxyz0123456789");
    keeps("sk-fading-circle-container-element");
    keeps("task-0123456789abcdefghijklmn");
    keeps("hf_hub_download");
    keeps("1b4e28ba-2fa1-11d2-883f-0016d3cca427");
    keeps("4bf92f3577b34da6a3ce929d0e0e4736");
}

#[test]
fn secrets_by_what_stands_before_them() {
    let aws = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    becomes(&format!("aws_secret_access_key = {aws}"), "aws_secret_access_key = [redacted:aws-key]");
    becomes("Authorization: Bearer abcdef0123456789", "Authorization: Bearer [redacted:bearer-token]");
    becomes("authorization: basic YWRhOmxvdmVsYWNlMTIz", "authorization: basic [redacted:bearer-token]");
    becomes("password=hunter2!", "password=[redacted:credential]");
    becomes("api_key: 'abc123def456'", "api_key: '[redacted:credential]'");
    becomes("?api_key=abc123def456&x=1", "?api_key=[redacted:credential]&x=1");
    becomes(
        "AccountKey=Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyMQ==;",
        "AccountKey=[redacted:azure-key];",
    );
    keeps("the secret: persistence");
    keeps("password: ${PASSWORD}");
    keeps("bearer authentication-is-required");
    keeps("max_tokens: 1234567");
    keeps("\"password\": \"string\"");
}

#[test]
fn values_are_secret_by_their_key() {
    let redactor = redactor(&["secrets"]);
    let check = |key: &str, value: &str, expected: &str| {
        assert_eq!(redacted(&redactor, Some(key), value).0, expected, "{key} {value}");
    };
    check("cohere.apiKey", "Ab12Cd34Ef56", "[redacted:credential]");
    check("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "[redacted:credential]");
    check("gen_ai.usage.output_tokens", "1234567", "1234567");
    check("password", "required", "required");
    check("x", r#"{"clientSecret": "abc-123-def"}"#, r#"{"clientSecret": "[redacted:credential]"}"#);
    check("x", r#"{"passwords": ["abc-123-def"]}"#, r#"{"passwords": ["[redacted:credential]"]}"#);
}

#[test]
fn tokens_and_private_keys() {
    let jwt =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";
    finds("jwt", jwt);
    becomes(&format!("Bearer {jwt}"), "Bearer [redacted:jwt]");
    finds("private-key", "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAAAA\n-----END RSA PRIVATE KEY-----");
    finds("private-key", "-----BEGIN OPENSSH PRIVATE KEY-----\r\nb3Bl\r\n-----END OPENSSH PRIVATE KEY-----");
    becomes("x -----BEGIN PRIVATE KEY-----\nMIIB", "x [redacted:private-key]");
    keeps("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----");
    keeps("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----");
    keeps("eyJub3QiOiJhIHRva2VuIn0.eyJzdWIiOiIxIn0.abc");
}

#[test]
fn all_of_several_are_found_and_counted() {
    let redactor = redactor(&["personal"]);
    let (text, counts) = redacted(&redactor, None, "a@b.org,c@d.org 4111111111111111 a@b.org");
    assert_eq!(text, "[redacted:email],[redacted:email] [redacted:card] [redacted:email]");
    assert_eq!(counts, ["card 1", "email 3"]);
}

#[test]
fn only_what_was_chosen_is_looked_for() {
    let (text, _) = redacted(&redactor(&["email"]), None, "a@b.org 4111111111111111");
    assert_eq!(text, "[redacted:email] 4111111111111111");
}

#[test]
fn long_texts_take_linear_time() {
    let redactor = all();
    for part in [
        "4",
        "4111 ",
        "a@",
        "a",
        "1.",
        "a:",
        "\\",
        "\\\\u0040",
        "eyJ",
        "-----BEGIN ",
        "sk-",
        "{\"",
        "[",
        "+1 ",
        "password=",
    ] {
        let text = part.repeat(40_000 / part.len());
        let started = std::time::Instant::now();
        redacted(redactor, None, &text);
        assert!(started.elapsed().as_secs() < 15, "{part} takes {:?}", started.elapsed());
    }
}
