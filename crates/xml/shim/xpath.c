/* XPath: expressions compiled and evaluated, results taken apart. */
#include "shim.h"

#include <string.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

xmlXPathContextPtr shim_path_context(void) { return xmlXPathNewContext(NULL); }

void shim_free_path_context(xmlXPathContextPtr context) { xmlXPathFreeContext(context); }

int shim_path_namespace(xmlXPathContextPtr context, const char *prefix, const char *uri) {
    return xmlXPathRegisterNs(context, (const xmlChar *)prefix, (const xmlChar *)uri) == 0;
}

xmlXPathCompExprPtr shim_path_compile(void *sink, xmlXPathContextPtr context, const char *expression) {
    struct shim_call call;
    xmlXPathCompExprPtr path;
    shim_enter(&call, sink, NULL);
    path = xmlXPathCtxtCompile(context, (const xmlChar *)expression);
    shim_leave(&call);
    return path;
}

void shim_free_path(xmlXPathCompExprPtr path) { xmlXPathFreeCompExpr(path); }

xmlXPathObjectPtr shim_path_evaluate(void *sink, xmlXPathContextPtr context, xmlXPathCompExprPtr path,
                                     xmlDocPtr document, unsigned long operations) {
    struct shim_call call;
    xmlXPathObjectPtr object;
    shim_enter(&call, sink, NULL);
    context->doc = document;
    context->node = (xmlNodePtr)document;
    context->opLimit = operations;
    context->opCount = 0;
    object = xmlXPathCompiledEval(path, context);
    context->doc = NULL;
    context->node = NULL;
    if (object != NULL && object->type == XPATH_NODESET && object->nodesetval != NULL)
        xmlXPathNodeSetSort(object->nodesetval);
    shim_leave(&call);
    return object;
}

/* 0 nodes, 1 boolean, 2 number, 3 string; -1 anything else. */
int shim_object_kind(xmlXPathObjectPtr object) {
    switch (object->type) {
    case XPATH_NODESET: return 0;
    case XPATH_BOOLEAN: return 1;
    case XPATH_NUMBER: return 2;
    case XPATH_STRING: return 3;
    default: return -1;
    }
}

int shim_object_boolean(xmlXPathObjectPtr object) { return object->boolval; }
double shim_object_number(xmlXPathObjectPtr object) { return object->floatval; }
const char *shim_object_string(xmlXPathObjectPtr object) { return (const char *)object->stringval; }

size_t shim_object_length(xmlXPathObjectPtr object) {
    return object->nodesetval == NULL ? 0 : (size_t)object->nodesetval->nodeNr;
}

int shim_object_node(xmlXPathObjectPtr object, size_t index, struct shim_text *text) {
    return shim_write_node(object->nodesetval->nodeTab[index], text);
}

size_t shim_object_namespaces_around(xmlXPathObjectPtr object, size_t index) {
    return shim_namespaces_around(object->nodesetval->nodeTab[index]);
}

xmlDocPtr shim_object_part(xmlXPathObjectPtr object, size_t index) {
    return shim_copy_part(object->nodesetval->nodeTab[index]);
}

void shim_free_object(xmlXPathObjectPtr object) { xmlXPathFreeObject(object); }
