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
}

/// The function of a name for some arguments.
pub fn function(name: &str, types: &[Type]) -> Result<Chosen, Error> {
    let shown = || {
        let types: Vec<String> = types.iter().map(Type::long_name).collect();
        format!("function {name}({})", types.join(", "))
    };
    choose(named(name), types).map_err(|failure| match failure {
        Failure::None if named(name).is_empty() && NOT_HERE.contains(&name) => {
            Error::unsupported(&format!("the function {name}"))
        }
        Failure::None => Error::new("42883", format!("{} does not exist", shown())),
        Failure::Several => Error::new("42725", format!("{} is not unique", shown())),
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
        Err(Failure::None) => Err(Error::new(
            "42883",
            format!("operator does not exist: {}", shown()),
        )),
        Err(Failure::Several) => Err(Error::new(
            "42725",
            format!("operator is not unique: {}", shown()),
        )),
    }
}

/// Functions that PostgreSQL has and this engine does not, as far as they are likely to be written.
#[rustfmt::skip]
const NOT_HERE: [&str; 68] = [
    "array_agg", "array_dims", "array_fill", "array_positions", "array_replace", "array_to_json", "atan", "atan2", "bit_and", "bit_or",
    "cbrt", "convert_from", "convert_to", "corr", "cos", "cume_dist", "currval", "degrees", "div", "factorial", "gcd", "gen_random_uuid",
    "has_table_privilege", "inet_client_addr", "inet_merge", "isfinite", "json_agg", "json_build_object", "jsonb_insert",
    "jsonb_path_exists", "jsonb_path_query", "jsonb_pretty", "jsonb_set", "jsonb_to_recordset", "justify_interval", "lcm", "make_interval",
    "make_time", "make_timestamp", "make_timestamptz", "network", "nextval", "now_utc", "nth_value", "obj_description", "overlay",
    "percent_rank", "pg_advisory_lock", "pg_column_size", "pg_database_size", "pg_get_indexdef", "pg_indexes_size", "pg_is_in_recovery",
    "pg_locks", "pg_postmaster_start_time", "pg_relation_size", "pg_sleep", "pg_table_size", "pg_typeof", "pi", "radians", "random",
    "regexp_matches", "row_to_json", "setseed", "sha256", "to_date", "to_json",
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

/// The types that a function takes these arguments in; none when it does not take them.
fn accepted(function: &Function, types: &[Type]) -> Option<Vec<Type>> {
    let slots = function.slots_for(types.len())?;
    let element = element_of(function, types);
    let open = slots
        .iter()
        .any(|slot| matches!(slot, Slot::Element | Slot::NonArray | Slot::Array));
    let element = match element {
        Some(element) => element,
        // A literal alone is a text; nothing says what an array of it would be.
        None if open && slots.contains(&&Slot::Array) => return None,
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
