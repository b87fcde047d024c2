//! What the server calls a column that has no alias.

use sqlparser::ast::{DataType, Expr as Ast, SelectItem, SetExpr};

use super::call::function_name;
use super::special::trim_name;
use crate::pgsql::syntax::folded;
use crate::pgsql::value::Type;

/// The name of a column, from its expression.
pub(super) fn output_name(expr: &Ast) -> String {
    own_name(expr).map_or_else(|| "?column?".to_owned(), |(name, _)| name)
}

/// A name, and whether it is more than the name of a type.
fn own_name(expr: &Ast) -> Option<(String, bool)> {
    let strong = |name: &str| Some((name.to_owned(), true));
    match expr {
        Ast::Identifier(name) => Some((folded(name), true)),
        Ast::CompoundIdentifier(names) => names.last().map(|name| (folded(name), true)),
        Ast::Nested(inner)
        | Ast::CompoundFieldAccess { root: inner, .. }
        | Ast::Collate { expr: inner, .. } => own_name(inner),
        Ast::Function(function) => match function_name(function) {
            Ok(name) => Some((name, true)),
            Err(_) => None,
        },
        Ast::Cast {
            expr, data_type, ..
        } => match own_name(expr) {
            Some((name, true)) => Some((name, true)),
            _ => Some((type_name(data_type), false)),
        },
        Ast::TypedString(typed) => Some((type_name(&typed.data_type), false)),
        Ast::Interval(_) => Some(("interval".to_owned(), false)),
        Ast::Case { else_result, .. } => match else_result.as_deref().and_then(own_name) {
            Some((name, true)) => Some((name, true)),
            _ => Some(("case".to_owned(), false)),
        },
        Ast::Exists { negated: false, .. } => strong("exists"),
        Ast::Array(_) => strong("array"),
        Ast::Extract { .. } => strong("extract"),
        Ast::Position { .. } => strong("position"),
        Ast::Substring { shorthand, .. } => strong(if *shorthand { "substr" } else { "substring" }),
        Ast::Trim { trim_where, .. } => strong(trim_name(trim_where.as_ref())),
        Ast::Ceil { .. } => strong("ceil"),
        Ast::Floor { .. } => strong("floor"),
        Ast::AtTimeZone { .. } => strong("timezone"),
        Ast::Tuple(_) => strong("row"),
        Ast::Subquery(query) => match query.body.as_ref() {
            SetExpr::Select(select) => match select.projection.as_slice() {
                [SelectItem::UnnamedExpr(inner)] => own_name(inner),
                [SelectItem::ExprWithAlias { alias, .. }] => Some((folded(alias), true)),
                _ => None,
            },
            SetExpr::Values(_) => strong("column1"),
            _ => None,
        },
        _ => None,
    }
}

/// The last part of a type's name, as the catalogue has it.
fn type_name(declared: &DataType) -> String {
    match Type::of(declared) {
        Ok(Type::Array(element)) => element.name(),
        Ok(ty) => ty.name(),
        Err(_) => declared.to_string().to_ascii_lowercase(),
    }
}
