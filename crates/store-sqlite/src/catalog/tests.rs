//! What only the tables show; what a caller sees is in the conformance suite.

use super::delete::DeletedBlock;
use super::*;
use crate::rank;
use crate::trace_row::{TraceRow, explicit};
use rusqlite::params;
use spanwise_model::{
    Assessment, AssessmentId, AssessmentSource, AssessmentValue, ErrorKind, ExperimentId, SourceType,
    TraceInfo, TraceStart, TraceState,
};
use spanwise_store::{DeleteTraces, NewExperiment, PromptLink};
use std::collections::BTreeMap;

/// Returns an empty database in memory, with the schema and as the writer sets it up.
pub(crate) fn database() -> Connection {
    crate::schema::open_writer(std::path::Path::new(":memory:")).unwrap().0
}

/// Returns how SQLite is going to run a query, a line a step.
pub(super) fn plan_of(conn: &Connection, sql: &entity::Sql) -> String {
    let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {}", sql.text)).unwrap();
    let steps = explain.query_map(rusqlite::params_from_iter(&sql.params), |row| row.get::<_, String>(3));
    steps.unwrap().collect::<Result<Vec<_>, _>>().unwrap().join("\n")
}

fn id(number: u8) -> TraceId {
    TraceId::Otel([number; 16])
}

/// Inserts a trace that starts at `start_ns` and returns its key.
fn insert(conn: &Connection, number: u8, start_ns: i64, change: impl FnOnce(&mut TraceRow)) -> i64 {
    let mut row = TraceRow::new(id(number), ExperimentId::DEFAULT, rank::WEAKEST, start_ns, 0);
    change(&mut row);
    row.insert(conn).unwrap();
    row.trace_key
}

fn start(number: u8) -> TraceStart {
    TraceStart {
        trace_id: id(number),
        experiment_id: ExperimentId::DEFAULT,
        client_request_id: None,
        start_ns: 1,
        duration_ns: None,
        state: TraceState::Ok,
        name: None,
        session: None,
        request_preview: None,
        response_preview: None,
        usage: None,
        cost: None,
        metadata: BTreeMap::new(),
        tags: BTreeMap::new(),
        assessments: Vec::new(),
    }
}

fn feedback(number: u8, assessment_id: &str, value: serde_json::Value) -> Assessment {
    Assessment {
        assessment_id: AssessmentId(assessment_id.into()),
        trace_id: id(number),
        name: "quality".into(),
        value: AssessmentValue::Feedback { value: Some(value), error: None },
        source: AssessmentSource { source_type: SourceType::Code, source_id: None },
        span_id: None,
        created_ns: 1,
        last_updated_ns: 1,
        rationale: None,
        metadata: BTreeMap::new(),
        overrides: None,
        valid: true,
    }
}

fn texts(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

#[track_caller]
fn count(conn: &Connection, table: &str) -> i64 {
    conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn a_final_record_marks_what_the_client_gave() {
    let conn = database();
    let plain = start_trace(&conn, &start(1), 5).unwrap();
    assert!(plain.finalized);
    let row = TraceRow::load_by_id(&conn, &id(1)).unwrap().unwrap();
    assert_eq!((row.explicit, row.experiment_rank, row.arrival_ns), (0, rank::EXPLICIT, 5));

    let given = TraceStart {
        name: Some("n".into()),
        session: Some("s".into()),
        response_preview: Some("r".into()),
        metadata: texts("mlflow.trace.user", "u"),
        ..start(1)
    };
    start_trace(&conn, &given, 6).unwrap();
    let row = TraceRow::load_by_id(&conn, &id(1)).unwrap().unwrap();
    let bits = explicit::NAME | explicit::SESSION | explicit::RESPONSE_PREVIEW | explicit::USER;
    assert_eq!(row.explicit, bits);
    assert_eq!((row.user.as_deref(), row.user_rank), (Some("u"), Some(rank::EXPLICIT)));
    assert_eq!((row.session_rank, row.arrival_ns), (Some(rank::EXPLICIT), 5));
    assert_eq!(count(&conn, "trace_metadata"), 0, "the user is a column");
}

#[test]
fn a_final_record_makes_an_invisible_trace_visible() {
    let conn = database();
    let key = insert(&conn, 1, 100, |row| row.visible = false);
    assert_eq!(load_infos(&conn, &[key]).unwrap(), []);
    assert_eq!(start_trace(&conn, &start(1), 5).unwrap().start_ns, 1);
    assert_eq!(load_infos(&conn, &[key]).unwrap().len(), 1);
}

#[test]
fn infos_come_in_the_order_of_their_keys_with_all_that_belongs_to_them() {
    let conn = database();
    conn.execute(
        "INSERT INTO interned (interned_id, hash, bytes, tags) VALUES (7, x'01', x'', '{\"k\":\"v\"}')",
        [],
    )
    .unwrap();
    let first = insert(&conn, 1, 1, |row| row.resource_id = Some(7));
    let second = insert(&conn, 2, 2, |row| row.user = Some("u".into()));
    let hidden = insert(&conn, 3, 3, |row| row.visible = false);
    set_trace_tag(&conn, &id(1), "t", "1").unwrap();
    create_assessment(&conn, &feedback(2, "a-1", 1.into())).unwrap();
    let infos = load_infos(&conn, &[second, hidden, 99, first]).unwrap();
    let [of_second, of_first]: [TraceInfo; 2] = infos.try_into().unwrap();
    assert_eq!((of_first.trace_id, of_second.trace_id), (id(1), id(2)));
    assert_eq!((of_first.tags, of_first.resource_tags), (texts("t", "1"), texts("k", "v")));
    assert_eq!(of_second.metadata, texts("mlflow.trace.user", "u"));
    assert_eq!(of_second.assessments, [feedback(2, "a-1", 1.into())]);
}

#[test]
fn a_renamed_or_nameless_trace_is_marked_so() {
    let conn = database();
    let key = insert(&conn, 1, 1, |_| ());
    assert_eq!(delete_trace_tag(&conn, &id(1), NAME_TAG).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!TraceRow::load(&conn, key).unwrap().unwrap().is_explicit(explicit::NAME));
    set_trace_tag(&conn, &id(1), NAME_TAG, "n").unwrap();
    delete_trace_tag(&conn, &id(1), NAME_TAG).unwrap();
    let row = TraceRow::load(&conn, key).unwrap().unwrap();
    assert_eq!((row.is_explicit(explicit::NAME), row.name), (true, None));
}

#[test]
fn an_assessment_keeps_the_columns_that_filters_compare() {
    let conn = database();
    insert(&conn, 1, 1, |_| ());
    #[track_caller]
    fn check(conn: &Connection, value: serde_json::Value, text: &str, number: Option<f64>) {
        let mut one = feedback(1, "a-1", value);
        one.metadata = texts("mlflow.trace.session", "s");
        delete_assessment(conn, &id(1), &one.assessment_id).unwrap();
        create_assessment(conn, &one).unwrap();
        let found: (String, Option<f64>, Option<String>) = conn
            .query_row("SELECT value, value_number, session FROM assessment", [], |row| row.try_into())
            .unwrap();
        assert_eq!(found, (text.to_owned(), number, Some("s".to_owned())));
    }
    check(&conn, 5.into(), "5", Some(5.0));
    check(&conn, 0.5.into(), "0.5", Some(0.5));
    check(&conn, true.into(), "true", None);
    check(&conn, "5".into(), "\"5\"", None);
    check(&conn, serde_json::json!({"é": [1, 2]}), r#"{"\u00e9": [1, 2]}"#, None);
}

#[test]
fn deleting_leaves_no_row_and_says_what_blocks_were_let_go() {
    let conn = database();
    for number in [1, 2] {
        let key = insert(&conn, number, i64::from(number), |_| ());
        set_trace_tag(&conn, &id(number), "k", "v").unwrap();
        start_trace(&conn, &TraceStart { metadata: texts("k", "v"), ..start(number) }, 5).unwrap();
        create_assessment(&conn, &feedback(number, &format!("a-{number}"), 1.into())).unwrap();
        link_traces_to_run(&conn, &[id(number)], "run").unwrap();
        link_prompts(&conn, &id(number), &[PromptLink { name: "p".into(), version: "1".into() }]).unwrap();
        conn.execute(
            "INSERT INTO block (trace_key, segment_id, offset, length, kind, columns, arrival_ns)
             VALUES (?1, 4, 0, ?2, 0, x'', 5)",
            params![key, 10 * i64::from(number)],
        )
        .unwrap();
    }
    let which = DeleteTraces::Ids(vec![id(2), id(9)]);
    let deleted = delete_traces(&conn, ExperimentId::DEFAULT, &which, |_| Ok(())).unwrap();
    assert_eq!((deleted.visible, deleted.traces), (1, vec![(2, id(2))]));
    assert_eq!(deleted.blocks, [DeletedBlock { segment_id: 4, length: 20 }]);
    for table in ["trace", "trace_tag", "trace_metadata", "assessment", "trace_run", "trace_prompt", "block"]
    {
        assert_eq!(count(&conn, table), 1, "{table}");
    }
}

#[test]
fn old_log_records_without_spans_are_deleted_uncounted() {
    let conn = database();
    for (number, visible) in [(1, true), (2, false), (3, true), (4, false)] {
        insert(&conn, number, i64::from(number) * 1_000_000, |row| row.visible = visible);
    }
    let until = |max_start_ms, limit| DeleteTraces::Until { max_start_ms, limit };
    let delete = |which| delete_traces(&conn, ExperimentId::DEFAULT, &which, |_| Ok(())).unwrap();
    // A full step leaves them to the last one.
    assert_eq!(delete(until(3, Some(1))).traces, [(1, id(1))]);
    let last = delete(until(3, Some(2)));
    assert_eq!((last.visible, last.traces), (1, vec![(3, id(3)), (2, id(2))]));
    assert_eq!(count(&conn, "trace"), 1);
    let by_id = delete(DeleteTraces::Ids(vec![id(4)]));
    assert_eq!((by_id.visible, count(&conn, "trace")), (0, 1));
}

#[test]
fn a_derived_experiment_counts_against_the_limit_and_a_created_one_does_not() {
    let conn = database();
    create_experiment(&conn, &NewExperiment { name: "a".into(), ..NewExperiment::default() }, 1).unwrap();
    ensure_experiment(&conn, "b", 1, 2).unwrap();
    let refused = ensure_experiment(&conn, "c", 1, 3).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Exhausted);
    assert!(refused.message().contains("`c`"), "{refused}");
    let found = find_experiment_by_name(&conn, "b").unwrap().unwrap();
    assert_eq!((found.created_ns, found.experiment_id), (2, ExperimentId(2)));
}
