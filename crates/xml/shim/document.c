/* Documents: parsed, copied, written out. */
#include "shim.h"

#include <limits.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/xmlsave.h>

/* Parses into the given dictionary, or into one of its own; NULL unless the text is well-formed. */
xmlDocPtr shim_read(const char *text, size_t length, const char *url, xmlDictPtr dict, int options) {
    xmlParserCtxtPtr context;
    xmlDocPtr document;

    if (length == 0) {
        shim_say(SHIM_FAULT, "the document is empty", 1, 1);
        return NULL;
    }
    if (length > INT_MAX) {
        shim_say(SHIM_FAULT, "the document is larger than 2 GiB", 0, 0);
        return NULL;
    }
    context = xmlNewParserCtxt();
    if (context == NULL)
        return NULL;
    if (dict != NULL) {
        xmlDictFree(context->dict);
        context->dict = dict;
        xmlDictReference(dict);
    }
    shim_current()->refused = 0;
    document = xmlCtxtReadMemory(context, text, (int)length, url, NULL, options);
    /* What the entity stands for would be missing without a word. */
    if (document != NULL && shim_current()->refused) {
        xmlFreeDoc(document);
        document = NULL;
    }
    xmlFreeParserCtxt(context);
    return document;
}

xmlDocPtr shim_parse(void *sink, const char *text, size_t length, const char *url, int utf8) {
    struct shim_call call;
    xmlDocPtr document;
    shim_enter(&call, sink, NULL);
    /* Text that is UTF-8 already may still declare the encoding it once had. */
    document = shim_read(text, length, url, NULL, shim_parse_options | (utf8 ? XML_PARSE_IGNORE_ENC : 0));
    shim_leave(&call);
    return document;
}

void shim_free_document(xmlDocPtr document) { xmlFreeDoc(document); }

xmlDocPtr shim_copy_document(xmlDocPtr document) { return xmlCopyDoc(document, 1); }

static int take(xmlBufferPtr buffer, struct shim_text *text) {
    text->buffer = buffer;
    text->text = (const char *)xmlBufferContent(buffer);
    text->length = (size_t)xmlBufferLength(buffer);
    return text->text != NULL;
}

static int write_to(xmlBufferPtr buffer, xmlDocPtr document, xmlNodePtr node) {
    xmlSaveCtxtPtr save = xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_AS_XML);
    int failed;
    if (save == NULL)
        return 0;
    failed = node == NULL ? xmlSaveDoc(save, document) < 0 : xmlSaveTree(save, node) < 0;
    return xmlSaveClose(save) >= 0 && !failed;
}

/* Writes a document (node NULL) or one node into a new buffer. */
static int write_any(xmlDocPtr document, xmlNodePtr node, struct shim_text *text) {
    xmlBufferPtr buffer = xmlBufferCreate();
    if (buffer == NULL)
        return 0;
    xmlBufferSetAllocationScheme(buffer, XML_BUFFER_ALLOC_DOUBLEIT);
    if (write_to(buffer, document, node) && take(buffer, text))
        return 1;
    xmlBufferFree(buffer);
    return 0;
}

int shim_write_document(xmlDocPtr document, struct shim_text *text) { return write_any(document, NULL, text); }

int shim_write_root(xmlDocPtr document, struct shim_text *text) {
    xmlNodePtr root = xmlDocGetRootElement(document);
    return root != NULL && write_any(document, root, text);
}

/* How many namespaces are declared around an element, which a copy of it takes along. */
size_t shim_namespaces_around(xmlNodePtr node) {
    size_t count = 0;
    xmlNsPtr each;

    if (node->type != XML_ELEMENT_NODE)
        return 0;
    for (node = node->parent; node != NULL && node->type == XML_ELEMENT_NODE; node = node->parent)
        for (each = node->nsDef; each != NULL; each = each->next)
            count++;
    return count;
}

/* A copy of an element as a document of its own, with all namespaces that its texts may name; NULL for others. */
xmlDocPtr shim_copy_part(xmlNodePtr node) {
    xmlDocPtr document;
    xmlNodePtr copy;
    xmlNsPtr *around, *each;

    if (node->type != XML_ELEMENT_NODE)
        return NULL;
    document = xmlNewDoc((const xmlChar *)"1.0");
    copy = document == NULL ? NULL : xmlDocCopyNode(node, document, 1);
    if (copy == NULL) {
        xmlFreeDoc(document);
        return NULL;
    }
    xmlDocSetRootElement(document, copy);
    around = xmlGetNsList(node->doc, node);
    for (each = around; each != NULL && *each != NULL; each++)
        /* A default namespace would become that of an element without one. */
        if ((*each)->prefix != NULL && xmlSearchNs(document, copy, (*each)->prefix) == NULL)
            xmlNewNs(copy, (*each)->href, (*each)->prefix);
    xmlFree(around);
    return document;
}

static int has_element(xmlNodePtr node) {
    xmlNodePtr child;
    for (child = node->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE)
            return 1;
    return 0;
}

/* A node's value: its markup if it is an element with elements in it, else its string value. */
int shim_write_node(xmlNodePtr node, struct shim_text *text) {
    xmlBufferPtr buffer;
    xmlChar *value;

    if (node->type == XML_DOCUMENT_NODE)
        return write_any((xmlDocPtr)node, NULL, text);
    if (node->type == XML_ELEMENT_NODE && has_element(node)) {
        /* A copy declares the namespaces that the node has from its ancestors. */
        xmlNodePtr copy = xmlDocCopyNode(node, node->doc, 1);
        int written = copy != NULL && write_any(node->doc, copy, text);
        xmlFreeNode(copy);
        return written;
    }
    buffer = xmlBufferCreate();
    value = xmlXPathCastNodeToString(node);
    if (buffer != NULL && value != NULL && xmlBufferCat(buffer, value) >= 0 && take(buffer, text)) {
        xmlFree(value);
        return 1;
    }
    xmlFree(value);
    if (buffer != NULL)
        xmlBufferFree(buffer);
    return 0;
}

void shim_free_text(void *buffer) { xmlBufferFree(buffer); }

const char *shim_default_namespace(xmlDocPtr document) {
    xmlNodePtr root = xmlDocGetRootElement(document);
    xmlNsPtr found = root == NULL ? NULL : xmlSearchNs(document, root, NULL);
    return found == NULL ? NULL : (const char *)found->href;
}
