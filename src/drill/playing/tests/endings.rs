//! What comes once it has ended, or was saved: nothing that says otherwise.

use super::*;

/// A pager that says "still firing" after another said that it is quiet would be believed by nobody.
#[test]
fn nothing_says_that_it_goes_on_once_it_has_ended() {
    let mut player = Player::new(short("coordinated-attack"), 5);
    let actors = player.names("attack", "actors");
    player.runs(100, "preserve-audit", true);
    player.revokes(200, &actors[0]);
    player.runs(200, "revoke", false);
    player.revokes(330, &actors[1]);
    player.runs(330, "revoke", false);
    player.waits(900);
    assert!(player.came().contains(&"quiet"), "{:?}", player.came());
    assert!(
        !player.came().contains(&"one-is-left"),
        "{:?}",
        player.came()
    );

    let mut player = Player::new(short("slow-database"), 5);
    let pid = player.names("lock", "pid")[0].clone();
    player.runs(60, "active-queries", true);
    player.waits(240);
    sql(&mut player, &format!("SELECT pg_cancel_backend({pid})"));
    player.waits(900);
    assert!(
        player.came().contains(&"pages-are-back"),
        "{:?}",
        player.came()
    );
    assert!(!player.came().contains(&"not-yet"), "{:?}", player.came());

    let mut player = Player::new(short("webhook-failure"), 5);
    let endpoint = player.names("hook", "endpoint")[0].clone();
    player.waits(60);
    sql(
        &mut player,
        &format!(r#"UPDATE "webhook_endpoints" SET enabled = false WHERE id = '{endpoint}'"#),
    );
    player.sends(
        300,
        "notify-tenant-admin",
        "It is off, and this is how to switch it on.",
    );
    player.waits(1_200);
    assert!(
        !player.came().contains(&"nobody-told"),
        "{:?}",
        player.came()
    );
}

/// What was saved before the clean-up came is not lost, even where it was saved late.
#[test]
fn what_was_saved_in_time_is_not_lost() {
    let mut player = Player::new(short("coordinated-attack"), 5);
    player.runs(200, "revoke", false);
    player.runs(290, "preserve-audit", true);
    player.waits(900);
    assert!(
        !player.came().contains(&"trail-gone"),
        "{:?}",
        player.came()
    );
    assert!(trail(&player).0 > 3);
}
