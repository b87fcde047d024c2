//! Suggestions of a decision: which choices the results speak for, and the numbers that say so.

use super::figures::figures;
use super::judge::{Of, ask};
use super::scope::Worlds;
use super::{Reference, Suggestion, SuggestionQuestion};
use crate::model::playbook::Choice;

/// One suggestion for each choice, in the table's order. A choice without an expression is never suggested.
pub fn suggest(question: &SuggestionQuestion) -> Vec<Suggestion> {
    let choices = question.choices.iter();
    let texts: Vec<&str> = choices
        .filter_map(|choice| choice.suggest_when.as_deref())
        .collect();
    // Several ways to the same answer: the first that has one. Without any, the first says what to run.
    let at_hand = question
        .over
        .iter()
        .find(|(_, reference)| matches!(reference, Reference::Here(_)));
    let several = question.over.len() > 1;
    let own = match at_hand.or_else(|| question.over.first()) {
        Some((_, Reference::Here(answer))) => Ok(answer),
        Some((_, Reference::Missing(reason))) => Err(reason.clone()),
        Some((id, Reference::Evidence(_))) => Err(format!("the evidence of {id} was not read")),
        None => Err("the decision names no action in over=".to_owned()),
    };
    let over = question.over.iter().map(|(id, reference)| (id, reference));
    let others: Vec<_> = over.chain(&question.others).collect();
    let own = own.as_ref().map(|answer| *answer).map_err(String::as_str);
    let worlds = Worlds::new(own, &others, &question.facts, &texts);
    let worlds = match at_hand {
        Some((id, _)) if several => worlds.named(id),
        _ => worlds,
    };
    let each = question.choices.iter();
    each.map(|choice| of_choice(choice, &worlds)).collect()
}

fn of_choice(choice: &Choice, worlds: &Worlds) -> Suggestion {
    let Some(text) = &choice.suggest_when else {
        return Suggestion {
            choice: choice.name.clone(),
            suggested: Ok(false),
            figures: Vec::new(),
        };
    };
    let asked = ask("Suggest when", text, worlds, Of::Any);
    let at = asked.as_ref().map_or(0, |(_, at)| *at);
    Suggestion {
        choice: choice.name.clone(),
        suggested: asked.map(|(suggested, _)| suggested),
        figures: figures(text, worlds, at),
    }
}
