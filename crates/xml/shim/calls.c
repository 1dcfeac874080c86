/* Whether the templates that a stylesheet calls are there: libxslt asks only when it comes to the call. */
#include "shim.h"

#include <stdio.h>
#include <libxml/parserInternals.h>
#include <libxslt/imports.h>

static int is_there(xsltStylesheetPtr style, const xmlChar *name, const xmlChar *namespace) {
    for (; style != NULL; style = xsltNextImport(style)) {
        xsltTemplatePtr template;
        for (template = style->templates; template != NULL; template = template->next)
            if (template->name != NULL && xmlStrEqual(template->name, name) && xmlStrEqual(template->nameURI, namespace))
                return 1;
    }
    return 0;
}

/* Reports a call of what is not there. A name that cannot be read is left to libxslt. */
static int check_call(xsltStylesheetPtr style, xmlNodePtr call) {
    char text[512];
    xmlChar *name = xmlGetNoNsProp(call, (const xmlChar *)"name");
    xmlChar *prefix = NULL, *local = NULL;
    xmlNsPtr namespace = NULL;
    int missing = 0;

    if (name != NULL && xmlValidateQName(name, 1) == 0) {
        local = xmlSplitQName2(name, &prefix);
        if (prefix != NULL)
            namespace = xmlSearchNs(call->doc, call, prefix);
        if (prefix == NULL || namespace != NULL)
            missing = !is_there(style, local == NULL ? name : local, namespace == NULL ? NULL : namespace->href);
    }
    if (missing) {
        snprintf(text, sizeof text, "xsl:call-template calls `%s`, and no template has that name", (const char *)name);
        shim_say_at(call, text);
    }
    xmlFree(prefix);
    xmlFree(local);
    xmlFree(name);
    return missing;
}

struct calls {
    xsltStylesheetPtr style;
    int missing;
};

static void visit(void *context, xmlNodePtr node) {
    struct calls *calls = context;
    if (shim_is_xslt(node) && xmlStrEqual(node->name, (const xmlChar *)"call-template"))
        calls->missing += check_call(calls->style, node);
}

int shim_check_calls(xsltStylesheetPtr style) {
    struct calls calls = {style, 0};
    shim_visit(style, visit, &calls);
    return calls.missing == 0;
}
