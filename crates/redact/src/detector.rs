//! The built-in detectors: a table.
//!
//! `hint` is a cheap pattern without which `pattern` can't match: all hints are tried in one pass over a text. `check`
//! decides about each match, since patterns know no checksums and see no neighbours.

use crate::check::{Candidate, card, credential, email, iban, ip, key, phone};
use std::ops::Range;

/// A built-in detector.
#[derive(Debug)]
pub struct Detector {
    /// What rules, replacements and counts call it.
    pub name: &'static str,
    /// What it finds, for people.
    pub about: &'static str,
    /// Whether it is about people rather than about secrets.
    pub is_personal: bool,
    pub(crate) hint: &'static str,
    pub(crate) pattern: &'static str,
    /// Returns what is to be replaced; `None` if the match is none after all.
    pub(crate) check: fn(&Candidate<'_>) -> Option<Range<usize>>,
}

impl Detector {
    /// Returns whether nothing can begin inside a match that `check` refused. Tokens are of any length, so that looking into
    /// each refused one again and again would take quadratic time.
    pub(crate) fn is_one_token(&self) -> bool {
        !self.is_personal
    }
}

/// All built-in detectors. Of two that find the same, the earlier one counts.
pub static DETECTORS: &[Detector] = &[
    Detector {
        name: "private-key",
        about: "private keys between `-----BEGIN … PRIVATE KEY-----` and `-----END …-----`, also cut off",
        is_personal: false,
        hint: r"-----BEGIN ",
        pattern: r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)",
        check: key::any,
    },
    Detector {
        name: "jwt",
        about: "JSON web tokens",
        is_personal: false,
        hint: r"eyJ",
        pattern: r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*",
        check: key::jwt,
    },
    Detector {
        name: "anthropic-key",
        about: "keys of Anthropic, `sk-ant-…`",
        is_personal: false,
        hint: r"sk-ant-",
        pattern: r"sk-ant-[A-Za-z0-9_-]{16,}",
        check: key::token,
    },
    Detector {
        name: "openai-key",
        about: "keys of OpenAI and of those who took over its form, `sk-…`, `sk-proj-…`",
        is_personal: false,
        hint: r"sk-",
        pattern: r"sk-[A-Za-z0-9_-]{20,}",
        check: key::token,
    },
    Detector {
        name: "google-key",
        about: "keys and OAuth tokens of Google, `AIza…`, `ya29.…`, `GOCSPX-…`",
        is_personal: false,
        hint: r"AIza|ya29\.|GOCSPX-",
        pattern: r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}",
        check: key::token,
    },
    Detector {
        name: "aws-key",
        about: "access keys of AWS, `AKIA…` and `ASIA…`, secret keys that are named as such, keys of Bedrock",
        is_personal: false,
        hint: r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{4}|ABSK[A-Za-z0-9]{4}|(?i:secret.?access.?key|aws.{0,12}secret)",
        pattern: concat!(
            r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}|ABSK[A-Za-z0-9+/]{40,}={0,2}",
            r#"|(?i:secret.?access.?key|aws.{0,12}secret(?:.?key)?)["']?[ \t]*(?:=>|[:=])[ \t]*["']?(?P<secret>[A-Za-z0-9/+]{40})"#
        ),
        check: key::token,
    },
    Detector {
        name: "github-token",
        about: "tokens of GitHub and GitLab, `ghp_…`, `github_pat_…`, `glpat-…`",
        is_personal: false,
        hint: r"gh[pousr]_|github_pat_|glpat-",
        pattern: r"gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,}",
        check: key::token,
    },
    Detector {
        name: "slack-token",
        about: "tokens and webhooks of Slack, `xoxb-…`, `xapp-…`",
        is_personal: false,
        hint: r"xox[a-z]-|xapp-|hooks\.slack\.com",
        pattern: r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,}|https://hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
        check: key::token,
    },
    Detector {
        name: "stripe-key",
        about: "secret keys of Stripe, `sk_live_…`, `rk_test_…`, `whsec_…`",
        is_personal: false,
        hint: r"[sr]k_(?:live|test)_|whsec_",
        pattern: r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}={0,2}",
        check: key::token,
    },
    Detector {
        name: "huggingface-token",
        about: "tokens of Hugging Face, `hf_…`",
        is_personal: false,
        hint: r"hf_|api_org_",
        pattern: r"(?:hf|api_org)_[A-Za-z0-9]{30,}",
        check: key::token,
    },
    Detector {
        name: "groq-key",
        about: "keys of Groq, `gsk_…`",
        is_personal: false,
        hint: r"gsk_",
        pattern: r"gsk_[A-Za-z0-9]{20,}",
        check: key::token,
    },
    Detector {
        name: "xai-key",
        about: "keys of xAI, `xai-…`",
        is_personal: false,
        hint: r"xai-",
        pattern: r"xai-[A-Za-z0-9]{20,}",
        check: key::token,
    },
    Detector {
        name: "azure-key",
        about: "keys of Azure: `AccountKey=…`, `SharedAccessKey=…`, signatures of shared access, keys of Azure OpenAI of the new form",
        is_personal: false,
        hint: r"AccountKey=|SharedAccessKey=|JQQJ99|[?&]sig=",
        pattern: concat!(
            r"(?:AccountKey|SharedAccessKey)=(?P<secret>[A-Za-z0-9+/]{40,}={0,2})",
            r"|[?&]sig=(?P<signature>[A-Za-z0-9%+/]{40,}(?:%3[Dd]|=)?)",
            r"|[A-Za-z0-9]{40,60}JQQJ99[A-Za-z0-9]{16,40}"
        ),
        check: key::token,
    },
    Detector {
        name: "other-key",
        about: "keys that a prefix tells: Perplexity, Replicate, NVIDIA, Fireworks, Cerebras, Tavily, LangSmith, Langfuse, SendGrid, npm, PyPI",
        is_personal: false,
        hint: r"pplx-|r8_|nvapi-|fw_|csk-|tvly-|lsv2_|-lf-|SG\.|npm_|pypi-",
        pattern: concat!(
            r"pplx-[A-Za-z0-9]{32,}|r8_[A-Za-z0-9]{37}|nvapi-[A-Za-z0-9_-]{20,}|fw_[A-Za-z0-9]{20,}|csk-[A-Za-z0-9]{20,}",
            r"|tvly-[A-Za-z0-9_-]{20,}|lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}|[sp]k-lf-[a-f0-9-]{20,}",
            r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{40,}"
        ),
        check: key::token,
    },
    Detector {
        name: "bearer-token",
        about: "what follows `Bearer` or `Basic` in the header `Authorization`",
        is_personal: false,
        hint: r"(?i:bearer|basic)[ \t]",
        pattern: r"(?i:bearer|basic)[ \t]+(?P<secret>[A-Za-z0-9._~+/-]{16,}=*)",
        check: key::bearer,
    },
    Detector {
        name: "credential",
        about: "values that are called a password, secret, token or API key: `password=…`, `\"api_key\": \"…\"`",
        is_personal: false,
        hint: credential::HINT,
        pattern: credential::PATTERN,
        check: credential::assigned,
    },
    Detector {
        name: "email",
        about: "mail addresses",
        is_personal: true,
        hint: r"@|%40",
        pattern: r"[\p{L}\p{N}._%+'-]{1,64}(?:@|%40)(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,24}",
        check: email::check,
    },
    Detector {
        name: "iban",
        about: "account numbers (IBAN) with a right length and checksum",
        is_personal: true,
        hint: r"[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{4}",
        pattern: r"[A-Za-z]{2}[0-9]{2}(?:[ \u{a0}-]?[A-Za-z0-9]){11,30}",
        check: iban::check,
    },
    Detector {
        name: "card",
        about: "numbers of payment cards with a right beginning, length and checksum (Luhn)",
        is_personal: true,
        hint: r"[2-6](?:[ -]?[0-9]){11}",
        pattern: r"[2-6](?:[ \u{a0}-]?[0-9]){11,18}",
        check: card::check,
    },
    Detector {
        name: "phone",
        about: "phone numbers: international ones with `+`, and those of North America with separators",
        is_personal: true,
        hint: r"\+\(?[1-9]|[2-9][0-9]{2}\)?[ .-]{1,2}[2-9][0-9]{2}[ .-][0-9]{4}",
        pattern: r"\+\(?[1-9]|(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .\u{a0}-])[2-9][0-9]{2}[ .\u{a0}-][0-9]{4}",
        check: phone::check,
    },
    Detector {
        name: "ip",
        about: "IPv4 and IPv6 addresses, but loopback and unspecified ones",
        is_personal: true,
        hint: r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[0-9A-Fa-f]:[0-9A-Fa-f]{0,4}:",
        pattern: r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}",
        check: ip::check,
    },
];
