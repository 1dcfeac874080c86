//! What a stylesheet calls is there, or it is refused.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use compysition_xml::{Compiler, Stylesheet};

/// Compiles a stylesheet with this content, which begins on its second line.
fn compiled(content: &str) -> Result<Stylesheet, String> {
    let text = format!(
        "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform' xmlns:a='urn:a' xmlns:b='urn:a'>\n\
         {content}\n</xsl:stylesheet>"
    );
    Stylesheet::from_text(&text).map_err(|error| error.to_string())
}

#[test]
fn a_template_that_is_called_is_there() {
    let called = "<xsl:template match='/'>\n<a><xsl:if test='b'>\n<xsl:call-template name='one'/></xsl:if></a></xsl:template>";
    let told = compiled(called).unwrap_err();
    assert_eq!(
        told,
        "inline, line 4: xsl:call-template calls `one`, and no template has that name"
    );
    let with = |more: &str| compiled(&format!("{called}{more}"));
    assert!(with("<xsl:template name='one'/>").is_ok());
    assert!(with("<xsl:template name='a:one'/>").is_err());
    assert!(with("<xsl:template match='one'/>").is_err());
    // A prefix is as good as another of the same namespace.
    let prefixed = "<xsl:template name='a:one'/><xsl:variable name='v'><xsl:call-template name='b:one'/></xsl:variable>";
    assert!(compiled(prefixed).is_ok());
    // What is no instruction calls nothing.
    assert!(compiled("<a:data><xsl:call-template name='none'/></a:data>").is_ok());
}

#[test]
fn templates_are_called_across_the_files_of_a_stylesheet() {
    let directory = std::env::temp_dir().join(format!("compysition-calls-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).unwrap();
    let file = |content: &str| {
        format!(
            "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>\n{content}</xsl:stylesheet>"
        )
    };
    let call = |name: &str| {
        format!("<xsl:template match='{name}'>\n<xsl:call-template name='{name}'/></xsl:template>")
    };
    write(
        "imported.xsl",
        &file(&format!("{}<xsl:template name='imported'/>", call("main"))),
    );
    write(
        "included.xsl",
        &file(&format!(
            "{}<xsl:template name='included'/>",
            call("imported")
        )),
    );
    let main = |more: &str| {
        write(
            "main.xsl",
            &file(&format!(
                "<xsl:import href='imported.xsl'/><xsl:include href='included.xsl'/>{}<xsl:template name='main'/>{more}",
                call("included")
            )),
        );
        Compiler::new()
            .allow(&directory)
            .compile_file(directory.join("main.xsl"))
    };
    main("").unwrap();
    write("included.xsl", &file(&call("nobody")));
    let told = main("<xsl:template name='included'/>").unwrap_err();
    assert_eq!(
        (told.file(), told.line()),
        (Some("included.xsl"), Some(3)),
        "{told}"
    );
    std::fs::remove_dir_all(directory).unwrap();
}
