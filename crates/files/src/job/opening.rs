//! How a file is opened when it is its turn.

use std::path::Path;

use compysition_core::{Context, Error, Payload, Result, Source};

use super::{Job, Seen, Stage};
use crate::disposal::Disposal;
use crate::file_in::Reading;
use crate::found::{Look, look};
use crate::records::Records;
use crate::watch::Plan;

impl Job {
    /// Opens the file, or finds out that it is not to be read now.
    pub(super) async fn open(&mut self, plan: &Plan, ctx: &Context, source: &Source) -> Result {
        let (path, codec) = (self.path.clone(), plan.codec.clone());
        let (identity, max_record) = (self.identity, plan.max_record);
        let begin = (self.begin, self.head.clone());
        let goes_on = plan.reading == Reading::Tail;
        let seen = self.seen;
        let must_wait = !goes_on && !plan.stable.is_zero();
        let open = move || match must_wait && has_changed(&path, seen) {
            true => Ok(None),
            false => {
                let records = Records::open((&path, identity), &codec, max_record, begin, goes_on);
                records.map(Some)
            }
        };
        let error = match ctx.blocking(open).await? {
            Ok(None) => {
                self.is_unready = true;
                return Ok(());
            }
            Ok(Some(records)) => {
                let group = source.group(self.named.clone()).await?;
                let group = group.told_to(self.ledger.heir());
                self.stage = Stage::Reading(Box::new(records), Some(group));
                return Ok(());
            }
            Err(error) => error,
        };
        // Whoever may not read it yet may be allowed to; what is dealt with otherwise has an end.
        let is_gone = error.kind() == std::io::ErrorKind::NotFound;
        if is_gone || (!goes_on && (plan.once || plan.failed != Disposal::Keep)) {
            self.stage = Stage::Read(self.begin);
        }
        if is_gone {
            // Under another name it is to be read, though it has not changed.
            self.seen.1 = None;
        }
        if std::mem::replace(&mut self.is_told, true) {
            return Ok(());
        }
        let path = self.path.display();
        let error = Error::unavailable(format!("cannot open the file `{path}`: {error}"));
        self.fail(error, Payload::Empty, self.begin, source).await
    }
}

/// Returns whether a file is not as it was seen, if it is there.
fn has_changed(path: &Path, seen: Seen) -> bool {
    match look(path) {
        Ok(Look::File(now)) => (now.size, now.modified) != seen,
        _ => false,
    }
}
