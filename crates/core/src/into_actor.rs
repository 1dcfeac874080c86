//! The forms in which an actor may be registered.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::actor::Actor;
use crate::map::{Map, MapOutput, MapStage};
use crate::stage::{ActorStage, Stage, panicked};
use crate::{Error, Event, Ports, Result};

/// An actor ready to be registered, whatever its type.
pub struct Built {
    /// The actor, if it has been made already; taken when it is registered.
    first: Option<Box<dyn Stage>>,
    again: Option<Factory>,
}

type Factory = Box<dyn FnMut() -> Result<Box<dyn Stage>> + Send>;

impl Built {
    /// Takes an actor that exists already; it cannot be made again.
    pub fn value(actor: impl Actor) -> Built {
        Built::stage(ActorStage(actor))
    }

    /// Takes a way to make an actor, so that a new one can be made after a panic.
    pub fn factory<A: Actor>(mut make: impl FnMut() -> Result<A> + Send + 'static) -> Built {
        Built {
            first: None,
            again: Some(Box::new(move || Ok(Box::new(ActorStage(make()?))))),
        }
    }

    /// Takes an actor that exists already, and a way to make it again.
    pub fn renewable(
        first: Built,
        mut again: impl FnMut() -> Result<Built> + Send + 'static,
    ) -> Built {
        Built {
            first: first.first,
            again: Some(Box::new(move || again()?.make())),
        }
    }

    /// Makes the actor and returns what it says about its ports, as for its manual.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub fn into_ports(mut self) -> Result<Ports> {
        self.ports()
    }

    /// Returns what the actor says about its ports; it is made if it was not, and will be the one that is registered.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub fn ports(&mut self) -> Result<Ports> {
        let first = self.make()?;
        let ports = first.ports();
        self.first = Some(first);
        Ok(ports)
    }

    fn stage(stage: impl Stage + 'static) -> Built {
        Built {
            first: Some(Box::new(stage)),
            again: None,
        }
    }

    /// Makes the actor for the first time.
    pub(crate) fn make(&mut self) -> Result<Box<dyn Stage>> {
        match (self.first.take(), &mut self.again) {
            (Some(first), _) => Ok(first),
            (None, Some(make)) => make(),
            (None, None) => Err(Error::internal("the actor was registered as a value")),
        }
    }

    /// Returns whether the actor can be made more than once.
    pub(crate) fn is_factory(&self) -> bool {
        self.again.is_some()
    }

    /// Makes the actor once more, unless there was only the one.
    pub(crate) fn make_again(&mut self) -> Option<Result<Box<dyn Stage>>> {
        let make = self.again.as_mut()?;
        Some(match catch_unwind(AssertUnwindSafe(make)) {
            Ok(made) => made,
            Err(panic) => Err(panicked(&*panic)),
        })
    }
}

impl fmt::Debug for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Built")
    }
}

/// What [`Director::register`](crate::Director::register) takes: an actor, a function that makes one
/// (`|| A` or `|| -> Result<A>`), a [`map`](crate::map) or [`inspect`](crate::inspect), or a [`Built`].
///
/// `Form` only tells the forms apart; it is inferred.
pub trait IntoActor<Form> {
    /// Makes it ready to be registered.
    fn into_actor(self) -> Built;
}

/// Marks the forms of [`IntoActor`].
pub mod form {
    /// An actor itself.
    pub struct Value;
    /// A function that makes an actor.
    pub struct Factory<A>(std::marker::PhantomData<A>);
    /// A function that makes an actor or fails.
    pub struct TryFactory<A>(std::marker::PhantomData<A>);
    /// A plain function on events.
    pub struct Function<R>(std::marker::PhantomData<R>);
    /// What is ready already.
    pub struct Ready;
}

impl<A: Actor> IntoActor<form::Value> for A {
    fn into_actor(self) -> Built {
        Built::value(self)
    }
}

impl<A: Actor, F: FnMut() -> A + Send + 'static> IntoActor<form::Factory<A>> for F {
    fn into_actor(mut self) -> Built {
        Built::factory(move || Ok(self()))
    }
}

impl<A: Actor, F: FnMut() -> Result<A> + Send + 'static> IntoActor<form::TryFactory<A>> for F {
    fn into_actor(self) -> Built {
        Built::factory(self)
    }
}

impl<R, F> IntoActor<form::Function<R>> for Map<F>
where
    F: FnMut(Event) -> R + Send + 'static,
    R: MapOutput + 'static,
{
    fn into_actor(self) -> Built {
        Built::stage(MapStage::new(self))
    }
}

impl IntoActor<form::Ready> for Built {
    fn into_actor(self) -> Built {
        self
    }
}
