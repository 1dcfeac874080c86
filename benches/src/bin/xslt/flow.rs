//! The `xslt` actor in a flow: source, xslt, sink, once for each thread.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use compysition_core::{Actor, Context, Director, Event, Ports, Result as Done, Xml};
use compysition_xml::{Stylesheet, Xslt};
use tokio::runtime::Builder;
use tokio::sync::{Notify, watch};

use crate::documents::{Job, file};

pub(crate) fn measure(job: &Job) -> Result<f64, Box<dyn Error>> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(job.threads)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (go, wait) = watch::channel(false);
        let end = Arc::new(End {
            missing: AtomicUsize::new(job.times),
            all: Notify::new(),
        });

        let mut director = Director::new("bench");
        let stylesheet = Stylesheet::from_file(file("orders.xsl"))?;
        for number in 0..job.threads {
            let source = Source {
                text: job.text.clone(),
                times: job.times / job.threads,
                go: wait.clone(),
            };
            let source = director.register(format!("source_{number}"), source);
            let xslt = director.register(format!("xslt_{number}"), Xslt::new(stylesheet.clone()));
            let sink = director.register(format!("sink_{number}"), Sink(end.clone()));
            director.connect(source, xslt);
            director.connect(xslt, sink);
        }
        let flow = director.start().await.map_err(|error| error.to_string())?;

        let began = Instant::now();
        go.send_replace(true);
        end.all.notified().await;
        let seconds = began.elapsed().as_secs_f64();
        flow.stop().await;
        Ok(seconds)
    })
}

struct Source {
    text: Arc<str>,
    times: usize,
    go: watch::Receiver<bool>,
}

impl Actor for Source {
    async fn start(&mut self, ctx: &Context) -> Done {
        let (text, times, mut go) = (self.text.clone(), self.times, self.go.clone());
        ctx.produce(move |source| async move {
            go.wait_for(|go| *go).await?;
            for _ in 0..times {
                drop(
                    source
                        .emit(Event::new(Xml::from_text(text.clone())))
                        .await?,
                );
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Done {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

struct End {
    missing: AtomicUsize,
    all: Notify,
}

/// Asks for the text, so that the result is written out as the peers write it.
struct Sink(Arc<End>);

impl Actor for Sink {
    async fn consume(&mut self, event: Event, _: &Context) -> Done {
        assert!(
            event.text()?.contains("<total>"),
            "the stylesheet did its work"
        );
        if self.0.missing.fetch_sub(1, Relaxed) == 1 {
            self.0.all.notify_one();
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}
