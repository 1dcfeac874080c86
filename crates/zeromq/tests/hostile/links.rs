//! The port where another process of the flow calls, which still serves that process after the attack.

use std::sync::Arc;
use std::time::Duration;

use compysition_actors::{Door, DoorHandle};
use compysition_core::{Director, Event, Flow, map};
use compysition_nodes::wire::{Frame, Hello};
use compysition_nodes::{Here, Nodes, Process};
use compysition_zeromq::ZeroMq;
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// A flow in two processes, both of them in this one.
pub(crate) struct Links {
    parts: [Flow; 2],
    door: DoorHandle,
    /// Where the second of them listens.
    pub(crate) address: String,
}

impl Links {
    pub(crate) fn start(runtime: &Runtime) -> Links {
        let (work, _) = whole();
        let (front, door) = whole();
        runtime.block_on(async {
            let part = part(work, "work", "tcp://127.0.0.1:*");
            let work = part.director.start().await.unwrap();
            let address = part.listening.await.unwrap();
            let front = self::part(front, "front", &address);
            let front = front.director.start().await.unwrap();
            Links {
                parts: [front, work],
                door,
                address,
            }
        })
    }

    /// Asks the other process something, and stops both.
    pub(crate) fn stop(self, runtime: &Runtime) {
        runtime.block_on(async {
            let asked = self.door.ask("still there");
            let answer = timeout(Duration::from_secs(60), asked).await.unwrap();
            assert_eq!(answer.unwrap().text().unwrap(), "still there");
            let [front, work] = self.parts;
            let (front, work) = tokio::join!(front.stop(), work.stop());
            assert!(front.is_clean() && work.is_clean(), "{front:?} {work:?}");
        });
    }

    pub(crate) fn restarts(&self) -> u64 {
        self.parts.iter().map(crate::restarts).sum()
    }
}

fn whole() -> (Director, DoorHandle) {
    let mut director = Director::new("linked");
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let echo = director.register("echo", map(|event: Event| Ok(event)));
    let reply = director.reply();
    director.connect(door, echo);
    director.connect(echo, reply);
    director.place(door, "front");
    director.place(echo, "work");
    (director, handle)
}

fn part(whole: Director, process: &str, address: &str) -> compysition_nodes::Part {
    let nodes = Nodes::of([Process::new("front"), Process::new("work").at(address)]);
    let here = Here {
        process,
        replica: 1,
    };
    nodes.part(whole, here, Arc::new(ZeroMq::default()))
}

/// Frames that processes could send, of this flow and of others.
pub(crate) fn frames() -> Vec<Vec<u8>> {
    let hello = |flow: &str, fingerprint| Hello {
        flow: flow.to_owned(),
        fingerprint,
        process: "front".to_owned(),
        replica: "1".to_owned(),
        epoch: 7,
        session: 7,
        peer: 0,
        received: 0,
    };
    let right = whole().0.fingerprint();
    let frames = [
        Frame::Hello(hello("linked", right)),
        Frame::Hello(hello("linked", 1)),
        Frame::Hello(hello("other", right)),
        Frame::Welcome(hello("linked", right)),
        Frame::Refused("for a joke".to_owned()),
        Frame::Bye,
    ];
    let mut all: Vec<Vec<u8>> = frames.iter().map(|frame| frame.write().to_vec()).collect();
    // A batch, and a sign of life, without what belongs in them.
    for kind in [4, 5, 9] {
        let mut begun = all[5].clone();
        begun[1] = kind;
        begun.extend([0xff; 12]);
        all.push(begun);
    }
    all
}
