//! What engineers ask an assistant about their company's documentation, and what it finds.

/// A question, the search made of it, the passages found, and the answer.
pub(super) struct Question {
    pub(super) asked: &'static str,
    pub(super) search: &'static str,
    pub(super) passages: &'static [Passage],
    pub(super) answer: &'static str,
}

/// A passage of a page.
pub(super) struct Passage {
    pub(super) page: &'static str,
    pub(super) text: &'static str,
}

pub(super) const QUESTIONS: &[Question] = &[
    Question {
        asked: "How do I rotate the signing keys of the payments service without downtime?",
        search: "payments service signing key rotation zero downtime",
        passages: &[
            Passage {
                page: "runbooks/payments/key-rotation.md",
                text: "Signing keys are rotated in two steps. First add the new key with `payctl keys add --staged`: \
                    verifiers accept it from then on. After 24 h make it active with `payctl keys activate KEY_ID`.",
            },
            Passage {
                page: "security/policies/keys.md",
                text: "Keys are rotated at least every 90 days. The old key stays in the verifier set for 7 days.",
            },
            Passage {
                page: "runbooks/payments/incident-2023-11.md",
                text: "The outage was caused by activating a key before all verifiers had fetched the new set.",
            },
        ],
        answer: "In two steps: add the new key with `payctl keys add --staged`, wait 24 hours so that every verifier has \
            fetched it, then run `payctl keys activate KEY_ID`. Keep the old key in the verifier set for 7 days. \
            Activating too early caused the outage of November 2023. [1][2][3]",
    },
    Question {
        asked: "what's the default retention for logs in staging",
        search: "log retention default staging environment",
        passages: &[
            Passage {
                page: "platform/observability/retention.md",
                text: "Retention by environment: production 30 days, staging 7 days, development 2 days.",
            },
            Passage {
                page: "platform/observability/cost.md",
                text: "Longer retention can be asked for per namespace; it is charged to the owning team.",
            },
        ],
        answer: "Seven days. You can ask for more per namespace; it is charged to your team. [1][2]",
    },
    Question {
        asked: "Our deployment is stuck in 'waiting for canary'. What does it wait for?",
        search: "deployment stuck waiting for canary conditions",
        passages: &[
            Passage {
                page: "platform/deploy/canary.md",
                text: "A canary is promoted when it has served 500 requests with an error rate below 1 % and a p95 within \
                    20 % of the stable version. Without traffic it waits for at most 2 h, then rolls back.",
            },
            Passage {
                page: "platform/deploy/faq.md",
                text: "Services with little traffic should set `canary.min_requests: 50` in deploy.yaml.",
            },
            Passage {
                page: "platform/deploy/rollback.md",
                text: "`deployctl abort` returns to the stable version within seconds.",
            },
        ],
        answer: "For 500 requests with less than 1 % errors and a p95 within 20 % of the stable version. If your service has \
            little traffic, set `canary.min_requests: 50` in deploy.yaml; after 2 hours it rolls back by itself, and \
            `deployctl abort` does so at once. [1][2][3]",
    },
    Question {
        asked: "Which Postgres version do we run, and when is the next upgrade?",
        search: "postgres version upgrade schedule",
        passages: &[
            Passage {
                page: "platform/databases/versions.md",
                text: "All managed clusters run PostgreSQL 16.4. The upgrade to 17 is planned for the first quarter, one \
                    tier a week, tier 3 first.",
            },
            Passage {
                page: "platform/databases/upgrade-guide.md",
                text: "Before the upgrade: remove `pg_stat_tmp` settings and reindex hash indexes made before version 10.",
            },
        ],
        answer: "PostgreSQL 16.4 everywhere. Version 17 comes in the first quarter, one tier a week starting with tier 3; \
            remove `pg_stat_tmp` settings before that. [1][2]",
    },
    Question {
        asked: "Can I use a personal access token in CI?",
        search: "personal access token CI policy",
        passages: &[
            Passage {
                page: "security/policies/tokens.md",
                text: "Personal access tokens must not be used by machines. CI jobs get a short-lived token through OIDC.",
            },
            Passage {
                page: "platform/ci/oidc.md",
                text: "Add `permissions: id-token: write` to the job; `ci-login` exchanges it for a token of 15 minutes.",
            },
        ],
        answer: "No. Use the job's OIDC identity: add `permissions: id-token: write` and call `ci-login`, which gets you a \
            token for 15 minutes. [1][2]",
    },
    Question {
        asked: "How many vacation days can I carry over into next year?",
        search: "vacation days carry over next year",
        passages: &[
            Passage {
                page: "people/handbook/time-off.md",
                text: "Up to five days may be carried over; they expire on 31 March. Parental leave extends this.",
            },
            Passage {
                page: "people/handbook/parental-leave.md",
                text: "Days carried over expire one year after the return.",
            },
        ],
        answer: "Up to five, to be taken by 31 March. After parental leave you have a year. [1][2]",
    },
];
