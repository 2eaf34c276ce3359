"""Presidio's side of `bench redaction`, run by the interpreter it is installed for.

Stands alone: nothing of ours can be imported here. Texts in, spans and times out: it reads
`{"rounds", "texts": {name: [text]}}` from standard input and writes
`{name: {"seconds": [per round], "spans": [[[start, end]]]}}`. No model for
Chinese comes from a package index, so its language side is spaCy's blank `zh`; its recognisers are
those that are not of one country and the telephone numbers of Taiwan, with `--all` every country's.
"""

from __future__ import annotations

import inspect
import json
import sys
import time
from typing import Any

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry, predefined_recognizers
from presidio_analyzer.nlp_engine import SpacyNlpEngine

_GENERAL = ("CreditCard", "Email", "Iban", "Ip", "Url", "Date", "Crypto", "MacAddress")
# it would fetch the newest list of domains
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())


def analyzer(*, every: bool) -> Any:
    """The engine with recognisers that know Chinese as their language."""
    engine = SpacyNlpEngine(models=[{"lang_code": "zh", "model_name": "blank"}])
    engine.nlp = {"zh": spacy.blank("zh")}
    registry = RecognizerRegistry(supported_languages=["zh"])
    registry.recognizers = []
    phone = predefined_recognizers.PhoneRecognizer(supported_language="zh", supported_regions=("TW",))
    registry.add_recognizer(phone)
    for name, kind in inspect.getmembers(predefined_recognizers, inspect.isclass):
        wanted = every or name.removesuffix("Recognizer") in _GENERAL
        if wanted and issubclass(kind, PatternRecognizer) and kind is not PatternRecognizer:
            registry.add_recognizer(kind(supported_language="zh"))
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["zh"])


def main() -> None:
    asked = json.load(sys.stdin)
    engine = analyzer(every="--all" in sys.argv)
    answer: dict[str, Any] = {}
    for name, texts in asked["texts"].items():
        seconds, found = [], []
        for _ in range(asked["rounds"]):
            began = time.process_time()
            found = [engine.analyze(text, language="zh") for text in texts]
            seconds.append(time.process_time() - began)
        spans = [[[result.start, result.end] for result in results] for results in found]
        answer[name] = {"seconds": seconds, "spans": spans}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
