//! Lets the records of a flow's log in as events.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::connection::Connection;
use crate::context::Context;
use crate::director::Director;
use crate::limits::Limits;
use crate::log_tap::LogTap;
use crate::ports::Ports;
use crate::source::Source;
use crate::{Actor, Event, Node, Result};

/// What the source of records is called in a flow's snapshot.
const NAME: &str = "(log)";

/// The outbox of the source, and the inbox of the actor that takes the records.
const PORTS: (&str, &str) = ("log", "log_inbox");

/// Records that may be under way; what is logged beyond that is dropped and counted.
const ROOTS: usize = 1024;
const BYTES: usize = 4 << 20;

/// Emits records for as long as the flow runs: also while it stops, when there is most to tell.
struct LogSource(Arc<LogTap>);

impl Actor for LogSource {
    async fn start(&mut self, ctx: &Context) -> Result {
        let source = Source::new(Arc::new(ctx.clone()))?;
        let tap = self.0.clone();
        ctx.spawner().spawn(async move {
            source.context().station.flow.started().await;
            loop {
                let added = tap.added.notified();
                while let Some(record) = tap.take() {
                    if !source.try_emit(record) {
                        tap.count_dropped();
                    }
                }
                // Who waits for the end of the flow waits for the records too.
                source.context().station.flow.quiet.notify_waiters();
                added.await;
            }
        });
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().source().with_log_share()
    }
}

impl Director {
    /// Names the actor that gets what the flow's actors log, up to this level, as events: their payload is JSON with
    /// `time`, `level`, `flow`, `actor`, `meta_id`, `message` and other `fields`. It is logged as before as well.
    ///
    /// What this actor itself logs, and those behind it, is no event: it would come back for ever. Records are
    /// dropped, and counted in the next one as `dropped`, when 1,024 are under way.
    pub fn set_log(&mut self, node: Node, level: tracing::Level) {
        let tap = Arc::new(LogTap::new(level));
        let source = self.register(NAME, LogSource(tap.clone()));
        let (outbox, inbox) = PORTS;
        self.connect((source, outbox), (node, inbox));
        self.log = Some((tap, node));
    }
}

/// Returns the share of permits for records, which takes nothing from the other sources.
pub(crate) fn share(limits: &Limits) -> Limits {
    Limits {
        roots: ROOTS,
        bytes: BYTES,
        ..limits.clone()
    }
}

/// Returns the names of all actors that a record may come to.
pub(crate) fn behind(director: &Director, node: Node) -> BTreeSet<Arc<str>> {
    let mut reached = BTreeSet::from([node.index]);
    let leads_on = |link: &&Connection, reached: &BTreeSet<u32>| {
        reached.contains(&link.from.index) && !reached.contains(&link.to.index)
    };
    while let Some(link) = director.links.iter().find(|link| leads_on(link, &reached)) {
        reached.insert(link.to.index);
    }
    let name = |index: u32| director.actors[index as usize].name.clone();
    let own = NAME.into();
    reached.into_iter().map(name).chain([own]).collect()
}
