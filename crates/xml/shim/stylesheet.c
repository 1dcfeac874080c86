/* Stylesheets: compiled, asked for their output settings, run. */
#include "shim.h"

#include <stdio.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlIO.h>
#include <libxslt/imports.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/variables.h>
#include <libxslt/xsltutils.h>

xsltStylesheetPtr shim_compile(void *sink, const struct shim_policy *policy, int utf8) {
    struct shim_call call;
    xsltStylesheetPtr style = NULL;
    struct shim_policy self = *policy;
    xmlDocPtr document;

    shim_enter(&call, sink, &self);
    document = shim_read(policy->text, policy->length, policy->url, NULL,
                         shim_parse_options | (utf8 ? XML_PARSE_IGNORE_ENC : 0));
    if (document != NULL) {
        /* The parser may have escaped it, and it is this form that document('') asks for. */
        if (document->URL != NULL)
            self.url = (const char *)document->URL;
        style = xsltParseStylesheetDoc(document);
        if (style == NULL)
            xmlFreeDoc(document);
    }
    if (style != NULL && (style->errors != 0 || !shim_check_calls(style))) {
        xsltFreeStylesheet(style);
        style = NULL;
    }
    shim_leave(&call);
    return style;
}

void shim_free_stylesheet(xsltStylesheetPtr style) { xsltFreeStylesheet(style); }

int shim_strips_space(xsltStylesheetPtr style) {
    for (; style != NULL; style = xsltNextImport(style))
        if (style->stripSpaces != NULL || style->stripAll != 0)
            return 1;
    return 0;
}

static int has_functions(xmlDocPtr document) {
    xmlNodePtr root = document == NULL ? NULL : xmlDocGetRootElement(document);
    xmlNodePtr node = root == NULL ? NULL : root->children;
    for (; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && node->ns != NULL &&
            xmlStrEqual(node->ns->href, (const xmlChar *)"http://exslt.org/functions"))
            return 1;
    return 0;
}

/* Whether the stylesheet, or one that it imports or includes, defines functions. */
int shim_defines_functions(xsltStylesheetPtr style) {
    for (; style != NULL; style = xsltNextImport(style)) {
        xsltDocumentPtr included;
        if (has_functions(style->doc))
            return 1;
        for (included = style->docList; included != NULL; included = included->next)
            if (has_functions(included->doc))
                return 1;
    }
    return 0;
}

/* 0 method, 1 encoding, 2 media type, 3 the stylesheet's own URL. */
const char *shim_output_property(xsltStylesheetPtr style, int which) {
    const xmlChar *value = NULL;
    switch (which) {
    case 0: XSLT_GET_IMPORT_PTR(value, style, method) break;
    case 1: XSLT_GET_IMPORT_PTR(value, style, encoding) break;
    case 2: XSLT_GET_IMPORT_PTR(value, style, mediaType) break;
    default: value = style->doc == NULL ? NULL : style->doc->URL;
    }
    return (const char *)value;
}

int shim_encoding_exists(const char *encoding) {
    xmlCharEncodingHandlerPtr encoder = xmlFindCharEncodingHandler(encoding);
    if (encoder == NULL)
        return 0;
    xmlCharEncCloseFunc(encoder);
    return 1;
}

static int run(struct shim_call *call, xsltTransformContextPtr context, xsltStylesheetPtr style, xmlDocPtr document,
               const char **parameters, const struct shim_limits *limits, xmlDocPtr *result) {
    context->maxTemplateDepth = limits->depth;
    context->opLimit = limits->operations;
    context->xpathCtxt->opLimit = limits->path_operations;
    xsltSetCtxtParseOptions(context, shim_parse_options);
    if (xsltSetCtxtSecurityPrefs(xsltGetDefaultSecurityPrefs(), context) != 0)
        return SHIM_FAILED;
#ifdef WITH_DEBUGGER
    context->debugStatus = XSLT_DEBUG_RUN; /* calls the hook of report.c before each instruction */
#endif
    if (parameters != NULL && xsltQuoteUserParams(context, parameters) != 0)
        return SHIM_FAILED;
    *result = xsltApplyStylesheetUser(style, document, NULL, NULL, NULL, context);
    if (call->no_stack)
        return SHIM_NO_STACK;
    return *result != NULL && context->state == XSLT_STATE_OK ? SHIM_DONE : SHIM_FAILED;
}

int shim_transform(void *sink, const struct shim_policy *policy, xsltStylesheetPtr style, xmlDocPtr document,
                   const char **parameters, const struct shim_limits *limits, int watched, xmlDocPtr *result) {
    struct shim_call call;
    xsltTransformContextPtr context;
    int status = SHIM_FAILED;

    shim_enter(&call, sink, policy);
    call.watched = watched;
    context = xsltNewTransformContext(style, document);
    if (context != NULL) {
        status = run(&call, context, style, document, parameters, limits, result);
        xsltFreeTransformContext(context);
    }
    if (status != SHIM_DONE && *result != NULL) {
        xmlFreeDoc(*result);
        *result = NULL;
    }
    shim_leave(&call);
    return status;
}

static const char *text_of(const xmlChar *text) { return text == NULL ? "" : (const char *)text; }

/* Reports the templates that have content: of others it is not noticed when they are reached. */
void shim_templates(void *sink, xsltStylesheetPtr style) {
    struct shim_call call;
    char text[512];

    shim_enter(&call, sink, NULL);
    for (; style != NULL; style = xsltNextImport(style)) {
        xsltTemplatePtr template;
        for (template = style->templates; template != NULL; template = template->next) {
            if (template->content == NULL)
                continue;
            snprintf(text, sizeof text, "%s%s%s%s", template->match != NULL ? "" : "name=",
                     text_of(template->match != NULL ? template->match : template->name),
                     template->mode != NULL ? " mode=" : "", text_of(template->mode));
            shim_say_template(template, text);
        }
    }
    shim_leave(&call);
}

int shim_write_result(void *sink, xsltStylesheetPtr style, xmlDocPtr result, struct shim_text *text) {
    struct shim_call call;
    xmlCharEncodingHandlerPtr encoder = NULL;
    xmlOutputBufferPtr output;
    xmlBufferPtr buffer;
    const char *encoding = shim_output_property(style, 1);
    int written = -1;

    shim_enter(&call, sink, NULL);
    if (encoding != NULL) {
        encoder = xmlFindCharEncodingHandler(encoding);
        if (encoder != NULL && xmlStrEqual((const xmlChar *)encoder->name, (const xmlChar *)"UTF-8"))
            encoder = NULL;
    }
    buffer = xmlBufferCreate();
    if (buffer != NULL) {
        xmlBufferSetAllocationScheme(buffer, XML_BUFFER_ALLOC_DOUBLEIT);
        output = xmlOutputBufferCreateBuffer(buffer, encoder);
        if (output != NULL) {
            written = xsltSaveResultTo(output, result, style);
            if (xmlOutputBufferClose(output) < 0)
                written = -1;
        }
        text->buffer = buffer;
        text->text = (const char *)xmlBufferContent(buffer);
        text->length = (size_t)xmlBufferLength(buffer);
        if (written < 0)
            xmlBufferFree(buffer);
    }
    shim_leave(&call);
    return written >= 0;
}

int shim_is_html(xmlDocPtr document) { return document->type == XML_HTML_DOCUMENT_NODE; }

/* Whether a node is read back from its text as it is: nothing that only the serialiser knows. */
static int reads_back(xmlNodePtr node) {
    switch (node->type) {
    case XML_ELEMENT_NODE:
    case XML_COMMENT_NODE:
    case XML_PI_NODE:
        return 1;
    case XML_TEXT_NODE:
        return node->name != xmlStringTextNoenc && node->content != NULL && node->content[0] != 0 &&
               (node->next == NULL || node->next->type != XML_TEXT_NODE);
    default:
        return 0;
    }
}

/* Whether a result says the same as a tree and as text: one root, not indented, reads back node by node. */
int shim_is_plain(xsltStylesheetPtr style, xmlDocPtr result) {
    xmlNodePtr node = result->children, root = xmlDocGetRootElement(result);
    int indent = -1;
    XSLT_GET_IMPORT_INT(indent, style, indent)
    if (indent == 1 || root == NULL || result->intSubset != NULL || style->methodURI != NULL)
        return 0;
    while (node != NULL) {
        if (!reads_back(node))
            return 0;
        if (node->parent == (xmlNodePtr)result && node != root && node->type != XML_COMMENT_NODE && node->type != XML_PI_NODE)
            return 0;
        if (node->children != NULL && node->type == XML_ELEMENT_NODE) {
            node = node->children;
            continue;
        }
        while (node != NULL && node != (xmlNodePtr)result && node->next == NULL)
            node = node->parent;
        node = node == NULL || node == (xmlNodePtr)result ? NULL : node->next;
    }
    return 1;
}
