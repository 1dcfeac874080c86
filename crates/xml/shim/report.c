/* Starts the libraries once, and brings what they report to the sink of the call that is running. */
#define _GNU_SOURCE
#include "shim.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <libexslt/exslt.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemastypes.h>
#include <libxslt/xslt.h>
#include <libxslt/xsltutils.h>

/* Kept free below the deepest instruction: for XPath, for sorting, for unwinding. */
#define STACK_RESERVE (256 * 1024)
#define LONGEST_REPORT 4096

static shim_report to_rust;
static __thread struct shim_call *current;
static __thread const char *thread_floor;

struct shim_call *shim_current(void) { return current; }

static void say_in(int kind, const char *text, const char *file, int line, int column) {
    if (current != NULL && current->sink != NULL)
        to_rust(current->sink, kind, text, strlen(text), current->names_files ? file : NULL, line, column);
}

void shim_say(int kind, const char *text, int line, int column) { say_in(kind, text, NULL, line, column); }

static void say_of(int kind, xmlNodePtr element, const char *text) {
    if (current == NULL || current->sink == NULL || element == NULL)
        return;
    to_rust(current->sink, kind, text, strlen(text), element->doc == NULL ? NULL : (const char *)element->doc->URL,
            (int)xmlGetLineNo(element), 0);
}

/* Says what is wrong with an element of a stylesheet, with its file and line. */
void shim_say_at(xmlNodePtr element, const char *text) { say_of(SHIM_FAULT, element, text); }

void shim_say_template(xsltTemplatePtr template, const char *text) { say_of(SHIM_TEMPLATE, template->elem, text); }

static int is_schemas(int domain) { return domain == XML_FROM_SCHEMASP || domain == XML_FROM_SCHEMASV; }

#if LIBXML_VERSION >= 21200
static void on_structured(void *context, const xmlError *error) {
#else
static void on_structured(void *context, xmlErrorPtr error) {
#endif
    char text[LONGEST_REPORT];
    (void)context;
    if (error == NULL || error->message == NULL || error->level <= XML_ERR_WARNING)
        return;
    /* XPath reports give the expression, not a position: without it the message says nothing. */
    if (error->domain == XML_FROM_XPATH && error->str1 != NULL) {
        snprintf(text, sizeof text, "%.*s in `%s`", (int)strcspn(error->message, "\n"), error->message, error->str1);
        shim_say(SHIM_FAULT, text, 0, 0);
        return;
    }
    /* What the other domains keep there is no column. */
    say_in(SHIM_FAULT, error->message, error->file, error->line, is_schemas(error->domain) ? 0 : error->int2);
}

static void on_generic(void *context, const char *format, ...) {
    char text[LONGEST_REPORT];
    va_list arguments;
    int kind = SHIM_OTHER;
    (void)context;
    if (strcmp(format, "%s") == 0)
        kind = SHIM_TEXT;
    else if (strncmp(format, "%s: file ", 9) == 0 || strncmp(format, "%s: element ", 12) == 0 || strcmp(format, "%s\n") == 0)
        kind = SHIM_CONTEXT;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    shim_say(kind, text, 0, 0);
}

/* The lowest address of this thread's stack that a transformation may reach. */
static const char *find_floor(void) {
    uintptr_t floor = 0;
#ifdef __APPLE__
    floor = (uintptr_t)pthread_get_stackaddr_np(pthread_self()) - pthread_get_stacksize_np(pthread_self());
#else
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        void *lowest = NULL;
        size_t size = 0, guard = 0;
        pthread_attr_getstack(&attributes, &lowest, &size);
        pthread_attr_getguardsize(&attributes, &guard);
        pthread_attr_destroy(&attributes);
        if (lowest != NULL)
            floor = (uintptr_t)lowest + guard;
    }
#endif
    /* Where nothing is known, half a megabyte from here is a careful guess. */
    if (floor == 0)
        floor = (uintptr_t)&floor - STACK_RESERVE - 512 * 1024;
    return (const char *)(floor + STACK_RESERVE);
}

void shim_enter(struct shim_call *call, void *sink, const struct shim_policy *policy) {
    if (thread_floor == NULL)
        thread_floor = find_floor();
    memset(call, 0, sizeof *call);
    call->sink = sink;
    call->policy = policy;
    call->stack_floor = thread_floor;
    call->outer = current;
    call->outer_structured = xmlStructuredError;
    call->outer_structured_context = xmlStructuredErrorContext;
    call->outer_generic = xmlGenericError;
    call->outer_generic_context = xmlGenericErrorContext;
    current = call;
    xmlSetStructuredErrorFunc(NULL, on_structured);
    xmlSetGenericErrorFunc(NULL, on_generic);
}

void shim_leave(struct shim_call *call) {
    xmlSetStructuredErrorFunc(call->outer_structured_context, call->outer_structured);
    xmlSetGenericErrorFunc(call->outer_generic_context, call->outer_generic);
    current = call->outer;
}

#ifdef WITH_DEBUGGER
/* The debugger's hook is the only one that libxslt calls before each instruction. */
static void before_instruction(xmlNodePtr instruction, xmlNodePtr node, xsltTemplatePtr template,
                               xsltTransformContextPtr context) {
    char here;
    (void)instruction;
    (void)node;
    if (current != NULL && current->watched && template != NULL && template != current->last_reached) {
        current->last_reached = template;
        shim_say_template(template, "");
    }
    if (current == NULL || (uintptr_t)&here > (uintptr_t)current->stack_floor)
        return;
    current->no_stack = 1;
    context->state = XSLT_STATE_STOPPED;
}

/* libxslt's own names for these are in no header: three pointers, as its xsltSetDebuggerCallbacks reads them. */
static struct {
    void (*handler)(xmlNodePtr, xmlNodePtr, xsltTemplatePtr, xsltTransformContextPtr);
    int (*add)(xsltTemplatePtr, xmlNodePtr);
    void (*drop)(void);
} debugger = {before_instruction, NULL, NULL};
#endif

void shim_allocate_with(xmlFreeFunc release, xmlMallocFunc allocate, xmlReallocFunc resize, xmlStrdupFunc duplicate) {
    xmlMemSetup(release, allocate, resize, duplicate);
}

void shim_start(shim_report report) {
    to_rust = report;
    xmlInitParser();
    xsltInit();
    exsltRegisterAll();
    /* Else the first schemas might do it, on several threads at once. */
    xmlSchemaInitTypes();
    xsltSetGenericErrorFunc(NULL, on_generic);
#ifdef WITH_DEBUGGER
    xsltSetDebuggerCallbacks(3, &debugger);
#endif
    shim_guard_reading();
}
