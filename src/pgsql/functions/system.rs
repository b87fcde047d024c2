//! What a server says about itself, and the two functions that reach another backend.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all functions of the table have one signature"
)]

use super::numbers::wrong;
use super::{Call, Entry};
use crate::pgsql::error::Error;
use crate::pgsql::table::Signal;
use crate::pgsql::text::inet;
use crate::pgsql::value::Value;

fn user(call: &Call, _: &[Value]) -> Result<Value, Error> {
    Ok(Value::text(call.run.context.user))
}

fn schema(_: &Call, _: &[Value]) -> Result<Value, Error> {
    Ok(Value::text("public"))
}

fn version(_: &Call, _: &[Value]) -> Result<Value, Error> {
    Ok(Value::text("PostgreSQL 15, simulated for a drill"))
}

/// The process of the session that asks. The simulated service has no backend of this number.
fn own_pid(_: &Call, _: &[Value]) -> Result<Value, Error> {
    Ok(Value::Int(1))
}

fn blocking_pids(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Int(pid)] = arguments else {
        return Err(wrong());
    };
    let pids = call.run.database.blocking.get(pid);
    Ok(Value::Array(
        pids.into_iter()
            .flatten()
            .copied()
            .map(Value::Int)
            .collect(),
    ))
}

fn relation_size(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let oid = match arguments {
        [Value::Int(oid)] => *oid,
        [Value::Text(name)] => relation(call, name)?,
        _ => return Err(wrong()),
    };
    Ok(call
        .run
        .database
        .relation_sizes
        .get(&oid)
        .map_or(Value::Null, |size| Value::Int(*size)))
}

/// The number of a table that is given by name, from the statistics' own list.
fn relation(call: &Call, name: &str) -> Result<i64, Error> {
    let database = call.run.database;
    let plain = name.replace('"', "");
    let (schema, table) = plain.split_once('.').unwrap_or(("public", &plain));
    let list = database.table("pg_catalog", "pg_statio_user_tables");
    list.and_then(|list| {
        let places = (
            list.column("schemaname")?,
            list.column("relname")?,
            list.column("relid")?,
        );
        list.rows.iter().find_map(|row| {
            let is = |place: usize, wanted: &str| {
                matches!(row.get(place), Some(Value::Text(text)) if text.as_ref() == wanted)
            };
            match row.get(places.2) {
                Some(Value::Int(oid)) if is(places.0, schema) && is(places.1, table) => Some(*oid),
                _ => None,
            }
        })
    })
    .ok_or_else(|| Error::new("42P01", format!("relation \"{name}\" does not exist")))
}

/// A number of bytes in the unit that reads best. Halves are rounded away from zero, as the server shifts bits.
fn size_pretty(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let value = match arguments {
        [Value::Int(value)] => i128::from(*value),
        _ => return Err(Error::unsupported("pg_size_pretty of a numeric")),
    };
    let mut size = value;
    let mut shown = format!("{value} bytes");
    // The first limit is on whole bytes; behind it the number carries one bit more, for the rounding.
    for (unit, limit) in [
        ("bytes", 10 * 1024),
        ("kB", 20 * 1024 - 1),
        ("MB", 20 * 1024 - 1),
        ("GB", 20 * 1024 - 1),
        ("TB", 20 * 1024 - 1),
        ("PB", i128::MAX),
    ] {
        let is_bytes = unit == "bytes";
        if size.abs() < limit {
            let rounded = if is_bytes {
                size
            } else if size < 0 {
                (size - 1) / 2
            } else {
                (size + 1) / 2
            };
            shown = format!("{rounded} {unit}");
            break;
        }
        size /= if is_bytes { 512 } else { 1024 };
    }
    Ok(Value::text(shown))
}

fn signal(call: &Call, arguments: &[Value], signal: Signal) -> Result<Value, Error> {
    let [Value::Int(pid)] = arguments else {
        return Err(wrong());
    };
    let database = call.run.database;
    let is_there = database
        .table("pg_catalog", "pg_stat_activity")
        .and_then(|table| Some((table, table.column("pid")?)))
        .is_some_and(|(table, place)| {
            table
                .rows
                .iter()
                .any(|row| row.get(place) == Some(&Value::Int(*pid)))
        });
    if is_there {
        call.run.signals.borrow_mut().push((*pid, signal));
    }
    Ok(Value::Bool(is_there))
}

fn cancel(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    signal(call, arguments, Signal::Cancel)
}

fn terminate(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    signal(call, arguments, Signal::Terminate)
}

fn nulls(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let nulls = arguments.iter().filter(|value| **value == Value::Null);
    Ok(Value::Int(nulls.count() as i64))
}

fn non_nulls(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let values = arguments.iter().filter(|value| **value != Value::Null);
    Ok(Value::Int(values.count() as i64))
}

fn two(arguments: &[Value]) -> Result<(inet::Inet, inet::Inet), Error> {
    match arguments {
        [Value::Inet(left), Value::Inet(right)] => Ok((inet::parse(left)?, inet::parse(right)?)),
        _ => Err(wrong()),
    }
}

fn within(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let (left, right) = two(arguments)?;
    Ok(Value::Bool(right.contains(&left)))
}

fn strictly_within(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let (left, right) = two(arguments)?;
    Ok(Value::Bool(
        right.contains(&left) && left.prefix > right.prefix,
    ))
}

fn host(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Inet(text)] => Ok(Value::text(inet::parse(text)?.address.to_string())),
        _ => Err(wrong()),
    }
}

fn family(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Inet(text)] => Ok(Value::Int(if inet::parse(text)?.width() == 32 {
            4
        } else {
            6
        })),
        _ => Err(wrong()),
    }
}

fn prefix(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Inet(text)] => Ok(Value::Int(i64::from(inet::parse(text)?.prefix))),
        _ => Err(wrong()),
    }
}

/// An address with its prefix, also when it is a whole one.
fn address_text(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Inet(text)] => {
            let inet = inet::parse(text)?;
            Ok(Value::text(format!("{}/{}", inet.address, inet.prefix)))
        }
        _ => Err(wrong()),
    }
}

/// Functions of the system, and of addresses.
pub const TABLE: &[Entry] = &[
    ("current_user", "-> name", user),
    ("session_user", "-> name", user),
    ("user", "-> name", user),
    ("current_role", "-> name", user),
    ("current_schema", "-> name", schema),
    ("version", "-> text", version),
    ("pg_backend_pid", "-> int4", own_pid),
    ("pg_blocking_pids", "int4 -> int4[]", blocking_pids),
    ("pg_total_relation_size", "oid -> int8", relation_size),
    ("pg_total_relation_size", "text -> int8", relation_size),
    ("pg_size_pretty", "int8 -> text", size_pretty),
    ("pg_size_pretty", "numeric -> text", size_pretty),
    ("pg_cancel_backend", "volatile int4 -> bool", cancel),
    ("pg_terminate_backend", "volatile int4 -> bool", terminate),
    ("num_nulls", "null variadic any -> int4", nulls),
    ("num_nonnulls", "null variadic any -> int4", non_nulls),
    ("<<=", "inet inet -> bool", within),
    ("<<", "inet inet -> bool", strictly_within),
    ("host", "inet -> text", host),
    ("family", "inet -> int4", family),
    ("masklen", "inet -> int4", prefix),
    ("text", "inet -> text", address_text),
];
