/* Goes through the instructions of a stylesheet, and of those that it imports and includes. */
#include "shim.h"

#include <libxslt/imports.h>
#include <libxslt/xsltutils.h>

static int is_in(xmlNodePtr node, const xmlChar *namespace) {
    return node->type == XML_ELEMENT_NODE && node->ns != NULL && xmlStrEqual(node->ns->href, namespace);
}

int shim_is_xslt(xmlNodePtr node) { return is_in(node, XSLT_NAMESPACE); }

int shim_is_function(xmlNodePtr node) { return is_in(node, (const xmlChar *)"http://exslt.org/functions"); }

static void visit_below(xmlNodePtr top, shim_visitor visitor, void *context) {
    xmlNodePtr node = top;
    while (node != NULL) {
        if (node->type == XML_ELEMENT_NODE)
            visitor(context, node);
        if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
            node = node->children;
            continue;
        }
        while (node != NULL && node != top && node->next == NULL)
            node = node->parent;
        node = node == NULL || node == top ? NULL : node->next;
    }
}

static void visit_document(xmlDocPtr document, shim_visitor visitor, void *context) {
    xmlNodePtr root = document == NULL ? NULL : xmlDocGetRootElement(document);
    xmlNodePtr node;
    if (root == NULL)
        return;
    /* A stylesheet that is a literal result element. */
    if (!shim_is_xslt(root)) {
        visit_below(root, visitor, context);
        return;
    }
    for (node = root->children; node != NULL; node = node->next)
        /* Others hold data. */
        if (shim_is_xslt(node) || shim_is_function(node))
            visit_below(node, visitor, context);
}

void shim_visit(xsltStylesheetPtr style, shim_visitor visitor, void *context) {
    for (; style != NULL; style = xsltNextImport(style)) {
        xsltDocumentPtr included;
        visit_document(style->doc, visitor, context);
        for (included = style->docList; included != NULL; included = included->next)
            visit_document(included->doc, visitor, context);
    }
}
