//! An HTTP circle through three actors, the second of which runs elsewhere or not.

use compysition_core::{Actor, Context, Director, Event, Result as Ended};
use compysition_http::{Bound, HttpServer};

use crate::Done;
use crate::peer::tell;
use crate::stream::cut;

struct Forward;

impl Actor for Forward {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Ended {
        ctx.send(event)
    }
}

fn circle() -> (Director, Bound) {
    let server = HttpServer::at("127.0.0.1:0");
    let bound = server.bound();
    let mut director = Director::new("circle");
    let http = director.register("http", server);
    let [before, execute, after] =
        ["before", "execute", "after"].map(|name| director.register(name, Forward));
    director.connect(http, before);
    director.connect(before, execute);
    director.connect(execute, after);
    director.connect(after, http);
    for (node, place) in [
        (http, "front"),
        (before, "front"),
        (execute, "work"),
        (after, "front"),
    ] {
        director.place(node, place);
    }
    (director, bound)
}

#[tokio::main]
pub(crate) async fn serve_whole() -> Done {
    let (director, bound) = circle();
    serve(director, bound).await
}

pub(crate) async fn serve_front(address: &str) -> Done {
    let (director, bound) = circle();
    serve(cut(director, "front", address).director, bound).await
}

pub(crate) async fn serve_work(address: &str) -> Done {
    let part = cut(circle().0, "work", address);
    let flow = part
        .director
        .start()
        .await
        .map_err(|error| error.to_string())?;
    tell(part.listening.await?)?;
    flow.block().await;
    Ok(())
}

async fn serve(director: Director, bound: Bound) -> Done {
    let flow = director.start().await.map_err(|error| error.to_string())?;
    tell(bound.address().await.ok_or("the server does not listen")?)?;
    flow.block().await;
    Ok(())
}
