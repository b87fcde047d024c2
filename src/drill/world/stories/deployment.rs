//! `deployment`: a version goes live. It shows as the start of each instance in `traces`, as counters that begin again, and as the newest commit of the repository.
//!
//! A scenario gives the title of the commit and the files it touched. What it added or removed (`git log -G`) follows from them: a title that names a way around the
//! database layer (`queryRaw`, `executeRaw`, `eslint-disable`) is the title of a commit that took it.

use crate::drill::world::emit::Emit;
use crate::drill::world::noise::Noise;
use crate::drill::world::{Commit, Status};
use crate::model::Timestamp;

use super::cast::{Cast, Casting, role};
use super::{Phase, Play};

/// Seconds from a commit to its version being live: review is over, tests and rollout take this long.
const PIPELINE_SECONDS: (i64, i64) = (600, 1_500);

/// A version that goes live.
#[derive(Debug)]
pub struct Deployment {
    version: String,
    /// The commit; its time is that of the deployment once it has begun.
    commit: Commit,
    live: bool,
    cast: Cast,
}

impl Deployment {
    /// The deployment, its author drawn among the staff.
    pub fn new(version: &str, title: &str, files: &[String], casting: &mut Casting<'_>) -> Self {
        let noise = casting.draw();
        let author = noise
            .pick(0, casting.population().staff.get(1..).unwrap_or_default())
            .map_or_else(|| "build".to_owned(), |staff| staff.name.clone());
        let commit = Commit {
            hash: format!("{:07x}", noise.bits(1) & 0x0fff_ffff),
            at: Timestamp::UNIX_EPOCH,
            author,
            title: title.to_owned(),
            files: files.to_vec(),
            lines: lines(title),
        };
        let mut cast = Cast::new();
        role(&mut cast, "version", [version]);
        role(&mut cast, "commit", [&commit.hash]);
        role(&mut cast, "author", [&commit.author]);
        Self {
            version: version.to_owned(),
            commit,
            live: false,
            cast,
        }
    }
}

impl Play for Deployment {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn begin(&mut self, story: Noise, at: i64, emit: &mut Emit<'_>) {
        let before = story.between(0, PIPELINE_SECONDS.0, PIPELINE_SECONDS.1) * 1_000_000;
        self.commit.at = Timestamp::from_microsecond(at - before).unwrap_or_default();
        self.live = true;
        emit.deploy(at, &self.version);
    }

    fn status(&self, _phase: Phase, status: &mut Status) {
        if self.live {
            status.commits.push(self.commit.clone());
        }
    }
}

/// What the commit added, for `git log -G`.
fn lines(title: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if title.contains("queryRaw") {
        lines.push("  const rows = await db.$queryRaw`select * from documents where matter_id = ${matterId}`;".to_owned());
    }
    if title.contains("executeRaw") {
        lines.push(
            "  await db.$executeRaw`update documents set read_at = now() where id = ${id}`;"
                .to_owned(),
        );
    }
    if title.contains("eslint-disable") {
        lines.push("  // eslint-disable-next-line no-restricted-syntax".to_owned());
    }
    if lines.is_empty() {
        lines.push(format!("  // {title}"));
    }
    lines
}
