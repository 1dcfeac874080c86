//! How far the events of a file have settled.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use compysition_core::{ErrorKind, Event, Failure, Heir, Outcome, Settlement};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many events are looked for by their place in a row; those before it are looked for by their number, as long as they are open.
const ROW: usize = 4096;

/// Keeps account of the events that a file was made into, in the order of the file.
pub(crate) struct Ledger {
    account: Arc<Account>,
    /// How those end that stand for no part of the file.
    others: Vec<Settlement>,
    /// Whether one of them was given up.
    is_torn: bool,
}

/// Is told how the events end, by their numbers.
struct Account {
    book: Mutex<Book>,
    /// Notified when something has settled.
    changed: Arc<Notify>,
}

#[derive(Default)]
struct Book {
    /// Where the events begin in the file that have not settled, in the order of their numbers; nothing for those that have.
    row: VecDeque<Option<u64>>,
    /// The number of the first in the row.
    first: u64,
    /// Where those begin that have not settled and stand before the row, by their numbers.
    late: BTreeMap<u64, u64>,
    /// Up to where events were made.
    read: u64,
    has_failures: bool,
}

impl Ledger {
    /// Begins at a place in the file. Notified is who waits for events to settle.
    pub(crate) fn at(offset: u64, changed: Arc<Notify>) -> Ledger {
        let book = Mutex::new(Book {
            read: offset,
            ..Book::default()
        });
        Ledger {
            account: Arc::new(Account { book, changed }),
            others: Vec::new(),
            is_torn: false,
        }
    }

    /// Returns what is notified when events have settled.
    pub(crate) fn changed(&self) -> Arc<Notify> {
        self.account.changed.clone()
    }

    /// Returns what is to be told how the events end, by their numbers: the first that is noted is 0, the next 1, and so on.
    pub(crate) fn heir(&self) -> Arc<dyn Heir> {
        self.account.clone()
    }

    /// Notes where events end in the file that are about to be made.
    pub(crate) fn note(&self, ends: impl IntoIterator<Item = u64>) {
        let mut book = self.account.book.lock();
        ends.into_iter().for_each(|end| book.note(end));
    }

    /// Notes an event that stands for no part of the file.
    pub(crate) fn note_other(&mut self, settlement: Settlement) {
        self.others.push(settlement);
    }

    /// Takes account of what has settled of those that stand for no part of the file.
    pub(crate) fn sweep(&mut self) {
        let (book, is_torn) = (&self.account.book, &mut self.is_torn);
        self.others.retain(|other| match other.outcome() {
            Some(outcome) => {
                *is_torn |= !book.lock().is_over(&outcome);
                false
            }
            None => true,
        });
    }

    /// Returns up to where all events have settled.
    pub(crate) fn settled(&self) -> u64 {
        self.account.book.lock().settled()
    }

    /// Returns whether all events that there were have settled.
    pub(crate) fn is_clear(&self) -> bool {
        let book = self.account.book.lock();
        let is_open = self.is_torn || !self.others.is_empty();
        !is_open && book.row.is_empty() && book.late.is_empty()
    }

    pub(crate) fn has_failures(&self) -> bool {
        self.account.book.lock().has_failures
    }

    /// Returns how that ends which stands for no part of the file, if there is such an event.
    pub(crate) fn other(&self) -> Option<Settlement> {
        self.others.first().cloned()
    }
}

impl Heir for Account {
    fn answered(&self, _: u64, _: &Event) {}

    fn delivered(&self, first: u64, count: u64) {
        self.book.lock().settle(first, count);
        self.changed.notify_one();
    }

    fn failed(&self, number: u64, outcome: &Outcome, _: &Failure) {
        let mut book = self.book.lock();
        if book.is_over(outcome) {
            book.settle(number, 1);
        }
        drop(book);
        self.changed.notify_one();
    }
}

impl Book {
    fn note(&mut self, end: u64) {
        self.row.push_back(Some(self.read));
        self.read = end;
        if self.row.len() > ROW {
            if let Some(Some(begin)) = self.row.pop_front() {
                self.late.insert(self.first, begin);
            }
            self.first += 1;
            self.shorten();
        }
    }

    /// Returns whether an event came to an end of its own, and notes whether it failed. One that was given up before, as when the flow
    /// stopped, counts as if it had never been.
    fn is_over(&mut self, outcome: &Outcome) -> bool {
        if let Outcome::Failed(failure) = outcome {
            let error = &failure.error;
            if error.is_cut_short() || error.kind() == ErrorKind::Cancelled {
                return false;
            }
            self.has_failures = true;
        }
        true
    }

    fn settle(&mut self, first: u64, count: u64) {
        for number in first..first + count {
            match number.checked_sub(self.first) {
                Some(place) => {
                    if let Some(open) = self.row.get_mut(place as usize) {
                        *open = None;
                    }
                }
                None => _ = self.late.remove(&number),
            }
        }
        self.shorten();
    }

    /// Has the row begin with an event that has not settled.
    fn shorten(&mut self) {
        while let Some(None) = self.row.front() {
            self.row.pop_front();
            self.first += 1;
        }
    }

    fn settled(&self) -> u64 {
        let late = self.late.values().next();
        let open = late.or_else(|| self.row.front()?.as_ref());
        open.copied().unwrap_or(self.read)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use compysition_core::{Actor, Context, Director, Error, Ports, Result};
    use tokio::sync::oneshot;

    use super::*;

    /// Begins at 100, and notes events that end at 110, 120, and so on.
    fn ledger(events: u64) -> Ledger {
        let ledger = Ledger::at(100, Arc::default());
        ledger.note((1..=events).map(|number| 100 + 10 * number));
        ledger
    }

    fn failed(ledger: &Ledger, number: u64, error: Error) {
        let failure = Failure::new(error, "actor".into());
        let outcome = Outcome::Failed(failure.clone());
        ledger.account.failed(number, &outcome, &failure);
    }

    #[test]
    fn a_file_has_settled_up_to_the_first_event_that_has_not() {
        let ledger = ledger(5);
        assert_eq!((ledger.settled(), ledger.is_clear()), (100, false));
        ledger.account.delivered(1, 2);
        assert_eq!(ledger.settled(), 100);
        ledger.account.delivered(0, 1);
        assert_eq!(ledger.settled(), 130);
        ledger.account.delivered(3, 2);
        assert_eq!((ledger.settled(), ledger.is_clear()), (150, true));
        ledger.note([170]);
        assert_eq!((ledger.settled(), ledger.is_clear()), (150, false));
        ledger.account.delivered(5, 1);
        assert_eq!((ledger.settled(), ledger.is_clear()), (170, true));
        assert!(!ledger.has_failures());
    }

    #[test]
    fn what_failed_has_settled_and_what_was_given_up_has_not() {
        let ledger = ledger(4);
        failed(&ledger, 0, Error::malformed("bad"));
        assert_eq!((ledger.settled(), ledger.has_failures()), (110, true));
        failed(&ledger, 2, Error::new(ErrorKind::Cancelled, "stopped"));
        ledger.account.delivered(1, 1);
        ledger.account.delivered(3, 1);
        assert_eq!((ledger.settled(), ledger.is_clear()), (120, false));
    }

    #[test]
    fn those_that_many_have_overtaken_are_still_waited_for_and_take_no_room() {
        let many = 10 * ROW as u64;
        let ledger = Ledger::at(0, Arc::default());
        let is_late = |number: u64| number % 1000 == 7;
        for number in 0..many {
            ledger.note([number + 1]);
            if !is_late(number) {
                ledger.account.delivered(number, 1);
            }
        }
        let book = ledger.account.book.lock();
        assert!(book.row.len() <= ROW && book.late.len() as u64 <= many / 1000);
        drop(book);
        let late: Vec<u64> = (0..many).filter(|&number| is_late(number)).collect();
        for &number in &late {
            assert_eq!(ledger.settled(), number, "up to the first that is late");
            ledger.account.delivered(number, 1);
        }
        assert_eq!((ledger.settled(), ledger.is_clear()), (many, true));
    }

    /// Emits one event, and tells how it settles.
    struct One(Option<oneshot::Sender<Settlement>>);

    impl Actor for One {
        async fn start(&mut self, ctx: &Context) -> Result {
            let tell = self.0.take();
            ctx.produce(|source| async move {
                let settlement = source.emit("x").await?;
                _ = tell.map(|tell| tell.send(settlement));
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

    struct Refuse(ErrorKind);

    impl Actor for Refuse {
        async fn consume(&mut self, _: Event, _: &Context) -> Result {
            Err(Error::new(self.0, "as it was told to"))
        }

        fn ports(&self) -> Ports {
            Ports::any().sink()
        }
    }

    #[tokio::test]
    async fn what_stands_for_no_part_is_not_waited_for_when_it_was_given_up_but_keeps_the_file_open()
     {
        for (kind, is_clear) in [(ErrorKind::Malformed, true), (ErrorKind::Cancelled, false)] {
            let (tell, told) = oneshot::channel();
            let mut director = Director::new("other");
            let one = director.register("one", One(Some(tell)));
            let refuse = director.register("refuse", Refuse(kind));
            director.connect(one, refuse);
            let flow = director.start().await.unwrap();
            let mut ledger = ledger(0);
            ledger.note_other(told.await.unwrap());
            while ledger.other().is_some() {
                ledger.other().unwrap().await;
                ledger.sweep();
            }
            assert_eq!(
                (ledger.is_clear(), ledger.has_failures()),
                (is_clear, is_clear)
            );
            flow.stop().await;
        }
    }
}
