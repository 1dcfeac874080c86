//! What an actor has sent and its links have not yet been given.
//!
//! While an actor is polled, its desk lies open on the thread: what it sends is put there without a lock,
//! and each link is locked once a chunk instead of once an event. Whoever sends from elsewhere finds no
//! desk of the actor's, and writes through.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::heir::Inheritance;
use crate::permits::{Gate, Room};
use crate::purse::Purse;
use crate::returns::Returns;
use crate::station::{Outboxes, Station};
use crate::{Event, Id};

/// Events on their way to links, by the number of the link.
#[derive(Default)]
pub(crate) struct Desk {
    /// The address of the station whose desk it is; 0 for none.
    owner: usize,
    pending: Vec<Vec<Event>>,
    /// How many events wait for a link before it is given them.
    chunk: usize,
    /// The clock, in milliseconds since 1970, once it was read for this poll; else 0.
    millis: u64,
    /// The permits that the actor, a source, has taken at once.
    purse: Option<Purse>,
    /// How many it takes the next time in this poll: one at first, since often there is one event only.
    take: usize,
    /// The permits of roots that have ended here.
    returns: Returns,
}

impl Desk {
    fn now(&mut self) -> u64 {
        if self.millis == 0 || self.owner == 0 {
            let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
            self.millis = elapsed.map_or(0, |elapsed| elapsed.as_millis() as u64);
        }
        self.millis
    }
}

thread_local! {
    static OPEN: RefCell<Desk> = RefCell::default();
}

/// A desk that is put away: between two polls, or, while it is open, the one that lay open before.
#[derive(Default)]
pub(crate) struct Drawer(Mutex<Desk>);

fn address(station: &Station) -> usize {
    std::ptr::from_ref(station) as usize
}

impl Drawer {
    /// Lays the desk of a station open on this thread, unless it is.
    pub(crate) fn open(&self, station: &Station) {
        OPEN.with_borrow_mut(|open| {
            if open.owner != address(station) {
                let mut drawer = self.0.lock();
                drawer.owner = address(station);
                drawer.chunk = station.flow.chunk;
                drawer.millis = 0;
                drawer.take = 1;
                std::mem::swap(open, &mut *drawer);
            }
        });
    }

    /// Hands over what lies on the desk and puts it away.
    pub(crate) fn close(&self, station: &Station) {
        flush(station);
        let permits = OPEN.with_borrow_mut(|open| {
            let is_own = open.owner == address(station);
            is_own.then(|| {
                let permits = (open.purse.take(), std::mem::take(&mut open.returns));
                std::mem::swap(open, &mut *self.0.lock());
                permits
            })
        });
        // They wake who waits for them.
        drop(permits);
    }
}

/// Puts an event on the station's desk for a link, or hands it over at once if the desk is not open here.
pub(crate) fn put(station: &Station, outboxes: &Outboxes, link: usize, event: Event) {
    let put = OPEN.with_borrow_mut(|open| {
        if open.owner != address(station) {
            return Put::Elsewhere(event);
        }
        if open.pending.len() <= link {
            open.pending.resize_with(link + 1, Vec::new);
        }
        let pending = &mut open.pending[link];
        pending.push(event);
        match pending.len() >= open.chunk {
            true => Put::Full(std::mem::take(pending)),
            false => Put::Done,
        }
    });
    match put {
        Put::Done => {}
        Put::Elsewhere(event) => outboxes.links[link].push(&mut vec![event]),
        Put::Full(mut chunk) => {
            outboxes.links[link].push(&mut chunk);
            give_buffer(station, link, chunk);
        }
    }
}

/// Returns the time in milliseconds since 1970. It is read once a poll, since that costs as much as a
/// whole hop.
pub(crate) fn millis() -> u64 {
    OPEN.with_borrow_mut(Desk::now)
}

/// Takes room of `bytes` for a root of this heir from what the station's source takes at once, if its desk is open here and there is
/// room for more than it has. The root counts as opened already, so it must be made at once. The id is for a root that begins here.
pub(crate) fn room(
    station: &Station,
    gate: &Gate,
    bytes: usize,
    heir: Option<&Inheritance>,
) -> Option<(Room, Id)> {
    let spent = OPEN.with_borrow_mut(|open| {
        let own = (open.owner == address(station)).then_some(open)?;
        let now = own.now();
        let is_other = own.purse.as_ref().is_some_and(|purse| !purse.is_for(heir));
        let purse = own.purse.as_mut().filter(|_| !is_other);
        let room = purse.and_then(|purse| purse.spend(bytes, now));
        let take = std::mem::replace(&mut own.take, own.chunk);
        // Where each has another heir, as what comes back from another process may, there is one of each.
        let take = if is_other { 1 } else { take };
        Some(room.ok_or_else(|| (own.purse.take(), take, now)))
    });
    let (mut purse, take, now) = match spent? {
        Ok(room) => return Some(room),
        Err(empty) => empty,
    };
    // Not while the desk is borrowed: what is left in it wakes who waits for it.
    let room = Purse::spend_or_take(&mut purse, (gate, take, heir), (bytes, now));
    OPEN.with_borrow_mut(|open| open.purse = purse);
    room
}

/// Gives the room of a root back that has ended well, and tells its heir, once for many if an actor is polled on this thread.
pub(crate) fn give_back(gate: &Arc<Gate>, bytes: u64, call: u64) {
    let at_once = OPEN.try_with(|open| {
        let mut open = open.try_borrow_mut().ok()?;
        let before = open.returns.add(gate, bytes, call);
        let is_much = open.owner == 0 || open.returns.is_much();
        let returns = is_much.then(|| std::mem::take(&mut open.returns));
        Some((before, returns))
    });
    if !matches!(at_once, Ok(Some(_))) {
        drop(Returns::of(gate, bytes, call));
    }
}

/// Gives all permits back that are on their way.
pub(crate) fn give_back_all() {
    let returns = OPEN.try_with(|open| {
        let mut open = open.try_borrow_mut().ok()?;
        Some(std::mem::take(&mut open.returns))
    });
    drop(returns);
}

enum Put {
    Done,
    Elsewhere(Event),
    Full(Vec<Event>),
}

/// Hands over all that lies on the station's desk, if it is open here. A link may run a plain function
/// in place, which opens a desk of its own: so none is borrowed meanwhile.
pub(crate) fn flush(station: &Station) {
    let outboxes = station.outboxes();
    for (number, link) in outboxes.links.iter().enumerate() {
        let pending = OPEN.with_borrow_mut(|open| {
            let own = open.owner == address(station);
            let pending = open
                .pending
                .get_mut(number)
                .filter(|pending| own && !pending.is_empty());
            pending.map(std::mem::take)
        });
        if let Some(mut chunk) = pending {
            link.push(&mut chunk);
            give_buffer(station, number, chunk);
        }
    }
}

/// Keeps an emptied buffer for the next events of a link.
fn give_buffer(station: &Station, link: usize, buffer: Vec<Event>) {
    OPEN.with_borrow_mut(|open| {
        if open.owner == address(station) && open.pending[link].capacity() == 0 {
            open.pending[link] = buffer;
        }
    });
}
