//! Which of several functions of one name a call means: PostgreSQL's rules (chapter 10 of its manual).

use super::{Function, Slot, named};
use crate::pgsql::error::Error;
use crate::pgsql::types::{Category, Coercion};
use crate::pgsql::value::Type;

/// A function that was chosen, with the types its arguments are taken in.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Which.
    pub function: &'static Function,
    /// The types of its arguments.
    pub types: Vec<Type>,
    /// The type of its result.
    pub result: Type,
}

/// Why none was chosen.
enum Failure {
    None,
    Several,
    /// It takes anything, and a literal alone says nothing of its type.
    Undetermined,
}

/// A literal where the type of something else hangs on it.
pub fn undetermined() -> Error {
    Error::new(
        "42804",
        "could not determine polymorphic type because input has type unknown",
    )
}

/// The function of a name for some arguments.
pub fn function(name: &str, types: &[Type]) -> Result<Chosen, Error> {
    let shown = || {
        let types: Vec<String> = types.iter().map(Type::long_name).collect();
        format!("function {name}({})", types.join(", "))
    };
    choose(named(name), types).map_err(|failure| match failure {
        Failure::None if is_left_out(name) => Error::unsupported(&format!("the function {name}")),
        Failure::None if left_out_form(name, types) => {
            Error::unsupported(&format!("this form of the {}", shown()))
        }
        Failure::None => Error::new("42883", format!("{} does not exist", shown())),
        Failure::Several => Error::new("42725", format!("{} is not unique", shown())),
        Failure::Undetermined => undetermined(),
    })
}

/// The operator of a name for one or two sides.
pub fn operator(name: &str, types: &[Type]) -> Result<Chosen, Error> {
    let shown = || match types {
        [only] => format!("{name} {}", only.long_name()),
        [left, right] => format!("{} {name} {}", left.long_name(), right.long_name()),
        _ => name.to_owned(),
    };
    // One literal beside a known type is first taken to be of that type.
    let assumed = match types {
        [Type::Unknown, known] | [known, Type::Unknown] if *known != Type::Unknown => {
            Some([known.plain(), known.plain()])
        }
        _ => None,
    };
    let exact = assumed.and_then(|assumed| exact(named(name), &assumed));
    match exact.map_or_else(|| choose(named(name), types), Ok) {
        Ok(chosen) => Ok(chosen),
        Err(Failure::None) if is_left_out_operator(name, types) => {
            Err(Error::unsupported(&format!("the operator {}", shown())))
        }
        Err(Failure::None) => Err(Error::new(
            "42883",
            format!("operator does not exist: {}", shown()),
        )),
        Err(Failure::Undetermined) => Err(undetermined()),
        Err(Failure::Several) => Err(Error::new(
            "42725",
            format!("operator is not unique: {}", shown()),
        )),
    }
}

/// True for a function that PostgreSQL has and this engine has not.
pub fn is_left_out(name: &str) -> bool {
    named(name).is_empty() && NOT_HERE.contains(&name)
}

/// True where this engine has a function of the name, and PostgreSQL has it for these arguments as well.
fn left_out_form(name: &str, types: &[Type]) -> bool {
    let first = types.first().map(Type::category);
    match (name, types.len()) {
        ("trim" | "btrim" | "ltrim" | "rtrim" | "substring" | "substr" | "position", _) => {
            types.first() == Some(&Type::Bytea)
        }
        ("log", 2) => first == Some(Category::Number),
        // Numbers of several types beside each other.
        ("array_append" | "array_prepend" | "array_cat" | "array_remove", 2) => {
            arrays_of_numbers(types)
        }
        ("width_bucket", _) => true,
        // A type's name as a function is a cast.
        (name, 1) => [
            "quote_literal",
            "date",
            "text",
            "int4",
            "int8",
            "float8",
            "numeric",
            "timestamptz",
        ]
        .contains(&name),
        (name, 2) => ["to_timestamp", "timezone", "pg_terminate_backend"].contains(&name),
        (name, 3) => [
            "array_position",
            "date_trunc",
            "string_to_array",
            "regexp_split_to_array",
        ]
        .contains(&name),
        (name, 4..=6) => name == "regexp_replace",
        _ => false,
    }
}

/// True for arrays of numbers beside numbers.
fn arrays_of_numbers(types: &[Type]) -> bool {
    types.iter().any(|ty| matches!(ty, Type::Array(_)))
        && types
            .iter()
            .all(|ty| ty.element().unwrap_or(ty).category() == Category::Number)
}

/// The same of operators.
fn is_left_out_operator(name: &str, types: &[Type]) -> bool {
    let has = |category: Category| types.iter().any(|ty| ty.category() == category);
    match name {
        "<<" => has(Category::Number),
        "||" => arrays_of_numbers(types),
        "&&" | "-" | "+" => has(Category::Network),
        _ => false,
    }
}

/// Functions that PostgreSQL has and this engine does not, as far as they are likely to be written.
#[rustfmt::skip]
const NOT_HERE: [&str; 187] = [
    "abbrev", "acos", "array_agg", "array_dims", "array_fill", "array_positions", "array_replace", "array_to_json", "asin", "atan", "atan2",
    "bit_and", "bit_count", "bit_length", "bit_or", "bit_xor", "broadcast", "cbrt", "convert_from", "convert_to", "corr", "cos", "cosh", "cot",
    "covar_pop", "covar_samp", "cume_dist", "current_catalog", "current_database", "current_setting", "currval", "daterange", "degrees", "div",
    "enum_range", "factorial", "gcd", "gen_random_uuid", "generate_subscripts", "get_bit", "get_byte", "has_column_privilege", "has_schema_privilege",
    "has_table_privilege", "hostmask", "inet_client_addr", "inet_client_port", "inet_merge", "inet_same_family", "inet_server_addr",
    "inet_server_port", "int4range", "int8range", "isempty", "isfinite", "json_agg", "json_array_elements", "json_array_elements_text",
    "json_build_array", "json_build_object", "json_each", "json_each_text", "json_extract_path", "json_extract_path_text", "json_object",
    "json_object_agg", "json_object_keys", "json_populate_record", "json_strip_nulls", "json_to_record", "json_to_recordset", "jsonb_insert",
    "jsonb_object", "jsonb_path_exists", "jsonb_path_match", "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_first",
    "jsonb_populate_record", "jsonb_pretty", "jsonb_set", "jsonb_set_lax", "jsonb_to_record", "jsonb_to_recordset", "justify_interval", "lcm",
    "lo_import", "localtime", "lower_inc", "make_interval", "make_time", "make_timestamp", "make_timestamptz", "min_scale", "netmask", "network",
    "nextval", "normalize", "nth_value", "numrange", "obj_description", "overlay", "parse_ident", "percent_rank", "pg_advisory_lock",
    "pg_advisory_unlock", "pg_advisory_xact_lock", "pg_client_encoding", "pg_column_size", "pg_conf_load_time", "pg_current_xact_id",
    "pg_database_size", "pg_get_constraintdef", "pg_get_functiondef", "pg_get_indexdef", "pg_get_viewdef", "pg_indexes_size", "pg_is_in_recovery",
    "pg_ls_dir", "pg_postmaster_start_time", "pg_read_file", "pg_relation_filenode", "pg_relation_size", "pg_reload_conf", "pg_rotate_logfile",
    "pg_safe_snapshot_blocking_pids", "pg_sleep", "pg_snapshot_xmin", "pg_stat_get_activity", "pg_stat_reset", "pg_switch_wal", "pg_table_size",
    "pg_trigger_depth", "pg_try_advisory_lock", "pg_typeof", "pi", "plainto_tsquery", "quote_nullable", "radians", "random", "range_agg",
    "regexp_count", "regexp_instr", "regexp_like", "regexp_matches", "regexp_split_to_table", "regexp_substr", "regr_count", "regr_slope",
    "row_to_json", "set_bit", "set_byte", "set_config", "set_masklen", "setseed", "sha224", "sha256", "sha384", "sha512", "sin", "sinh", "stddev",
    "stddev_pop", "stddev_samp", "tan", "tanh", "timeofday", "to_ascii", "to_date", "to_json", "to_number", "to_regclass", "to_tsquery",
    "to_tsvector", "trim_array", "trim_scale", "ts_rank", "tsrange", "tstzrange", "txid_current", "txid_current_snapshot", "unistr", "upper_inc",
    "var_pop", "var_samp", "variance", "xmlagg",
];

fn choose(candidates: &'static [Function], types: &[Type]) -> Result<Chosen, Failure> {
    if let Some(chosen) = exact(candidates, types) {
        return Ok(chosen);
    }
    let mut left: Vec<(&'static Function, Vec<Type>)> = candidates
        .iter()
        .filter_map(|function| Some((function, accepted(function, types)?)))
        .collect();
    if left.is_empty() {
        return Err(Failure::None);
    }
    // Most arguments already of the right type.
    keep_best(&mut left, |_, targets| {
        pairs(types, targets)
            .filter(|(given, target)| given.is(target))
            .count()
    });
    // Then most arguments that become a preferred type.
    keep_best(&mut left, |_, targets| {
        pairs(types, targets)
            .filter(|(given, target)| {
                given.is(target) || (given.category() == target.category() && target.is_preferred())
            })
            .count()
    });
    // Beside an array a literal is an array: its category does not decide.
    if left.len() > 1 && !types.iter().any(|ty| matches!(ty, Type::Array(_))) {
        settle_unknown(&mut left, types);
    }
    if left.len() > 1 {
        assume_alike(&mut left, types);
    }
    match <[_; 1]>::try_from(left) {
        Ok([(function, _)]) if is_open(function) && element_of(function, types).is_none() => {
            Err(Failure::Undetermined)
        }
        Ok([(function, types)]) => Ok(finish(function, types)),
        Err(_) => Err(Failure::Several),
    }
}

/// Given and target types of the arguments whose type is known.
fn pairs<'a>(types: &'a [Type], targets: &'a [Type]) -> impl Iterator<Item = (&'a Type, &'a Type)> {
    types
        .iter()
        .zip(targets)
        .filter(|(given, _)| **given != Type::Unknown)
}

fn keep_best(
    left: &mut Vec<(&'static Function, Vec<Type>)>,
    score: impl Fn(&Function, &[Type]) -> usize,
) {
    let best = left
        .iter()
        .map(|(function, targets)| score(function, targets))
        .max()
        .unwrap_or(0);
    left.retain(|(function, targets)| score(function, targets) == best);
}

/// For each literal: text if any candidate takes it, else the one category that all take; a preferred type wins.
fn settle_unknown(left: &mut Vec<(&'static Function, Vec<Type>)>, types: &[Type]) {
    let mut wanted: Vec<Option<(Category, bool)>> = Vec::new();
    for (index, given) in types.iter().enumerate() {
        if *given != Type::Unknown {
            wanted.push(None);
            continue;
        }
        let targets: Vec<&Type> = left
            .iter()
            .filter(|(function, _)| is_fixed(function, types.len(), index))
            .filter_map(|(_, targets)| targets.get(index))
            .collect();
        let text = targets
            .iter()
            .any(|target| target.category() == Category::Text);
        let Some(first) = targets.first().map(|target| target.category()) else {
            return;
        };
        let category = if text { Category::Text } else { first };
        if !text && targets.iter().any(|target| target.category() != first) {
            return;
        }
        let preferred = targets
            .iter()
            .any(|target| target.category() == category && target.is_preferred());
        wanted.push(Some((category, preferred)));
    }
    let fits = |function: &Function, targets: &[Type]| {
        wanted
            .iter()
            .zip(targets)
            .enumerate()
            .all(|(index, (wanted, target))| {
                wanted.is_none_or(|(category, preferred)| {
                    is_fixed(function, types.len(), index)
                        && target.category() == category
                        && (!preferred || target.is_preferred())
                })
            })
    };
    if left
        .iter()
        .any(|(function, targets)| fits(function, targets))
    {
        left.retain(|(function, targets)| fits(function, targets));
    }
}

/// True when a function takes one type only in a place; what takes several has no category there.
fn is_fixed(function: &Function, count: usize, index: usize) -> bool {
    function
        .slots_for(count)
        .and_then(|slots| slots.get(index).copied())
        .is_some_and(|slot| matches!(slot, Slot::Is(_)))
}

/// The last resort: literals are of the one type that the other arguments have.
fn assume_alike(left: &mut Vec<(&'static Function, Vec<Type>)>, types: &[Type]) {
    let mut known = types.iter().filter(|ty| **ty != Type::Unknown);
    let Some(first) = known.next() else {
        return;
    };
    if !known.all(|ty| ty.is(first)) || !types.contains(&Type::Unknown) {
        return;
    }
    let alike = |function: &Function| accepted(function, &vec![first.clone(); types.len()]);
    let count = left
        .iter()
        .filter(|(function, _)| alike(function).is_some())
        .count();
    if count == 1 {
        left.retain(|(function, _)| alike(function).is_some());
    }
}

/// The function that takes exactly these types.
fn exact(candidates: &'static [Function], types: &[Type]) -> Option<Chosen> {
    candidates
        .iter()
        .find(|function| {
            function.slots.len() == types.len()
                && function
                    .slots
                    .iter()
                    .zip(types)
                    .all(|(slot, ty)| matches!(slot, Slot::Is(wanted) if wanted.is(ty)))
        })
        .map(|function| finish(function, types.iter().map(Type::plain).collect()))
}

fn finish(function: &'static Function, types: Vec<Type>) -> Chosen {
    let element = element_of(function, &types);
    let result = match (&function.result, element) {
        (Slot::Is(ty), _) => ty.clone(),
        (Slot::Array, Some(element)) => Type::Array(Box::new(element)),
        (_, Some(element)) => element,
        (_, None) => Type::Text,
    };
    Chosen {
        function,
        types,
        result,
    }
}

/// What the changeable slots of a function stand for.
fn element_of(function: &Function, types: &[Type]) -> Option<Type> {
    let slots = function.slots_for(types.len())?;
    let array = slots.iter().zip(types).find_map(|(slot, ty)| match slot {
        Slot::Array => ty.element().cloned(),
        _ => None,
    });
    array.or_else(|| {
        slots.iter().zip(types).find_map(|(slot, ty)| {
            let open = matches!(slot, Slot::Element | Slot::NonArray) && *ty != Type::Unknown;
            open.then(|| ty.plain())
        })
    })
}

/// True when a function takes several types in one of its places.
fn is_open(function: &Function) -> bool {
    function
        .slots
        .iter()
        .any(|slot| matches!(slot, Slot::Element | Slot::NonArray | Slot::Array))
}

/// The types that a function takes these arguments in; none when it does not take them.
fn accepted(function: &Function, types: &[Type]) -> Option<Vec<Type>> {
    let slots = function.slots_for(types.len())?;
    let element = element_of(function, types);
    let element = match element {
        Some(element) => element,
        // A literal alone is a text; nothing says what an array of it would be.
        None if slots.contains(&&Slot::Array) => return None,
        None => Type::Text,
    };
    slots
        .iter()
        .zip(types)
        .map(|(slot, given)| {
            let target = match slot {
                Slot::Is(ty) => ty.clone(),
                Slot::Any if *given == Type::Unknown => Type::Text,
                Slot::Any => return Some(given.clone()),
                Slot::NonArray if matches!(element, Type::Array(_)) => return None,
                Slot::Element | Slot::NonArray => element.clone(),
                Slot::Array => Type::Array(Box::new(element.clone())),
            };
            let fits = match slot {
                Slot::Is(_) => given.becomes(&target, Coercion::Implicit),
                _ => *given == Type::Unknown || given.is(&target),
            };
            fits.then_some(target)
        })
        .collect()
}
