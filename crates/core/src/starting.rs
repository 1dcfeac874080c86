//! Starts what was placed: the actors, then their tasks, then the sources.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::context::Context;
use crate::current::AsActor;
use crate::flow::Flow;
use crate::flow_error::{About, FlowError, Problem};
use crate::launch::Placed;
use crate::pool::Pool;
use crate::stage::Stage;
use crate::station::Station;
use crate::supervision::{Maker, Supervisor};
use crate::{Error, Result, runner, seat};

/// An actor that has started.
type Ready = (Arc<Station>, Box<dyn Stage>, Supervisor);

/// Starts the actors one after the other, then their tasks, then the sources.
pub(crate) async fn start(places: Vec<Placed>, flow: &mut Flow) -> Result<(), FlowError> {
    let mut problems = Vec::new();
    let mut ready = Vec::new();
    for (index, place) in places.into_iter().enumerate() {
        let (station, started) = match place {
            // A door has nothing else to do, and would take its address from the flow that runs.
            Placed::Task(station, ..) if station.is_shut() => continue,
            Placed::Task(station, stage, maker) => {
                let (stage, started) = start_one(&station, stage).await;
                let supervisor = Supervisor::new(maker);
                let started = started.map(|()| ready.push((station.clone(), stage, supervisor)));
                (station, started)
            }
            Placed::Pool(station, first, maker, pool) => {
                let started = start_pool(&station, first, &maker, &pool, &mut ready, flow).await;
                (station, started)
            }
            Placed::Function(..) | Placed::Reply(..) => continue,
        };
        if let Err(error) = started {
            problems.push(Problem {
                about: About::Actor(index),
                message: format!("actor `{}` cannot start: {error}", station.name),
                lacks: None,
            });
        }
    }
    for (station, stage, supervisor) in ready {
        let name = station.name.clone();
        let runner = AsActor::new(name, runner::run(stage, station.clone(), supervisor));
        flow.spawn_runner(station, runner);
    }
    if problems.is_empty() {
        flow.release_sources();
        return Ok(());
    }
    let name = flow.name().to_owned();
    flow.stop().await;
    Err(FlowError {
        flow: name,
        problems,
    })
}

async fn start_one(station: &Arc<Station>, mut stage: Box<dyn Stage>) -> (Box<dyn Stage>, Result) {
    let ctx = Context::new(station.clone());
    let start = async {
        let started = stage.start(&ctx).await;
        ctx.close();
        started
    };
    let started = AsActor::new(station.name.clone(), start).await;
    (stage, started)
}

/// Makes the instances of a pool, and starts them side by side: each may have to wait for a peer.
async fn start_pool(
    main: &Arc<Station>,
    first: Box<dyn Stage>,
    maker: &Maker,
    pool: &Pool,
    ready: &mut Vec<Ready>,
    flow: &mut Flow,
) -> Result {
    let mut stages = vec![first];
    for _ in 1..pool.size {
        stages.push(make(maker)?);
    }
    let (crew, stations) = seat::crew(main, pool);
    let dispatcher = AsActor::new(main.name.clone(), seat::dispatch(main.clone(), crew));
    flow.spawn_runner(main.clone(), dispatcher);
    let mut starting = Vec::new();
    for (station, stage) in stations.into_iter().zip(stages) {
        let (tell, started) = oneshot::channel();
        starting.push(started);
        flow.state().spawner.spawn(async move {
            let (stage, started) = start_one(&station, stage).await;
            // It is dropped only if the flow is not started any further.
            let _ = tell.send((station, stage, started));
        });
    }
    let mut result = Ok(());
    for started in starting {
        match started.await {
            Ok((station, stage, Ok(()))) => {
                ready.push((station, stage, Supervisor::new(maker.clone())));
            }
            Ok((_, _, Err(error))) => result = result.and(Err(error)),
            Err(_) => result = result.and(Err(Error::internal("the flow was ended meanwhile"))),
        }
    }
    result
}

fn make(maker: &Maker) -> Result<Box<dyn Stage>> {
    let made = maker.lock().make_again();
    made.unwrap_or_else(|| Err(Error::internal("the actor was registered as a value")))
}
