//! Filters and orders of `query::entity` as SQL: each noun says which column each of its fields is.

use super::{key_array, text_array};
use rusqlite::ToSql;
use rusqlite::vtab::array::Array;
use spanwise_model::ExperimentId;
use spanwise_query::{
    EntityField, EntityFilter, EntityOrderBy, EntityPredicate, EntityTest, Expr, IntRange, Number,
    NumberOperator, NumberTest, TextTest,
};

/// Where the fields of a noun are.
pub(crate) struct Columns {
    /// Each attribute by its name in the noun's table of fields.
    pub(crate) attributes: &'static [(&'static str, Column)],
    /// Each map by its name there.
    pub(crate) maps: &'static [(&'static str, Rows)],
}

/// The column, or expression, of an attribute. NULL is an absent value.
pub(crate) enum Column {
    /// A text or a number, compared as it is.
    Plain(&'static str),
    /// Nanoseconds, compared as milliseconds.
    TimeNs(&'static str),
}

/// The rows of a map.
pub(crate) struct Rows {
    /// What follows FROM, up to a condition that ties the rows to the thing.
    pub(crate) from: &'static str,
    /// What says which rows are of a key.
    pub(crate) key: RowKey,
}

/// How the rows of one key are found, and their value.
pub(crate) enum RowKey {
    /// A column for the key and one for the value.
    Column {
        /// The key.
        key: &'static str,
        /// The value.
        value: &'static str,
    },
    /// A column for each key.
    Fixed(&'static [(&'static str, &'static str)]),
}

/// SQL with its parameters in the order of their question marks.
#[derive(Default)]
pub(crate) struct Sql {
    /// The text.
    pub(crate) text: String,
    /// What its question marks stand for.
    pub(crate) params: Vec<Box<dyn ToSql>>,
    /// What the rows of one map must satisfy beside their key.
    pub(crate) scope: Option<Scope>,
}

/// A condition on the rows of one map.
pub(crate) struct Scope {
    /// The map.
    pub(crate) map: &'static str,
    /// What follows the condition on the key, with one question mark in it.
    pub(crate) condition: &'static str,
    /// What the question mark stands for.
    pub(crate) values: Array,
}

/// Whether a part of a filter stands below NOT. Elsewhere NULL is as good as false, and a column that is compared as it
/// stands there can be looked up in an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    AsItIs,
    Negated,
}

impl Sql {
    /// Appends a text with one question mark in it.
    pub(crate) fn push(&mut self, sql: &str, param: impl ToSql + 'static) {
        self.text.push_str(sql);
        self.params.push(Box::new(param));
    }

    /// Appends the condition that the thing is in one of these experiments.
    pub(crate) fn push_experiments(&mut self, experiments: &[ExperimentId]) {
        self.push(" AND experiment_id IN rarray(?)", key_array(experiments.iter().map(|id| id.0)));
    }

    /// Appends ` AND ` and the filter, if there is one.
    pub(crate) fn push_filter(&mut self, columns: &Columns, filter: Option<&EntityFilter>) {
        if let Some(filter) = filter {
            self.text.push_str(" AND ");
            self.push_expr(columns, filter, Sense::AsItIs);
        }
    }

    /// Appends ORDER BY for a non-empty order, absent values last, then LIMIT (one row more than the page, which tells
    /// whether another page follows) and OFFSET.
    pub(crate) fn push_page(
        &mut self,
        columns: &Columns,
        order: &[EntityOrderBy],
        limit: usize,
        offset: usize,
    ) {
        for (index, by) in order.iter().enumerate() {
            self.text.push_str(if index == 0 { " ORDER BY " } else { ", " });
            match &by.field {
                EntityField::Attribute(name) => self.text.push_str(columns.attribute(name).sql()),
                EntityField::Key { map, key } => {
                    self.text.push_str("(SELECT ");
                    let rows = columns.rows(map);
                    self.text.push_str(rows.value(key));
                    self.push_rows(rows, map, key);
                    self.text.push_str(" LIMIT 1)");
                }
            }
            self.text.push_str(if by.descending { " DESC NULLS LAST" } else { " NULLS LAST" });
        }
        let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        self.push(" LIMIT ?", rows);
        self.push(" OFFSET ?", i64::try_from(offset).unwrap_or(i64::MAX));
    }

    fn push_expr(&mut self, columns: &Columns, filter: &EntityFilter, sense: Sense) {
        match filter {
            Expr::And(parts) => self.push_joined(columns, (parts, sense), " AND ", "1"),
            Expr::Or(parts) => self.push_joined(columns, (parts, sense), " OR ", "0"),
            Expr::Not(inner) => {
                self.text.push_str("NOT ");
                self.push_expr(columns, inner, Sense::Negated);
            }
            Expr::Is(predicate) => self.push_predicate(columns, predicate, sense),
        }
    }

    fn push_joined(
        &mut self,
        columns: &Columns,
        (parts, sense): (&[EntityFilter], Sense),
        joint: &str,
        of_none: &str,
    ) {
        self.text.push('(');
        for (index, part) in parts.iter().enumerate() {
            self.text.push_str(if index == 0 { "" } else { joint });
            self.push_expr(columns, part, sense);
        }
        self.text.push_str(if parts.is_empty() { of_none } else { "" });
        self.text.push(')');
    }

    /// Below NOT every predicate is true or false, never NULL, so that NOT is its complement.
    fn push_predicate(&mut self, columns: &Columns, predicate: &EntityPredicate, sense: Sense) {
        match &predicate.field {
            EntityField::Attribute(name) => {
                self.text.push('(');
                self.push_test(columns.attribute(name), &predicate.test);
                self.text.push_str(if sense == Sense::Negated { " IS TRUE)" } else { ")" });
            }
            EntityField::Key { map, key } => {
                let rows = columns.rows(map);
                let is_absent = predicate.test == EntityTest::Text(TextTest::IsNull);
                self.text.push_str(if is_absent { "NOT EXISTS (SELECT 1" } else { "EXISTS (SELECT 1" });
                self.push_rows(rows, map, key);
                if !matches!(predicate.test, EntityTest::Text(TextTest::IsNull | TextTest::IsNotNull)) {
                    self.text.push_str(" AND ");
                    self.push_test(&Column::Plain(rows.value(key)), &predicate.test);
                }
                self.text.push(')');
            }
        }
    }

    fn push_rows(&mut self, rows: &Rows, map: &str, key: &str) {
        self.text.push_str(" FROM ");
        self.text.push_str(rows.from);
        if let RowKey::Column { key: column, .. } = rows.key {
            self.push(&format!(" AND {column} = ?"), key.to_owned());
        }
        let scope = self.scope.as_ref().filter(|scope| scope.map == map);
        if let Some((condition, values)) = scope.map(|scope| (scope.condition, scope.values.clone())) {
            self.push(condition, values);
        }
    }

    fn push_test(&mut self, column: &Column, test: &EntityTest) {
        let sql = column.sql();
        match (test, column) {
            (EntityTest::Text(test), _) => self.push_text(sql, test),
            (EntityTest::Number(test), Column::TimeNs(_)) => {
                self.push_range(sql, test.int_range().ms_to_ns())
            }
            (EntityTest::Number(test), Column::Plain(_)) => self.push_number(sql, test),
        }
    }

    fn push_range(&mut self, column: &str, range: IntRange) {
        let (between, (min, max)) = match range {
            IntRange::Within { min, max } => ("BETWEEN", (min, max)),
            IntRange::Except { min, max } => ("NOT BETWEEN", (min, max)),
        };
        self.push(&format!("({column} {between} ?"), min);
        self.push(" AND ?)", max);
    }

    fn push_number(&mut self, column: &str, test: &NumberTest) {
        let operator = match test.operator {
            NumberOperator::Eq => "=",
            NumberOperator::Ne => "<>",
            NumberOperator::Lt => "<",
            NumberOperator::Le => "<=",
            NumberOperator::Gt => ">",
            NumberOperator::Ge => ">=",
        };
        let sql = format!("({column} {operator} ?)");
        match test.value {
            Number::Int(int) => self.push(&sql, int),
            Number::Float(float) => self.push(&sql, float),
        }
    }

    fn push_text(&mut self, column: &str, test: &TextTest) {
        match test {
            TextTest::Eq(value) => self.push(&format!("({column} = ?)"), value.clone()),
            TextTest::Ne(value) => self.push(&format!("({column} <> ?)"), value.clone()),
            TextTest::In(values) => self.push(&format!("({column} IN rarray(?))"), text_array(values)),
            TextTest::NotIn(values) => self.push(&format!("({column} NOT IN rarray(?))"), text_array(values)),
            TextTest::Like(pattern) => {
                let ignore_case = u8::from(pattern.ignores_case());
                self.push(&format!("matches_like({column}, ?, {ignore_case})"), pattern.as_str().to_owned());
            }
            TextTest::IsNull => self.text.push_str(&format!("({column} IS NULL)")),
            TextTest::IsNotNull => self.text.push_str(&format!("({column} IS NOT NULL)")),
            TextTest::RLike(_)
            | TextTest::Contains(_)
            | TextTest::Lacks(_)
            | TextTest::Words(_)
            | TextTest::Number(_) => unreachable!("`query::entity` makes no such test"),
        }
    }
}

impl Columns {
    fn attribute(&self, name: &str) -> &Column {
        let found = self.attributes.iter().find(|(one, _)| *one == name);
        &found.expect("every attribute of the noun's table has a column").1
    }

    fn rows(&self, map: &str) -> &Rows {
        let found = self.maps.iter().find(|(one, _)| *one == map);
        &found.expect("every map of the noun's table has rows").1
    }
}

impl Column {
    fn sql(&self) -> &'static str {
        match self {
            Column::Plain(sql) | Column::TimeNs(sql) => sql,
        }
    }
}

impl Rows {
    fn value(&self, key: &str) -> &'static str {
        match self.key {
            RowKey::Column { value, .. } => value,
            RowKey::Fixed(columns) => {
                let found = columns.iter().find(|(one, _)| *one == key);
                found.expect("every fixed key of the noun's table has a column").1
            }
        }
    }
}
