//! How far the events of a file have settled.

use std::collections::VecDeque;

use compysition_core::{ErrorKind, Outcome, Settlement};

/// How many ends are kept before those that are known are left out.
const MANY: usize = 4096;

/// Keeps account of the events that a file was made into, in the order of the file.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Where each event ends in the file; without a settlement if that is known already.
    open: VecDeque<(u64, Option<Settlement>)>,
    /// Up to where all events have settled.
    settled: u64,
    /// How many failed and were not kept.
    failed: u64,
    /// Whether an event was given up because the flow stopped: it counts as if it had never been.
    is_torn: bool,
}

impl Ledger {
    /// Begins at a place in the file.
    pub(crate) fn at(offset: u64) -> Ledger {
        Ledger {
            settled: offset,
            ..Ledger::default()
        }
    }

    pub(crate) fn note(&mut self, end: u64, settlement: Settlement) {
        self.open.push_back((end, Some(settlement)));
        if self.open.len() > MANY && self.open.len().is_power_of_two() {
            self.thin_out();
        }
    }

    /// Takes account of what has settled.
    pub(crate) fn sweep(&mut self) {
        while let Some((end, settlement)) = self.open.front_mut() {
            if let Some(waiting) = settlement {
                let Some(outcome) = waiting.outcome() else {
                    return;
                };
                *settlement = None;
                let end = *end;
                if !self.is_good(&outcome) {
                    self.is_torn = true;
                }
                if self.is_torn {
                    return;
                }
                self.settled = end;
            } else {
                if self.is_torn {
                    return;
                }
                self.settled = *end;
            }
            self.open.pop_front();
        }
    }

    /// Returns whether an event came to an end of its own, and counts those that failed.
    fn is_good(&mut self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Failed(failure) if failure.error.kind() == ErrorKind::Cancelled => false,
            Outcome::Failed(_) => {
                self.failed += 1;
                true
            }
            _ => true,
        }
    }

    /// Leaves out what has settled behind one that has not, but for the last of a row.
    fn thin_out(&mut self) {
        let mut thin: VecDeque<(u64, Option<Settlement>)> = VecDeque::new();
        for (end, settlement) in std::mem::take(&mut self.open) {
            let is_over = match settlement.as_ref().map(Settlement::outcome) {
                None => true,
                Some(None) => false,
                Some(Some(outcome)) => self.is_good(&outcome),
            };
            match thin.back_mut() {
                Some((last, None)) if is_over => *last = end,
                _ => thin.push_back((end, settlement.filter(|_| !is_over))),
            }
        }
        self.open = thin;
    }

    /// Returns up to where all events have settled.
    pub(crate) fn settled(&self) -> u64 {
        self.settled
    }

    /// Returns whether all events that there were have settled.
    pub(crate) fn is_clear(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) fn has_failures(&self) -> bool {
        self.failed > 0
    }

    /// Returns the settlement that is waited for first.
    pub(crate) fn first(&self) -> Option<Settlement> {
        let (_, settlement) = self.open.front()?;
        settlement.clone()
    }
}
