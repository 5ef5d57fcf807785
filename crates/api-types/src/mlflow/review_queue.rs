//! Requests and answers of `review-queues/*`.

use super::experiment::page_size;
use super::field::{FieldError, Fields, FromField, FromFields, Place, check_name, cut};
use super::issue::one_of;
use super::time::milliseconds;
use serde::Serialize;
use serde_json::Value;
use spanwise_model::limit::{
    LABEL_SCHEMA_ID_CHARS_MAX, REVIEW_QUEUE_NAME_CHARS_MAX, REVIEW_USER_CHARS_MAX, REVIEW_USERS_MAX,
    TRACE_ID_CHARS_MAX,
};
use spanwise_model::{ExperimentId, LabelSchemaId, ReviewQueueId, ReviewQueueType, ReviewStatus, TraceId};

/// Page size of a list that names none.
const ROWS_PER_PAGE: i64 = 1_000;
/// Largest page of a list.
const ROWS_PER_PAGE_MAX: i64 = 50_000;
/// What no custom queue may be called, in lower case: upstream's queue of whoever did not log in.
const RESERVED_NAME: &str = "default";

/// A queue as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct ReviewQueue {
    queue_id: String,
    experiment_id: String,
    name: String,
    queue_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    creation_time_ms: i64,
    last_update_time_ms: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    schema_ids: Vec<String>,
}

impl From<spanwise_model::ReviewQueue> for ReviewQueue {
    fn from(queue: spanwise_model::ReviewQueue) -> Self {
        ReviewQueue {
            queue_id: queue.queue_id.0,
            experiment_id: queue.experiment_id.to_string(),
            name: queue.name,
            queue_type: queue.queue_type.name(),
            created_by: queue.created_by,
            creation_time_ms: milliseconds(queue.created_ns),
            last_update_time_ms: milliseconds(queue.last_updated_ns),
            users: queue.users,
            schema_ids: queue.schema_ids.into_iter().map(|id| id.0).collect(),
        }
    }
}

/// A trace in a queue as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct ReviewItem {
    queue_id: String,
    item_type: &'static str,
    item_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_time_ms: Option<i64>,
    creation_time_ms: i64,
    last_update_time_ms: i64,
}

impl From<spanwise_model::ReviewItem> for ReviewItem {
    fn from(item: spanwise_model::ReviewItem) -> Self {
        ReviewItem {
            queue_id: item.queue_id.0,
            item_type: "TRACE",
            item_id: item.trace_id.to_string(),
            status: item.status.name(),
            completed_by: item.completed_by,
            completed_time_ms: item.completed_ns.map(milliseconds),
            creation_time_ms: milliseconds(item.created_ns),
            last_update_time_ms: milliseconds(item.last_updated_ns),
        }
    }
}

/// The answer that holds one queue.
#[derive(Debug, Serialize)]
pub struct ReviewQueueResponse {
    /// The queue.
    pub review_queue: ReviewQueue,
}

/// The answer of `list`.
#[derive(Debug, Serialize)]
pub struct ReviewQueuesResponse {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub review_queues: Vec<ReviewQueue>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer that holds traces of a queue.
#[derive(Debug, Serialize)]
pub struct ReviewItemsResponse {
    /// The traces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ReviewItem>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer of `items/set-status`.
#[derive(Debug, Serialize)]
pub struct ReviewItemResponse {
    /// The trace.
    pub item: ReviewItem,
}

/// `create`.
#[derive(Debug, PartialEq, Eq)]
pub struct CreateReviewQueue {
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub queue_type: ReviewQueueType,
    /// Who makes it.
    pub created_by: Option<String>,
    /// Who is to review, each once.
    pub users: Vec<String>,
    /// What is asked, each once.
    pub schema_ids: Vec<LabelSchemaId>,
}

impl FromFields for CreateReviewQueue {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let experiment_id = fields.required("experiment_id")?;
        let name: String = fields.required("name")?;
        let queue_type = fields.required::<QueueType>("queue_type")?.0;
        let (mut users, schema_ids) = (users(fields)?, schema_ids(fields)?);
        let name = match queue_type {
            ReviewQueueType::Custom => custom_name(&name)?,
            ReviewQueueType::User => user_name(&name, "name")?,
        };
        if queue_type == ReviewQueueType::User {
            if users.is_empty() {
                users.push(name.clone());
            } else if users != [name.clone()] {
                return rule(format!(
                    "A user queue must have exactly one assigned user equal to its name; got name='{name}' and \
                     users={}.",
                    python_list(&users)
                ));
            }
            if !schema_ids.is_empty() {
                return rule(
                    "A user queue cannot have explicitly-attached schemas; it resolves to all of the experiment's \
                     label schemas."
                        .to_owned(),
                );
            }
        }
        let created_by = fields.optional("created_by")?.filter(|user: &String| !user.is_empty());
        created_by.as_deref().map(|user| checked(user, "created_by", REVIEW_USER_CHARS_MAX)).transpose()?;
        Ok(CreateReviewQueue { experiment_id, name, queue_type, created_by, users, schema_ids })
    }
}

/// `get-or-create-user`.
#[derive(Debug, PartialEq, Eq)]
pub struct EnsureUserQueue {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// The user.
    pub user: String,
}

impl FromFields for EnsureUserQueue {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(EnsureUserQueue {
            experiment_id: fields.required("experiment_id")?,
            user: user_name(&fields.required::<String>("user")?, "name")?,
        })
    }
}

/// A request that names one queue: `get`, `delete`.
#[derive(Debug, PartialEq, Eq)]
pub struct OneReviewQueue {
    /// Its id.
    pub queue_id: ReviewQueueId,
}

impl FromFields for OneReviewQueue {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(OneReviewQueue { queue_id: queue_id(fields)? })
    }
}

/// `get-by-name`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetReviewQueueByName {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// The name.
    pub name: String,
}

impl FromFields for GetReviewQueueByName {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(GetReviewQueueByName {
            experiment_id: fields.required("experiment_id")?,
            name: fields.required("name")?,
        })
    }
}

/// `list`.
#[derive(Debug, PartialEq, Eq)]
pub struct ListReviewQueues {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// Only those that this user is to review.
    pub user: Option<String>,
    /// Only those that this trace is in.
    pub item_id: Option<String>,
    /// Page size.
    pub max_results: usize,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for ListReviewQueues {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let user: Option<String> = fields.optional("user")?;
        Ok(ListReviewQueues {
            experiment_id: fields.required("experiment_id")?,
            user: user.map(|user| user.trim().to_lowercase()),
            item_id: fields.optional("item_id")?,
            max_results: rows_per_page(fields)?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

/// `update`.
#[derive(Debug, PartialEq, Eq)]
pub struct UpdateReviewQueue {
    /// Its id.
    pub queue_id: ReviewQueueId,
    /// New name.
    pub name: Option<String>,
    /// New owner.
    pub new_owner: Option<String>,
    /// Who is to review from now on.
    pub users: Option<Vec<String>>,
    /// What is asked from now on.
    pub schema_ids: Option<Vec<LabelSchemaId>>,
}

impl FromFields for UpdateReviewQueue {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        // As in proto3, an empty list can't be told from none: these say whether it is meant.
        let update_users: bool = fields.or_default("update_users")?;
        let update_schemas: bool = fields.or_default("update_schema_ids")?;
        let name: Option<String> = fields.optional("name")?;
        let new_owner: Option<String> = fields.optional("new_owner")?;
        Ok(UpdateReviewQueue {
            queue_id: queue_id(fields)?,
            name: name.map(|name| custom_name(&name)).transpose()?,
            new_owner: new_owner
                .map(|owner| checked(owner.trim(), "new_owner", REVIEW_USER_CHARS_MAX))
                .transpose()?,
            users: update_users.then(|| users(fields)).transpose()?,
            schema_ids: update_schemas.then(|| schema_ids(fields)).transpose()?,
        })
    }
}

/// Traces to put into a queue, or to take out of it.
#[derive(Debug, PartialEq, Eq)]
pub struct ChangeReviewItems {
    /// The queue.
    pub queue_id: ReviewQueueId,
    /// The traces.
    pub traces: Vec<TraceId>,
}

impl FromFields for ChangeReviewItems {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let queue_id = queue_id(fields)?;
        if let Some(kind) = fields.optional::<Value>("item_type")?
            && !["TRACE", "REVIEW_ITEM_TYPE_UNSPECIFIED"].map(Value::from).contains(&kind)
            && !matches!(kind.as_i64(), Some(0 | 1))
        {
            return rule(format!("`item_type` must be one of ['trace']; got {}.", cut(&kind.to_string())));
        }
        let ids: Vec<String> = fields.or_default("item_ids")?;
        if ids.is_empty() {
            return rule("`item_ids` must be a non-empty list; got [].".to_owned());
        }
        let traces = ids.iter().map(|id| trace_id(id)).collect::<Result<_, _>>()?;
        Ok(ChangeReviewItems { queue_id, traces })
    }
}

/// `items/list`.
#[derive(Debug, PartialEq, Eq)]
pub struct ListReviewItems {
    /// The queue.
    pub queue_id: ReviewQueueId,
    /// Only those of this status.
    pub status: Option<ReviewStatus>,
    /// Page size.
    pub max_results: usize,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for ListReviewItems {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(ListReviewItems {
            queue_id: queue_id(fields)?,
            status: fields.optional::<Status>("status")?.map(|status| status.0),
            max_results: rows_per_page(fields)?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

/// `items/set-status`.
#[derive(Debug, PartialEq, Eq)]
pub struct SetReviewStatus {
    /// The queue.
    pub queue_id: ReviewQueueId,
    /// The trace.
    pub trace_id: TraceId,
    /// How far its review is.
    pub status: ReviewStatus,
    /// Who says so; none of `Pending`.
    pub completed_by: Option<String>,
}

impl FromFields for SetReviewStatus {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let queue_id = queue_id(fields)?;
        let trace_id = trace_id(&fields.required::<String>("item_id")?)?;
        let status = fields.required::<Status>("status")?.0;
        let completed_by: Option<String> = fields.optional("completed_by")?;
        let completed_by = completed_by.map(|user| user.trim().to_lowercase());
        match (status, completed_by.as_deref()) {
            (ReviewStatus::Pending, Some(_)) => {
                let text = "`completed_by` must not be set when reopening an item to `pending`.";
                return rule(text.to_owned());
            }
            (ReviewStatus::Pending, None) => {}
            (_, None | Some("")) => {
                let status = status.name().to_lowercase();
                return rule(format!("`completed_by` is required when setting status to `{status}`."));
            }
            (_, Some(user)) => drop(checked(user, "completed_by", REVIEW_USER_CHARS_MAX)?),
        }
        Ok(SetReviewStatus { queue_id, trace_id, status, completed_by })
    }
}

fn rule<T>(message: String) -> Result<T, FieldError> {
    Err(FieldError::Rule(message))
}

fn rows_per_page(fields: &Fields<'_>) -> Result<usize, FieldError> {
    page_size(fields.optional("max_results")?.unwrap_or(ROWS_PER_PAGE), ROWS_PER_PAGE_MAX)
}

fn queue_id(fields: &Fields<'_>) -> Result<ReviewQueueId, FieldError> {
    Ok(ReviewQueueId(fields.required("queue_id")?))
}

/// Checks a text that must be there and not be too long.
fn checked(text: &str, name: &'static str, chars_max: usize) -> Result<String, FieldError> {
    check_name(name, text)?;
    let length = text.chars().count();
    if length == 0 {
        return rule(format!("`{name}` must be a non-empty string; got ''."));
    }
    if length > chars_max {
        return rule(format!("`{name}` must be at most {chars_max} characters; got {length}."));
    }
    Ok(text.to_owned())
}

fn custom_name(name: &str) -> Result<String, FieldError> {
    let name = checked(name.trim(), "name", REVIEW_QUEUE_NAME_CHARS_MAX)?;
    if name.to_lowercase() == RESERVED_NAME {
        return rule(format!("`{name}` is a reserved queue name and cannot be used for a custom queue."));
    }
    Ok(name)
}

/// Users are compared without regard to case.
fn user_name(user: &str, name: &'static str) -> Result<String, FieldError> {
    checked(&user.trim().to_lowercase(), name, REVIEW_USER_CHARS_MAX)
}

fn users(fields: &Fields<'_>) -> Result<Vec<String>, FieldError> {
    let mut users: Vec<String> = Vec::new();
    for user in fields.or_default::<Vec<String>>("users")? {
        let user = user_name(&user, "user")?;
        if !users.contains(&user) {
            users.push(user);
        }
        if users.len() > REVIEW_USERS_MAX {
            return rule(format!(
                "A review queue can have at most {REVIEW_USERS_MAX} assigned users; got {}.",
                users.len()
            ));
        }
    }
    Ok(users)
}

fn schema_ids(fields: &Fields<'_>) -> Result<Vec<LabelSchemaId>, FieldError> {
    let mut ids: Vec<LabelSchemaId> = Vec::new();
    for id in fields.or_default::<Vec<String>>("schema_ids")? {
        let id = LabelSchemaId(checked(id.trim(), "schema_id", LABEL_SCHEMA_ID_CHARS_MAX)?);
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn trace_id(text: &str) -> Result<TraceId, FieldError> {
    let text = checked(text.trim(), "item_id", TRACE_ID_CHARS_MAX)?;
    text.parse().or_else(|_| rule(format!("`item_id` must be the id of a trace; got '{text}'.")))
}

fn python_list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| format!("'{text}'")).collect::<Vec<_>>().join(", "))
}

struct QueueType(ReviewQueueType);

impl FromField for QueueType {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let names = ReviewQueueType::ALL.map(ReviewQueueType::name);
        Ok(QueueType(ReviewQueueType::ALL[enum_index(value, &names, at)?]))
    }
}

struct Status(ReviewStatus);

impl FromField for Status {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let names = ReviewStatus::ALL.map(ReviewStatus::name);
        Ok(Status(ReviewStatus::ALL[enum_index(value, &names, at)?]))
    }
}

/// Returns the place of a value by its name or its protobuf number, which counts from 1.
fn enum_index(value: &Value, names: &[&str], at: &Place) -> Result<usize, FieldError> {
    let index = match value {
        Value::String(name) => names.iter().position(|known| known == name),
        Value::Number(number) => {
            number.as_u64().and_then(|number| usize::try_from(number).ok()?.checked_sub(1))
        }
        _ => return Err(at.wrong_type(value)),
    };
    index.filter(|index| *index < names.len()).ok_or_else(|| at.not_allowed(value, one_of(names)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<T: FromFields>(body: &Value) -> Result<T, String> {
        T::from_fields(&Fields::of_body(body.as_object().unwrap())).map_err(|error| error.to_string())
    }

    #[test]
    fn users_and_names_are_normalized() {
        let body = json!({
            "experiment_id": "1", "name": " Q ", "queue_type": "CUSTOM", "users": [" A@x", "a@X ", "b"],
            "schema_ids": ["s", "s"],
        });
        let queue: CreateReviewQueue = read(&body).unwrap();
        assert_eq!((queue.name.as_str(), queue.users), ("Q", vec!["a@x".to_owned(), "b".to_owned()]));
        assert_eq!(queue.schema_ids, [LabelSchemaId("s".to_owned())]);
        let body = json!({"experiment_id": "1", "name": "Ann", "queue_type": 1});
        let queue: CreateReviewQueue = read(&body).unwrap();
        assert_eq!((queue.name.as_str(), queue.users), ("ann", vec!["ann".to_owned()]));
    }

    #[test]
    fn what_is_wrong_is_said_in_mlflows_words() {
        let user = json!({"experiment_id": "1", "name": "ann", "queue_type": "USER", "users": ["bob"]});
        assert_eq!(
            read::<CreateReviewQueue>(&user).unwrap_err(),
            "A user queue must have exactly one assigned user equal to its name; got name='ann' and users=['bob'].",
        );
        let reserved = json!({"experiment_id": "1", "name": "DEFAULT", "queue_type": "CUSTOM"});
        assert!(read::<CreateReviewQueue>(&reserved).unwrap_err().starts_with("`DEFAULT` is a reserved"));
        let users: Vec<String> = (0..=REVIEW_USERS_MAX).map(|number| number.to_string()).collect();
        let many = json!({"experiment_id": "1", "name": "q", "queue_type": "CUSTOM", "users": users});
        assert!(read::<CreateReviewQueue>(&many).unwrap_err().contains("at most 10 assigned users; got 11."));
        let none = json!({"queue_id": "q", "item_ids": []});
        assert_eq!(
            read::<ChangeReviewItems>(&none).unwrap_err(),
            "`item_ids` must be a non-empty list; got [].",
        );
        let anonymous = json!({"queue_id": "q", "item_id": "tr-1", "status": "COMPLETE"});
        assert_eq!(
            read::<SetReviewStatus>(&anonymous).unwrap_err(),
            "`completed_by` is required when setting status to `complete`.",
        );
        let reopened = json!({"queue_id": "q", "item_id": "tr-1", "status": "PENDING", "completed_by": "a"});
        assert!(read::<SetReviewStatus>(&reopened).unwrap_err().contains("must not be set when reopening"));
    }

    #[test]
    fn a_list_is_changed_only_where_that_is_said() {
        let body = json!({"queue_id": "q", "users": ["a"], "update_schema_ids": true});
        let update: UpdateReviewQueue = read(&body).unwrap();
        assert_eq!((update.users, update.schema_ids), (None, Some(Vec::new())));
    }
}
