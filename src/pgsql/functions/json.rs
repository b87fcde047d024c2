//! JSON: operators and functions.

use serde_json::{Map, Number, Value as Json};

use super::numbers::wrong;
use super::{Call, Entry};
use crate::pgsql::error::Error;
use crate::pgsql::order::compare_json;
use crate::pgsql::text::json;
use crate::pgsql::value::{Type, Value};

/// A value as JSON, as `to_jsonb` makes it.
pub fn to_json(value: &Value, ty: &Type) -> Result<Json, Error> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) if *ty != Type::Oid => Json::Number((*value).into()),
        Value::Float(_) | Value::Numeric(_) => {
            let text = value.to_text(ty).unwrap_or_default();
            match text.parse::<Number>() {
                Ok(number) if number.to_string() == text => Json::Number(number),
                Ok(_) => return Err(Error::unsupported(&format!("the JSON number {text}"))),
                Err(_) => Json::String(text),
            }
        }
        Value::Json(json) => json.as_ref().clone(),
        Value::Text(text) if *ty == Type::Json => json::parse(text)?,
        Value::Timestamp(_) => {
            let text = value.to_text(ty).unwrap_or_default().replacen(' ', "T", 1);
            Json::String(match text.strip_suffix("+00") {
                Some(time) => format!("{time}+00:00"),
                None => text,
            })
        }
        Value::Array(values) => {
            let element = ty.element().unwrap_or(ty);
            let values: Result<_, _> = values
                .iter()
                .map(|value| match value {
                    Value::Array(_) => to_json(value, ty),
                    value => to_json(value, element),
                })
                .collect();
            Json::Array(values?)
        }
        other => Json::String(other.to_text(ty).unwrap_or_default()),
    })
}

/// A JSON value as text: a string without quotes, null as NULL.
pub fn unquoted(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::String(text) => Value::text(text.as_str()),
        other => Value::text(json::write(other)),
    }
}

/// The result of an operator in the form its type says.
fn answer(found: Option<&Json>, call: &Call) -> Result<Value, Error> {
    Ok(match (found, call.result) {
        (None, _) => Value::Null,
        (Some(json), Type::Jsonb) => Value::Json(json.clone().into()),
        // Numbers, lists and objects of a `json` have the spelling they were written in.
        (Some(Json::Array(_) | Json::Object(_)), _) if call.types.first() == Some(&Type::Json) => {
            return keeps_spelling(call, &[]);
        }
        (Some(json), _) => unquoted(json),
    })
}

fn document(value: &Value) -> Result<std::sync::Arc<Json>, Error> {
    match value {
        Value::Json(json) => Ok(json.clone()),
        Value::Text(text) => Ok(json::parse(text)?.into()),
        _ => Err(wrong()),
    }
}

fn at<'j>(json: &'j Json, step: &str) -> Option<&'j Json> {
    match json {
        Json::Object(object) => object.get(step),
        Json::Array(_) => element(json, step.trim().parse().ok()?),
        _ => None,
    }
}

fn element(json: &Json, index: i64) -> Option<&Json> {
    let values = json.as_array()?;
    let index = if index < 0 {
        index + values.len() as i64
    } else {
        index
    };
    values.get(usize::try_from(index).ok()?)
}

/// An array without the member of a number.
fn without_place(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Json(json), Value::Int(index)] = arguments else {
        return Err(wrong());
    };
    match json.as_ref() {
        Json::Array(values) => {
            let gone = element(json, *index);
            let left = values
                .iter()
                .filter(|value| !gone.is_some_and(|gone| std::ptr::eq(gone, *value)));
            Ok(Value::Json(Json::Array(left.cloned().collect()).into()))
        }
        Json::Object(_) => Err(Error::new(
            "22023",
            "cannot delete from object using integer index",
        )),
        _ => Err(Error::new("22023", "cannot delete from scalar")),
    }
}

fn member(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [json, Value::Text(key)] => {
            let json = document(json)?;
            let found = json.as_object().and_then(|object| object.get(key.as_ref()));
            answer(found, call)
        }
        [json, Value::Int(index)] => answer(element(document(json)?.as_ref(), *index), call),
        _ => Err(wrong()),
    }
}

/// A piece of a `json` keeps the spelling it was written in, which is not kept here.
fn keeps_spelling(_: &Call, _: &[Value]) -> Result<Value, Error> {
    Err(Error::unsupported("parts of json as json; cast to jsonb"))
}

fn path(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let (json, steps) = match arguments {
        [json, Value::Array(steps)] => (document(json)?, steps.to_vec()),
        [json, steps @ ..] => (document(json)?, steps.to_vec()),
        [] => return Err(wrong()),
    };
    let mut found = Some(json.as_ref());
    for step in &steps {
        found = match step {
            Value::Text(step) => found.and_then(|json| at(json, step)),
            _ => return Ok(Value::Null),
        };
    }
    answer(found, call)
}

fn holds(left: &Json, right: &Json, top: bool) -> bool {
    match (left, right) {
        (Json::Object(left), Json::Object(right)) => right.iter().all(|(key, value)| {
            left.get(key)
                .is_some_and(|inner| holds(inner, value, false))
        }),
        (Json::Array(left), Json::Array(right)) => right
            .iter()
            .all(|value| left.iter().any(|inner| holds(inner, value, false))),
        // An array holds a scalar that stands alone.
        (Json::Array(left), scalar) if top && !scalar.is_object() => {
            left.iter().any(|value| compare_json(value, scalar).is_eq())
        }
        (left, right) => compare_json(left, right).is_eq(),
    }
}

fn contains(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Json(left), Value::Json(right)] => Ok(Value::Bool(holds(left, right, true))),
        _ => Err(wrong()),
    }
}

fn contained(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Json(left), Value::Json(right)] => Ok(Value::Bool(holds(right, left, true))),
        _ => Err(wrong()),
    }
}

fn has_key(json: &Json, key: &str) -> bool {
    match json {
        Json::Object(object) => object.contains_key(key),
        Json::Array(values) => values.iter().any(|value| value.as_str() == Some(key)),
        Json::String(text) => text == key,
        _ => false,
    }
}

fn exists(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Json(json), Value::Text(key)] => Ok(Value::Bool(has_key(json, key))),
        _ => Err(wrong()),
    }
}

fn keys_of(values: &[Value]) -> impl Iterator<Item = &str> {
    values.iter().filter_map(|value| match value {
        Value::Text(text) => Some(text.as_ref()),
        _ => None,
    })
}

fn exists_any(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Json(json), Value::Array(keys)] => {
            Ok(Value::Bool(keys_of(keys).any(|key| has_key(json, key))))
        }
        _ => Err(wrong()),
    }
}

fn exists_all(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match arguments {
        [Value::Json(json), Value::Array(keys)] => {
            Ok(Value::Bool(keys_of(keys).all(|key| has_key(json, key))))
        }
        _ => Err(wrong()),
    }
}

fn join(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::Json(left), Value::Json(right)] = arguments else {
        return Err(wrong());
    };
    let joined = match (left.as_ref(), right.as_ref()) {
        (Json::Object(left), Json::Object(right)) => {
            let mut all = left.clone();
            all.extend(right.clone());
            Json::Object(all)
        }
        (left, right) => {
            let mut all = as_list(left);
            all.extend(as_list(right));
            Json::Array(all)
        }
    };
    Ok(Value::Json(joined.into()))
}

fn as_list(json: &Json) -> Vec<Json> {
    match json {
        Json::Array(values) => values.clone(),
        other => vec![other.clone()],
    }
}

fn without(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let (json, keys): (&Json, Vec<&str>) = match arguments {
        [Value::Json(json), Value::Text(key)] => (json, vec![key]),
        [Value::Json(json), Value::Array(keys)] => (json, keys_of(keys).collect()),
        _ => return Err(wrong()),
    };
    let left = match json {
        Json::Object(object) => Json::Object(
            object
                .iter()
                .filter(|(key, _)| !keys.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        ),
        Json::Array(values) => Json::Array(
            values
                .iter()
                .filter(|value| !value.as_str().is_some_and(|text| keys.contains(&text)))
                .cloned()
                .collect(),
        ),
        _ => return Err(Error::new("22023", "cannot delete from scalar")),
    };
    Ok(Value::Json(left.into()))
}

fn type_of(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let json = document(arguments.first().ok_or_else(wrong)?)?;
    Ok(Value::text(match json.as_ref() {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }))
}

fn array_length(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let json = document(arguments.first().ok_or_else(wrong)?)?;
    match json.as_ref() {
        Json::Array(values) => Ok(Value::Int(values.len() as i64)),
        Json::Object(_) => Err(Error::new(
            "22023",
            "cannot get array length of a non-array",
        )),
        _ => Err(Error::new("22023", "cannot get array length of a scalar")),
    }
}

fn to_jsonb(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    match (arguments, call.types) {
        ([value], [ty]) => Ok(Value::Json(to_json(value, ty)?.into())),
        _ => Err(wrong()),
    }
}

fn build_object(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let (pairs, rest) = arguments.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::new(
            "22023",
            "argument list must have even number of elements",
        ));
    }
    let mut object = Map::new();
    for ([key, value], [key_type, value_type]) in pairs.iter().zip(call.types.as_chunks::<2>().0) {
        let key = key
            .to_text(key_type)
            .ok_or_else(|| Error::new("22023", "argument 1: key must not be null"))?;
        object.insert(key, to_json(value, value_type)?);
    }
    Ok(Value::Json(Json::Object(object).into()))
}

fn build_array(call: &Call, arguments: &[Value]) -> Result<Value, Error> {
    let values: Result<Vec<Json>, Error> = arguments
        .iter()
        .zip(call.types)
        .map(|(value, ty)| to_json(value, ty))
        .collect();
    Ok(Value::Json(Json::Array(values?).into()))
}

fn strip_nulls(_: &Call, arguments: &[Value]) -> Result<Value, Error> {
    fn strip(json: &Json) -> Json {
        match json {
            Json::Object(object) => Json::Object(
                object
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(key, value)| (key.clone(), strip(value)))
                    .collect(),
            ),
            Json::Array(values) => Json::Array(values.iter().map(strip).collect()),
            scalar => scalar.clone(),
        }
    }
    let json = document(arguments.first().ok_or_else(wrong)?)?;
    Ok(Value::Json(strip(&json).into()))
}

/// Operators and functions of JSON.
pub const TABLE: &[Entry] = &[
    ("->", "jsonb text -> jsonb", member),
    ("->", "jsonb int4 -> jsonb", member),
    ("->", "json text -> json", keeps_spelling),
    ("->", "json int4 -> json", keeps_spelling),
    ("#>", "json text[] -> json", keeps_spelling),
    ("->>", "jsonb text -> text", member),
    ("->>", "jsonb int4 -> text", member),
    ("->>", "json text -> text", member),
    ("->>", "json int4 -> text", member),
    ("#>", "jsonb text[] -> jsonb", path),
    ("#>>", "jsonb text[] -> text", path),
    ("#>>", "json text[] -> text", path),
    ("jsonb_extract_path", "variadic jsonb text -> jsonb", path),
    (
        "jsonb_extract_path_text",
        "variadic jsonb text -> text",
        path,
    ),
    ("@>", "jsonb jsonb -> bool", contains),
    ("<@", "jsonb jsonb -> bool", contained),
    ("?", "jsonb text -> bool", exists),
    ("?|", "jsonb text[] -> bool", exists_any),
    ("?&", "jsonb text[] -> bool", exists_all),
    ("||", "jsonb jsonb -> jsonb", join),
    ("-", "jsonb text -> jsonb", without),
    ("-", "jsonb text[] -> jsonb", without),
    ("-", "jsonb int4 -> jsonb", without_place),
    ("jsonb_typeof", "jsonb -> text", type_of),
    ("json_typeof", "json -> text", type_of),
    ("jsonb_array_length", "jsonb -> int4", array_length),
    ("json_array_length", "json -> int4", array_length),
    ("to_jsonb", "anyelement -> jsonb", to_jsonb),
    (
        "jsonb_build_object",
        "null variadic any -> jsonb",
        build_object,
    ),
    ("jsonb_build_object", "-> jsonb", build_object),
    (
        "jsonb_build_array",
        "null variadic any -> jsonb",
        build_array,
    ),
    ("jsonb_build_array", "-> jsonb", build_array),
    ("jsonb_strip_nulls", "jsonb -> jsonb", strip_nulls),
];
