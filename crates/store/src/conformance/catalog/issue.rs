//! Issues.

use crate::StoreResult;
use crate::catalog::{IssueChange, IssueQuery, NewIssue};
use crate::conformance::build::{assessment, feedback, start, trace_id};
use crate::conformance::{TestStore, assert_fails};
use spanwise_model::ErrorKind::{InvalidArgument, NotFound};
use spanwise_model::{AssessmentValue, ExperimentId, IssueId, IssueSeverity, IssueStatus, LifecycleStage};
use spanwise_query::entity::ISSUE;
use spanwise_query::parse_entity_filter;

fn id(name: &str) -> IssueId {
    IssueId(name.to_owned())
}

fn new_issue(name: &str) -> NewIssue {
    NewIssue {
        issue_id: id(name),
        experiment_id: ExperimentId::DEFAULT,
        name: format!("name of {name}"),
        description: "d".to_owned(),
        status: IssueStatus::Pending,
        severity: None,
        root_causes: vec!["a \"cause\"".to_owned()],
        categories: Vec::new(),
        source_run_id: None,
        created_by: Some("ann".to_owned()),
    }
}

/// Creating answers the issue, which is then found by its id.
pub async fn a_created_issue_is_found(made: &TestStore) -> StoreResult<()> {
    let issue = made.catalog.create_issue(new_issue("i")).await?;
    assert_eq!((issue.issue_id.0.as_str(), issue.name.as_str(), issue.severity), ("i", "name of i", None));
    assert_eq!(issue.root_causes, ["a \"cause\""]);
    assert_eq!(issue.created_ns, issue.last_updated_ns);
    assert_eq!(made.catalog.get_issue(&id("i")).await?, issue);
    assert_fails(made.catalog.get_issue(&id("j")).await, NotFound);
    Ok(())
}

/// An unknown experiment is `NotFound`, a deleted one refuses.
pub async fn an_issue_needs_an_active_experiment(made: &TestStore) -> StoreResult<()> {
    let elsewhere = NewIssue { experiment_id: ExperimentId(99), ..new_issue("i") };
    assert_fails(made.catalog.create_issue(elsewhere).await, NotFound);
    made.store.set_experiment_stage(ExperimentId::DEFAULT, LifecycleStage::Deleted).await?;
    assert_fails(made.catalog.create_issue(new_issue("i")).await, InvalidArgument);
    Ok(())
}

/// What is given is changed, the rest stays.
pub async fn an_issue_can_be_changed(made: &TestStore) -> StoreResult<()> {
    let old = made.catalog.create_issue(new_issue("i")).await?;
    let change = IssueChange { severity: Some(IssueSeverity::Low), ..IssueChange::default() };
    let new = made.catalog.update_issue(&id("i"), change).await?;
    assert_eq!((new.name, new.status, new.severity), (old.name, old.status, Some(IssueSeverity::Low)));
    assert!(new.last_updated_ns > old.last_updated_ns);
    let change = IssueChange {
        name: Some("n".to_owned()),
        description: Some("e".to_owned()),
        status: Some(IssueStatus::Resolved),
        severity: None,
    };
    let new = made.catalog.update_issue(&id("i"), change).await?;
    assert_eq!((new.name.as_str(), new.description.as_str()), ("n", "e"));
    assert_eq!((new.status, new.severity), (IssueStatus::Resolved, Some(IssueSeverity::Low)));
    assert_fails(made.catalog.update_issue(&id("j"), IssueChange::default()).await, NotFound);
    Ok(())
}

async fn found(made: &TestStore, query: IssueQuery) -> StoreResult<String> {
    let page = made.catalog.find_issues(query).await?;
    let issue = |(issue, traces): &(spanwise_model::Issue, Option<u64>)| match traces {
        Some(traces) => format!("{} {traces}", issue.issue_id),
        None => issue.issue_id.to_string(),
    };
    Ok(page.issues.iter().map(issue).collect::<Vec<_>>().join(", "))
}

/// The worst come first, then those of most traces, then the newest.
pub async fn issues_are_filtered_ordered_and_paged(made: &TestStore) -> StoreResult<()> {
    for (name, severity, status, run) in [
        ("a", None, IssueStatus::Pending, Some("r")),
        ("b", Some(IssueSeverity::High), IssueStatus::Resolved, None),
        ("c", Some(IssueSeverity::Low), IssueStatus::Pending, Some("s")),
        ("d", None, IssueStatus::Pending, None),
    ] {
        let source_run_id = run.map(str::to_owned);
        made.catalog.create_issue(NewIssue { severity, status, source_run_id, ..new_issue(name) }).await?;
    }
    for number in 1..=2 {
        made.store.start_trace(start(&trace_id(number), ExperimentId::DEFAULT)).await?;
        for times in 0..2 {
            let value = AssessmentValue::Issue { issue_name: "x".to_owned() };
            let link = assessment(&trace_id(number), &format!("l-{number}-{times}"), "a", value);
            made.store.create_assessment(link).await?;
        }
        let other = assessment(&trace_id(number), &format!("f-{number}"), "d", feedback(1));
        made.store.create_assessment(other).await?;
    }
    let query = |filter: &str| IssueQuery {
        experiment: Some(ExperimentId::DEFAULT),
        filter: Some(parse_entity_filter(&ISSUE, filter).expect("the suite's filters are right")),
        with_traces: false,
        limit: 10,
        offset: 0,
    };
    for (filter, expected) in [
        ("", "b, c, d, a"),
        ("status = 'pending'", "c, d, a"),
        ("status != 'pending'", "b"),
        ("source_run_id = 'r'", "a"),
        ("status = 'pending' AND source_run_id != 'r'", "c"),
    ] {
        assert_eq!(found(made, query(filter)).await?, expected, "{filter}");
    }
    let counted = IssueQuery { with_traces: true, experiment: None, ..query("") };
    assert_eq!(found(made, counted.clone()).await?, "b 0, c 0, a 2, d 0");
    let first = made.catalog.find_issues(IssueQuery { limit: 3, ..counted.clone() }).await?;
    assert_eq!((first.issues.len(), first.has_more), (3, true));
    assert_eq!(found(made, IssueQuery { limit: 3, offset: 3, ..counted }).await?, "d 0");
    let elsewhere = IssueQuery { experiment: Some(ExperimentId(7)), ..query("") };
    assert_eq!(found(made, elsewhere).await?, "");
    Ok(())
}
