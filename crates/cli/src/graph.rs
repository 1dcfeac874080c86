//! The command `graph`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use compysition_core::{WiredLink, Wiring};
use compysition_draw::{Frames, Picture};
use compysition_flow::Loaded;

use crate::args::{Drawing, GraphOptions};
use crate::{Program, files, output};

/// Draws each flow, to standard output, into files or in the browser.
pub(crate) fn graph(program: &Program, options: &GraphOptions) -> ExitCode {
    let Some(flows) = files::load(program, &options.files) else {
        return ExitCode::FAILURE;
    };
    let pictures: Vec<Picture> = flows.iter().map(picture).collect();
    match show(&pictures, options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            output::complain(format_args!("error: {message}\n"));
            ExitCode::FAILURE
        }
    }
}

fn picture(flow: &Loaded) -> Picture {
    let wiring = flow.wiring();
    let kinds: Vec<Option<&str>> = (0..wiring.actors.len())
        .map(|actor| flow.kind(actor))
        .collect();
    Picture::framed(&wiring, &kinds, &frames(flow, &wiring))
}

/// Puts a frame around what runs in one process, and tells what travels between them.
fn frames(flow: &Loaded, wiring: &Wiring) -> Frames {
    let process = |actor: usize| wiring.actors[actor].process.clone();
    let titled = |actor: usize| Some(title(flow, process(actor)?));
    let crosses = |link: &WiredLink| {
        let ends = process(link.from).zip(process(link.to));
        ends.is_some_and(|(from, to)| from != to)
    };
    let transport = |link| crosses(link).then(|| "zmq".to_owned());
    Frames {
        around: (0..wiring.actors.len()).map(titled).collect(),
        transports: wiring.links.iter().map(transport).collect(),
    }
}

/// Returns the name of a process, with how many of it there are.
fn title(flow: &Loaded, process: String) -> String {
    let node = flow
        .placement()
        .and_then(|placement| placement.node(&process));
    match node.map_or(1, |node| node.replicas) {
        1 => process,
        replicas => format!("{process} ×{replicas}"),
    }
}

fn show(pictures: &[Picture], options: &GraphOptions) -> Result<(), String> {
    let format = format(options)?;
    let many = pictures.len() > 1;
    if many && options.output.is_none() && !options.open && format == Drawing::Svg {
        return Err(format!(
            "these are {} flows, and a picture holds one; give `--output PATH`, and each gets a file with its name",
            pictures.len()
        ));
    }
    for picture in pictures {
        let drawn = match format {
            Drawing::Svg => picture.svg(),
            Drawing::Mermaid => picture.mermaid(),
            Drawing::Dot => picture.dot(),
        };
        match &options.output {
            Some(path) if many => write(&named(path, &picture.title), &drawn)?,
            Some(path) => write(path, &drawn)?,
            None if !options.open => output::say(drawn),
            None => {}
        }
        if options.open {
            open(picture)?;
        }
    }
    Ok(())
}

/// Tells how pictures are drawn: as it was said, or as the ending of the file says.
///
/// # Errors
/// Nothing here draws what has that ending.
fn format(options: &GraphOptions) -> Result<Drawing, String> {
    if let Some(format) = options.format {
        return Ok(format);
    }
    let Some(path) = &options.output else {
        return Ok(Drawing::Svg);
    };
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("mmd" | "mermaid") => Ok(Drawing::Mermaid),
        Some("dot" | "gv") => Ok(Drawing::Dot),
        Some("png" | "jpg" | "jpeg" | "gif" | "webp" | "pdf") => Err(format!(
            "{} is no picture that can be drawn here: take the ending svg, or dot and have Graphviz make it",
            path.display()
        )),
        _ => Ok(Drawing::Svg),
    }
}

/// Puts the name of a flow before the ending of a path.
fn named(path: &Path, flow: &str) -> PathBuf {
    let plain = |c: char| {
        if c.is_alphanumeric() || matches!(c, '_' | '-' | '.') {
            c
        } else {
            '_'
        }
    };
    let flow: String = flow.chars().map(plain).collect();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(ending) => format!("{stem}-{flow}.{}", ending.to_string_lossy()),
        None => format!("{stem}-{flow}"),
    };
    path.with_file_name(name)
}

fn write(path: &Path, drawn: &str) -> Result<(), String> {
    fs::write(path, drawn).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Shows a picture with the program that the desktop has for it. The file stays, as nobody tells when it was read.
fn open(picture: &Picture) -> Result<(), String> {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let name = format!("compysition-{}.svg", std::process::id());
    let path = named(&std::env::temp_dir().join(name), &picture.title);
    write(&path, &picture.svg())?;
    let mut command = Command::new(opener);
    let status = command
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!(
            "`{opener}` cannot show {}; open it yourself",
            path.display()
        )),
        Err(error) => Err(format!(
            "there is no browser to open {}: cannot start `{opener}`: {error}; open it yourself, or write it with `--output`",
            path.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flow_has_a_file_with_its_name() {
        assert_eq!(
            named(Path::new("a/b.svg"), "shop"),
            Path::new("a/b-shop.svg")
        );
        assert_eq!(named(Path::new("b"), "../shop"), Path::new("b-.._shop"));
    }
}
