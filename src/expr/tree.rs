//! The parts of a parsed expression, whatever it is.

use cel::common::ast::{EntryExpr, Expr, IdedExpr};

/// What stands directly below.
pub(super) fn children(tree: &IdedExpr) -> Vec<&IdedExpr> {
    fn of_entry(entry: &EntryExpr) -> Vec<&IdedExpr> {
        match entry {
            EntryExpr::StructField(field) => vec![&field.value],
            EntryExpr::MapEntry(pair) => vec![&pair.key, &pair.value],
        }
    }
    match &tree.expr {
        Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => Vec::new(),
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map
            .entries
            .iter()
            .flat_map(|part| of_entry(&part.expr))
            .collect(),
        Expr::Struct(structure) => {
            let entries = structure.entries.iter();
            entries.flat_map(|part| of_entry(&part.expr)).collect()
        }
        Expr::Comprehension(loops) => vec![
            &loops.iter_range,
            &loops.accu_init,
            &loops.loop_cond,
            &loops.loop_step,
            &loops.result,
        ],
    }
}

/// The same, to be changed.
pub(super) fn children_mut(tree: &mut IdedExpr) -> Vec<&mut IdedExpr> {
    fn of_entry(entry: &mut EntryExpr) -> Vec<&mut IdedExpr> {
        match entry {
            EntryExpr::StructField(field) => vec![&mut field.value],
            EntryExpr::MapEntry(pair) => vec![&mut pair.key, &mut pair.value],
        }
    }
    match &mut tree.expr {
        Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => Vec::new(),
        Expr::Call(call) => {
            let target = call.target.as_deref_mut().into_iter();
            target.chain(&mut call.args).collect()
        }
        Expr::Select(select) => vec![&mut *select.operand],
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Map(map) => {
            let entries = map.entries.iter_mut();
            entries.flat_map(|part| of_entry(&mut part.expr)).collect()
        }
        Expr::Struct(structure) => {
            let entries = structure.entries.iter_mut();
            entries.flat_map(|part| of_entry(&mut part.expr)).collect()
        }
        Expr::Comprehension(loops) => vec![
            &mut loops.iter_range,
            &mut loops.accu_init,
            &mut loops.loop_cond,
            &mut loops.loop_step,
            &mut loops.result,
        ],
    }
}
