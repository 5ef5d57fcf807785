//! The texts of what evaluation keeps beside the traces: runs, logged models and records of datasets.

use super::Redaction;
use super::record::Texts;
use crate::IngestError;
use serde_json::{Map, Value};
use spanwise_model::{DatasetInput, DatasetRecord, ExperimentId, LoggedModel, Run};
use spanwise_store::catalog::{NewLoggedModel, NewRecord, NewRun, RecordContent, RunInputs, RunLog};
use std::collections::BTreeMap;

/// The field that holds what is left of an object of which a rule took the whole.
const REDACTED: &str = "redacted";

impl Redaction {
    /// Returns whether any experiment has rules, so that it has to be known where something goes.
    ///
    /// # Errors
    /// `Unavailable` if the rules can't be read.
    pub async fn is_on(&self) -> Result<bool, IngestError> {
        Ok(!self.book().await?.is_empty())
    }

    /// Redacts the name and the tags of a new run.
    pub async fn run(&self, new: &mut NewRun) -> Result<(), IngestError> {
        let NewRun { experiment_id, name, tags, .. } = new;
        self.with(*experiment_id, |texts| {
            texts.text(None, name);
            texts.map(tags);
        })
        .await
    }

    /// Redacts a run of another store.
    pub async fn whole_run(&self, run: &mut Run) -> Result<(), IngestError> {
        let Run { experiment_id, name, params, tags, dataset_inputs, .. } = run;
        self.with(*experiment_id, |texts| {
            texts.text(None, name);
            texts.map(params);
            texts.map(tags);
            dataset_inputs.iter_mut().for_each(|input| texts.dataset_input(input));
        })
        .await
    }

    /// Redacts a logged model of another store.
    pub async fn whole_logged_model(&self, model: &mut LoggedModel) -> Result<(), IngestError> {
        let LoggedModel { experiment_id, name, params, tags, .. } = model;
        self.with(*experiment_id, |texts| {
            texts.text(None, name);
            texts.map(params);
            texts.map(tags);
        })
        .await
    }

    /// Redacts the new name of a run.
    pub async fn run_name(&self, id: ExperimentId, name: &mut Option<String>) -> Result<(), IngestError> {
        self.with(id, |texts| texts.optional(name)).await
    }

    /// Redacts parameters and tags of a run.
    pub async fn run_log(&self, id: ExperimentId, log: &mut RunLog) -> Result<(), IngestError> {
        self.with(id, |texts| {
            texts.entries(&mut log.params);
            texts.entries(&mut log.tags);
        })
        .await
    }

    /// Redacts the descriptions of the datasets that a run read.
    pub async fn run_inputs(&self, id: ExperimentId, inputs: &mut RunInputs) -> Result<(), IngestError> {
        self.with(id, |texts| {
            inputs.datasets.iter_mut().for_each(|input| texts.dataset_input(input));
        })
        .await
    }

    /// Redacts the name, parameters and tags of a new logged model.
    pub async fn logged_model(&self, new: &mut NewLoggedModel) -> Result<(), IngestError> {
        let NewLoggedModel { experiment_id, name, params, tags, .. } = new;
        self.with(*experiment_id, |texts| {
            texts.text(None, name);
            texts.map(params);
            texts.map(tags);
        })
        .await
    }

    /// Redacts parameters and tags of a logged model.
    pub async fn logged_model_log(
        &self,
        id: ExperimentId,
        params: &mut BTreeMap<String, String>,
        tags: &mut BTreeMap<String, String>,
    ) -> Result<(), IngestError> {
        self.with(id, |texts| {
            texts.map(params);
            texts.map(tags);
        })
        .await
    }

    /// Redacts records by the rules of all experiments that their dataset belongs to, one after the other.
    pub async fn records(
        &self,
        experiments: &[ExperimentId],
        records: Vec<RecordTexts<'_>>,
    ) -> Result<(), IngestError> {
        let mut records = records;
        for id in experiments {
            self.with(*id, |texts| {
                for record in &mut records {
                    texts.object(record.inputs);
                    record.outputs.iter_mut().for_each(|outputs| texts.json(outputs));
                    texts.object(record.expectations);
                    texts.object(record.tags);
                }
            })
            .await?;
        }
        Ok(())
    }
}

/// What of a dataset's record holds texts.
#[derive(Debug)]
pub struct RecordTexts<'r> {
    inputs: &'r mut Map<String, Value>,
    outputs: &'r mut Option<Value>,
    expectations: &'r mut Map<String, Value>,
    tags: &'r mut Map<String, Value>,
}

impl<'r> From<&'r mut NewRecord> for RecordTexts<'r> {
    fn from(record: &'r mut NewRecord) -> RecordTexts<'r> {
        let NewRecord { inputs, outputs, expectations, tags, .. } = record;
        RecordTexts { inputs, outputs, expectations, tags }
    }
}

impl<'r> From<&'r mut RecordContent> for RecordTexts<'r> {
    fn from(record: &'r mut RecordContent) -> RecordTexts<'r> {
        let RecordContent { inputs, outputs, expectations, tags, .. } = record;
        RecordTexts { inputs, outputs, expectations, tags }
    }
}

impl<'r> From<&'r mut DatasetRecord> for RecordTexts<'r> {
    fn from(record: &'r mut DatasetRecord) -> RecordTexts<'r> {
        let DatasetRecord { inputs, outputs, expectations, tags, .. } = record;
        RecordTexts { inputs, outputs, expectations, tags }
    }
}

impl Texts<'_> {
    fn entries(&mut self, entries: &mut [(String, String)]) {
        entries.iter_mut().for_each(|(key, value)| self.entry(key, value));
    }

    fn dataset_input(&mut self, input: &mut DatasetInput) {
        self.text(None, &mut input.dataset.name);
        self.text(None, &mut input.dataset.source);
        self.optional(&mut input.dataset.schema);
        self.optional(&mut input.dataset.profile);
        self.map(&mut input.tags);
    }

    fn object(&mut self, object: &mut Map<String, Value>) {
        let mut value = Value::Object(std::mem::take(object));
        self.json(&mut value);
        *object = match value {
            Value::Object(redacted) => redacted,
            other => Map::from_iter([(REDACTED.to_owned(), other)]),
        };
    }
}
