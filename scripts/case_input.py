# SPDX-License-Identifier: Apache-2.0
"""Types on the console of a case: one text each time that its prompt has been seen."""

import re
import threading

POLL_SECONDS = 0.02


class Typist:
    """Watches a log and writes to `stream`; a context that ends with the case.

    The texts go out in order: the n-th when `prompt` has been seen n times."""

    def __init__(self, log, stream, prompt, texts):
        self.log = log
        self.stream = stream
        self.prompt = re.compile(prompt, re.MULTILINE)
        self.texts = list(texts)
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        try:
            self.stream.close()
        except BrokenPipeError:
            pass

    def _seen(self):
        with open(self.log, encoding="utf-8", errors="replace", newline="") as file:
            return len(self.prompt.findall(file.read().replace("\r\n", "\n")))

    def _work(self):
        typed = 0
        while typed < len(self.texts) and not self.done.wait(POLL_SECONDS):
            if self._seen() > typed:
                try:
                    self.stream.write(self.texts[typed].encode())
                    self.stream.flush()
                except (BrokenPipeError, ValueError):
                    return  # the machine ended before it was told everything
                typed += 1
