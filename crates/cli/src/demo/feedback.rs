//! What people and judges say about a demo trace.

use crate::client::Client;
use anyhow::Result;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

/// Of a hundred traces, those that a person or a judge looks at.
const BY_PEOPLE_PERCENT: u32 = 25;
const BY_JUDGE_PERCENT: u32 = 30;

const PRAISE: [&str; 4] = [
    "Exactly what I needed.",
    "Clear and to the point.",
    "Correct, and it linked the right page.",
    "Solved in one message.",
];
const COMPLAINTS: [&str; 4] = [
    "It did not answer my question.",
    "Out of date: this changed in the last release.",
    "Too long; the answer is in the last sentence.",
    "I had to ask again to get the actual steps.",
];

/// One judgement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Feedback {
    name: &'static str,
    value: Value,
    source_type: &'static str,
    source_id: String,
    rationale: String,
}

impl Feedback {
    /// Logs it as any client of MLflow's API would.
    pub(super) async fn send(&self, client: &Client, trace_id: &str) -> Result<()> {
        let assessment = json!({"assessment": {
            "assessment_name": self.name,
            "trace_id": trace_id,
            "source": {"source_type": self.source_type, "source_id": self.source_id},
            "feedback": {"value": self.value},
            "rationale": self.rationale,
        }});
        client
            .post_json::<serde_json::Value>(
                &format!("/api/3.0/mlflow/traces/{trace_id}/assessments"),
                &assessment,
            )
            .await?;
        Ok(())
    }
}

/// Makes up what is said about a trace; one that failed pleases nobody.
pub(super) fn make(rng: &mut StdRng, user: &str, is_ok: bool) -> Vec<Feedback> {
    let mut all = Vec::new();
    if rng.random_range(0..100) < BY_PEOPLE_PERCENT {
        let is_happy = is_ok && rng.random_bool(0.8);
        let words = if is_happy { PRAISE } else { COMPLAINTS };
        all.push(Feedback {
            name: "helpful",
            value: is_happy.into(),
            source_type: "HUMAN",
            source_id: user.to_owned(),
            rationale: words.choose(rng).expect("there are words").to_string(),
        });
    }
    if rng.random_range(0..100) < BY_JUDGE_PERCENT {
        let score = if is_ok { rng.random_range(3..=5) } else { rng.random_range(1..=2) };
        all.push(Feedback {
            name: "relevance",
            value: score.into(),
            source_type: "LLM_JUDGE",
            source_id: "gpt-4o".to_owned(),
            rationale: format!(
                "The answer addresses {} of the question.",
                ["little", "part", "most", "all"][(score.max(2) - 2) as usize]
            ),
        });
    }
    all
}
