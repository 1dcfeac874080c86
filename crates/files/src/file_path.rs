//! The name of a file, made from an event.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use compysition_core::{Error, Result, Surroundings};
use compysition_expression::{Scope, Template};

use crate::writable::{check_directory, check_file};

/// Makes the path of a file from a template. What an event says never leads out of the directory that the
/// template names before its first `{{`.
pub(crate) struct PathTemplate {
    template: Template,
    base: PathBuf,
    /// The part of the path that is the same for all events.
    directory: PathBuf,
    /// The whole path, if it is.
    fixed: Option<PathBuf>,
}

impl PathTemplate {
    /// Takes a template whose relative paths begin at the flow file.
    pub(crate) fn new(template: Template) -> Result<PathTemplate, String> {
        let base = Surroundings::current().base;
        let source = template.source();
        let fixed = template.as_literal();
        if fixed.is_some_and(|path| path.is_empty() || path.ends_with('/')) {
            return Err(format!("`path: {source:?}` names no file"));
        }
        let begin = source.find("{{").into_iter().chain(source.find("{%")).min();
        let begin = &source[..begin.unwrap_or(source.len())];
        let directory = begin.rfind('/').map_or("", |end| &begin[..=end]);
        Ok(PathTemplate {
            fixed: fixed.map(|path| base.join(path)),
            directory: PathBuf::from(directory),
            base,
            template,
        })
    }

    /// Checks that it can be written there, as far as that is the same for all events.
    ///
    /// # Errors
    /// Why it cannot.
    pub(crate) fn check(&self, replaced: bool) -> Result<(), String> {
        let source = self.template.source();
        let checked = match &self.fixed {
            Some(path) => check_file(path, replaced),
            // Without a slash at its end, behind which nothing else than a directory is found.
            None => check_directory(
                &self
                    .base
                    .join(&self.directory)
                    .components()
                    .collect::<PathBuf>(),
            ),
        };
        checked.map_err(|why| format!("`path: {source:?}`: {why}"))
    }

    /// Returns whether it is the same for all events.
    pub(crate) fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }

    /// Returns the path as far as it is the same for all events: the file, or the directory of all files.
    pub(crate) fn fixed(&self) -> PathBuf {
        match &self.fixed {
            Some(path) => path.clone(),
            None => self.base.join(&self.directory),
        }
    }

    /// Returns the path for an event.
    ///
    /// # Errors
    /// Unprocessable, if the event leads out of the directory, or names no file in it.
    pub(crate) fn render<'a>(&self, scope: impl Into<Scope<'a>>) -> Result<Cow<'_, Path>> {
        if let Some(path) = &self.fixed {
            return Ok(Cow::Borrowed(path));
        }
        let path = self.template.render(scope)?;
        let is_name = |part: Component<'_>| matches!(part, Component::Normal(_));
        match Path::new(&path).strip_prefix(&self.directory) {
            Ok(rest)
                if rest.components().next().is_some()
                    && rest.components().all(is_name)
                    && !path.ends_with('/')
                    && !path.contains('\0') =>
            {
                Ok(Cow::Owned(self.base.join(path)))
            }
            _ => Err(Error::unprocessable(format!(
                "{path:?} names no file in the directory `{}`, to which `path: {:?}` is kept",
                match self.directory.as_os_str().is_empty() {
                    true => Path::new("."),
                    false => &self.directory,
                }
                .display(),
                self.template.source(),
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use compysition_core::Event;

    use super::*;

    fn render(template: &str, name: &str) -> Result<PathBuf> {
        let template = PathTemplate::new(Template::new(template).unwrap()).unwrap();
        let path = template.render(&Event::new(name))?;
        Ok(path.into_owned())
    }

    #[test]
    fn an_event_names_a_file_in_the_directory() {
        let path = render("out/{{ text }}.json", "a/b").unwrap();
        assert_eq!(path, Path::new("out/a/b.json"));
        assert_eq!(render("{{ text }}", "a").unwrap(), Path::new("a"));
        assert_eq!(render("../{{ text }}", "a").unwrap(), Path::new("../a"));
        assert_eq!(render("/tmp/x", "a").unwrap(), Path::new("/tmp/x"));
    }

    #[test]
    fn an_event_does_not_lead_out_of_it() {
        for (template, name) in [
            ("out/{{ text }}.json", "../secret"),
            ("out/{{ text }}.json", "a/../../secret"),
            ("out/{{ text }}", ""),
            ("out/{{ text }}", "a/"),
            ("out/{{ text }}", "."),
            ("out/{{ text }}", "a\0b"),
            ("{{ text }}", "/etc/passwd"),
            ("{{ text }}/x", ""),
            ("{{ text }}/x", ".."),
        ] {
            let error = render(template, name).unwrap_err().to_string();
            assert!(
                error.contains("names no file"),
                "{template} {name}: {error}"
            );
        }
    }

    #[test]
    fn a_path_must_name_a_file() {
        for path in ["", "out/"] {
            assert!(PathTemplate::new(Template::new(path).unwrap()).is_err());
        }
    }
}
