//! The forms in which an actor may be registered.

use std::fmt;

use crate::actor::Actor;
use crate::map::{Map, MapOutput, MapStage};
use crate::stage::{ActorStage, Stage};
use crate::{Event, Result};

/// An actor ready to be registered, whatever its type.
pub struct Built {
    make: Box<dyn FnMut() -> Result<Box<dyn Stage>> + Send>,
}

impl Built {
    /// Takes an actor that exists already; it cannot be made again.
    pub fn value(actor: impl Actor) -> Built {
        Built::stage(ActorStage(actor))
    }

    /// Takes a way to make an actor, so that a new one can be made after a panic.
    pub fn factory<A: Actor>(mut make: impl FnMut() -> Result<A> + Send + 'static) -> Built {
        Built {
            make: Box::new(move || Ok(Box::new(ActorStage(make()?)))),
        }
    }

    fn stage(stage: impl Stage + 'static) -> Built {
        let mut stage = Some(stage);
        Built {
            make: Box::new(move || match stage.take() {
                Some(stage) => Ok(Box::new(stage)),
                None => Err(crate::Error::internal(
                    "the actor was registered as a value",
                )),
            }),
        }
    }

    pub(crate) fn make(&mut self) -> Result<Box<dyn Stage>> {
        (self.make)()
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
