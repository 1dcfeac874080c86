/* Whether the templates that a stylesheet calls are there: libxslt asks only when it comes to the call. */
#include "shim.h"

#include <stdio.h>
#include <libxml/parserInternals.h>
#include <libxslt/imports.h>
#include <libxslt/xsltutils.h>

static int is_element(xmlNodePtr node, const char *namespace) {
    return node->type == XML_ELEMENT_NODE && node->ns != NULL && xmlStrEqual(node->ns->href, (const xmlChar *)namespace);
}

static int is_call(xmlNodePtr node) {
    return is_element(node, (const char *)XSLT_NAMESPACE) && xmlStrEqual(node->name, (const xmlChar *)"call-template");
}

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

/* Looks at a node and all below it. */
static int check_below(xsltStylesheetPtr style, xmlNodePtr top) {
    xmlNodePtr node = top;
    int missing = 0;
    while (node != NULL) {
        if (is_call(node))
            missing += check_call(style, node);
        if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
            node = node->children;
            continue;
        }
        while (node != NULL && node != top && node->next == NULL)
            node = node->parent;
        node = node == NULL || node == top ? NULL : node->next;
    }
    return missing;
}

static int check_document(xsltStylesheetPtr style, xmlDocPtr document) {
    xmlNodePtr root = document == NULL ? NULL : xmlDocGetRootElement(document);
    xmlNodePtr node;
    int missing = 0;
    if (root == NULL)
        return 0;
    /* A stylesheet that is a literal result element. */
    if (!is_element(root, (const char *)XSLT_NAMESPACE))
        return check_below(style, root);
    for (node = root->children; node != NULL; node = node->next)
        /* Others hold data. */
        if (is_element(node, (const char *)XSLT_NAMESPACE) || is_element(node, "http://exslt.org/functions"))
            missing += check_below(style, node);
    return missing;
}

int shim_check_calls(xsltStylesheetPtr main) {
    xsltStylesheetPtr style;
    int missing = 0;
    for (style = main; style != NULL; style = xsltNextImport(style)) {
        xsltDocumentPtr included;
        missing += check_document(main, style->doc);
        for (included = style->docList; included != NULL; included = included->next)
            missing += check_document(main, included->doc);
    }
    return missing == 0;
}
