//! The texts of records: what clients send of a trace beside its spans.

use super::Redaction;
use crate::IngestError;
use serde_json::Value;
use spanwise_model::{
    Assessment, AssessmentError, AssessmentValue, ErrorKind, ExperimentId, TraceId, TraceInfo, TraceStart,
};
use spanwise_redact::{Redactor, Tally};
use spanwise_store::AssessmentChange;
use std::collections::BTreeMap;

impl Redaction {
    /// Redacts the record that a client sends when a trace ends, by the rules of the experiment that it names.
    pub async fn trace_start(&self, start: &mut TraceStart) -> Result<(), IngestError> {
        self.with(start.experiment_id, |texts| {
            texts.optional(&mut start.client_request_id);
            texts.optional(&mut start.name);
            texts.optional(&mut start.session);
            texts.optional(&mut start.request_preview);
            texts.optional(&mut start.response_preview);
            texts.map(&mut start.metadata);
            texts.map(&mut start.tags);
            start.assessments.iter_mut().for_each(|assessment| texts.assessment(assessment));
        })
        .await
    }

    /// Redacts the record of an archive, by the rules of the experiment that it is restored in.
    pub async fn trace_info(&self, info: &mut TraceInfo) -> Result<(), IngestError> {
        self.with(info.experiment_id, |texts| {
            texts.optional(&mut info.client_request_id);
            texts.optional(&mut info.name);
            texts.optional(&mut info.session);
            texts.optional(&mut info.request_preview);
            texts.optional(&mut info.response_preview);
            texts.optional(&mut info.input_text);
            texts.optional(&mut info.output_text);
            texts.map(&mut info.metadata);
            texts.map(&mut info.tags);
            texts.map(&mut info.resource_tags);
            info.assessments.iter_mut().for_each(|assessment| texts.assessment(assessment));
        })
        .await
    }

    /// Redacts a tag of a trace, by the rules of the experiment that it is in; of a trace that is not there, nothing.
    pub async fn tag(
        &self,
        trace: &TraceId,
        key: &mut String,
        value: &mut String,
    ) -> Result<(), IngestError> {
        self.with_trace(trace, |texts| {
            texts.entry(key, value);
        })
        .await
    }

    /// Redacts a new assessment, as [`Redaction::tag`] does.
    pub async fn assessment(&self, assessment: &mut Assessment) -> Result<(), IngestError> {
        let trace = assessment.trace_id.clone();
        self.with_trace(&trace, |texts| texts.assessment(assessment)).await
    }

    /// Redacts a change of an assessment, as [`Redaction::tag`] does.
    pub async fn assessment_change(
        &self,
        trace: &TraceId,
        change: &mut AssessmentChange,
    ) -> Result<(), IngestError> {
        self.with_trace(trace, |texts| {
            texts.optional(&mut change.name);
            if let Some((value, error)) = &mut change.feedback {
                value.iter_mut().for_each(|value| texts.json(value));
                error.iter_mut().for_each(|error| texts.error(error));
            }
            if let Some((value, _)) = &mut change.expectation {
                texts.json(value);
            }
            if let Some(rationale) = &mut change.rationale {
                texts.optional(rationale);
            }
            if let Some(metadata) = &mut change.metadata {
                texts.map(metadata);
            }
        })
        .await
    }

    async fn with_trace(
        &self,
        trace: &TraceId,
        redact: impl FnOnce(&mut Texts<'_>),
    ) -> Result<(), IngestError> {
        if self.book().await?.is_empty() {
            return Ok(());
        }
        match self.store.get_trace(trace).await {
            Ok(info) => self.with(info.experiment_id, redact).await,
            // The store will say so.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn with(
        &self,
        id: ExperimentId,
        redact: impl FnOnce(&mut Texts<'_>),
    ) -> Result<(), IngestError> {
        let Some(redactor) = self.redactor(id).await? else { return Ok(()) };
        let mut texts = Texts { redactor: &redactor, tally: Tally::default() };
        redact(&mut texts);
        self.count(id, &texts.tally);
        Ok(())
    }
}

/// Redacts one text after the other.
pub(super) struct Texts<'r> {
    redactor: &'r Redactor,
    tally: Tally,
}

impl Texts<'_> {
    pub(super) fn text(&mut self, key: Option<&str>, text: &mut String) {
        if let Some(redacted) = self.redactor.redact(key, &[], text, &mut self.tally) {
            *text = redacted;
        }
    }

    pub(super) fn optional(&mut self, text: &mut Option<String>) {
        text.iter_mut().for_each(|text| self.text(None, text));
    }

    pub(super) fn map(&mut self, map: &mut BTreeMap<String, String>) {
        let entries = std::mem::take(map);
        map.extend(entries.into_iter().map(|(mut key, mut value)| {
            self.entry(&mut key, &mut value);
            (key, value)
        }));
    }

    pub(super) fn entry(&mut self, key: &mut String, value: &mut String) {
        match self.redactor.mask_key(key, &mut self.tally) {
            Some(masked) => *value = masked,
            None => self.text(Some(key), value),
        }
        self.text(None, key);
    }

    /// Redacts a value as the text that it has, so that its paths and numbers are seen as everywhere else.
    pub(super) fn json(&mut self, value: &mut Value) {
        let is_text = value.is_string();
        let mut text = match &*value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let before = self.tally.clone();
        self.text(None, &mut text);
        if self.tally == before {
            return;
        }
        *value = match serde_json::from_str(&text) {
            Ok(redacted) if !is_text => redacted,
            _ => Value::from(text),
        };
    }

    fn error(&mut self, error: &mut AssessmentError) {
        self.optional(&mut error.error_code);
        self.optional(&mut error.error_message);
        self.optional(&mut error.stack_trace);
    }

    fn assessment(&mut self, assessment: &mut Assessment) {
        self.text(None, &mut assessment.name);
        match &mut assessment.value {
            AssessmentValue::Feedback { value, error } => {
                value.iter_mut().for_each(|value| self.json(value));
                error.iter_mut().for_each(|error| self.error(error));
            }
            AssessmentValue::Expectation { value, .. } => self.json(value),
            AssessmentValue::Issue { issue_name } => self.text(None, issue_name),
        }
        self.optional(&mut assessment.source.source_id);
        self.optional(&mut assessment.rationale);
        self.map(&mut assessment.metadata);
    }
}
