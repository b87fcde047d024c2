//! How an actor of a story gets in: its session, and where from.

use super::cast::Actor;
use crate::drill::world::emit::Emit;
use crate::drill::world::standing::ActiveSession;

/// The sessions of strangers are there before their story begins.
pub fn plant(actors: &[Actor], emit: &mut Emit<'_>) {
    for actor in actors.iter().filter(|actor| actor.stranger) {
        sign_in(actor, emit.from(), emit);
    }
}

/// Signs an actor in from its address, unless somebody has shut it out already. True when it has a session from there now.
pub fn sign_in(actor: &Actor, at: i64, emit: &mut Emit<'_>) -> bool {
    let welcome = !emit.standing().revoked.contains(&*actor.id);
    if welcome {
        emit.staff_session(&actor.id, at, &actor.ip, &actor.agent);
    }
    welcome
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
