//! Searching traces.

use super::build::{
    DEFAULT, EPOCH_NS, MS, assessment, at_ms, explicit, feedback, span, spans, spans_of, start, texts,
    trace_id, usage,
};
use crate::{Cursor, NewExperiment, PromptLink, Store, StoreResult, TracePage, TraceQuery};
use serde_json::json;
use spanwise_model::{
    Assessment, AssessmentId, AssessmentValue, Cost, ExperimentId, SpanStatus, TraceId, TraceStart,
    TraceState,
};
use spanwise_query::{parse_filter, parse_order_by};

const EPOCH_MS: i64 = EPOCH_NS / MS;

/// Makes a query over the experiments that the suite uses.
pub(super) fn query(filter: &str, order: &[&str], limit: usize) -> TraceQuery {
    TraceQuery {
        experiments: (0..4).map(ExperimentId).collect(),
        filter: Some(parse_filter(filter).expect("the suite's filters are right")),
        order: parse_order_by(order).expect("the suite's orders are right"),
        limit,
        after: None,
    }
}

pub(super) fn trace_ids(page: &TracePage) -> Vec<TraceId> {
    page.traces.iter().map(|info| info.trace_id.clone()).collect()
}

/// Returns the ids of all traces that match, in order.
pub(super) async fn ids(store: &dyn Store, filter: &str, order: &[&str]) -> StoreResult<Vec<TraceId>> {
    all_pages(store, query(filter, order, 100)).await
}

pub(super) async fn ids_in(
    store: &dyn Store,
    experiments: &[ExperimentId],
    filter: &str,
    order: &[&str],
) -> StoreResult<Vec<TraceId>> {
    all_pages(store, TraceQuery { experiments: experiments.to_vec(), ..query(filter, order, 100) }).await
}

pub(super) async fn count(store: &dyn Store, filter: &str) -> StoreResult<u64> {
    store.count_traces(query(filter, &[], 1)).await
}

/// Pages through a query; each cursor goes through its token, as a client's does.
async fn all_pages(store: &dyn Store, mut query: TraceQuery) -> StoreResult<Vec<TraceId>> {
    let mut found = Vec::new();
    loop {
        let page = store.find_traces(query.clone()).await?;
        assert!(page.traces.len() <= query.limit);
        assert!(page.traces.len() < query.limit || page.next.is_some(), "a full page has a next one");
        found.extend(trace_ids(&page));
        let Some(cursor) = page.next else { return Ok(found) };
        let token = cursor.to_token("order", "filter");
        query.after = Some(Cursor::from_token(&token, "order", "filter").expect("a token comes back"));
    }
}

/// Five traces that differ in all that can be searched for; the fourth has an id that its client chose.
async fn five_traces(store: &dyn Store) -> StoreResult<[TraceId; 5]> {
    let named = |name: &str| NewExperiment { name: name.to_owned(), ..NewExperiment::default() };
    let a = explicit(store.create_experiment(named("a")).await?.experiment_id);
    let b = store.create_experiment(named("b")).await?.experiment_id;
    let ids = [trace_id(1), trace_id(2), trace_id(3), TraceId::Text("own".into()), trace_id(5)];
    let chat = [
        span(1)
            .name("chat")
            .span_type("AGENT")
            .from_to(0, 100)
            .tag("env", "prod")
            .metadata("release", "1.4")
            .session("s1")
            .user("u1"),
        span(2)
            .parent(1)
            .name("openai")
            .span_type("LLM")
            .from_to(5, 90)
            .usage(3, 4)
            .attribute("model", "gpt-4"),
    ];
    let search = [
        span(1).name("search").from_to(1_000, 1_050).status(SpanStatus::Error).tag("env", "dev"),
        span(2).parent(1).name("openai").span_type("TOOL").from_to(1_001, 1_002).status(SpanStatus::Error),
    ];
    let step = span(7)
        .parent(1)
        .name("step")
        .from_to(2_000, 2_010)
        .session("s1")
        .attribute("note", "a needle, here");
    let mut batch = vec![
        spans_of(&ids[0], a, "front", &chat),
        spans_of(&ids[1], a, "front", &search),
        spans_of(&ids[2], a, "", &[step]),
    ];
    for (trace, model, provider) in [(0, "gpt-4o", "openai"), (1, "claude", "anthropic")] {
        let span = &mut batch[trace].spans[1];
        (span.model, span.provider) = (Some(model.into()), Some(provider.into()));
    }
    store.append_spans(batch).await?;
    store.set_trace_tag(&ids[1], "service.name", "other").await?;
    let fourth = TraceStart {
        start_ns: at_ms(3_000),
        duration_ns: Some(200 * MS),
        name: Some("chat".to_owned()),
        client_request_id: Some("req-4".to_owned()),
        metadata: texts([("mlflow.sourceRun", "run1")]),
        ..start(&ids[3], b)
    };
    store.start_trace(fourth).await?;
    let fifth = TraceStart {
        start_ns: at_ms(1_000),
        duration_ns: None,
        state: TraceState::Unspecified,
        tags: texts([("env", "Prod"), ("a b", "it's")]),
        metadata: texts([("k", "v")]),
        usage: Some(usage(1, 2)),
        cost: Some(Cost { input: 0.5, output: 1.0, total: 1.5 }),
        ..start(&ids[4], a.experiment_id)
    };
    store.start_trace(fifth).await?;
    store.link_traces_to_run(&ids[1..2], "run1").await?;
    store.link_prompts(&ids[2], &[PromptLink { name: "p".to_owned(), version: "1".to_owned() }]).await?;
    assess(store, &ids).await?;
    Ok(ids)
}

async fn assess(store: &dyn Store, ids: &[TraceId; 5]) -> StoreResult<()> {
    let add = async |trace: &TraceId, id: &str, name: &str, value| {
        store.create_assessment(assessment(trace, id, name, value)).await
    };
    let expectation = AssessmentValue::Expectation { value: json!("Paris"), serialized: false };
    add(&ids[0], "a-1", "quality", feedback(2.0)).await?;
    let better = Assessment {
        overrides: Some(AssessmentId("a-1".to_owned())),
        ..assessment(&ids[0], "a-2", "quality", feedback(5.0))
    };
    store.create_assessment(better).await?;
    add(&ids[1], "a-3", "quality", feedback("good")).await?;
    add(&ids[1], "a-4", "answer", expectation).await?;
    add(&ids[3], "a-5", "quality", feedback(true)).await?;
    add(&ids[3], "iss-1", "iss-1", AssessmentValue::Issue { issue_name: "slow".to_owned() }).await?;
    let of_session = Assessment {
        metadata: texts([("mlflow.trace.session", "s1")]),
        ..assessment(&ids[0], "a-6", "mood", feedback("happy"))
    };
    store.create_assessment(of_session).await?;
    Ok(())
}

/// Checks filters against the numbers (from 1) of the traces that match, in any order; counting agrees.
async fn check(store: &dyn Store, cases: &[(&str, &[usize])]) -> StoreResult<()> {
    let traces = five_traces(store).await?;
    for (filter, expected) in cases {
        let found = ids(store, filter, &[]).await?;
        let mut numbers: Vec<usize> =
            found.iter().map(|id| 1 + traces.iter().position(|trace| trace == id).unwrap_or(99)).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, *expected, "{filter}");
        assert_eq!(count(store, filter).await?, expected.len() as u64, "count of {filter}");
    }
    Ok(())
}

/// Filters on the fields of a trace.
pub async fn traces_are_found_by_their_fields(store: &dyn Store) -> StoreResult<()> {
    let at_1000 = EPOCH_MS + 1_000;
    let times = [
        format!("timestamp_ms = {at_1000}"),
        format!("timestamp > {at_1000}"),
        format!("timestamp_ms != {at_1000}"),
        format!("end_time <= {at_1000}"),
        format!("attributes.timestamp_ms >= {}.5", at_1000 - 1),
    ];
    let bare = "ab".repeat(12) + "00000001";
    let id = format!("request_id = '{bare}'");
    let prefixed = format!("request_id IN ('tr-{bare}', 'own', 'x')");
    let cases: &[(&str, &[usize])] = &[
        ("", &[1, 2, 3, 4, 5]),
        ("status = 'OK'", &[1, 4]),
        ("status != 'OK'", &[2, 3, 5]),
        ("status IN ('ERROR', 'IN_PROGRESS')", &[2, 3]),
        ("status NOT IN ('ERROR', 'IN_PROGRESS')", &[1, 4, 5]),
        ("status LIKE 'STATE%'", &[5]),
        ("status = 'ok'", &[]),
        (&times[0], &[2, 5]),
        (&times[1], &[3, 4]),
        (&times[2], &[1, 3, 4]),
        (&times[3], &[1, 5]),
        (&times[4], &[2, 3, 4, 5]),
        ("execution_time > 60", &[1, 4]),
        ("execution_time_ms <= 50", &[2, 3]),
        ("execution_time != 50", &[1, 3, 4]),
        ("NOT execution_time = 50", &[1, 3, 4, 5]),
        ("name = 'chat'", &[1, 4]),
        ("name != 'chat'", &[2]),
        ("NOT name = 'chat'", &[2, 3, 5]),
        ("name IS NULL", &[3, 5]),
        ("name IS NOT NULL", &[1, 2, 4]),
        ("name LIKE '%ar%'", &[2]),
        ("name ILIKE 'CH_T'", &[1, 4]),
        ("name RLIKE '^s.*h$'", &[2]),
        ("name RLIKE '('", &[]),
        ("name IN ('chat', 'search')", &[1, 2, 4]),
        ("tags.mlflow.traceName = 'search'", &[2]),
        (&id, &[1]),
        (&prefixed, &[1, 4]),
        ("request_id LIKE 'tr-%'", &[1, 2, 3, 5]),
        ("client_request_id = 'req-4'", &[4]),
        ("client_request_id != 'x'", &[4]),
        ("metadata.`mlflow.trace.session` = 's1'", &[1, 3]),
        ("run_id = 'run1'", &[2, 4]),
        ("prompt = 'p/1'", &[3]),
        ("status = 'OK' AND name = 'chat' AND execution_time > 150", &[4]),
        ("status = 'ERROR' OR (name IS NULL AND NOT tags.env IS NULL)", &[2, 5]),
        ("state IN ('ERROR', 'OK')", &[1, 2, 4]),
        ("latency > 60ms", &[1, 4]),
        ("latency = 50ms", &[2]),
        ("latency != 50000us", &[1, 3, 4]),
        ("NOT latency = 0.05s", &[1, 3, 4, 5]),
        ("latency > 49.999999ms AND latency < 50.000001ms", &[2]),
        ("latency IS NULL", &[5]),
        ("start >= '2023-11-14T22:13:21Z'", &[2, 3, 4, 5]),
        ("start < '2023-11-14T23:13:21+01:00'", &[1]),
        ("end >= '2023-11-14 22:13:22.01'", &[3, 4]),
        ("end > '2023-11-14 22:13:22.01'", &[4]),
        ("tokens = 7", &[1]),
        ("tokens.output >= 2", &[1, 5]),
        ("tokens != 7", &[5]),
        ("has:tokens.cache_read", &[]),
        ("NOT has:tokens", &[2, 3, 4]),
        ("cost > 1", &[5]),
        ("cost.input = 0.5", &[5]),
        ("NOT has:cost", &[1, 2, 3, 4]),
        ("spans >= 2", &[1, 2]),
        ("spans = 0", &[4, 5]),
        ("session = 's1'", &[1, 3]),
        ("session !~ 'S1'", &[]),
        ("has:session AND NOT has:user", &[3]),
        ("user ~ 'U'", &[1]),
        ("trace_id = 'own'", &[4]),
        ("name ~ 'CHA'", &[1, 4]),
        ("name !~ 'CHA'", &[2]),
        ("has:error", &[2]),
    ];
    check(store, cases).await
}

/// Filters on tags, those of the resource included, and on metadata.
pub async fn traces_are_found_by_tags_and_metadata(store: &dyn Store) -> StoreResult<()> {
    let cases: &[(&str, &[usize])] = &[
        ("tags.env = 'prod'", &[1]),
        ("tags.env != 'prod'", &[2, 5]),
        ("NOT tags.env = 'prod'", &[2, 3, 4, 5]),
        ("tags.env IS NULL", &[3, 4]),
        ("tags.env IS NOT NULL", &[1, 2, 5]),
        ("tags.env ILIKE 'PROD'", &[1, 5]),
        ("tags.env LIKE 'pro%'", &[1]),
        ("tags.env RLIKE '^.{3}$'", &[2]),
        ("tags.`a b` = \"it's\"", &[5]),
        ("tags.`service.name` = 'front'", &[1]),
        ("tags.`service.name` = 'other'", &[2]),
        ("tags.`service.name` != 'front'", &[2]),
        ("tags.`service.name` IS NULL", &[3, 4, 5]),
        ("tags.env = 'dev' AND tags.`service.name` = 'other'", &[2]),
        ("tags.env IN ('dev', 'Prod')", &[2, 5]),
        ("tags.env NOT IN ('dev', 'Prod')", &[1]),
        ("tags.env ~ 'PROD'", &[1, 5]),
        ("tags.env > 5", &[]),
        ("has:tags.`a b`", &[5]),
        ("metadata.k IN ('v', 'w')", &[5]),
        ("metadata.k = 'v'", &[5]),
        ("metadata.k IS NULL", &[1, 2, 3, 4]),
        ("metadata.release = '1.4'", &[1]),
        ("metadata.`mlflow.trace.user` = 'u1'", &[1]),
        ("metadata.`mlflow.sourceRun` LIKE 'run%'", &[4]),
        (
            r#"metadata.`mlflow.trace.tokenUsage` = '{"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}'"#,
            &[1],
        ),
        ("metadata.`mlflow.trace.tokenUsage` IS NOT NULL", &[1, 5]),
        (
            r#"metadata.`mlflow.trace.cost` = '{"input_cost": 0.5, "output_cost": 1.0, "total_cost": 1.5}'"#,
            &[5],
        ),
        ("metadata.`mlflow.trace.cost` IS NULL", &[1, 2, 3, 4]),
    ];
    check(store, cases).await
}

/// Filters on spans: clauses of one group hold on one and the same span.
pub async fn traces_are_found_by_their_spans(store: &dyn Store) -> StoreResult<()> {
    let cases: &[(&str, &[usize])] = &[
        ("span.name = 'openai'", &[1, 2]),
        ("span.name != 'openai'", &[1, 2, 3]),
        ("NOT span.name = 'openai'", &[3, 4, 5]),
        ("span.name = 'openai' AND span.type = 'LLM'", &[1]),
        ("span.name = 'chat' AND span.type = 'LLM'", &[]),
        ("span.type IN ('TOOL', 'AGENT')", &[1, 2]),
        ("span.status = 'ERROR'", &[2]),
        ("span.name ILIKE '%OPEN%' AND status = 'OK'", &[1]),
        ("span.attributes.model = 'gpt-4'", &[1]),
        ("span.attributes.model LIKE 'gpt%'", &[1]),
        ("span.attributes.model != 'gpt-4'", &[]),
        ("span.attributes.note RLIKE 'needle'", &[3]),
        ("span.content LIKE '%needle, here%'", &[3]),
        ("trace.text ILIKE '%NEEDLE%'", &[3]),
        ("trace.text LIKE '%no such text%'", &[]),
        ("span.name = 'step' OR span.type = 'LLM'", &[1, 3]),
        ("model = 'gpt-4o'", &[1]),
        ("span.model != 'gpt-4o'", &[2]),
        ("NOT model = 'gpt-4o'", &[2, 3, 4, 5]),
        ("model IS NULL AND span.name = 'openai'", &[]),
        ("model ~ 'CLA' AND span.status = 'ERROR'", &[2]),
        ("has:provider", &[1, 2]),
        ("provider IN ('openai') AND span.type = 'TOOL'", &[]),
        ("span.latency = 85ms", &[1]),
        ("span.tokens > 5", &[1]),
        ("span.tokens > 5 AND span.type = 'AGENT'", &[]),
        ("span(has:tokens AND NOT has:cost)", &[1]),
        ("span.attributes.model ~ 'GPT'", &[1]),
        ("span.attributes.model > 4", &[]),
        ("has:span.attributes.note", &[3]),
        ("text ~ 'HERE needle'", &[3]),
        ("text ~ 'needl'", &[]),
        ("text !~ 'needle'", &[1, 2, 4, 5]),
        ("span(content !~ 'needle' AND name = 'step')", &[]),
    ];
    check(store, cases).await
}

/// Filters on assessments: valid ones only, and those of a session for all its traces.
pub async fn traces_are_found_by_assessments(store: &dyn Store) -> StoreResult<()> {
    let cases: &[(&str, &[usize])] = &[
        ("feedback.quality = '5'", &[1]),
        ("feedback.quality = '5.0'", &[1]),
        ("feedback.quality > 4", &[1]),
        ("feedback.quality < 3", &[]),
        ("feedback.quality = 'good'", &[2]),
        ("feedback.quality != 'good'", &[1, 4]),
        ("feedback.quality = 'true'", &[4]),
        ("feedback.quality LIKE '%oo%'", &[2]),
        ("feedback.quality IS NULL", &[3, 5]),
        ("feedback.quality IS NOT NULL", &[1, 2, 4]),
        ("expectation.answer = 'Paris'", &[2]),
        ("feedback.answer = 'Paris'", &[]),
        ("feedback.mood = 'happy'", &[1, 3]),
        ("feedback.mood IS NULL", &[2, 4, 5]),
        ("feedback.mood = 'happy' AND feedback.quality >= 5", &[1]),
        ("issue.id = 'iss-1'", &[4]),
        ("feedback.quality = 5", &[1]),
        ("feedback.quality != 5", &[]),
        ("feedback.quality = true", &[4]),
        ("has:feedback", &[1, 2, 3, 4]),
        ("NOT has:feedback", &[5]),
        ("has:expectation", &[2]),
        ("has:feedback.mood", &[1, 3]),
    ];
    check(store, cases).await
}

/// Orders, absent values last, with the same answer whatever the page size.
pub async fn traces_are_ordered_and_paged(store: &dyn Store) -> StoreResult<()> {
    let traces = five_traces(store).await?;
    let cases: &[(&[&str], [usize; 5])] = &[
        (&[], [4, 3, 2, 5, 1]),
        (&["timestamp_ms ASC"], [1, 2, 5, 3, 4]),
        (&["execution_time"], [3, 2, 1, 4, 5]),
        (&["execution_time DESC"], [4, 1, 2, 3, 5]),
        (&["end_time DESC"], [4, 3, 2, 5, 1]),
        (&["status"], [2, 3, 4, 1, 5]),
        (&["name"], [4, 1, 2, 3, 5]),
        (&["name DESC", "timestamp"], [2, 1, 4, 5, 3]),
        (&["tags.env"], [5, 2, 1, 4, 3]),
        (&["tags.env DESC"], [1, 2, 5, 4, 3]),
        (&["tags.`service.name` DESC"], [2, 1, 4, 3, 5]),
        (&["metadata.k"], [5, 4, 3, 2, 1]),
        (&["metadata.`mlflow.trace.session`"], [3, 1, 4, 2, 5]),
        (&["run_id"], [4, 3, 2, 5, 1]),
        (&["request_id"], [4, 1, 2, 3, 5]),
        (&["request_id DESC"], [5, 3, 2, 1, 4]),
        (&["experiment_id DESC"], [4, 3, 2, 5, 1]),
        (&["latency DESC"], [4, 1, 2, 3, 5]),
        (&["tokens"], [5, 1, 4, 3, 2]),
        (&["tokens.input DESC"], [1, 5, 4, 3, 2]),
        (&["cost"], [5, 4, 3, 2, 1]),
        (&["spans DESC"], [2, 1, 3, 4, 5]),
        (&["user"], [1, 4, 3, 2, 5]),
        (&["session", "spans"], [3, 1, 4, 5, 2]),
        (&["feedback.quality"], [1, 2, 4, 3, 5]),
        (&["feedback.quality DESC"], [4, 2, 1, 3, 5]),
        (&["expectation.answer", "start"], [2, 1, 5, 3, 4]),
    ];
    for (order, expected) in cases {
        let expected = expected.map(|number| traces[number - 1].clone());
        for limit in [1, 2, 5, 100] {
            assert_eq!(
                all_pages(store, query("", order, limit)).await?,
                expected,
                "{order:?}, {limit} a page"
            );
        }
    }
    let some = [4, 2, 1].map(|number: usize| traces[number - 1].clone());
    for limit in [1, 2, 3] {
        assert_eq!(all_pages(store, query("name IS NOT NULL", &[], limit)).await?, some);
    }
    Ok(())
}

/// A page has whole records.
pub async fn a_page_has_whole_records(store: &dyn Store) -> StoreResult<()> {
    let traces = five_traces(store).await?;
    let page = store.find_traces(query("", &["timestamp_ms ASC"], 100)).await?;
    assert_eq!(page.traces.len(), 5);
    for info in &page.traces {
        assert_eq!(store.get_trace(&info.trace_id).await?, *info);
    }
    assert_eq!(page.traces[0].trace_id, traces[0]);
    Ok(())
}

/// Only the experiments asked for are searched; unknown ones match nothing, and none matches nothing.
pub async fn only_the_experiments_asked_for_are_searched(store: &dyn Store) -> StoreResult<()> {
    let traces = five_traces(store).await?;
    assert_eq!(ids_in(store, &[ExperimentId(2)], "", &[]).await?, [traces[3].clone()]);
    assert_eq!(ids_in(store, &[ExperimentId(2), ExperimentId(99), ExperimentId(2)], "", &[]).await?.len(), 1);
    assert_eq!(ids_in(store, &[ExperimentId(1)], "", &[]).await?.len(), 4);
    assert_eq!(ids_in(store, &[ExperimentId(99)], "", &[]).await?, []);
    assert_eq!(ids_in(store, &[], "", &[]).await?, []);
    assert_eq!(store.count_traces(TraceQuery { experiments: Vec::new(), ..query("", &[], 1) }).await?, 0);
    // An assessment of a session counts within the searched experiments only.
    assert_eq!(ids_in(store, &[ExperimentId(2)], "feedback.mood = 'happy'", &[]).await?, []);
    Ok(())
}

/// A cursor stays valid while traces arrive: nothing that was there is left out or comes twice.
pub async fn a_cursor_stays_valid_while_traces_arrive(store: &dyn Store) -> StoreResult<()> {
    let at = |number: u32, ms: i64| spans(&trace_id(number), &[span(1).from_to(ms, ms + 1)]);
    store.append_spans((1..=6).map(|number| at(number, i64::from(number) * 10)).collect()).await?;
    let mut found = Vec::new();
    let mut query = query("", &[], 2);
    let mut arriving = 10;
    loop {
        let page = store.find_traces(query.clone()).await?;
        found.extend(trace_ids(&page));
        if arriving < 13 {
            // One newer than all that was shown, and one between two that are still to come.
            let between = at(arriving + 100, 15);
            store.append_spans(vec![at(arriving, i64::from(arriving) * 100), between]).await?;
            arriving += 1;
        }
        let Some(cursor) = page.next else { break };
        query.after = Some(cursor);
    }
    found.retain(|id| (1..=6).any(|number| *id == trace_id(number)));
    assert_eq!(found, [6, 5, 4, 3, 2, 1].map(trace_id));
    Ok(())
}

/// A read that starts after a write answered sees it: state, tags and assessments are found as they are now.
pub async fn a_search_sees_what_was_just_written(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.append_spans(vec![spans_of(&trace, DEFAULT, "", &[span(2).parent(1)])]).await?;
    assert_eq!(ids(store, "status = 'IN_PROGRESS'", &[]).await?, std::slice::from_ref(&trace));
    store.append_spans(vec![spans(&trace, &[span(1).name("root")])]).await?;
    assert_eq!(ids(store, "status = 'IN_PROGRESS'", &[]).await?, []);
    assert_eq!(ids(store, "span.name = 'root'", &[]).await?, std::slice::from_ref(&trace));
    // A replaced span is no longer found by what it was.
    store.append_spans(vec![spans(&trace, &[span(1).name("renamed").attribute("k", "new words")])]).await?;
    assert_eq!(ids(store, "span.name = 'root'", &[]).await?, []);
    assert_eq!(ids(store, "span.content LIKE '%new words%'", &[]).await?, std::slice::from_ref(&trace));
    for value in ["a", "b"] {
        store.set_trace_tag(&trace, "k", value).await?;
        assert_eq!(ids(store, &format!("tags.k = '{value}'"), &[]).await?, std::slice::from_ref(&trace));
    }
    store.delete_trace_tag(&trace, "k").await?;
    assert_eq!(ids(store, "tags.k IS NULL", &[]).await?, [trace]);
    Ok(())
}
