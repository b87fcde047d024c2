//! Functions that give several columns where they stand as a column: `extend (slope, start) = …`. Elsewhere they are a list of those values.

use crate::kql::types::Type;

/// The columns that a call of `name` gives, each with the name it has when the query gives none; `None` when it gives one value.
/// `args` are the names of the arguments, where they have one.
pub fn columns(name: &str, args: &[Option<String>]) -> Option<Vec<(String, Type)>> {
    let known: &[(&str, Type)] = match name {
        // A single list without a name leaves the name to the place.
        "array_sort_asc" | "array_sort_desc" if matches!(args, [None]) => return None,
        "array_sort_asc" | "array_sort_desc" => {
            let named = args.iter().enumerate().map(|(index, arg)| {
                let name = arg.clone().unwrap_or_else(|| format!("array{index}"));
                (format!("{name}_sorted"), Type::Dynamic)
            });
            return Some(named.collect());
        }
        "series_stats" => &[
            ("min", Type::Real),
            ("min_idx", Type::Long),
            ("max", Type::Real),
            ("max_idx", Type::Long),
            ("avg", Type::Real),
            ("stdev", Type::Real),
            ("variance", Type::Real),
        ],
        "series_fit_line" => &[
            ("rsquare", Type::Real),
            ("slope", Type::Real),
            ("variance", Type::Real),
            ("rvariance", Type::Real),
            ("interception", Type::Real),
            ("line_fit", Type::Dynamic),
        ],
        _ => return None,
    };
    let argument = args.first().cloned().flatten().unwrap_or_default();
    Some(
        known
            .iter()
            .map(|(column, ty)| (format!("{name}_{argument}_{column}"), *ty))
            .collect(),
    )
}
