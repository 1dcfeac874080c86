"""Transforms a document again and again with lxml: lxml_peer.py STYLESHEET DOCUMENT TIMES THREADS. Prints the seconds."""

import sys
import threading
import time

from lxml import etree

stylesheet, document, times, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
transform = etree.XSLT(etree.parse(stylesheet))
with open(document, "rb") as file:
    content = file.read()


def work(times):
    # lxml lets other threads run while it parses, transforms and writes; a transformer of its own spares
    # each thread the wait for the other's.
    own = etree.XSLT(etree.parse(stylesheet)) if threads > 1 else transform
    for _ in range(times):
        bytes(own(etree.fromstring(content)))


work(max(1, times // 20))
began = time.perf_counter()
workers = [threading.Thread(target=work, args=(times // threads,)) for _ in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(time.perf_counter() - began)
