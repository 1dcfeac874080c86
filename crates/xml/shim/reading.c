/* All that the libraries may read: nothing, except what the running call's policy names. */
#define _GNU_SOURCE
#include "shim.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/uri.h>
#include <libxslt/documents.h>
#include <libxslt/security.h>

#define LARGEST_FILE (256L * 1024 * 1024)

/*
 * Entities are expanded, since XSLT's data model knows none, and CDATA sections are text to it. Never
 * XML_PARSE_HUGE: without it the parser bounds depth, entity growth and the length of names and text.
 */
const int shim_parse_options = XML_PARSE_NOENT | XML_PARSE_NOCDATA | XML_PARSE_NONET;

static void refuse(const char *what, const char *uri) {
    char text[1024];
    snprintf(text, sizeof text, "%s `%s` is not read", what, uri == NULL ? "" : uri);
    shim_say(SHIM_FAULT, text, 0, 0);
}

/* Whether the URI is the stylesheet itself, which document('') asks for. */
static int is_self(const char *uri) {
    struct shim_call *call = shim_current();
    return call != NULL && call->policy != NULL && call->policy->url != NULL && strcmp(uri, call->policy->url) == 0;
}

/* The canonical path of a file that may be read, to be freed; NULL for any other. */
static char *permitted(const char *uri) {
    struct shim_call *call = shim_current();
    char *real = NULL;
    xmlURIPtr parsed;
    size_t i;

    if (call == NULL || call->policy == NULL || call->policy->count == 0)
        return NULL;
    parsed = xmlParseURI(uri);
    if (parsed == NULL)
        return NULL;
    if (parsed->path != NULL && parsed->server == NULL && (parsed->scheme == NULL || strcmp(parsed->scheme, "file") == 0))
        real = realpath(parsed->path, NULL); /* follows links, so that none leads out of the directory */
    xmlFreeURI(parsed);
    if (real == NULL)
        return NULL;
    for (i = 0; i < call->policy->count; i++) {
        const char *directory = call->policy->directories[i];
        size_t length = strlen(directory);
        if (strncmp(real, directory, length) == 0 && real[length] == '/')
            return real;
    }
    free(real);
    return NULL;
}

/* libxslt passes the path of a local URI, not the URI. */
static int may_read_file(xsltSecurityPrefsPtr prefs, xsltTransformContextPtr context, const char *path) {
    xmlChar *escaped;
    char *real;
    int self;
    (void)prefs;
    (void)context;
    if (path == NULL)
        return 0;
    escaped = xmlPathToURI((const xmlChar *)path);
    if (escaped == NULL)
        return 0;
    self = is_self(path) || is_self((const char *)escaped);
    real = self ? NULL : permitted((const char *)escaped);
    xmlFree(escaped);
    if (self)
        return 1;
    if (real == NULL) {
        refuse("a file outside the allowed directories,", path);
        return 0;
    }
    free(real);
    return 1;
}

static char *slurp(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    long size;
    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && size <= LARGEST_FILE && fseek(file, 0, SEEK_SET) == 0) {
        bytes = malloc((size_t)size + 1);
        if (bytes != NULL)
            *length = fread(bytes, 1, (size_t)size, file);
    }
    fclose(file);
    return bytes;
}

/* A file as the parser's input, which owns the bytes from then on. */
static xmlParserInputPtr input_of(const char *uri, xmlParserCtxtPtr context) {
    xmlParserInputBufferPtr buffer;
    xmlParserInputPtr input = NULL;
    char *path = permitted(uri), *bytes;
    size_t length = 0;

    if (path == NULL)
        return NULL;
    bytes = slurp(path, &length);
    free(path);
    if (bytes == NULL)
        return NULL;
    buffer = xmlParserInputBufferCreateMem(bytes, (int)length, XML_CHAR_ENCODING_NONE);
    free(bytes);
    if (buffer != NULL) {
        input = xmlNewIOInputStream(context, buffer, XML_CHAR_ENCODING_NONE);
        if (input == NULL)
            xmlFreeParserInputBuffer(buffer);
        else
            input->filename = (const char *)xmlStrdup((const xmlChar *)uri);
    }
    return input;
}

/*
 * Entities, external DTD subsets and whatever else the parser would fetch on a document's word: nothing, but
 * for a schema what its policy permits. The parser goes on without the others, so that the callers have to
 * look at the mark.
 */
static xmlParserInputPtr load_entity(const char *uri, const char *id, xmlParserCtxtPtr context) {
    struct shim_call *call = shim_current();
    (void)id;
    if (call != NULL && call->loads && uri != NULL) {
        xmlParserInputPtr input = input_of(uri, context);
        if (input != NULL)
            return input;
        refuse("a file that is missing or outside the allowed directories,", uri);
    } else {
        refuse("external entity", uri);
    }
    if (call != NULL)
        call->refused = 1;
    return NULL;
}

/* What libxslt loads documents, imports and includes with. */
static xmlDocPtr load(const xmlChar *uri, xmlDictPtr dict, int options, void *context, xsltLoadType type) {
    struct shim_call *call = shim_current();
    xmlDocPtr document = NULL;
    char *path, *bytes;
    size_t length = 0;
    (void)options;
    (void)context;

    if (is_self((const char *)uri))
        return shim_read(call->policy->text, call->policy->length, (const char *)uri, dict, shim_parse_options);
    path = permitted((const char *)uri);
    if (path == NULL) {
        refuse("a file outside the allowed directories,", (const char *)uri);
        return NULL;
    }
    bytes = slurp(path, &length);
    free(path);
    if (bytes == NULL) {
        refuse("a file that cannot be opened,", (const char *)uri);
        return NULL;
    }
    document = shim_read(bytes, length, (const char *)uri, dict, shim_parse_options);
    free(bytes);
    /* libxslt leaves this out while the debugger's hook is in use. */
    if (document != NULL && type == XSLT_LOAD_DOCUMENT)
        xmlXPathOrderDocElems(document);
    return document;
}

void shim_guard_reading(void) {
    xsltSecurityPrefsPtr prefs = xsltNewSecurityPrefs();
    xmlSetExternalEntityLoader(load_entity);
    xsltSetLoaderFunc(load);
    if (prefs == NULL)
        abort(); /* out of memory at the very start; to go on would be to go on unguarded */
    xsltSetSecurityPrefs(prefs, XSLT_SECPREF_READ_FILE, may_read_file);
    xsltSetSecurityPrefs(prefs, XSLT_SECPREF_WRITE_FILE, xsltSecurityForbid);
    xsltSetSecurityPrefs(prefs, XSLT_SECPREF_CREATE_DIRECTORY, xsltSecurityForbid);
    xsltSetSecurityPrefs(prefs, XSLT_SECPREF_READ_NETWORK, xsltSecurityForbid);
    xsltSetSecurityPrefs(prefs, XSLT_SECPREF_WRITE_NETWORK, xsltSecurityForbid);
    xsltSetDefaultSecurityPrefs(prefs);
}
