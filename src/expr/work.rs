//! How much an expression may look at, told before it is evaluated: loops inside loops over thousands of rows have no end
//! that anybody waits for.
//!
//! An upper bound from the expression and the sizes of what its names stand for. Nothing here is measured in time: the
//! same rows give the same answer.

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, LiteralValue};
use serde_json::Value;

use super::Scope;
use super::tree::children;

/// Bytes of a text that are as much work as one row.
const TEXT_PIECE: usize = 256;

/// How much the evaluation of an expression looks at, at most, in parts of the expression and rows.
pub(super) fn bound(tree: &IdedExpr, scope: &Scope) -> u64 {
    Bounds {
        scope,
        bound: Vec::new(),
    }
    .of(tree)
    .work
}

/// What is known of a part of an expression.
#[derive(Clone, Copy, Default)]
struct Bound {
    /// How much its evaluation looks at.
    work: u64,
    /// How many elements it has, for who goes through it or looks at all of it.
    size: u64,
    /// The most elements of anything inside it.
    widest: u64,
}

struct Bounds<'a> {
    scope: &'a Scope,
    /// Names that loops bind, each with the most elements of anything it may stand for. The innermost is the last.
    bound: Vec<(&'a str, u64)>,
}

impl<'a> Bounds<'a> {
    fn of(&mut self, tree: &'a IdedExpr) -> Bound {
        if let Some(value) = self.path(tree) {
            return Bound {
                work: 1,
                size: size(value),
                widest: widest(value),
            };
        }
        if let Expr::Comprehension(loops) = &tree.expr {
            return self.of_loop(loops);
        }
        let parts: Vec<Bound> = children(tree)
            .into_iter()
            .map(|part| self.of(part))
            .collect();
        let sum = |of: fn(&Bound) -> u64| {
            let each = parts.iter().map(of);
            each.fold(0, u64::saturating_add)
        };
        let work = sum(|part| part.work).saturating_add(1);
        let inside = parts.iter().map(|part| part.size.max(part.widest)).max();
        let inside = inside.unwrap_or_default();
        match &tree.expr {
            Expr::Ident(name) => {
                let known = self.bound.iter().rev().find(|(known, _)| known == name);
                let size = known.map_or(0, |(_, widest)| *widest);
                Bound {
                    work,
                    size,
                    widest: size,
                }
            }
            Expr::Select(_) => Bound {
                work,
                size: inside,
                widest: inside,
            },
            Expr::Call(call) => match call.func_name.as_str() {
                // A member: only what it stands for counts.
                "_[_]" => Bound {
                    work,
                    size: inside,
                    widest: inside,
                },
                "_&&_" | "_||_" | "!_" => Bound {
                    work,
                    ..Bound::default()
                },
                // Whatever else is called looks at all that it is given, and may give it back.
                _ => Bound {
                    work: work.saturating_add(sum(|part| part.size)),
                    size: sum(|part| part.size),
                    widest: inside,
                },
            },
            Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => Bound {
                work,
                size: parts.len() as u64,
                widest: inside,
            },
            Expr::Unspecified | Expr::Literal(_) | Expr::Comprehension(_) => Bound {
                work,
                ..Bound::default()
            },
        }
    }

    fn of_loop(&mut self, loops: &'a ComprehensionExpr) -> Bound {
        let range = self.of(&loops.iter_range);
        let before = self.of(&loops.accu_init);
        let outer = self.bound.len();
        self.bound.push((&loops.iter_var, range.widest));
        if let Some(second) = &loops.iter_var2 {
            self.bound.push((second, range.widest));
        }
        // What a loop gathers is added to in place.
        self.bound.push((&loops.accu_var, 0));
        let round = [&loops.loop_cond, &loops.loop_step].map(|part| self.of(part));
        let result = self.of(&loops.result);
        self.bound.truncate(outer);
        let [condition, step] = round;
        let once = condition.work.saturating_add(step.work);
        let work = [
            range.work,
            before.work,
            range.size.saturating_mul(once),
            result.work,
        ];
        Bound {
            work: work.into_iter().fold(0, u64::saturating_add),
            size: range.size,
            widest: range.widest.max(step.size).max(step.widest),
        }
    }

    /// What a name of the scope, or a member of it that is written out (`result["a"].rows`), stands for.
    fn path(&self, tree: &IdedExpr) -> Option<&'a Value> {
        match &tree.expr {
            Expr::Ident(name) if self.bound.iter().any(|(known, _)| known == name) => None,
            Expr::Ident(name) => self.scope.get(name),
            Expr::Select(select) if !select.test => self.path(&select.operand)?.get(&select.field),
            Expr::Call(call) if call.func_name == "_[_]" => {
                let [operand, index] = call.args.as_slice() else {
                    return None;
                };
                let whole = self.path(operand)?;
                match &index.expr {
                    Expr::Literal(LiteralValue::String(key)) => whole.get(key.inner()),
                    Expr::Literal(LiteralValue::Int(at)) => {
                        whole.get(usize::try_from(*at.inner()).ok()?)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn size(value: &Value) -> u64 {
    let size = match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        Value::String(text) => text.len() / TEXT_PIECE,
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size as u64
}

/// The largest size of anything inside.
fn widest(value: &Value) -> u64 {
    let of = |part: &Value| size(part).max(widest(part));
    match value {
        Value::Array(items) => items.iter().map(of).max().unwrap_or_default(),
        Value::Object(members) => members.values().map(of).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
