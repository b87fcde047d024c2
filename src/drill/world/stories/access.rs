//! How an actor of a story gets in: its session, and where from.

use super::cast::Actor;
use crate::drill::world::emit::Emit;
use crate::drill::world::standing::ActiveSession;

/// The sessions of strangers are there before their story begins.
pub fn plant(actors: &[Actor], emit: &mut Emit<'_>) {
    for actor in actors.iter().filter(|actor| actor.stranger) {
        emit.staff_session(&actor.id, emit.from(), &actor.ip, &actor.agent);
    }
}

/// Signs actors in, each from its address, unless they are strangers, who are signed in already, or somebody has shut them out.
pub fn sign_in(actors: &[Actor], at: i64, emit: &mut Emit<'_>) {
    for actor in actors.iter().filter(|actor| !actor.stranger) {
        if emit.standing().revoked.contains(&*actor.id) {
            continue;
        }
        emit.sign_in(&actor.id, at, &actor.ip, &actor.agent);
    }
}

/// The session that an actor acts with: the one from its address where it is active, else any. None once all are revoked.
pub fn session(actor: &Actor, emit: &Emit<'_>) -> Option<ActiveSession> {
    let sessions = emit.active_sessions(&actor.id);
    sessions
        .iter()
        .find(|session| session.ip == actor.ip)
        .or_else(|| sessions.first())
        .cloned()
}

/// Whether any of the actors has a session.
pub fn anybody(actors: &[Actor], emit: &Emit<'_>) -> bool {
    actors
        .iter()
        .any(|actor| !emit.active_sessions(&actor.id).is_empty())
}
