//! Webhooks: addresses that are told what changed.

/// An address that is told of events. Its secret is not among what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id, a UUID.
    pub webhook_id: String,
    /// Its name; several may have the same one.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where events are posted to.
    pub url: String,
    /// The events that it is told of.
    pub events: Vec<WebhookEvent>,
    /// Whether it is told of them; what happens meanwhile is not made up for.
    pub is_active: bool,
    /// When it was created.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
}

/// What a webhook can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WebhookEvent {
    /// A registered model that is no prompt was created.
    RegisteredModelCreated,
    /// A version of one was created.
    ModelVersionCreated,
    /// A tag of a version was set.
    ModelVersionTagSet,
    /// A tag of a version was deleted.
    ModelVersionTagDeleted,
    /// An alias was set.
    ModelVersionAliasCreated,
    /// An alias was deleted.
    ModelVersionAliasDeleted,
    /// A prompt was created.
    PromptCreated,
    /// A version of a prompt was created.
    PromptVersionCreated,
    /// A tag of a prompt was set.
    PromptTagSet,
    /// A tag of a prompt was deleted.
    PromptTagDeleted,
    /// A tag of a prompt's version was set.
    PromptVersionTagSet,
    /// A tag of a prompt's version was deleted.
    PromptVersionTagDeleted,
    /// An alias of a prompt was set.
    PromptAliasCreated,
    /// An alias of a prompt was deleted.
    PromptAliasDeleted,
    /// A budget was exceeded; nothing here says so yet.
    BudgetPolicyExceeded,
}

impl WebhookEvent {
    /// Each with MLflow's names of what changed and of how.
    const TABLE: [(WebhookEvent, &'static str, &'static str); 15] = [
        (WebhookEvent::RegisteredModelCreated, "registered_model", "created"),
        (WebhookEvent::ModelVersionCreated, "model_version", "created"),
        (WebhookEvent::ModelVersionTagSet, "model_version_tag", "set"),
        (WebhookEvent::ModelVersionTagDeleted, "model_version_tag", "deleted"),
        (WebhookEvent::ModelVersionAliasCreated, "model_version_alias", "created"),
        (WebhookEvent::ModelVersionAliasDeleted, "model_version_alias", "deleted"),
        (WebhookEvent::PromptCreated, "prompt", "created"),
        (WebhookEvent::PromptVersionCreated, "prompt_version", "created"),
        (WebhookEvent::PromptTagSet, "prompt_tag", "set"),
        (WebhookEvent::PromptTagDeleted, "prompt_tag", "deleted"),
        (WebhookEvent::PromptVersionTagSet, "prompt_version_tag", "set"),
        (WebhookEvent::PromptVersionTagDeleted, "prompt_version_tag", "deleted"),
        (WebhookEvent::PromptAliasCreated, "prompt_alias", "created"),
        (WebhookEvent::PromptAliasDeleted, "prompt_alias", "deleted"),
        (WebhookEvent::BudgetPolicyExceeded, "budget_policy", "exceeded"),
    ];

    /// Returns what changed, in lower case, e.g. `prompt_version`.
    pub fn entity(self) -> &'static str {
        self.row().1
    }

    /// Returns how it changed, in lower case, e.g. `created`.
    pub fn action(self) -> &'static str {
        self.row().2
    }

    /// Returns the event of these names, in any case.
    pub fn from_names(entity: &str, action: &str) -> Option<WebhookEvent> {
        let same = |row: &&(WebhookEvent, &str, &str)| {
            row.1.eq_ignore_ascii_case(entity) && row.2.eq_ignore_ascii_case(action)
        };
        WebhookEvent::TABLE.iter().find(same).map(|row| row.0)
    }

    /// Returns how things of that name, in any case, can change.
    pub fn actions_of(entity: &str) -> Vec<&'static str> {
        let of_entity = WebhookEvent::TABLE.iter().filter(|row| row.1.eq_ignore_ascii_case(entity));
        of_entity.map(|row| row.2).collect()
    }

    fn row(self) -> (WebhookEvent, &'static str, &'static str) {
        WebhookEvent::TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_events() {
        for (index, row) in WebhookEvent::TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, index);
            assert_eq!(WebhookEvent::from_names(row.1, &row.2.to_uppercase()), Some(row.0));
        }
    }
}
