//! Links the actors of one file, through the ports of the sub-flows in it.

use compysition_core::{BestEffort, Node as Actor};

use crate::build::Strange;
use crate::connect::{Link, Member, MemberPort};
use crate::diagnostics::Diagnostic;
use crate::expand::{Expansion, File};
use crate::joint::{Outbox, Source, Target};
use crate::node::{Content, Node};
use crate::places::Place;
use crate::scope::{INBOX, Named, OUTBOX, Stranger};
use crate::source::Span;

/// The side of a link that an actor is named for.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Start,
    End,
}

/// How many links the ports of sub-flows may stand for: a few lines in each could make billions.
const MAX_LINKS: usize = 100_000;

impl Expansion<'_> {
    /// Makes the links that one line stands for between two of its members.
    pub(crate) fn connect(&mut self, file: &mut File, link: Link) {
        let Link {
            from,
            to,
            best_effort,
        } = link;
        let place = from.span.to(to.span);
        let is_inbox = self.is_sub() && from.name == INBOX;
        let is_outbox = self.is_sub() && to.name == OUTBOX;
        if is_inbox && is_outbox {
            let message = "the line passes no actor: what comes in goes out as it is";
            self.found.push(Diagnostic::new(place, message));
            return;
        }
        let sources = match is_inbox {
            false => self.end(file, &from, Side::Start, Expansion::sources),
            true => None,
        };
        let targets = match is_outbox {
            false => self.end(file, &to, Side::End, Expansion::targets),
            true => None,
        };
        let from_count = sources.as_ref().map_or(1, Vec::len);
        let to_count = targets.as_ref().map_or(1, Vec::len);
        if !self.has_room(from_count * to_count, place) {
            return;
        }
        match (sources, targets) {
            (Some(sources), Some(targets)) => {
                for source in &sources {
                    for target in &targets {
                        self.link(file, source, target, &best_effort, place);
                    }
                }
            }
            (None, Some(targets)) if is_inbox => {
                let Some(port) = self.port(file, &from) else {
                    return;
                };
                let name = port.as_deref().unwrap_or(INBOX);
                let inward = |target: Target| target.inward(name, &best_effort);
                let (_, ends) = file
                    .inboxes
                    .entry(port.clone())
                    .or_insert((from.span, Vec::new()));
                ends.extend(targets.into_iter().map(inward));
            }
            (Some(sources), None) if is_outbox => {
                let Some(port) = self.port(file, &to) else {
                    return;
                };
                for source in &sources {
                    self.handle(source);
                }
                let director = &self.plan.director;
                let outward = |source: Source| {
                    let only = director.only_outbox(source.actor);
                    let name = only.as_ref().map_or(OUTBOX, |port| port.as_str());
                    source.outward(name, &best_effort)
                };
                let (_, ends) = file.outboxes.entry(port).or_insert((to.span, Vec::new()));
                ends.extend(sources.into_iter().map(outward));
            }
            _ => {}
        }
    }

    /// Returns what a member of a line stands for; says once if that is wrong.
    fn end<T>(
        &mut self,
        file: &mut File,
        member: &Member,
        side: Side,
        find: impl Fn(&mut Self, &mut File, &Member) -> Result<Vec<T>, Box<Diagnostic>>,
    ) -> Option<Vec<T>> {
        let meant = self.meant(file, member, side);
        match find(self, file, meant.as_ref().unwrap_or(member)) {
            Ok(ends) => Some(ends),
            Err(diagnostic) => {
                if file.reported.insert(member.span) {
                    self.found.push(*diagnostic);
                }
                None
            }
        }
    }

    /// Says that there is no actor of a name, if that is so, and returns who was probably meant; else something stands for it, so that
    /// not all that has to do with it seems to be wrong, too.
    fn meant(&mut self, file: &mut File, member: &Member, side: Side) -> Option<Member> {
        let name = &member.name;
        let is_port = matches!(&**name, INBOX | OUTBOX) || name == "reply";
        let unknown = file.scope.named(member).err().filter(|_| !is_port)?;
        if file.reported.insert(member.span) {
            self.found.push(*unknown);
            file.unknown += 1;
        }
        self.plan.is_made = false;
        if let Some(name) = file.scope.meant(name) {
            return Some(Member {
                name,
                ..member.clone()
            });
        }
        let stranger = match file.scope.strangers.get_mut(&**name) {
            Some(known) => known,
            None => {
                let actor = self.stand_in(file, name, member.span);
                let stranger = Stranger {
                    actor,
                    is_source: false,
                    is_target: false,
                };
                let strangers = &mut file.scope.strangers;
                strangers.entry(name.as_str().into()).or_insert(stranger)
            }
        };
        stranger.is_source |= side == Side::Start;
        stranger.is_target |= side == Side::End;
        None
    }

    fn sources(
        &mut self,
        file: &mut File,
        member: &Member,
    ) -> Result<Vec<Source>, Box<Diagnostic>> {
        if self.is_sub() && member.name == OUTBOX {
            let message = "events leave the sub-flow at `outbox`; nothing can come after it";
            return Err(Box::new(Diagnostic::new(member.span, message)));
        }
        match file.scope.strangers.get(&*member.name) {
            Some(stranger) => Ok(vec![Source::of(stranger.actor, &member.name, &member.port)]),
            None => file.scope.sources(member),
        }
    }

    fn targets(
        &mut self,
        file: &mut File,
        member: &Member,
    ) -> Result<Vec<Target>, Box<Diagnostic>> {
        if self.is_sub() && member.name == INBOX {
            let message = "events come into the sub-flow at `inbox`; nothing can come before it";
            return Err(Box::new(Diagnostic::new(member.span, message)));
        }
        if member.name == "reply" && !file.scope.names.contains_key("reply") {
            let reply = self.reply(file.place(member.span));
            return Ok(vec![Target::of(reply, "reply", &MemberPort::Default)]);
        }
        match file.scope.strangers.get(&*member.name) {
            Some(stranger) => Ok(vec![Target::of(stranger.actor, &member.name, &member.port)]),
            None => file.scope.targets(member),
        }
    }

    fn reply(&mut self, place: Place) -> Actor {
        *self.reply.get_or_insert_with(|| {
            self.plan.places.add_actor(place);
            self.plan.kinds.push(None);
            self.plan.director.reply()
        })
    }

    /// Returns the port of the sub-flow that `inbox` or `outbox` names in its own file.
    fn port(&mut self, file: &mut File, member: &Member) -> Option<Option<String>> {
        match &member.port {
            MemberPort::Default => Some(None),
            MemberPort::Named(port) => Some(Some(port.clone())),
            MemberPort::Error | MemberPort::ErrorOf(_) => {
                if file.reported.insert(member.span) {
                    let message = "`inbox` is no actor, and fails with nothing";
                    self.found.push(Diagnostic::new(member.span, message));
                }
                None
            }
        }
    }

    /// Tells whether there may be so many links more.
    fn has_room(&mut self, links: usize, place: Span) -> bool {
        // A line between two actors is as long as what it stands for.
        self.link_count += links.saturating_sub(1);
        if self.link_count <= MAX_LINKS {
            return true;
        }
        let message = format!("the ports of sub-flows stand for more than {MAX_LINKS} links");
        Diagnostic::new(place, message).report(self.found);
        false
    }

    fn link(
        &mut self,
        file: &File,
        source: &Source,
        target: &Target,
        line: &Option<BestEffort>,
        place: Span,
    ) {
        let settings = [&source.best_effort, line, &target.best_effort];
        let best_effort = settings.into_iter().flatten().next();
        if source.outbox.is_error() && best_effort.is_some() {
            let message = "an error link cannot be best-effort: an error must not be lost";
            Diagnostic::new(place, message).report(self.found);
            return;
        }
        let director = &mut self.plan.director;
        let to = target
            .actor
            .port(target.inbox.as_ref().unwrap_or(&source.label).as_str());
        let outbox = match &source.outbox {
            Outbox::Named(outbox) => outbox.as_str().into(),
            _ => {
                let only = director.only_outbox(source.actor);
                only.unwrap_or_else(|| target.label.as_str().into())
            }
        };
        let from = source.actor.port(outbox);
        match (&source.outbox, best_effort) {
            (Outbox::Error, _) => director.connect_error(source.actor, to),
            (Outbox::ErrorOf(kind), _) => director.connect_error_kind(source.actor, *kind, to),
            (_, None) => director.connect(from, to),
            (_, Some(settings)) => director.connect_best_effort(from, to, settings.clone()),
        }
        let places = &mut self.plan.places;
        places.add_links(director.link_count(), file.place(place));
        self.handle(source);
    }

    /// Remembers that errors have a connection, so that nobody further out takes them.
    fn handle(&mut self, source: &Source) {
        let kind = match &source.outbox {
            Outbox::Error => None,
            Outbox::ErrorOf(kind) => Some(*kind),
            Outbox::Default | Outbox::Named(_) => return,
        };
        let kinds = self.handled.entry(source.actor).or_default();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }

    /// Sets who takes the errors that have no connection in this file.
    pub(crate) fn set_errors(&mut self, file: &mut File, value: &Node) {
        let Some(member) = self.member("errors", value) else {
            return;
        };
        let Some(targets) = self.end(file, &member, Side::End, Expansion::targets) else {
            return;
        };
        let is_actor = !matches!(file.scope.names.get(&*member.name), Some(Named::Sub(_)));
        if let (false, true, [target]) = (self.is_sub(), is_actor, &targets[..]) {
            return self.plan.director.set_errors(target.actor);
        }
        let actors = file.scope.actors();
        let others = actors.filter(|(name, actor)| {
            let handled = self.handled.get(actor);
            *name != member.name && !handled.is_some_and(|kinds| kinds.contains(&None))
        });
        let sources = others.map(|(name, actor)| Source::of(actor, name, &MemberPort::Error));
        let sources: Vec<Source> = sources.collect();
        if !self.has_room(sources.len() * targets.len(), value.span) {
            return;
        }
        for source in &sources {
            for target in &targets {
                self.link(file, source, target, &None, value.span);
            }
        }
    }

    /// Sets who gets what the flow logs.
    pub(crate) fn set_log(&mut self, file: &mut File, value: &Node) {
        let (before, unknown) = (self.found.len(), file.unknown);
        if let Some(member) = self.member("log", value) {
            let is_sub = matches!(file.scope.names.get(&*member.name), Some(Named::Sub(_)));
            if is_sub {
                let message = format!(
                    "`log` must name an actor, not the sub-flow `{}`",
                    member.name
                );
                self.found.push(Diagnostic::new(value.span, message));
            } else if let Some(targets) = self.end(file, &member, Side::End, Expansion::targets)
                && let [target] = &targets[..]
            {
                let level = tracing::Level::INFO;
                self.plan.director.set_log(target.actor, level);
            }
        }
        self.note_strange(file);
        self.plan.is_whole &= self.found.len() - before == file.unknown - unknown;
    }

    /// Notes which links may be missing, since lines name actors that there are not.
    pub(crate) fn note_strange(&mut self, file: &File) {
        let Strange { sources, targets } = file.scope.strange();
        self.plan.strange.sources |= sources;
        self.plan.strange.targets |= targets;
    }

    /// Returns the actor that a key of the file names.
    fn member(&mut self, key: &str, value: &Node) -> Option<Member> {
        let Content::Text(name) = &value.content else {
            let message = format!("`{key}` must name an actor, not {}", value.describe());
            self.found.push(Diagnostic::new(value.span, message));
            return None;
        };
        Some(Member {
            name: name.to_string(),
            port: MemberPort::Default,
            span: value.span,
        })
    }
}
