//! One line for each request that was answered.

mod entry;
mod line;
mod log_file;
mod settings;

pub(crate) use entry::Entry;
pub use settings::{AccessLog, LogFormat, LogQuery};

use std::sync::Arc;

use compysition_core::Context;

use log_file::LogFile;

/// Where the lines of a server's requests go.
#[derive(Debug)]
pub(crate) struct Journal {
    settings: AccessLog,
    flow: String,
    file: Option<Arc<LogFile>>,
}

impl Journal {
    /// Opens the log. Lines for a file are written by a task of their own.
    pub(crate) fn open(settings: &AccessLog, ctx: &Context) -> Arc<Journal> {
        let file = settings.path().map(|path| {
            let file = Arc::new(LogFile::new(path.to_owned()));
            let (writer, own) = (file.clone(), ctx.clone());
            ctx.spawner().spawn(async move { writer.run(&own).await });
            file
        });
        Arc::new(Journal {
            settings: settings.clone(),
            flow: ctx.flow().to_owned(),
            file,
        })
    }

    /// Writes what there is. What comes later is written at once.
    pub(crate) async fn close(&self, ctx: &Context) {
        if let Some(file) = &self.file {
            file.close(ctx).await;
        }
    }

    fn write(&self, entry: &Entry) {
        match &self.file {
            Some(file) => file.push(&line::of(entry, &self.settings)),
            None => line::log(entry, &self.settings, &self.flow),
        }
    }
}
