//! Searching experiments: the filter compiled to one SQL query.

use super::experiment::{COLUMNS, add_tags, read_experiment};
use super::key_array;
use crate::error::sql_error;
use rusqlite::types::Value;
use rusqlite::vtab::array::Array;
use rusqlite::{Connection, ToSql, params_from_iter};
use spanwise_model::ExperimentId;
use spanwise_query::{
    ExperimentFilter, ExperimentOrderBy, ExperimentOrderKey, ExperimentPredicate, Expr, IntRange, NumberTest,
    TextTest,
};
use spanwise_store::{ExperimentPage, ExperimentQuery, LifecycleFilter, StoreResult};
use std::rc::Rc;

/// See [`spanwise_store::Store::find_experiments`].
pub(crate) fn find_experiments(conn: &Connection, query: &ExperimentQuery) -> StoreResult<ExperimentPage> {
    let mut condition = Condition::default();
    condition.text.push_str(match query.lifecycle {
        LifecycleFilter::Active => "deleted = 0",
        LifecycleFilter::Deleted => "deleted = 1",
        LifecycleFilter::All => "1",
    });
    if let Some(filter) = &query.filter {
        condition.text.push_str(" AND ");
        condition.push_filter(filter);
    }
    let order = order_sql(&query.order);
    // One row more than the page tells whether another page follows.
    let rows = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    let offset = i64::try_from(query.offset).unwrap_or(i64::MAX);
    condition.push(&format!(" ORDER BY {order} LIMIT ?"), rows);
    condition.push(" OFFSET ?", offset);
    let sql = format!("SELECT {COLUMNS} FROM experiment WHERE {}", condition.text);
    let mut statement = conn.prepare(&sql).map_err(sql_error)?;
    let found =
        statement.query_map(params_from_iter(&condition.params), read_experiment).map_err(sql_error)?;
    let mut experiments = found.collect::<Result<Vec<_>, _>>().map_err(sql_error)?;
    let has_more = experiments.len() > query.limit;
    experiments.truncate(query.limit);
    add_tags(conn, &mut experiments)?;
    Ok(ExperimentPage { experiments, has_more })
}

fn order_sql(order: &[ExperimentOrderBy]) -> String {
    let mut sql = String::new();
    for by in order {
        sql.push_str(match by.key {
            ExperimentOrderKey::Name => "name",
            ExperimentOrderKey::Id => "experiment_id",
            ExperimentOrderKey::Created => "created_ns",
            ExperimentOrderKey::LastUpdated => "last_updated_ns",
        });
        sql.push_str(if by.descending { " DESC, " } else { ", " });
    }
    sql.push_str("created_ns DESC, experiment_id");
    sql
}

/// A condition in SQL, with its parameters in the order of their question marks.
#[derive(Default)]
struct Condition {
    text: String,
    params: Vec<Box<dyn ToSql>>,
}

impl Condition {
    fn push_filter(&mut self, filter: &ExperimentFilter) {
        match filter {
            Expr::And(parts) => self.push_joined(parts, " AND ", "1"),
            Expr::Or(parts) => self.push_joined(parts, " OR ", "0"),
            Expr::Not(inner) => {
                self.text.push_str("NOT ");
                self.push_filter(inner);
            }
            Expr::Is(predicate) => self.push_predicate(predicate),
        }
    }

    fn push_joined(&mut self, parts: &[ExperimentFilter], joint: &str, of_none: &str) {
        self.text.push('(');
        for (index, part) in parts.iter().enumerate() {
            self.text.push_str(if index == 0 { "" } else { joint });
            self.push_filter(part);
        }
        self.text.push_str(if parts.is_empty() { of_none } else { "" });
        self.text.push(')');
    }

    /// Every predicate is true or false, never NULL, so that NOT is its complement.
    fn push_predicate(&mut self, predicate: &ExperimentPredicate) {
        match predicate {
            ExperimentPredicate::Name(test) => self.push_text("name", test),
            ExperimentPredicate::IdIn(ids) => self.push_ids("experiment_id IN rarray(?)", ids),
            ExperimentPredicate::IdNotIn(ids) => self.push_ids("experiment_id NOT IN rarray(?)", ids),
            ExperimentPredicate::CreatedMs(test) => self.push_milliseconds("created_ns", test),
            ExperimentPredicate::LastUpdatedMs(test) => self.push_milliseconds("last_updated_ns", test),
            ExperimentPredicate::Tag { key, test } => self.push_tag(key, test),
        }
    }

    fn push_ids(&mut self, sql: &str, ids: &[ExperimentId]) {
        self.push(sql, key_array(ids.iter().map(|id| id.0)));
    }

    fn push_milliseconds(&mut self, column: &str, test: &NumberTest) {
        let (between, range) = match test.int_range().ms_to_ns() {
            IntRange::Within { min, max } => ("BETWEEN", (min, max)),
            IntRange::Except { min, max } => ("NOT BETWEEN", (min, max)),
        };
        self.push(&format!("({column} {between} ?"), range.0);
        self.push(" AND ?)", range.1);
    }

    fn push_tag(&mut self, key: &str, test: &TextTest) {
        if *test == TextTest::IsNull {
            self.text.push_str("NOT ");
        }
        self.push(
            "EXISTS (SELECT 1 FROM experiment_tag AS tag
                     WHERE tag.experiment_id = experiment.experiment_id AND tag.key = ?",
            key.to_owned(),
        );
        if !matches!(test, TextTest::IsNull | TextTest::IsNotNull) {
            self.text.push_str(" AND ");
            self.push_text("tag.value", test);
        }
        self.text.push(')');
    }

    /// Tests a column that is never NULL.
    fn push_text(&mut self, column: &str, test: &TextTest) {
        match test {
            TextTest::Eq(value) => self.push(&format!("{column} = ?"), value.clone()),
            TextTest::Ne(value) => self.push(&format!("{column} <> ?"), value.clone()),
            TextTest::In(values) => self.push(&format!("{column} IN rarray(?)"), text_array(values)),
            TextTest::NotIn(values) => self.push(&format!("{column} NOT IN rarray(?)"), text_array(values)),
            TextTest::Like(pattern) => {
                let ignore_case = u8::from(pattern.ignores_case());
                self.push(&format!("matches_like({column}, ?, {ignore_case})"), pattern.as_str().to_owned());
            }
            TextTest::RLike(pattern) => {
                self.push(&format!("matches_rlike({column}, ?)"), pattern.as_str().to_owned());
            }
            TextTest::IsNull => self.text.push('0'),
            TextTest::IsNotNull => self.text.push('1'),
            TextTest::Contains(_) | TextTest::Lacks(_) | TextTest::Words(_) | TextTest::Number(_) => {
                unreachable!("filters of experiments have no such operators")
            }
        }
    }

    fn push(&mut self, sql: &str, param: impl ToSql + 'static) {
        self.text.push_str(sql);
        self.params.push(Box::new(param));
    }
}

fn text_array(texts: &[String]) -> Array {
    Rc::new(texts.iter().cloned().map(Value::Text).collect())
}
