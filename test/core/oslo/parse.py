"""Reads cinder.conf texts as cinder-volume does, with oslo.config, and says what each option is.

stdin: JSON list of texts with one section each; stdout: JSON list of {option: value}, or null when it is refused.
"""
import json
import os
import sys
import tempfile

from oslo_config import cfg
from oslo_config import types


def read(text):
    section = text[1:text.index("]")]
    names = [line.split(" = ", 1)[0] for line in text.splitlines()[1:]]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cinder.conf")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        conf = cfg.ConfigOpts()
        for name in names:
            # As cinder/volume/driver.py declares it.
            option = cfg.MultiOpt(name, item_type=types.Dict()) if name == "replication_device" else cfg.StrOpt(name)
            conf.register_opt(option, group=section)
        conf(["--config-file", path], project="cinder")
        return {name: conf[section][name] for name in names}


def attempt(text):
    try:
        return read(text)
    except Exception as error:  # every refusal is an answer
        return {"refused": str(error)}


sys.stdin.reconfigure(encoding="utf-8")
print(json.dumps([attempt(text) for text in json.load(sys.stdin)]))
