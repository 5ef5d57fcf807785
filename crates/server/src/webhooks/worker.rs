//! Delivers what waits in the store's outbox, one attempt of each webhook at a time.

use super::sender::{Answer, Message, SendError};
use crate::App;
use crate::clock::now_ns;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use spanwise_model::WebhookEvent;
use spanwise_store::StoreResult;
use spanwise_store::catalog::{AttemptOutcome, Delivery};
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// Attempts at the same time, so webhooks that can be slow without another one waiting.
const ATTEMPTS_AT_ONCE: usize = 8;
/// Attempts before a delivery is given up.
const ATTEMPTS_MAX: u32 = 8;
/// The pause after the first failed attempt; each further one is four times as long, so that the last is after 1.5 hours.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that a receiver can ask for.
const ASKED_PAUSE_MAX: Duration = Duration::from_secs(3_600);
/// The pause when the store can't be asked.
const STORE_PAUSE: Duration = Duration::from_secs(5);
/// Longest sleep: a clock that was set back must not stop deliveries for long.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// Delivers until `stop`. What is under way then is delivered again when the server is started again.
pub(crate) async fn deliver(app: App, stop: CancellationToken) {
    let mut attempts: JoinSet<()> = JoinSet::new();
    // The webhook of each attempt that is under way.
    let mut busy: HashMap<Id, String> = HashMap::new();
    loop {
        let pause = match start_due(&app, &mut attempts, &mut busy).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!("cannot look for deliveries to webhooks: {error}");
                STORE_PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.webhooks.woken() => {}
            () = tokio::time::sleep(pause) => {}
            Some(ended) = attempts.join_next_with_id() => match ended {
                Ok((id, ())) => drop(busy.remove(&id)),
                Err(error) => {
                    tracing::error!("an attempt to deliver to a webhook panicked: {error}");
                    // Else the same delivery would be due again at once.
                    if let Some(webhook_id) = busy.remove(&error.id()) {
                        busy.insert(attempts.spawn(tokio::time::sleep(STORE_PAUSE)).id(), webhook_id);
                    }
                }
            },
        }
    }
}

/// Starts what is due, and returns how long nothing else will be.
async fn start_due(
    app: &App,
    attempts: &mut JoinSet<()>,
    busy: &mut HashMap<Id, String>,
) -> StoreResult<Duration> {
    let free = ATTEMPTS_AT_ONCE.saturating_sub(busy.len());
    if free == 0 {
        return Ok(SLEEP_MAX);
    }
    let now = now_ns();
    let webhooks: Vec<String> = busy.values().cloned().collect();
    let due = app.catalog.due_deliveries(now, &webhooks, free).await?;
    let is_full = due.deliveries.len() == free;
    for delivery in due.deliveries {
        let webhook_id = delivery.webhook_id.clone();
        busy.insert(attempts.spawn(attempt(app.clone(), delivery)).id(), webhook_id);
    }
    let wait = due.next_due_ns.map_or(SLEEP_MAX, |due_ns| {
        Duration::from_nanos(u64::try_from(due_ns.saturating_sub(now)).unwrap_or(0))
    });
    // When all places are taken, the next one waits for the end of an attempt.
    Ok(if is_full { SLEEP_MAX } else { wait.min(SLEEP_MAX) })
}

/// Makes one attempt.
async fn attempt(app: App, delivery: Delivery) {
    let now = now_ns();
    let data = serde_json::from_str(&delivery.data).unwrap_or_default();
    let result = app
        .webhooks
        .sender
        .post(Message {
            url: &delivery.url,
            secret: delivery.secret.as_deref(),
            delivery_id: &delivery.delivery_id,
            body: body(delivery.event, delivery.event_ns, &data),
            unix_seconds: now / 1_000_000_000,
        })
        .await;
    let outcome = judge(&delivery, result, now_ns());
    if let Err(error) = app.catalog.end_attempt(&delivery.delivery_id, outcome).await {
        tracing::error!("cannot note the end of a delivery to webhook {}: {error}", delivery.webhook_id);
        // Else the same delivery would be due again at once.
        tokio::time::sleep(STORE_PAUSE).await;
    }
}

/// Returns the JSON that tells of an event, as MLflow's does.
pub(super) fn body(event: WebhookEvent, event_ns: i64, data: &Value) -> String {
    let time = Timestamp::from_nanosecond(i128::from(event_ns)).unwrap_or_default();
    let time = time.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string();
    json!({"entity": event.entity(), "action": event.action(), "timestamp": time, "data": data}).to_string()
}

/// Decides what becomes of a delivery after an attempt.
fn judge(delivery: &Delivery, result: Result<Answer, SendError>, now_ns: i64) -> AttemptOutcome {
    let (reason, asked_pause) = match result {
        Ok(answer) if answer.status.is_success() => return AttemptOutcome::Done,
        Ok(answer) if is_passing(answer.status) => (answer.status.to_string(), answer.retry_after),
        Ok(answer) => return give_up(delivery, &answer.status.to_string()),
        Err(SendError::Refused(reason)) => return give_up(delivery, &reason),
        Err(SendError::Failed(reason)) => (reason, None),
    };
    if delivery.attempts + 1 >= ATTEMPTS_MAX {
        return give_up(delivery, &reason);
    }
    let pause = FIRST_PAUSE * 4_u32.saturating_pow(delivery.attempts);
    let pause = pause.max(asked_pause.unwrap_or_default().min(ASKED_PAUSE_MAX));
    tracing::info!(
        webhook_id = delivery.webhook_id,
        delivery_id = delivery.delivery_id,
        attempts = delivery.attempts + 1,
        pause_s = pause.as_secs(),
        "a delivery failed and is tried again: {reason}"
    );
    AttemptOutcome::Retry {
        due_ns: now_ns.saturating_add(i64::try_from(pause.as_nanos()).unwrap_or(i64::MAX)),
    }
}

/// Says whether a status is about now alone.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

fn give_up(delivery: &Delivery, reason: &str) -> AttemptOutcome {
    tracing::warn!(
        webhook_id = delivery.webhook_id,
        delivery_id = delivery.delivery_id,
        attempts = delivery.attempts + 1,
        entity = delivery.event.entity(),
        action = delivery.event.action(),
        "a delivery is given up: {reason}"
    );
    AttemptOutcome::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(attempts: u32) -> Delivery {
        Delivery {
            delivery_id: "d".to_owned(),
            webhook_id: "w".to_owned(),
            url: "https://a".to_owned(),
            secret: None,
            event: WebhookEvent::PromptCreated,
            event_ns: 1_795_369_707_737_000_000,
            data: "{}".to_owned(),
            attempts,
        }
    }

    fn judged(attempts: u32, status: u16, retry_after_s: Option<u64>) -> AttemptOutcome {
        let status = StatusCode::from_u16(status).unwrap();
        let retry_after = retry_after_s.map(Duration::from_secs);
        judge(&delivery(attempts), Ok(Answer { status, body: String::new(), retry_after }), 0)
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        let retry = |seconds: i64| AttemptOutcome::Retry { due_ns: seconds * 1_000_000_000 };
        assert_eq!(judged(0, 204, None), AttemptOutcome::Done);
        assert_eq!(judged(0, 404, None), AttemptOutcome::Done);
        assert_eq!(judged(0, 302, None), AttemptOutcome::Done);
        assert_eq!(judged(0, 500, None), retry(1));
        assert_eq!(judged(2, 503, None), retry(16));
        assert_eq!(judged(0, 429, Some(30)), retry(30));
        assert_eq!(judged(0, 429, Some(1_000_000)), retry(3_600));
        assert_eq!(judged(6, 500, None), retry(4_096));
        assert_eq!(judged(7, 500, None), AttemptOutcome::Done);
        assert_eq!(judge(&delivery(0), Err(SendError::Failed("x".to_owned())), 0), retry(1));
        assert_eq!(judge(&delivery(0), Err(SendError::Refused("x".to_owned())), 0), AttemptOutcome::Done);
    }

    #[test]
    fn a_body_tells_what_happened() {
        let told: Value = serde_json::from_str(&body(
            WebhookEvent::PromptCreated,
            1_795_369_707_737_000_000,
            &json!({"name": "p"}),
        ))
        .unwrap();
        let expected = json!({
            "entity": "prompt", "action": "created", "timestamp": "2026-11-22T17:48:27.737000+00:00",
            "data": {"name": "p"},
        });
        assert_eq!(told, expected);
    }
}
