//! Assessments.

use super::assert_fails;
use super::build::{assessment, at_ms, feedback, span, spans, start, texts, trace_id};
use crate::{AssessmentChange, NewExperiment, Store, StoreResult};
use serde_json::{Value, json};
use spanwise_model::ErrorKind::{AlreadyExists, InvalidArgument, NotFound};
use spanwise_model::{
    Assessment, AssessmentError, AssessmentId, AssessmentSource, AssessmentValue, SourceType, TraceId,
};

fn id(text: &str) -> AssessmentId {
    AssessmentId(text.to_owned())
}

async fn one_trace(store: &dyn Store) -> StoreResult<TraceId> {
    let trace = trace_id(1);
    store.append_spans(vec![spans(&trace, &[span(1)])]).await?;
    Ok(trace)
}

async fn validity(store: &dyn Store, trace: &TraceId) -> StoreResult<Vec<(String, bool)>> {
    let info = store.get_trace(trace).await?;
    Ok(info.assessments.into_iter().map(|one| (one.assessment_id.0, one.valid)).collect())
}

/// What is created is answered, found, and part of the trace's record, in order of creation.
pub async fn assessments_come_back_as_created(store: &dyn Store) -> StoreResult<()> {
    let trace = one_trace(store).await?;
    let values = [
        feedback(0.5),
        feedback(5),
        feedback(true),
        feedback("it's \"good\" é🦀"),
        feedback(json!({"b": [1, null, 2.5], "a": {}})),
        feedback(u64::MAX),
        feedback(1e-7),
        AssessmentValue::Feedback { value: None, error: None },
        AssessmentValue::Feedback {
            value: Some(json!(1)),
            error: Some(AssessmentError {
                error_code: Some("Timeout".to_owned()),
                error_message: Some(String::new()),
                stack_trace: None,
            }),
        },
        AssessmentValue::Expectation { value: json!("Paris"), serialized: false },
        AssessmentValue::Expectation { value: json!(["x", {"y": 1}]), serialized: true },
        AssessmentValue::Issue { issue_name: "too slow".to_owned() },
    ];
    let mut created = Vec::new();
    // Ids that fall, so that an order by id would be noticed.
    for (number, value) in values.into_iter().enumerate() {
        let mut one = assessment(&trace, &format!("a-{:02}", 50 - number), "quality", value);
        if number % 2 == 0 {
            one.source = AssessmentSource { source_type: SourceType::LlmJudge, source_id: None };
            one.span_id = Some("00000000000000ff".to_owned());
            one.rationale = Some("because".to_owned());
            one.metadata = texts([("mlflow.assessment.sourceRunId", "r"), ("k", "\"")]);
            one.last_updated_ns = at_ms(77);
        }
        assert_eq!(store.create_assessment(one.clone()).await?, one);
        assert_eq!(store.get_assessment(&trace, &one.assessment_id).await?, one);
        created.push(one);
    }
    assert_eq!(store.get_trace(&trace).await?.assessments, created);
    Ok(())
}

/// A taken id is `AlreadyExists`, in whichever trace; an unknown trace or assessment is `NotFound`.
pub async fn ids_of_assessments_are_unique(store: &dyn Store) -> StoreResult<()> {
    let trace = one_trace(store).await?;
    store.append_spans(vec![spans(&trace_id(2), &[span(1)])]).await?;
    store.create_assessment(assessment(&trace, "a-1", "x", feedback(1))).await?;
    assert_fails(store.create_assessment(assessment(&trace, "a-1", "y", feedback(2))).await, AlreadyExists);
    assert_fails(
        store.create_assessment(assessment(&trace_id(2), "a-1", "y", feedback(2))).await,
        AlreadyExists,
    );
    assert_fails(store.create_assessment(assessment(&trace_id(3), "a-3", "y", feedback(2))).await, NotFound);
    assert_fails(store.get_assessment(&trace, &id("a-9")).await, NotFound);
    assert_fails(store.get_assessment(&trace_id(2), &id("a-1")).await, NotFound);
    assert_fails(store.get_assessment(&trace_id(3), &id("a-1")).await, NotFound);
    let change = AssessmentChange { name: Some("z".to_owned()), ..AssessmentChange::default() };
    assert_fails(store.update_assessment(&trace_id(2), &id("a-1"), change).await, NotFound);
    assert_eq!(store.get_assessment(&trace, &id("a-1")).await?.name, "x");
    Ok(())
}

/// A change replaces what it names, merges metadata, and leaves the rest.
pub async fn an_assessment_can_be_changed(store: &dyn Store) -> StoreResult<()> {
    let trace = one_trace(store).await?;
    let mut one = assessment(&trace, "a-1", "quality", feedback(1));
    one.rationale = Some("first".to_owned());
    one.metadata = texts([("k", "v"), ("kept", "1")]);
    store.create_assessment(one.clone()).await?;
    let second = store.create_assessment(assessment(&trace, "a-2", "other", feedback(2))).await?;
    let update = async |change: AssessmentChange| store.update_assessment(&trace, &id("a-1"), change).await;

    let error = AssessmentError { error_code: Some("E".to_owned()), ..AssessmentError::default() };
    let change = AssessmentChange {
        name: Some("renamed".to_owned()),
        feedback: Some((None, Some(error.clone()))),
        metadata: Some(texts([("k", "w"), ("new", "2")])),
        valid: Some(false),
        now_ns: at_ms(20),
        ..AssessmentChange::default()
    };
    let expected = Assessment {
        name: "renamed".to_owned(),
        value: AssessmentValue::Feedback { value: None, error: Some(error) },
        metadata: texts([("k", "w"), ("kept", "1"), ("new", "2")]),
        valid: false,
        last_updated_ns: at_ms(20),
        ..one
    };
    assert_eq!(update(change).await?, expected);

    let change = AssessmentChange {
        feedback: Some((Some(json!("yes")), None)),
        rationale: Some(None),
        now_ns: at_ms(30),
        ..AssessmentChange::default()
    };
    let expected =
        Assessment { value: feedback("yes"), rationale: None, last_updated_ns: at_ms(30), ..expected };
    assert_eq!(update(change).await?, expected);
    assert_eq!(store.get_trace(&trace).await?.assessments, [expected, second]);
    Ok(())
}

/// A change of another kind than the assessment's is `InvalidArgument` and changes nothing.
pub async fn a_change_of_another_kind_is_refused(store: &dyn Store) -> StoreResult<()> {
    let trace = one_trace(store).await?;
    let expectation = AssessmentValue::Expectation { value: json!(1), serialized: false };
    let issue = AssessmentValue::Issue { issue_name: "i".to_owned() };
    for (number, value) in [feedback(1), expectation, issue].into_iter().enumerate() {
        let one = store.create_assessment(assessment(&trace, &format!("a-{number}"), "x", value)).await?;
        let to_feedback =
            AssessmentChange { feedback: Some((Some(Value::Null), None)), ..AssessmentChange::default() };
        let to_expectation =
            AssessmentChange { expectation: Some((json!(2), true)), ..AssessmentChange::default() };
        for (change, fits) in [(to_feedback, number == 0), (to_expectation, number == 1)] {
            let change = AssessmentChange { name: Some("renamed".to_owned()), ..change };
            if !fits {
                assert_fails(
                    store.update_assessment(&trace, &one.assessment_id, change).await,
                    InvalidArgument,
                );
            }
        }
        assert_eq!(store.get_assessment(&trace, &one.assessment_id).await?, one);
    }
    let change =
        AssessmentChange { expectation: Some((json!({"a": 1}), true)), ..AssessmentChange::default() };
    let changed = store.update_assessment(&trace, &id("a-1"), change).await?;
    assert_eq!(changed.value, AssessmentValue::Expectation { value: json!({"a": 1}), serialized: true });
    Ok(())
}

/// Overriding makes the overridden one invalid; deleting the overriding one makes it valid again.
pub async fn an_assessment_can_override_another(store: &dyn Store) -> StoreResult<()> {
    let trace = one_trace(store).await?;
    let overriding = |new: &str, old: &str| Assessment {
        overrides: Some(id(old)),
        ..assessment(&trace, new, "quality", feedback(2))
    };
    store.create_assessment(assessment(&trace, "a-1", "quality", feedback(1))).await?;
    assert_fails(store.create_assessment(overriding("a-2", "a-9")).await, NotFound);
    assert_fails(store.get_assessment(&trace, &id("a-2")).await, NotFound);
    assert_fails(store.create_assessment(overriding("a-2", "a-2")).await, NotFound);

    let created = store.create_assessment(overriding("a-2", "a-1")).await?;
    assert_eq!((created.valid, created.overrides), (true, Some(id("a-1"))));
    store.create_assessment(overriding("a-3", "a-2")).await?;
    let flags = |flags: [bool; 3]| {
        ["a-1", "a-2", "a-3"].map(str::to_owned).into_iter().zip(flags).collect::<Vec<_>>()
    };
    assert_eq!(validity(store, &trace).await?, flags([false, false, true]));
    store.delete_assessment(&trace, &id("a-3")).await?;
    assert_eq!(validity(store, &trace).await?, flags([false, true, true])[..2]);
    store.delete_assessment(&trace, &id("a-2")).await?;
    assert_eq!(validity(store, &trace).await?, flags([true, true, true])[..1]);
    Ok(())
}

/// Deleting is fine also when there is nothing to delete, and takes only what the trace has.
pub async fn deleting_an_assessment_may_be_repeated(store: &dyn Store) -> StoreResult<()> {
    let trace = one_trace(store).await?;
    store.append_spans(vec![spans(&trace_id(2), &[span(1)])]).await?;
    store.create_assessment(assessment(&trace, "a-1", "x", feedback(1))).await?;
    store.delete_assessment(&trace_id(2), &id("a-1")).await?;
    store.delete_assessment(&trace_id(3), &id("a-1")).await?;
    assert_eq!(validity(store, &trace).await?.len(), 1);
    store.delete_assessment(&trace, &id("a-1")).await?;
    store.delete_assessment(&trace, &id("a-1")).await?;
    assert_eq!(validity(store, &trace).await?, []);
    store.create_assessment(assessment(&trace, "a-1", "again", feedback(1))).await?;
    Ok(())
}

/// Assessments move with their trace.
pub async fn assessments_move_with_their_trace(store: &dyn Store) -> StoreResult<()> {
    let trace = one_trace(store).await?;
    let one = store.create_assessment(assessment(&trace, "a-1", "x", feedback(1))).await?;
    let other = NewExperiment { name: "other".to_owned(), ..NewExperiment::default() };
    let other = store.create_experiment(other).await?.experiment_id;
    assert_eq!(store.start_trace(start(&trace, other)).await?.assessments, [one]);
    assert_eq!(super::find::ids_in(store, &[other], "feedback.x = '1'", &[]).await?, [trace]);
    Ok(())
}
