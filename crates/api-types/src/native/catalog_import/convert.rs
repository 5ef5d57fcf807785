//! What the lines of an import of the catalog say, as the things themselves.

use super::*;
use spanwise_model::{
    Dataset, DatasetInput, DatasetRecord, Experiment, ExperimentId, Issue, IssueId, IssueSeverity,
    IssueStatus, LabelInput, LabelSchema, LabelSchemaId, LabelSchemaType, LifecycleStage, LoggedModel,
    Metric, ModelMetric, ModelOutput, ModelStage, ModelStatus, ModelVersion, OnlineScoring, RecordSource,
    RegisteredModel, ReviewItem, ReviewQueue, ReviewQueueId, ReviewQueueType, ReviewStatus, Run, RunDataset,
    RunId, RunStatus, ScorerVersion, Webhook, WebhookEvent,
};

/// Why a line can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogLineError {
    /// A name that is none of those that there are.
    #[error("unknown {what} `{given}`; expected {expected}")]
    Name {
        /// What is named.
        what: &'static str,
        /// The name.
        given: String,
        /// Those that there are.
        expected: String,
    },
    /// No number where one is needed.
    #[error("the value {0} of a metric is no number; expected one, or the text NaN, Infinity or -Infinity")]
    Metric(String),
    /// Not a trace id.
    #[error(transparent)]
    Id(#[from] spanwise_model::IdError),
}

fn named<T>(
    what: &'static str,
    given: &str,
    all: &[T],
    name: impl Fn(&T) -> &'static str,
) -> Result<T, CatalogLineError>
where
    T: Copy,
{
    all.iter().find(|one| name(one) == given).copied().ok_or_else(|| CatalogLineError::Name {
        what,
        given: given.to_owned(),
        expected: all.iter().map(|one| format!("`{}`", name(one))).collect::<Vec<_>>().join(", "),
    })
}

fn stage(deleted: bool) -> LifecycleStage {
    if deleted { LifecycleStage::Deleted } else { LifecycleStage::Active }
}

fn metric((key, value, timestamp_ns, step): (String, Value, i64, i64)) -> Result<Metric, CatalogLineError> {
    let number = match &value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    };
    let value = number.ok_or_else(|| CatalogLineError::Metric(value.to_string()))?;
    Ok(Metric { key, value, timestamp_ns, step })
}

impl From<ImportedExperiment> for Experiment {
    fn from(line: ImportedExperiment) -> Experiment {
        Experiment {
            experiment_id: ExperimentId(line.experiment_id),
            name: line.name,
            artifact_location: line.artifact_location,
            lifecycle_stage: stage(line.deleted),
            created_ns: line.created_ns,
            last_updated_ns: line.last_updated_ns,
            tags: line.tags,
        }
    }
}

impl TryFrom<ImportedRun> for Run {
    type Error = CatalogLineError;

    fn try_from(line: ImportedRun) -> Result<Run, CatalogLineError> {
        Ok(Run {
            run_id: RunId(line.run_id),
            experiment_id: ExperimentId(line.experiment_id),
            name: line.name,
            user: line.user,
            status: named("status of a run", &line.status, &RunStatus::ALL, |status| status.name())?,
            start_ns: line.start_ns,
            end_ns: line.end_ns,
            artifact_uri: line.artifact_uri,
            lifecycle_stage: stage(line.deleted),
            metrics: Vec::new(),
            params: line.params,
            tags: line.tags,
            dataset_inputs: line.dataset_inputs.into_iter().map(DatasetInput::from).collect(),
            model_inputs: line.model_inputs,
            model_outputs: line
                .model_outputs
                .into_iter()
                .map(|(model_id, step)| ModelOutput { model_id, step })
                .collect(),
        })
    }
}

impl From<ImportedDatasetInput> for DatasetInput {
    fn from(line: ImportedDatasetInput) -> DatasetInput {
        let dataset = RunDataset {
            name: line.name,
            digest: line.digest,
            source_type: line.source_type,
            source: line.source,
            schema: line.schema,
            profile: line.profile,
        };
        DatasetInput { dataset, tags: line.tags }
    }
}

impl ImportedMetrics {
    /// Returns the run and the points.
    pub fn into_model(self) -> Result<(RunId, Vec<Metric>), CatalogLineError> {
        let points = self.points.into_iter().map(metric).collect::<Result<_, _>>()?;
        Ok((RunId(self.run_id), points))
    }
}

impl TryFrom<ImportedLoggedModel> for LoggedModel {
    type Error = CatalogLineError;

    fn try_from(line: ImportedLoggedModel) -> Result<LoggedModel, CatalogLineError> {
        let model_id = line.model_id;
        let measured = |one: ImportedModelMetric| {
            Ok(ModelMetric {
                model_id: model_id.clone(),
                metric: metric(one.metric)?,
                run_id: RunId(one.run_id),
                dataset: (one.dataset_name, one.dataset_digest),
            })
        };
        Ok(LoggedModel {
            metrics: line.metrics.into_iter().map(measured).collect::<Result<_, CatalogLineError>>()?,
            model_id,
            experiment_id: ExperimentId(line.experiment_id),
            name: line.name,
            model_type: line.model_type,
            source_run_id: line.source_run_id,
            status: named("status of a model", &line.status, &ModelStatus::ALL, |status| status.name())?,
            created_ns: line.created_ns,
            last_updated_ns: line.last_updated_ns,
            artifact_uri: line.artifact_uri,
            lifecycle_stage: stage(line.deleted),
            params: line.params,
            tags: line.tags,
        })
    }
}

impl From<ImportedDataset> for Dataset {
    fn from(line: ImportedDataset) -> Dataset {
        Dataset {
            dataset_id: line.dataset_id,
            name: line.name,
            tags: line.tags,
            experiments: line.experiments.into_iter().map(ExperimentId).collect(),
            schema: line.schema,
            record_count: 0,
            version: 0,
            digest: String::new(),
            created_ns: line.created_ns,
            last_updated_ns: line.last_updated_ns,
            created_by: line.created_by,
            last_updated_by: line.last_updated_by,
            mapping: None,
        }
    }
}

impl From<ImportedRecord> for DatasetRecord {
    fn from(line: ImportedRecord) -> DatasetRecord {
        let data = line.source_data;
        DatasetRecord {
            record_id: line.record_id,
            inputs: line.inputs,
            outputs: line.outputs,
            expectations: line.expectations,
            tags: line.tags,
            source: line.source_type.map(|source_type| RecordSource { source_type, data }),
            since: 0,
            created_ns: line.created_ns,
            last_updated_ns: line.last_updated_ns,
            created_by: line.created_by,
            last_updated_by: line.last_updated_by,
        }
    }
}

impl From<ImportedRegisteredModel> for RegisteredModel {
    fn from(line: ImportedRegisteredModel) -> RegisteredModel {
        RegisteredModel {
            name: line.name,
            created_ns: line.created_ns,
            last_updated_ns: line.last_updated_ns,
            description: line.description,
            tags: line.tags,
            aliases: BTreeMap::new(),
            latest_versions: Vec::new(),
        }
    }
}

impl TryFrom<ImportedModelVersion> for ModelVersion {
    type Error = CatalogLineError;

    fn try_from(line: ImportedModelVersion) -> Result<ModelVersion, CatalogLineError> {
        let at_source = line.storage_location.is_empty();
        Ok(ModelVersion {
            name: line.name,
            version: line.version,
            created_ns: line.created_ns,
            last_updated_ns: line.last_updated_ns,
            stage: named("stage", &line.stage, &ModelStage::ALL, |stage| stage.name())?,
            description: line.description,
            storage_location: if at_source { line.source.clone() } else { line.storage_location },
            source: line.source,
            run_id: line.run_id,
            run_link: line.run_link,
            model_id: line.model_id,
            tags: line.tags,
            aliases: line.aliases,
        })
    }
}

impl From<ImportedScorerVersion> for ScorerVersion {
    fn from(line: ImportedScorerVersion) -> ScorerVersion {
        ScorerVersion {
            scorer_id: line.scorer_id,
            experiment_id: ExperimentId(line.experiment_id),
            name: line.name,
            version: line.version,
            serialized: line.serialized,
            created_ns: line.created_ns,
        }
    }
}

impl From<ImportedOnlineScoring> for OnlineScoring {
    fn from(line: ImportedOnlineScoring) -> OnlineScoring {
        OnlineScoring {
            config_id: line.config_id,
            scorer_id: line.scorer_id,
            experiment_id: ExperimentId(line.experiment_id),
            sample_rate: line.sample_rate,
            filter: line.filter,
        }
    }
}

impl TryFrom<ImportedIssue> for Issue {
    type Error = CatalogLineError;

    fn try_from(line: ImportedIssue) -> Result<Issue, CatalogLineError> {
        let severity = |name: &String| named("severity", name, &IssueSeverity::ALL, |one| one.name());
        Ok(Issue {
            severity: line.severity.as_ref().map(severity).transpose()?,
            status: named("status of an issue", &line.status, &IssueStatus::ALL, |status| status.name())?,
            issue_id: IssueId(line.issue_id),
            experiment_id: ExperimentId(line.experiment_id),
            name: line.name,
            description: line.description,
            root_causes: line.root_causes,
            categories: line.categories,
            source_run_id: line.source_run_id,
            created_by: line.created_by,
            created_ns: line.created_ns,
            last_updated_ns: line.last_updated_ns,
        })
    }
}

impl TryFrom<ImportedLabelSchema> for LabelSchema {
    type Error = CatalogLineError;

    fn try_from(line: ImportedLabelSchema) -> Result<LabelSchema, CatalogLineError> {
        Ok(LabelSchema {
            schema_type: named("type of a label schema", &line.r#type, &LabelSchemaType::ALL, |one| {
                one.name()
            })?,
            schema_id: LabelSchemaId(line.schema_id),
            experiment_id: ExperimentId(line.experiment_id),
            name: line.name,
            instruction: line.instruction,
            enable_comment: line.enable_comment,
            input: line.input.into(),
            is_default: line.is_default,
            created_ns: line.created_ns,
            last_updated_ns: line.last_updated_ns,
        })
    }
}

impl From<ImportedInput> for LabelInput {
    fn from(input: ImportedInput) -> LabelInput {
        match input {
            ImportedInput::PassFail { positive_label, negative_label } => {
                LabelInput::PassFail { positive_label, negative_label }
            }
            ImportedInput::Categorical { options, multi_select } => {
                LabelInput::Categorical { options, multi_select }
            }
            ImportedInput::Numeric { min_value, max_value } => LabelInput::Numeric { min_value, max_value },
            ImportedInput::Text { max_length } => LabelInput::Text { max_length },
        }
    }
}

impl From<ImportedReviewQueue> for ReviewQueue {
    fn from(line: ImportedReviewQueue) -> ReviewQueue {
        ReviewQueue {
            queue_id: ReviewQueueId(line.queue_id),
            experiment_id: ExperimentId(line.experiment_id),
            name: line.name,
            queue_type: if line.is_user { ReviewQueueType::User } else { ReviewQueueType::Custom },
            created_by: line.created_by,
            users: line.users,
            schema_ids: line.schema_ids.into_iter().map(LabelSchemaId).collect(),
            created_ns: line.created_ns,
            last_updated_ns: line.last_updated_ns,
        }
    }
}

impl TryFrom<ImportedReviewItem> for ReviewItem {
    type Error = CatalogLineError;

    fn try_from(line: ImportedReviewItem) -> Result<ReviewItem, CatalogLineError> {
        Ok(ReviewItem {
            status: named("status of a review", &line.status, &ReviewStatus::ALL, |status| status.name())?,
            queue_id: ReviewQueueId(line.queue_id),
            trace_id: line.trace_id.parse()?,
            completed_by: line.completed_by,
            completed_ns: line.completed_ns,
            created_ns: line.created_ns,
            last_updated_ns: line.last_updated_ns,
        })
    }
}

impl ImportedWebhook {
    /// Returns the webhook and its secret.
    pub fn into_model(self) -> Result<(Webhook, Option<String>), CatalogLineError> {
        let event = |(entity, action): (String, String)| {
            WebhookEvent::from_names(&entity, &action).ok_or_else(|| CatalogLineError::Name {
                what: "event",
                given: format!("{entity}.{action}"),
                expected: "one of those that webhooks can be told of".to_owned(),
            })
        };
        let webhook = Webhook {
            events: self.events.into_iter().map(event).collect::<Result<_, _>>()?,
            webhook_id: self.webhook_id,
            name: self.name,
            description: self.description,
            url: self.url,
            is_active: self.active,
            created_ns: self.created_ns,
            last_updated_ns: self.last_updated_ns,
        };
        Ok((webhook, self.secret))
    }
}
