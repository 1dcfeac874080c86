//! Actors of one process of which only one could listen.

use compysition_core::{About, Wiring};

use crate::diagnostics::Diagnostic;
use crate::places::Places;
use crate::tcp_address::TcpAddress;

/// Finds actors that are to listen where another one of the same process does, which stands before.
pub(crate) fn shared_ports(wiring: &Wiring, places: &Places) -> Vec<Diagnostic> {
    let mut known: Vec<(usize, &str, TcpAddress)> = Vec::new();
    let mut found = Vec::new();
    for (index, actor) in wiring.actors.iter().enumerate() {
        let addresses = actor.ports.addresses().iter();
        let own: Vec<_> = addresses
            .filter_map(|text| Some((index, &**text, TcpAddress::of(text)?)))
            .collect();
        let taken = own.iter().find_map(|(_, text, address)| {
            let is_taken = |(before, _, other): &&(usize, &str, TcpAddress)| {
                wiring.actors[*before].process == actor.process && other.meets(*address)
            };
            Some((*text, known.iter().find(is_taken)?))
        });
        if let Some((text, (before, theirs, _))) = taken {
            let (name, other) = (&actor.name, &wiring.actors[*before].name);
            let at = match text == *theirs {
                true => format!("`{text}`, and so is"),
                false => format!("`{text}`, which is not free beside `{theirs}` of"),
            };
            let message = format!("`{name}` is to listen at {at} `{other}`");
            let place = places.of(&About::Actor(index));
            found.push(
                Diagnostic::new(place, message)
                    .note(
                        places.of(&About::Actor(*before)),
                        format!("`{other}` is here"),
                    )
                    .hint("give one of the two another port"),
            );
        }
        known.extend(own);
    }
    found
}
