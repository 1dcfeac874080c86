//! Compiles the C shim against the libxml2, libxslt and libexslt that `pkg-config` finds.

use std::process::exit;

const SOURCES: &[&str] = &[
    "calls",
    "report",
    "reading",
    "document",
    "schema",
    "stylesheet",
    "variables",
    "visit",
    "xpath",
];

fn main() {
    println!("cargo:rerun-if-changed=shim");
    let mut build = cc::Build::new();
    for library in ["libexslt", "libxslt", "libxml-2.0"] {
        match pkg_config::Config::new().probe(library) {
            Ok(found) => {
                build.includes(found.include_paths);
            }
            Err(error) => {
                eprintln!(
                    "{library} is missing: install it (on Debian: apt-get install gcc pkg-config libxslt1-dev): {error}"
                );
                exit(1);
            }
        }
    }
    for source in SOURCES {
        build.file(format!("shim/{source}.c"));
    }
    // Newer versions of the libraries deprecate calls that Debian's still need.
    build
        .warnings(true)
        .flag_if_supported("-Wno-deprecated-declarations")
        .compile("compysition_shim");
}
