//! The three shapes of an answer as visitors over a stream of JSON. A row is handed on as soon as it is read.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

use super::{STATUS_ROWS, Small, Work, cell};
use crate::model::table::Column;

/// Reads an object with tables, or a list of frames.
pub(super) fn answer<'de, D: Deserializer<'de>>(json: D, work: &mut Work) -> Result<(), D::Error> {
    json.deserialize_any(Answer(work))
}

struct Answer<'a>(&'a mut Work);

impl<'de> Visitor<'de> for Answer<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with tables, or a list of frames")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                // Azure Monitor sends nothing but answers, Kusto v1 the answer first and then how it went.
                "tables" => map.next_value_seed(Tables {
                    work: &mut *self.0,
                    all: true,
                })?,
                "Tables" => map.next_value_seed(Tables {
                    work: &mut *self.0,
                    all: false,
                })?,
                "error" | "Exceptions" => self.0.errors.push(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut frames: A) -> Result<(), A::Error> {
        while frames
            .next_element_seed(Table {
                work: &mut *self.0,
                first: false,
            })?
            .is_some()
        {}
        Ok(())
    }
}

/// A list of tables.
struct Tables<'a> {
    work: &'a mut Work,
    /// Every table is an answer, not only the first one.
    all: bool,
}

impl<'de> DeserializeSeed<'de> for Tables<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Tables<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of tables")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut tables: A) -> Result<(), A::Error> {
        let mut first = true;
        while tables
            .next_element_seed(Table {
                work: &mut *self.work,
                first,
            })?
            .is_some()
        {
            first = self.all;
        }
        Ok(())
    }
}

/// A table, or a frame that may be one.
struct Table<'a> {
    work: &'a mut Work,
    /// It is the answer, because it is the first one; frames say what they are.
    first: bool,
}

impl<'de> DeserializeSeed<'de> for Table<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Table<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut columns: Option<Vec<Column>> = None;
        let mut is_answer = self.first;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "TableKind" => is_answer = map.next_value::<String>()? == "PrimaryResult",
                "columns" | "Columns" => {
                    let read: Vec<Value> = map.next_value()?;
                    columns = Some(read.iter().map(read_column).collect());
                }
                "rows" | "Rows" => {
                    let Some(columns) = columns.take() else {
                        return Err(A::Error::custom(
                            "a table whose rows come before its columns",
                        ));
                    };
                    let keep = if is_answer && self.work.begin(columns.clone()) {
                        Keep::Answer
                    } else if is_answer {
                        Keep::Nothing
                    } else {
                        self.work.small.push(Small {
                            columns: columns.iter().map(|column| column.name.clone()).collect(),
                            rows: Vec::new(),
                        });
                        Keep::Small
                    };
                    map.next_value_seed(Rows {
                        work: &mut *self.work,
                        width: columns.len(),
                        keep,
                    })?;
                }
                "OneApiErrors" => {
                    let errors: Value = map.next_value()?;
                    if !errors.is_null() {
                        self.work.errors.push(errors);
                    }
                }
                "Cancelled" => {
                    if map.next_value::<Value>()? == Value::Bool(true) {
                        self.work
                            .errors
                            .push(Value::String("the service cancelled the query".to_owned()));
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

fn read_column(column: &Value) -> Column {
    let text = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| column.get(key)?.as_str())
            .unwrap_or_default()
    };
    cell::column(
        text(&["name", "ColumnName"]),
        text(&["type", "ColumnType", "DataType"]),
    )
}

enum Keep {
    Answer,
    Small,
    Nothing,
}

struct Rows<'a> {
    work: &'a mut Work,
    width: usize,
    keep: Keep,
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<Value>()? {
            let cells = match row {
                Value::Array(cells) => cells,
                // Errors may be put among the rows.
                error => {
                    self.work.errors.push(error);
                    continue;
                }
            };
            if cells.len() != self.width {
                return Err(A::Error::custom(format!(
                    "a row of {} cells under {} columns",
                    cells.len(),
                    self.width
                )));
            }
            match self.keep {
                Keep::Answer => {
                    if !self.work.row(&cells) {
                        return Err(A::Error::custom("reading was given up"));
                    }
                }
                Keep::Small => {
                    if let Some(small) = self.work.small.last_mut()
                        && small.rows.len() < STATUS_ROWS
                    {
                        small.rows.push(cells);
                    }
                }
                Keep::Nothing => {}
            }
        }
        Ok(())
    }
}
