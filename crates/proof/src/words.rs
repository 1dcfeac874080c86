//! What was found of replies, in words.

use compysition_core::Wiring;

use crate::exits::{Ending, Exit};
use crate::replies::{Door, Finding, Step, Twice};

impl Finding {
    /// Returns the path in one line, with what the actors on it do if that is more than to send on.
    pub fn path(&self, wiring: &Wiring) -> String {
        let steps = self.steps.iter();
        let steps: Vec<String> = steps.map(|step| step.words(wiring)).collect();
        steps.join(" -> ")
    }

    /// Returns the number of the actor where the path ends.
    pub fn last(&self) -> usize {
        self.steps.last().map_or(0, |step| step.actor)
    }

    /// Returns what the end is.
    pub fn end(&self, wiring: &Wiring) -> String {
        let last = &wiring.actors[self.last()].name;
        match self.ending {
            Ending::Dropped => format!("`{last}` may drop it"),
            Ending::Nowhere => format!("it ends at `{last}`"),
            Ending::BestEffort => format!(
                "it leaves `{last}` by a best-effort link, and what passes that answers nothing"
            ),
            Ending::Stray => format!("`{last}` is a door, and answers only what came in by it"),
            Ending::Unconnected => format!("the error of `{last}` has no connection"),
            Ending::Marked => format!("the error ends at `{last}`"),
            Ending::FailedAgain => format!("it fails once more at `{last}`"),
            Ending::Circles => {
                let (round, hops) = (self.bystanders(wiring).join("`, `"), wiring.limits.hops);
                format!("it may go round `{round}` until it has passed {hops} links")
            }
        }
    }

    /// Returns what would mend it.
    pub fn help(&self, wiring: &Wiring) -> String {
        let actor = &wiring.actors[self.last()];
        let last = &actor.name;
        match (self.ending, actor.ports.drop_outbox()) {
            (Ending::Dropped, Some(outbox)) => {
                format!("connect what it would drop: `{last}.{outbox} -> reply`")
            }
            (Ending::Dropped, None) if !actor.ports.is_sink() => {
                format!(
                    "give `{last}` an outbox for what it drops and connect that to `reply`, or answer on another branch"
                )
            }
            (Ending::BestEffort, _) => {
                format!("connect `{last}` to what answers by a link that is not best effort")
            }
            (Ending::Stray, _) => {
                "answer by `reply`, which is the door that the event came in by".to_owned()
            }
            (Ending::Nowhere, _) if !(actor.ports.is_sink() && actor.ports.drops()) => {
                format!("connect `{last} -> reply`, or answer on another branch")
            }
            (Ending::Dropped | Ending::Nowhere, _) => format!(
                "answer on another branch than that to `{last}`, as in `… -> {last}, reply`"
            ),
            (Ending::Circles, _) => {
                "give what goes round a way out that is always taken in the end".to_owned()
            }
            (Ending::Unconnected | Ending::Marked | Ending::FailedAgain, _) => {
                format!("connect `{last}.error`, if the flow itself is to answer")
            }
        }
    }

    /// Returns the names of the actors to which other copies go on the way.
    pub fn bystanders<'a>(&self, wiring: &'a Wiring) -> Vec<&'a str> {
        let names = self.beside.iter().map(|&actor| &*wiring.actors[actor].name);
        names.collect()
    }
}

impl Step {
    fn words(&self, wiring: &Wiring) -> String {
        let name = &wiring.actors[self.actor].name;
        match self.exit {
            Exit::All | Exit::Drop => name.clone(),
            _ => format!("{name} ({})", self.exit),
        }
    }
}

impl Door {
    /// Returns what the engine answers instead of the flow, in one sentence; none if it never does, or if that is all that is
    /// known.
    pub fn engine(&self, wiring: &Wiring) -> Option<String> {
        let named = |wanted: &dyn Fn(Ending) -> bool| -> Option<String> {
            let mut names: Vec<String> = Vec::new();
            for finding in self.failed.iter().filter(|finding| wanted(finding.ending)) {
                let name = format!("`{}`", wiring.actors[finding.last()].name);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            (!names.is_empty()).then(|| names.join(", "))
        };
        let unconnected = named(&|ending| ending == Ending::Unconnected);
        let again = named(&|ending| ending == Ending::FailedAgain);
        let marked = named(&|ending| ending == Ending::Marked);
        let clauses = [
            unconnected.map(|names| format!("errors of {names} have no connection")),
            marked.map(|names| format!("errors end at {names}")),
            again.map(|names| format!("what has failed may fail once more at {names}")),
        ];
        let clauses: Vec<String> = clauses.into_iter().flatten().collect();
        let door = &wiring.actors[self.door].name;
        (!clauses.is_empty()).then(|| {
            let clauses = clauses.join(", and ");
            format!("{clauses}: the client of `{door}` gets the error's status from the engine")
        })
    }
}

impl Twice {
    /// Returns what is wrong, in one sentence.
    pub fn words(&self, wiring: &Wiring) -> String {
        let [first, second] = self.links.map(|link| {
            let to = wiring.links[link].to;
            &*wiring.actors[to].name
        });
        let name = &wiring.actors[self.actor].name;
        format!(
            "a request is answered twice: `{name}` sends copies to `{first}` and to `{second}`, and both are answered"
        )
    }
}
