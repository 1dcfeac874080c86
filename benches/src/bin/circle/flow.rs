//! compysition: a door, three actors that send on what they get, and back.

use std::error::Error;
use std::time::Duration;

use compysition_core::{Actor, Context, Director, Event, Result as Done};
use compysition_http::HttpServer;

use crate::server::{BODY_LIMIT, SECONDS, announce};

struct Forward;

impl Actor for Forward {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Done {
        ctx.send(event)
    }
}

pub(crate) async fn serve() -> Result<(), Box<dyn Error>> {
    let time = Duration::from_secs(SECONDS);
    let server = HttpServer::at("127.0.0.1:0")
        .body_limit(BODY_LIMIT)
        .header_timeout(time)
        .body_timeout(time)
        .deadline(time);
    let bound = server.bound();

    let mut director = Director::new("circle");
    let http = director.register("http", server);
    let mut last = http;
    for number in 1..=3 {
        let step = director.register(format!("step_{number}"), Forward);
        director.connect(last, step);
        last = step;
    }
    director.connect(last, http);
    let flow = director.start().await.map_err(|error| error.to_string())?;

    announce(bound.address().await.ok_or("the server does not listen")?)?;
    flow.block().await;
    Ok(())
}
