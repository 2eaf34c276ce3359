"""Logstash's filter: the fields that go through, and the redaction's rules on every text of them.

The second line of defence. The service has redacted before it wrote the line, and on values, not on their
JSON; here a line of an older release, or of a fault in the first line, still loses its identities. A field
that is not in the list is dropped, whatever it holds.
"""

from __future__ import annotations

import re

from redaction.export import table

_INTAKE = r"""# Made by `python -m deployment.monitoring.elk` from the redaction's rules: change it there.
input {
  beats {
    port => 5044
    enrich => none
    ssl_enabled => true
    ssl_certificate => "/run/xiong/logging/logstash.crt"
    ssl_key => "/run/xiong/logging/logstash.key"
    ssl_certificate_authorities => ["/run/xiong/logging/ca.crt"]
    ssl_client_authentication => "required"
  }
}

filter {
  json {
    source => "message"
    target => "told"
    tag_on_failure => ["_no_json"]
  }
  # no line of ours: its text may be anybody's, so nothing of it is kept
  if "_no_json" in [tags] or ![told][message] {
    drop { }
  }
  date {
    match => ["[told][@timestamp]", "ISO8601"]
  }
  ruby {
    init => '
      @fields = {
%(fields)s
      }
      @rules = [
%(rules)s
      ]
    '
    code => '
      told = event.get("told")
      instance = event.get("instance")
      event.to_hash.keys.each { |key| event.remove(key) unless ["@timestamp", "@version"].include?(key) }
      @fields.each do |name, place|
        value = told[name]
        if value.is_a?(String)
          value = @rules.inject(value) { |text, (pattern, replacement)| text.gsub(pattern, replacement) }
        elsif !(value.is_a?(Numeric) || value == true || value == false)
          next
        end
        event.set(place, value)
      end
      event.set("instance", instance) if instance.is_a?(String)
      environment = told["service.environment"].to_s.downcase.gsub(/[^a-z0-9]/, "")
      event.set("[data_stream][type]", "logs")
      event.set("[data_stream][dataset]", "xiongichat")
      event.set("[data_stream][namespace]", environment.empty? ? "default" : environment)
    '
    tag_on_exception => "_not_redacted"
  }
  # the rules did not run to their end
  if "_not_redacted" in [tags] {
    drop { }
  }
}

output { pipeline { send_to => ["store"] } }
"""
FIELDS = (
    "message",
    "ecs.version",
    "error.code",
    "error.message",
    "error.stack_trace",
    "error.type",
    "event.action",
    "event.id",
    "http.response.status_code",
    "log.level",
    "log.logger",
    "log.origin.file.line",
    "log.origin.file.name",
    "server.port",
    "service.environment",
    "service.name",
    "service.version",
    "trace.id",
    "xiongichat.application",
    "xiongichat.component",
    "xiongichat.count",
    "xiongichat.dependency",
    "xiongichat.duration_ms",
    "xiongichat.outcome",
    "xiongichat.reason",
    "xiongichat.release",
    "xiongichat.risk_level",
    "xiongichat.route",
    "xiongichat.source",
    "xiongichat.stored",
    "xiongichat.synthetic",
)
"""The service's log fields (docs/reference/logs.md), each a name with dots, as it writes them."""


def pipeline() -> str:
    """The whole file."""
    fields = ",\n".join(f'        "{name}" => "{_place(name)}"' for name in FIELDS)
    rules = ",\n".join(f"        [{ruby(pattern)}, {_text(given)}]" for pattern, given in table()["pairs"])
    return _INTAKE.replace("%(fields)s", fields).replace("%(rules)s", rules)


def ruby(pattern: str) -> str:
    """A pattern as a Ruby literal inside a text in single quotes, where a backslash stays one."""
    named = {"'": r"\x27", '"': r"\x22", "#": r"\x23", "/": r"\/"}
    return f"/{''.join(named.get(char, char) if char.isprintable() else _hex(char) for char in pattern)}/"


def _hex(char: str) -> str:
    return f"\\u{ord(char):04X}"


def _text(given: str) -> str:
    """A replacement as a Ruby text; `\\1` is what the pattern keeps."""
    return '"' + given.replace("\\", "\\\\") + '"'


def _place(name: str) -> str:
    return "".join(f"[{part}]" for part in re.split(r"\.", name)) if "." in name else name
