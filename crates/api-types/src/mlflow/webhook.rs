//! Requests and answers of `webhooks`.

use super::field::{FieldError, Fields, FromField, FromFields, Place, check_chars};
use super::time::milliseconds;
use serde::Serialize;
use serde_json::Value;
use spanwise_model::WebhookEvent;
use spanwise_model::limit::{
    REGISTRY_DESCRIPTION_CHARS_MAX, WEBHOOK_NAME_CHARS_MAX, WEBHOOK_SECRET_CHARS_MAX, WEBHOOK_URL_CHARS_MAX,
};

/// Page size of a list that names none.
const WEBHOOKS_PER_PAGE: i64 = 100;
/// Largest page of a list.
const WEBHOOKS_PER_PAGE_MAX: i64 = 1_000;

/// A webhook as MLflow answers it, without its secret.
#[derive(Debug, Serialize)]
pub struct Webhook {
    webhook_id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    url: String,
    events: Vec<Event>,
    status: &'static str,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
}

#[derive(Debug, Serialize)]
struct Event {
    entity: String,
    action: String,
}

impl From<spanwise_model::Webhook> for Webhook {
    fn from(webhook: spanwise_model::Webhook) -> Self {
        let event = |event: WebhookEvent| Event {
            entity: event.entity().to_uppercase(),
            action: event.action().to_uppercase(),
        };
        Webhook {
            webhook_id: webhook.webhook_id,
            name: webhook.name,
            description: webhook.description,
            url: webhook.url,
            events: webhook.events.into_iter().map(event).collect(),
            status: if webhook.is_active { "ACTIVE" } else { "DISABLED" },
            creation_timestamp: milliseconds(webhook.created_ns),
            last_updated_timestamp: milliseconds(webhook.last_updated_ns),
        }
    }
}

/// The answer that holds one webhook.
#[derive(Debug, Serialize)]
pub struct WebhookResponse {
    /// The webhook.
    pub webhook: Webhook,
}

/// The answer of a list.
#[derive(Debug, Serialize)]
pub struct WebhooksResponse {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<Webhook>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer of a test.
#[derive(Debug, Serialize)]
pub struct WebhookTestResponse {
    /// What became of it.
    pub result: WebhookTestResult,
}

/// What became of a test.
#[derive(Debug, Default, Serialize)]
pub struct WebhookTestResult {
    /// Whether the receiver took it.
    pub success: bool,
    /// The status that it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_status: Option<u16>,
    /// What else it answered, cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_body: Option<String>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// `POST webhooks`.
#[derive(Debug)]
pub struct CreateWebhook {
    /// Its name.
    pub name: String,
    /// Where events are posted to; not checked yet.
    pub url: String,
    /// The events that it is told of.
    pub events: Vec<WebhookEvent>,
    /// What it is for.
    pub description: Option<String>,
    /// What deliveries are signed with.
    pub secret: Option<String>,
    /// Whether it is told of them.
    pub is_active: bool,
}

impl FromFields for CreateWebhook {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let request = CreateWebhook {
            name: fields.required("name")?,
            url: fields.required("url")?,
            events: events(fields)?.ok_or_else(|| FieldError::Missing("events".to_owned()))?,
            description: text(fields, "description")?.filter(|text| !text.is_empty()),
            secret: text(fields, "secret")?.filter(|text| !text.is_empty()),
            is_active: status(fields)?.unwrap_or(true),
        };
        check_webhook_name(&request.name)?;
        check_chars("url", &request.url, WEBHOOK_URL_CHARS_MAX)?;
        Ok(request)
    }
}

/// `PATCH webhooks/{id}`; `None` leaves a field as it is.
#[derive(Debug)]
pub struct UpdateWebhook {
    /// New name.
    pub name: Option<String>,
    /// New address; not checked yet.
    pub url: Option<String>,
    /// New events.
    pub events: Option<Vec<WebhookEvent>>,
    /// New description.
    pub description: Option<String>,
    /// New secret; empty for none.
    pub secret: Option<String>,
    /// Whether it is told of them.
    pub is_active: Option<bool>,
}

impl FromFields for UpdateWebhook {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let given = |name| Ok(fields.optional::<String>(name)?.filter(|text| !text.is_empty()));
        let request = UpdateWebhook {
            name: given("name")?,
            url: given("url")?,
            events: events(fields)?,
            description: text(fields, "description")?,
            secret: text(fields, "secret")?,
            is_active: status(fields)?,
        };
        request.name.as_deref().map_or(Ok(()), check_webhook_name)?;
        check_chars("url", request.url.as_deref().unwrap_or_default(), WEBHOOK_URL_CHARS_MAX)?;
        Ok(request)
    }
}

/// `GET webhooks`.
#[derive(Debug)]
pub struct ListWebhooks {
    /// Page size.
    pub max_results: usize,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for ListWebhooks {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let asked = fields.optional("max_results")?.filter(|&asked| asked != 0).unwrap_or(WEBHOOKS_PER_PAGE);
        let max_results = usize::try_from(asked).ok().filter(|_| asked <= WEBHOOKS_PER_PAGE_MAX);
        let out_of_bounds = format!("max_results must be between 1 and {WEBHOOKS_PER_PAGE_MAX}.");
        Ok(ListWebhooks {
            max_results: max_results.ok_or(FieldError::Rule(out_of_bounds))?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

/// `POST webhooks/{id}/test`.
#[derive(Debug)]
pub struct TestWebhook {
    /// Of what the test tells; `None` = of the webhook's first event.
    pub event: Option<WebhookEvent>,
}

impl FromFields for TestWebhook {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(TestWebhook { event: fields.optional("event")? })
    }
}

impl FromFields for WebhookEvent {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let (entity, action): (String, String) = (fields.required("entity")?, fields.required("action")?);
        WebhookEvent::from_names(&entity, &action).ok_or_else(|| {
            let mut valid = WebhookEvent::actions_of(&entity);
            valid.sort_unstable();
            let (action, entity) = (action.to_lowercase(), entity.to_lowercase());
            FieldError::Rule(format!(
                "Invalid action '{action}' for entity '{entity}'. Valid actions are: {valid:?}"
            ))
        })
    }
}

/// Whether a webhook is active, by its status's name or protobuf number.
struct Status(bool);

impl FromField for Status {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        match (value.as_str(), value.as_u64()) {
            (Some("ACTIVE"), _) | (_, Some(1)) => Ok(Status(true)),
            (Some("DISABLED"), _) | (_, Some(2)) => Ok(Status(false)),
            _ => Err(at.not_allowed(value, ". It must be 'ACTIVE' or 'DISABLED'")),
        }
    }
}

fn status(fields: &Fields<'_>) -> Result<Option<bool>, FieldError> {
    Ok(fields.optional::<Status>("status")?.map(|status| status.0))
}

/// Reads events; an empty list is as good as none.
fn events(fields: &Fields<'_>) -> Result<Option<Vec<WebhookEvent>>, FieldError> {
    let events: Option<Vec<WebhookEvent>> = fields.optional("events")?;
    Ok(events.filter(|events| !events.is_empty()))
}

fn text(fields: &Fields<'_>, name: &'static str) -> Result<Option<String>, FieldError> {
    let text: Option<String> = fields.optional(name)?;
    let chars_max = if name == "secret" { WEBHOOK_SECRET_CHARS_MAX } else { REGISTRY_DESCRIPTION_CHARS_MAX };
    check_chars(name, text.as_deref().unwrap_or_default(), chars_max)?;
    Ok(text)
}

fn check_webhook_name(name: &str) -> Result<(), FieldError> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric();
    let is_right = name.len() <= WEBHOOK_NAME_CHARS_MAX
        && name.starts_with(is_plain)
        && name.ends_with(is_plain)
        && name.chars().all(|letter| is_plain(letter) || "._-".contains(letter));
    if is_right {
        return Ok(());
    }
    Err(FieldError::Rule(format!(
        "Webhook name '{name}' is invalid. It must start and end with a letter or digit, be less than \
         {WEBHOOK_NAME_CHARS_MAX} characters long, and contain only letters, digits, dots (.), underscores (_), and \
         hyphens (-)."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn create(body: &Value) -> Result<CreateWebhook, String> {
        CreateWebhook::from_fields(&Fields::of_body(body.as_object().unwrap()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_webhook_needs_a_name_and_known_events() {
        let events = json!([{"entity": "PROMPT", "action": "CREATED"}]);
        let request = create(&json!({"name": "w.1", "url": "u", "events": events, "secret": ""})).unwrap();
        assert_eq!(request.events, [WebhookEvent::PromptCreated]);
        assert_eq!((request.secret, request.is_active), (None, true));
        let error = create(&json!({"name": "-w", "url": "u", "events": events})).unwrap_err();
        assert!(error.starts_with("Webhook name '-w' is invalid."), "{error}");
        let error = create(&json!({"name": "w", "url": "u", "events": []})).unwrap_err();
        assert!(error.starts_with("Missing value for required parameter 'events'"), "{error}");
        let events = json!([{"entity": "PROMPT_TAG", "action": "CREATED"}]);
        let error = create(&json!({"name": "w", "url": "u", "events": events})).unwrap_err();
        assert_eq!(
            error,
            "Invalid action 'created' for entity 'prompt_tag'. Valid actions are: [\"deleted\", \"set\"]"
        );
    }
}
