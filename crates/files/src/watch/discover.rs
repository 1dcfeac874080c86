//! How files are found, and where it is begun to read them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use compysition_core::{Context, Result};
use tokio::time::Instant;

use super::Watch;
use crate::checkpoint::Place;
use crate::disposal::Disposal;
use crate::file_in::Reading;
use crate::found::{Found, Identity, Look, View, look};
use crate::head::Head;
use crate::job::Job;

/// A file that was found and is not being read.
struct Fresh {
    found: Found,
    /// What is known of a file of this identity.
    place: Option<Place>,
    /// Whether it is to be read from its end, if nothing is known of it.
    from_end: bool,
}

/// Where it is to be read from, and what stands before that.
struct Begun {
    fresh: Fresh,
    begin: (u64, Head),
}

impl Watch {
    /// Looks for files that are new, if it is time for that, and at those that may not have been ready.
    pub(super) async fn discover(&mut self, is_time: bool, ctx: &Context) -> Result {
        let plan = self.plan.clone();
        let look = move || {
            let mut view = View::default();
            let added = plan.patterns.iter().try_for_each(|one| view.add(one));
            added.map(|()| view)
        };
        let view = ctx.blocking(look).await??;
        let unseen = view.unseen;
        let others = view.others.iter();
        let others = others.filter(|(path, _)| !self.is_moved(path));
        let told = others.map(|(_, said)| said.clone());
        let told = view.troubles.into_iter().chain(told).collect();
        let met = self.met();
        let mut there = HashSet::new();
        let mut fresh = Vec::new();
        for found in view.found {
            if self.is_moved(&found.path) || !there.insert(found.identity) {
                continue;
            }
            if is_time || self.changing.contains_key(&found.path) {
                match met.get(&found.identity) {
                    Some(&at) => self.job(at).meet(found.path),
                    None => fresh.extend(self.meet(found)),
                }
            }
        }
        self.warn(told, ctx);
        self.begin(fresh, ctx).await?;
        (self.is_first, self.is_new) = (false, false);
        let is_there = |identity: &Identity| there.contains(identity);
        self.done
            .retain(|identity, (place, _)| is_there(identity) || unseen.has(&place.path));
        self.changing
            .retain(|path, (found, _)| is_there(&found.identity) || unseen.has(path));
        for job in self.jobs.iter_mut().chain(&mut self.waiting) {
            match is_there(&job.identity) {
                true => job.gone_since = None,
                false if unseen.has(&job.path) => {}
                false => _ = job.gone_since.get_or_insert_with(Instant::now),
            }
        }
        // One that was moved may be where it could not be looked.
        if unseen.is_empty() && !self.before.is_empty() {
            let places = self.before.values();
            let gone = places.filter(|place| !place.done && !is_there(&place.identity()));
            self.seek(gone.cloned().collect(), ctx).await?;
            self.before.retain(|identity, _| is_there(identity));
        }
        Ok(())
    }

    /// Returns where the files stand that are being read or wait for that: those that wait behind the others.
    fn met(&self) -> HashMap<Identity, usize> {
        let jobs = self.jobs.iter().chain(&self.waiting).enumerate();
        jobs.map(|(at, job)| (job.identity, at)).collect()
    }

    fn job(&mut self, at: usize) -> &mut Job {
        match at.checked_sub(self.jobs.len()) {
            None => &mut self.jobs[at],
            Some(at) => &mut self.waiting[at],
        }
    }

    /// Tells what keeps files from being found and what cannot be read, once.
    fn warn(&mut self, told: BTreeSet<String>, ctx: &Context) {
        let (flow, actor) = (ctx.flow(), ctx.actor());
        for one in told.difference(&self.told) {
            tracing::warn!(flow, actor, "{one}");
        }
        self.told = told;
    }

    /// Returns whether a file is one that was put aside, or where those are.
    fn is_moved(&self, path: &Path) -> bool {
        let directories = [&self.plan.delivered, &self.plan.failed].map(Disposal::directory);
        let mut directories = directories.into_iter().flatten();
        directories.any(|directory| path.starts_with(directory))
    }

    /// Returns a file that is to be read: unless that was done already, or it is too early.
    fn meet(&mut self, found: Found) -> Option<Fresh> {
        let seen = (found.size, found.modified);
        let done = self.done.get(&found.identity);
        if done.is_some_and(|(_, before)| *before == seen) {
            return None;
        }
        let is_tail = self.plan.reading == Reading::Tail;
        if !is_tail {
            // It is another one now, though it may not be larger.
            self.done.remove(&found.identity);
        }
        if !is_tail && !self.is_stable(&found) {
            return None;
        }
        let done = self.done.get(&found.identity).map(|(place, _)| place);
        let known = self.before.get(&found.identity).or(done);
        Some(Fresh {
            place: known.cloned(),
            from_end: is_tail && self.is_new && self.plan.from_end,
            found,
        })
    }

    /// Lets go of files that have changed while they waited to be read: they are looked at again, as new ones are.
    pub(super) fn put_back(&mut self) {
        let now = Instant::now();
        for mut job in self.jobs.extract_if(.., |job| job.is_unready) {
            let place = job.save();
            // Of others nothing is known from the last run, and nothing is done.
            if place.offset > 0 {
                self.before.insert(job.identity, place);
            }
            let found = Found {
                path: job.path,
                identity: job.identity,
                size: job.seen.0,
                modified: job.seen.1,
            };
            self.changing.insert(found.path.clone(), (found, now));
        }
    }

    /// Returns whether a file has not changed for as long as it must.
    fn is_stable(&mut self, found: &Found) -> bool {
        if self.plan.stable.is_zero() {
            return true;
        }
        let now = Instant::now();
        match self.changing.get(&found.path) {
            Some((before, since)) if before == found => {
                let is_stable = now >= *since + self.plan.stable;
                if is_stable {
                    self.changing.remove(&found.path);
                }
                is_stable
            }
            _ => {
                self.changing
                    .insert(found.path.clone(), (found.clone(), now));
                false
            }
        }
    }

    /// Begins to read files.
    async fn begin(&mut self, fresh: Vec<Fresh>, ctx: &Context) -> Result {
        if fresh.is_empty() {
            return Ok(());
        }
        let look = move || fresh.into_iter().map(Fresh::look).collect::<Vec<_>>();
        for Begun { fresh, begin } in ctx.blocking(look).await? {
            let found = fresh.found;
            // Not before: who is broken off while it looks leaves it as it is.
            self.before.remove(&found.identity);
            self.done.remove(&found.identity);
            let is_whole = self.plan.reading == Reading::Whole;
            let begin = match fresh.place {
                Some(place) if is_whole && place.done && begin.0 == found.size => {
                    let seen = (found.size, found.modified);
                    self.done.insert(found.identity, (place, seen));
                    continue;
                }
                Some(place) if place.done && is_whole => (0, Head::default()),
                Some(place) if begin.0 < place.offset && !place.done => {
                    tell_other(&place, &found, ctx);
                    begin
                }
                _ => begin,
            };
            let job = Job::new(found, begin, self.changed.clone());
            self.waiting.push_back(job);
        }
        Ok(())
    }

    /// Looks for files that were being read at the last run and that no pattern finds any more: a log that was moved aside is
    /// read on where it is, if that is where it was.
    async fn seek(&mut self, gone: Vec<Place>, ctx: &Context) -> Result {
        if gone.is_empty() {
            return Ok(());
        }
        let is_tail = self.plan.reading == Reading::Tail;
        let look = move || match is_tail {
            true => find_aside(gone),
            false => gone.into_iter().map(|place| (place, None)).collect(),
        };
        let (flow, actor) = (ctx.flow(), ctx.actor());
        for (place, found) in ctx.blocking(look).await? {
            let (path, offset) = (place.path.display(), place.offset);
            let Some((found, head)) = found else {
                tracing::warn!(
                    flow,
                    actor,
                    "the file `{path}` is gone, of which the checkpoint knows that all is done up to byte {offset}: if something stood behind that, it is not read"
                );
                continue;
            };
            let now = found.path.display();
            tracing::info!(
                flow,
                actor,
                "the file `{path}` was moved to `{now}`, and is read on there from byte {offset}"
            );
            let mut job = Job::new(found, (offset, head), self.changed.clone());
            job.gone_since = Some(Instant::now());
            self.waiting.push_back(job);
        }
        Ok(())
    }
}

impl Fresh {
    /// Looks where to begin.
    fn look(self) -> Begun {
        let Fresh { found, place, .. } = &self;
        let offset = match place {
            Some(place) => place.offset,
            None if self.from_end => found.size,
            None => 0,
        };
        let is_same = |head: &Head| place.as_ref().is_none_or(|place| place.is_of(found, head));
        let begin = match Head::read(&found.path, offset) {
            Ok(head) if is_same(&head) => (offset, head),
            Ok(_) => (0, Head::default()),
            // Who opens it finds out why, and what it begins with when that can be read.
            Err(_) => {
                let known = place.as_ref().filter(|_| offset > 0);
                let head = known.map(|place| Head::unread(place.head));
                (offset, head.unwrap_or_default())
            }
        };
        Begun { begin, fresh: self }
    }
}

/// Says that a file that was being read at the last run is another one now.
fn tell_other(place: &Place, found: &Found, ctx: &Context) {
    let (flow, actor) = (ctx.flow(), ctx.actor());
    let (path, offset) = (place.path.display(), place.offset);
    let now = found.path.display();
    tracing::warn!(
        flow,
        actor,
        "the file `{now}` is read from its beginning: it is not what the checkpoint knows as `{path}`, of which all is done up to byte {offset}; if something stood behind that, it is not read"
    );
}

/// Looks for files in the directories in which they were, under whichever name.
fn find_aside(gone: Vec<Place>) -> Vec<(Place, Option<(Found, Head)>)> {
    let mut seen: HashMap<PathBuf, HashMap<Identity, Found>> = HashMap::new();
    let mut find = |place: &Place| {
        let directory = place.path.parent().unwrap_or(Path::new("."));
        let files = seen
            .entry(directory.to_owned())
            .or_insert_with(|| files_in(directory));
        let found = files.get(&place.identity())?.clone();
        let head = Head::read(&found.path, place.offset).ok()?;
        place.is_of(&found, &head).then_some((found, head))
    };
    let find = |place: Place| {
        let found = find(&place);
        (place, found)
    };
    gone.into_iter().map(find).collect()
}

fn files_in(directory: &Path) -> HashMap<Identity, Found> {
    let directory = match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    };
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let file = |entry: std::fs::DirEntry| match look(&entry.path()) {
        Ok(Look::File(found)) => Some((found.identity, found)),
        _ => None,
    };
    entries.filter_map(file).collect()
}
