/*
 * What Rust calls of libxml2, libxslt and libexslt, as few and as plain functions as possible.
 *
 * The shim exists because these libraries report errors through variadic callbacks and keep them in
 * globals, which Rust can neither define nor scope. Every entry point takes a sink; while it runs, and
 * only then, what the libraries report on this thread goes to that sink.
 */
#ifndef COMPYSITION_SHIM_H
#define COMPYSITION_SHIM_H

#include <stddef.h>
#include <libxml/tree.h>
#include <libxml/xmlmemory.h>
#include <libxml/xmlschemas.h>
#include <libxml/xpath.h>
#include <libxslt/xsltInternals.h>

/* The kinds of reports; the same numbers are in sys.rs. */
enum {
    SHIM_FAULT = 0,   /* a structured error: message, line and column in a document */
    SHIM_CONTEXT = 1, /* where in a stylesheet the next SHIM_TEXT happened */
    SHIM_TEXT = 2,    /* an error's text after a context, else an xsl:message */
    SHIM_OTHER = 3,   /* anything else that a library says */
    SHIM_TEMPLATE = 4 /* a template: what it is called, file and line */
};

/* How a transformation ended. */
enum {
    SHIM_DONE = 0,
    SHIM_FAILED = 1,
    SHIM_NO_STACK = 2 /* stopped before the thread's stack ran out */
};

/* What became of a validation. */
enum {
    SHIM_VALID = 0,
    SHIM_INVALID = 1,
    SHIM_NOTHING = 2, /* there is no element where the part to be looked at should be */
    SHIM_BROKEN = 3
};

/* `file` is NULL unless the call asked for the names of files. */
typedef void (*shim_report)(void *sink, int kind, const char *text, size_t length, const char *file, int line, int column);

/* What a stylesheet may read: itself, and files under these directories (canonical, no slash at the end). */
struct shim_policy {
    const char *url;
    const char *text;
    size_t length;
    const char *const *directories;
    size_t count;
};

struct shim_limits {
    int depth;
    unsigned long operations;
    unsigned long path_operations;
};

/* Text in a buffer of libxml2. */
struct shim_text {
    void *buffer;
    const char *text;
    size_t length;
};

/* One call from Rust: where its reports go, what it may read, how deep it may go. */
struct shim_call {
    void *sink;
    const struct shim_policy *policy;
    const char *stack_floor;
    int no_stack;
    int refused;     /* something that was not to be read was asked for */
    int loads;       /* whether files that the policy permits are read where the parser asks for them */
    int names_files; /* whether reports say which file they are about */
    int watched;     /* whether it is reported which templates are reached */
    xsltTemplatePtr last_reached;
    struct shim_call *outer;
    void *outer_structured_context;
    xmlStructuredErrorFunc outer_structured;
    void *outer_generic_context;
    xmlGenericErrorFunc outer_generic;
};

/* report.c */
void shim_start(shim_report report);
void shim_allocate_with(xmlFreeFunc release, xmlMallocFunc allocate, xmlReallocFunc resize, xmlStrdupFunc duplicate);
void shim_enter(struct shim_call *call, void *sink, const struct shim_policy *policy);
void shim_leave(struct shim_call *call);
struct shim_call *shim_current(void);
void shim_say(int kind, const char *text, int line, int column);
void shim_say_at(xmlNodePtr element, const char *text);
void shim_say_template(xsltTemplatePtr template, const char *text);

/* reading.c */
extern const int shim_parse_options;
void shim_guard_reading(void);
xmlDocPtr shim_read(const char *text, size_t length, const char *url, xmlDictPtr dict, int options);

/* document.c */
xmlDocPtr shim_parse(void *sink, const char *text, size_t length, const char *url, int utf8);
void shim_free_document(xmlDocPtr document);
xmlDocPtr shim_copy_document(xmlDocPtr document);
int shim_write_document(xmlDocPtr document, struct shim_text *text);
int shim_write_root(xmlDocPtr document, struct shim_text *text);
size_t shim_namespaces_around(xmlNodePtr node);
xmlDocPtr shim_copy_part(xmlNodePtr node);
int shim_write_node(xmlNodePtr node, struct shim_text *text);
void shim_free_text(void *buffer);
const char *shim_default_namespace(xmlDocPtr document);

/* stylesheet.c */
xsltStylesheetPtr shim_compile(void *sink, const struct shim_policy *policy, int utf8);
void shim_free_stylesheet(xsltStylesheetPtr style);
const char *shim_output_property(xsltStylesheetPtr style, int which);
int shim_encoding_exists(const char *encoding);
int shim_defines_functions(xsltStylesheetPtr style);
int shim_strips_space(xsltStylesheetPtr style);
int shim_transform(void *sink, const struct shim_policy *policy, xsltStylesheetPtr style, xmlDocPtr document,
                   const char **parameters, const struct shim_limits *limits, int watched, xmlDocPtr *result);
void shim_templates(void *sink, xsltStylesheetPtr style);
int shim_write_result(void *sink, xsltStylesheetPtr style, xmlDocPtr result, struct shim_text *text);
int shim_is_html(xmlDocPtr document);
int shim_is_plain(xsltStylesheetPtr style, xmlDocPtr result);

/* visit.c */
typedef void (*shim_visitor)(void *context, xmlNodePtr element);
int shim_is_xslt(xmlNodePtr node);
int shim_is_function(xmlNodePtr node);
void shim_visit(xsltStylesheetPtr style, shim_visitor visitor, void *context);

/* calls.c */
int shim_check_calls(xsltStylesheetPtr style);

/* variables.c */
void shim_unseen_variables(void *sink, xsltStylesheetPtr style);

/* schema.c */
xmlSchemaPtr shim_schema_compile(void *sink, const struct shim_policy *policy, int utf8);
void shim_free_schema(xmlSchemaPtr schema);
int shim_validate(void *sink, xmlSchemaPtr schema, xmlDocPtr document, xmlXPathObjectPtr selected);

/* xpath.c */
xmlXPathContextPtr shim_path_context(void);
void shim_free_path_context(xmlXPathContextPtr context);
int shim_path_namespace(xmlXPathContextPtr context, const char *prefix, const char *uri);
xmlXPathCompExprPtr shim_path_compile(void *sink, xmlXPathContextPtr context, const char *expression);
void shim_free_path(xmlXPathCompExprPtr path);
xmlXPathObjectPtr shim_path_evaluate(void *sink, xmlXPathContextPtr context, xmlXPathCompExprPtr path,
                                     xmlDocPtr document, unsigned long operations);
int shim_object_kind(xmlXPathObjectPtr object);
int shim_object_boolean(xmlXPathObjectPtr object);
double shim_object_number(xmlXPathObjectPtr object);
const char *shim_object_string(xmlXPathObjectPtr object);
size_t shim_object_length(xmlXPathObjectPtr object);
int shim_object_node(xmlXPathObjectPtr object, size_t index, struct shim_text *text);
size_t shim_object_namespaces_around(xmlXPathObjectPtr object, size_t index);
xmlDocPtr shim_object_part(xmlXPathObjectPtr object, size_t index);
void shim_free_object(xmlXPathObjectPtr object);

#endif
