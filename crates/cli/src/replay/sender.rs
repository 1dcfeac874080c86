//! The source that sends letters.

use compysition_core::{Actor, Context, Event, Ports, Result, Settlement};
use tokio::sync::mpsc::UnboundedSender;

use super::letters::{Choice, Letters, Selection, Stored};
use super::target::Places;

/// Sends the selected letters to their places, one after the other, as permits allow.
pub(crate) struct Sender(Option<Task>);

struct Task {
    letters: Letters,
    selection: Selection,
    places: Places,
    sent: UnboundedSender<Sent>,
}

/// A letter that was sent.
pub(crate) struct Sent {
    pub(crate) key: String,
    pub(crate) settlement: Settlement,
}

impl Sender {
    pub(crate) fn new(
        letters: Letters,
        selection: Selection,
        places: Places,
        sent: UnboundedSender<Sent>,
    ) -> Sender {
        Sender(Some(Task {
            letters,
            selection,
            places,
            sent,
        }))
    }
}

impl Actor for Sender {
    async fn start(&mut self, ctx: &Context) -> Result {
        let Some(mut task) = self.0.take() else {
            return Ok(());
        };
        ctx.produce(move |source| async move {
            for stored in task.letters.read()? {
                // What is wrong in the file was told before the first letter was sent.
                let Ok(stored) = stored else { continue };
                let Choice::Send = task.selection.takes(&stored) else {
                    continue;
                };
                let Stored { letter, key } = stored;
                let Ok(place) = task.places.find(&letter) else {
                    continue;
                };
                match letter.into_event() {
                    Err(error) => tracing::error!("a letter cannot be sent: {error}"),
                    Ok(event) => {
                        let settlement = source.emit_to(&place.to_string(), event).await?;
                        // Nobody listens any more only when the program ends.
                        let _ = task.sent.send(Sent { key, settlement });
                    }
                }
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}
